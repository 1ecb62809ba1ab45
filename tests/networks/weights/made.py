"""A VGG-16 of a few units with random weights, written as other programs do.

The encoders here are written from the formats' descriptions and share nothing
with the readers that they test.
"""

import pathlib
import struct
from collections.abc import Callable, Iterable, Mapping

import h5py
import numpy as np
import safetensors.numpy

from saliency_jax.networks import vgg
from saliency_jax.networks.weights import port_table, variable_files

FIXTURES = pathlib.Path(__file__).resolve().parent / 'fixtures'

# Unequal in neighbouring blocks, so that no transposition goes unnoticed.
WIDTHS = {
  'conv1_1': 3,
  'conv1_2': 3,
  'conv2_1': 4,
  'conv2_2': 4,
  'conv3_1': 5,
  'conv3_2': 5,
  'conv3_3': 5,
  'conv4_1': 4,
  'conv4_2': 4,
  'conv4_3': 4,
  'conv5_1': 3,
  'conv5_2': 3,
  'conv5_3': 3,
}
_PORT = port_table.porter('VGG-16', *vgg.tables(vgg.CONVOLUTIONS), detect_family=vgg.detect_family)

_FEATURES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)

Tensors = dict[str, np.ndarray]


def tensors(seed: int = 0, scale: float = 1.0) -> Tensors:
  """Returns 'conv1_1/kernel' (float32, HWIO), 'conv1_1/bias', ...

  Args:
    seed: of the random numbers.
    scale: of conv1_1's kernel, 1 for inputs of about unit size.
  """
  generator = np.random.default_rng(seed)
  result, inputs = {}, 3
  for name, units in WIDTHS.items():
    kernel = generator.standard_normal((3, 3, inputs, units))
    kernel *= np.sqrt(2 / (9 * inputs)) * (scale if name == 'conv1_1' else 1)
    result[f'{name}/kernel'] = kernel.astype(np.float32)
    result[f'{name}/bias'] = np.float32(0.1 * generator.standard_normal(units))
    inputs = units
  return result


def shapes(widths: Mapping[str, int] = WIDTHS) -> dict[str, tuple[int, ...]]:
  """Returns the shapes of `tensors`."""
  result, inputs = {}, 3
  for name, units in widths.items():
    result |= {f'{name}/kernel': (3, 3, inputs, units), f'{name}/bias': (units,)}
    inputs = units
  return result


def port(arrays: Mapping[str, np.ndarray], preprocessing: str | None = None) -> variable_files.Ported:
  """Ports arrays to the network of `WIDTHS`."""
  return _PORT(arrays, shapes(), preprocessing)


def _each(weights: Mapping[str, np.ndarray]) -> Iterable[tuple[str, np.ndarray, np.ndarray]]:
  for name in WIDTHS:
    yield name, weights[f'{name}/kernel'], weights[f'{name}/bias']


def keras_arrays(weights: Tensors) -> Tensors:
  """The names of Keras's file of ImageNet weights."""
  named = {}
  for name, kernel, bias in _each(weights):
    layer = f'block{name[4]}_conv{name[6]}'
    named[f'{layer}/{layer}_W_1:0'] = kernel
    named[f'{layer}/{layer}_b_1:0'] = bias
  return named


def onnx_arrays(weights: Tensors) -> Tensors:
  """The names of a Keras model that tf2onnx converted, with a dense layer."""
  named = {'net/dense_3_1/Cast/ReadVariableOp:0': np.ones((3, 4), np.float32), 'const_starts__79': np.array([7])}
  for name, kernel, bias in _each(weights):
    layer = f'net/block{name[4]}_conv{name[6]}_1'
    named[f'{layer}/convolution/ReadVariableOp:0'] = kernel.transpose(3, 2, 0, 1)
    named[f'{layer}/Squeeze:0'] = bias
  return named


def torchvision_arrays(weights: Tensors) -> Tensors:
  named = {'classifier.0.weight': np.ones((4, 3), np.float32)}
  for index, (_, kernel, bias) in zip(_FEATURES, _each(weights), strict=True):
    named[f'features.{index}.weight'] = kernel.transpose(3, 2, 0, 1)
    named[f'features.{index}.bias'] = bias
  return named


def caffe_arrays(weights: Tensors, top: str = 'fc8') -> Tensors:
  named = {}
  for name, kernel, bias in _each(weights):
    named[f'{name}/0'] = kernel.transpose(3, 2, 0, 1)
    named[f'{name}/1'] = bias
  return named | {f'{top}/0': np.ones((4, 3), np.float32), f'{top}/1': np.ones(4, np.float32)}


