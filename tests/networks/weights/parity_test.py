"""Ported weights give what the reference network gives, layer by layer.

The references are float64 and know nothing of the package: each one takes the
arrays in the layout of its own program, prepares an RGB photograph the way that
program documents, and convolves in that program's order of axes.
"""

import numpy as np
import pytest
import scipy.signal

from saliency_jax.networks import vgg, zoo
from saliency_jax.networks.network import Provenance
from saliency_jax.networks.weights import weight_files
from tests import tiny
from tests.networks.weights import made

PHOTOGRAPH = np.random.default_rng(7).integers(0, 256, (32, 48, 3)).astype(np.float64)


def _pool(x: np.ndarray, rows: int, columns: int) -> np.ndarray:
  """The maximum of 2 x 2 over the two axes given, of even length."""
  for axis in (rows, columns):
    even, odd = (np.take(x, range(start, x.shape[axis], 2), axis) for start in (0, 1))
    x = np.maximum(even, odd)
  return x


def _channels_first(x, kernels, biases) -> list[np.ndarray]:
  """Caffe's and torch's order: maps `[C, H, W]`, kernels `[O, I, h, w]`."""
  layers = []
  for name, kernel, bias in zip(made.WIDTHS, kernels, biases, strict=True):
    if name.endswith('_1') and layers:
      x = _pool(x, 1, 2)
    # Both programs correlate: the kernel is not turned round.
    x = np.stack(
      [
        b + sum(scipy.signal.correlate2d(channel, k, mode='same') for channel, k in zip(x, unit, strict=True))
        for unit, b in zip(kernel.astype(np.float64), bias.ravel(), strict=True)
      ]
    )
    x = np.maximum(x, 0)
    layers.append(x.transpose(1, 2, 0))
  return layers


def _channels_last(x, kernels, biases) -> list[np.ndarray]:
  """Keras's order: maps `[H, W, C]`, kernels `[h, w, I, O]`."""
  layers = []
  for name, kernel, bias in zip(made.WIDTHS, kernels, biases, strict=True):
    if name.endswith('_1') and layers:
      x = _pool(x, 0, 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((1, 1), (1, 1), (0, 0))), (3, 3), (0, 1))
    x = np.einsum('HWihw,hwio->HWo', windows, kernel.astype(np.float64))
    x = np.maximum(x + bias, 0)
    layers.append(x)
  return layers


def _bgr(mean: tuple[float, float, float]) -> np.ndarray:
  return PHOTOGRAPH[:, :, ::-1] - np.array(mean)


def _caffe(arrays, mean=(103.939, 116.779, 123.68)):
  return _channels_first(
    _bgr(mean).transpose(2, 0, 1),
    [arrays[f'{name}/0'] for name in made.WIDTHS],
    [arrays[f'{name}/1'] for name in made.WIDTHS],
  )


def _places365(arrays):
  return _caffe(arrays, (104.051, 112.514, 116.676))


def _keras(arrays):
  layers = [f'block{name[4]}_conv{name[6]}' for name in made.WIDTHS]
  return _channels_last(
    _bgr((103.939, 116.779, 123.68)),
    [arrays[f'{layer}/{layer}_W_1:0'] for layer in layers],
    [arrays[f'{layer}/{layer}_b_1:0'] for layer in layers],
  )


def _onnx(arrays):
  layers = [f'net/block{name[4]}_conv{name[6]}_1' for name in made.WIDTHS]
  return _channels_first(
    _bgr((103.939, 116.779, 123.68)).transpose(2, 0, 1),
    [arrays[f'{layer}/convolution/ReadVariableOp:0'] for layer in layers],
    [arrays[f'{layer}/Squeeze:0'] for layer in layers],
  )


def _torchvision(arrays):
  image = (PHOTOGRAPH / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
  numbers = sorted(int(name.split('.')[1]) for name in arrays if name.startswith('features'))
  numbers = list(dict.fromkeys(numbers))
  return _channels_first(
    image.transpose(2, 0, 1),
    [arrays[f'features.{number}.weight'] for number in numbers],
    [arrays[f'features.{number}.bias'] for number in numbers],
  )


def _compare(path, references: list[np.ndarray]) -> None:
  network = zoo.assemble(
    'tiny', tiny.architecture(made.WIDTHS), made.port(weight_files.read_arrays(path)), Provenance('', '', '')
  )
  maps = network.apply(network.variables, PHOTOGRAPH[None].astype(np.float32), vgg.CONVOLUTIONS)
  for name, reference in zip(vgg.CONVOLUTIONS, references, strict=True):
    assert maps[name].shape[1:] == reference.shape
    # Alive: a map of zeros would agree with anything.
    assert (reference > 0).mean() > 0.1, name
    error = np.abs(maps[name][0] - reference).max() / np.abs(reference).max()
    assert error <= 1e-5, (name, error)


@pytest.mark.parametrize(
  ('title', 'reference'),
  [('keras', _keras), ('onnx', _onnx), ('torchvision', _torchvision), ('caffe-v1', _caffe), ('caffe-v2', _caffe)],
)
def test_parity(tmp_path, title, reference):
  # Inputs in 0-255 call for a smaller first kernel than inputs of unit size.
  scale = 1 if title == 'torchvision' else 1 / 64
  weights = made.tensors(seed=4, scale=scale)
  path = made.write(title, tmp_path, weights)
  _compare(path, reference(made.FILES[title][1](weights)))


def test_parity_of_places365(tmp_path):
  arrays = made.caffe_arrays(made.tensors(seed=4, scale=1 / 64), top='fc8a')
  path = tmp_path / 'vgg16_places365.caffemodel'
  made.write_caffe_v2(path, arrays)
  _compare(path, _places365(arrays))


@pytest.mark.parametrize('name', ['vgg.pth', 'vgg_legacy.pth'])
def test_parity_of_files_that_torch_wrote(name):
  with np.load(made.FIXTURES / 'vgg.npz') as arrays:
    _compare(made.FIXTURES / name, _torchvision(dict(arrays)))