def write_h5(path: pathlib.Path, arrays: Tensors) -> None:
  with h5py.File(path, 'w') as file:
    for name, array in arrays.items():
      file[name] = array


def write_npz(path: pathlib.Path, arrays: Tensors) -> None:
  np.savez(path, **arrays)


def write_safetensors(path: pathlib.Path, arrays: Tensors) -> None:
  safetensors.numpy.save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


def varint(value: int) -> bytes:
  value %= 1 << 64
  digits = []
  while value > 127:
    digits.append(value % 128 + 128)
    value //= 128
  return bytes([*digits, value])


def field(number: int, value: int | bytes | str | float) -> bytes:
  """Encodes one protobuf field: an integer, bytes, a string or a float."""
  if isinstance(value, int):
    return varint(number * 8) + varint(value)
  if isinstance(value, float):
    return varint(number * 8 + 5) + struct.pack('<f', value)
  data = value.encode() if isinstance(value, str) else value
  return varint(number * 8 + 2) + varint(len(data)) + data


def onnx_tensor(name: str, array: np.ndarray) -> bytes:
  """Encodes a TensorProto with raw data and its dimensions packed."""
  code = {'float32': 1, 'int64': 7, 'float16': 10, 'float64': 11}[array.dtype.name]
  return field(1, b''.join(map(varint, array.shape))) + field(2, code) + field(8, name) + field(9, array.tobytes())


def onnx_model(*initializers: bytes) -> bytes:
  node = field(1, 'input') + field(2, 'output') + field(4, 'Relu')
  graph = field(1, node) + b''.join(field(5, tensor) for tensor in initializers)
  return field(1, 7) + field(2, 'made') + field(7, graph)


def write_onnx(path: pathlib.Path, arrays: Tensors) -> None:
  path.write_bytes(onnx_model(*(onnx_tensor(name, array) for name, array in arrays.items())))


def _caffe_layers(arrays: Tensors) -> dict[str, list[np.ndarray]]:
  layers: dict[str, list[np.ndarray]] = {}
  for name, array in arrays.items():
    layers.setdefault(name.split('/')[0], []).append(array)
  return layers


def write_caffe_v1(path: pathlib.Path, arrays: Tensors) -> None:
  """Writes `layers` with the four sizes of a blob, as ILSVRC's file has."""
  net = field(1, 'VGG made')
  for name, blobs in _caffe_layers(arrays).items():
    layer = field(2, 'below') + field(3, name) + field(4, name) + field(5, 4)
    for blob in blobs:
      sizes = (1,) * (4 - blob.ndim) + blob.shape
      layer += field(
        6, b''.join(field(1 + axis, size) for axis, size in enumerate(sizes)) + field(5, blob.astype('<f4').tobytes())
      )
    net += field(2, layer)
  path.write_bytes(net)


def write_caffe_v2(path: pathlib.Path, arrays: Tensors) -> None:
  """Writes `layer` with the shape of a blob, as Places365's file has."""
  net = field(1, 'VGG made')
  for name, blobs in _caffe_layers(arrays).items():
    layer = field(1, name) + field(2, 'Convolution') + field(3, 'below')
    for blob in blobs:
      shape = field(1, b''.join(map(varint, blob.shape)))
      layer += field(7, field(5, blob.astype('<f4').tobytes()) + field(7, shape))
    net += field(100, layer)
  path.write_bytes(net)


# Title -> the suffix, the arrays of the layout, and how the file is written.
FILES: dict[str, tuple[str, Callable, Callable]] = {
  'keras': ('.h5', keras_arrays, write_h5),
  'onnx': ('.onnx', onnx_arrays, write_onnx),
  'torchvision': ('.safetensors', torchvision_arrays, write_safetensors),
  'caffe-v1': ('.caffemodel', caffe_arrays, write_caffe_v1),
  'caffe-v2': ('.caffemodel', caffe_arrays, write_caffe_v2),
  'npz': ('.npz', torchvision_arrays, write_npz),
}


def write(title: str, folder: pathlib.Path, weights: Tensors) -> pathlib.Path:
  """Writes `weights` as the file `title` of `FILES` and returns its path."""
  suffix, arrays, writer = FILES[title]
  path = folder / f'{title}{suffix}'
  writer(path, arrays(weights))
  return path
