import json

import ml_dtypes
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks.vgg import CONVOLUTIONS
from saliency_jax.networks.weights.port_table import FAMILIES
from tests.networks.weights import made

WEIGHTS = made.tensors()
LAYOUTS = {title: arrays for title, (_, arrays, _) in made.FILES.items()}


def _port(arrays, preprocessing=None):
  return made.port(arrays, preprocessing)


@pytest.mark.parametrize('title', list(LAYOUTS))
def test_every_tensor_is_as_it_was(title):
  ported = _port(LAYOUTS[title](WEIGHTS))
  assert ported.preprocess == FAMILIES['torchvision' if title in ('torchvision', 'npz') else 'caffe']
  assert tuple(ported.variables['params']) == CONVOLUTIONS
  for layer, tensors in ported.variables['params'].items():
    assert list(tensors) == ['kernel', 'bias']
    for kind, tensor in tensors.items():
      assert tensor.dtype == np.float32
      np.testing.assert_array_equal(tensor, WEIGHTS[f'{layer}/{kind}'])


def test_what_timm_puts_on_top_is_left_out_as_torchvisions_is():
  arrays = made.torchvision_arrays(WEIGHTS)
  top = {
    f'{name}.{kind}': np.ones((2, 2), np.float32)
    for name in ('pre_logits.fc1', 'pre_logits.fc2', 'head.fc')
    for kind in ('weight', 'bias')
  }
  for found in (_port(arrays | top), _port({name: x for name, x in arrays.items() if 'features' in name} | top)):
    assert found.preprocess == _port(arrays).preprocess
    for layer, tensors in _port(arrays).variables['params'].items():
      for kind, tensor in tensors.items():
        np.testing.assert_array_equal(found.variables['params'][layer][kind], tensor)


def test_places365_is_told_by_its_last_layer():
  assert _port(made.caffe_arrays(WEIGHTS, top='fc8a')).preprocess == FAMILIES['places365']
  # Keras's port with its dense layers, and torch's names of the layers.
  top = {'predictions/predictions/kernel:0': np.ones((3, 365), np.float32)}
  assert _port(made.keras_arrays(WEIGHTS) | top).preprocess == FAMILIES['places365']
  named = {
    f'features.{name.replace("/0", ".weight").replace("/1", ".bias")}': x
    for name, x in made.caffe_arrays(WEIGHTS).items()
    if 'fc' not in name
  }
  torch = _port(named | {'classifier.fc8a.bias': np.ones(3, np.float32)})
  assert torch.preprocess == FAMILIES['torchvision']


def test_preprocessing_can_be_said():
  arrays = made.torchvision_arrays(WEIGHTS)
  assert _port(arrays, 'caffe').preprocess == FAMILIES['caffe']
  with pytest.raises(InputError, match="'x' for VGG-16; choose one"):
    _port(arrays, 'x')


@pytest.mark.parametrize(
  'names',
  [
    ('L/L_W_1:0', 'L/L_b_1:0'),  # Keras 1: the file of ImageNet weights
    ('L/L/kernel:0', 'L/L/bias:0'),  # Keras 2, save_weights
    ('L/kernel', 'L/bias'),
    ('model_weights/L/L/kernel:0', 'model_weights/L/L/bias:0'),  # save
    ('model_weights/vgg16/L/kernel:0', 'model_weights/vgg16/L/bias:0'),
    ('layers/N/vars/0', 'layers/N/vars/1'),  # Keras 3, .weights.h5
    ('layers/functional/layers/N/vars/0', 'layers/functional/layers/N/vars/1'),
  ],
)
def test_generations_of_keras(names):
  arrays = {
    'model_weights/dense_1/dense_1/kernel:0': np.ones((3, 3)),
    'optimizer_weights/adam/m/block1_conv1/kernel:0': np.ones(3),
    'optimizer/vars/0': np.ones(1),
    'batch_normalization/batch_normalization/gamma:0': np.ones(1),
    'predictions/predictions_W_1:0': np.ones((3, 3)),
  }
  for number, layer in enumerate(CONVOLUTIONS):
    block = f'block{layer[4]}_conv{layer[6]}'
    conv2d = f'conv2d_{number}' if number else 'conv2d'
    for name, kind in zip(names, ('kernel', 'bias'), strict=True):
      name = name.replace('L', block).replace('N', conv2d)
      arrays[name] = WEIGHTS[f'{layer}/{kind}']
  trunk = _port(arrays)
  np.testing.assert_array_equal(trunk.variables['params']['conv5_3']['kernel'], WEIGHTS['conv5_3/kernel'])


def test_other_names_of_tf2onnx_and_of_data_parallel():
  arrays = {
    name.replace('_1/convolution', '/Conv2D').replace('_1/Squeeze', '/BiasAdd/ReadVariableOp'): array
    for name, array in made.onnx_arrays(WEIGHTS).items()
  }
  assert 'net/block1_conv1/BiasAdd/ReadVariableOp:0' in arrays
  np.testing.assert_array_equal(_port(arrays).variables['params']['conv2_1']['bias'], WEIGHTS['conv2_1/bias'])
  # The reference training script of torch wraps VGG's features alone.
  arrays = {
    name.replace('features.', 'features.module.'): array for name, array in made.torchvision_arrays(WEIGHTS).items()
  }
  np.testing.assert_array_equal(_port(arrays).variables['params']['conv2_1']['bias'], WEIGHTS['conv2_1/bias'])


@pytest.mark.parametrize('title', list(LAYOUTS))
def test_any_missing_tensor_is_named(title):
  arrays = LAYOUTS[title](WEIGHTS)
  keys = [key for key in arrays if 'conv3_2' in key or 'block3_conv2' in key or key.startswith('features.12.')]
  assert len(keys) == 2
  for key, tensor in zip(keys, ('kernel', 'bias'), strict=True):
    rest = {name: array for name, array in arrays.items() if name != key}
    with pytest.raises(InputError, match=f"lack 'conv3_2/{tensor}' of "):
      _port(rest)


@pytest.mark.parametrize(
  ('title', 'name'),
  [
    ('keras', 'block3_conv4/block3_conv4_W_1:0'),  # VGG-19
    ('keras', 'attention/attention/kernel:0'),
    ('keras', 'layers/conv2d/vars/2'),
    ('onnx', 'net/attention/ReadVariableOp:0'),
    ('torchvision', 'features.1.running_mean'),  # batch normalization
    ('torchvision', 'features.3.weight'),
    ('caffe-v1', 'conv3_4/0'),
    ('caffe-v1', 'conv1_1/2'),
  ],
)
def test_an_unknown_array_is_named(title, name):
  arrays = LAYOUTS[title](WEIGHTS) | {name: np.ones(3, np.float32)}
  with pytest.raises(InputError, match='which VGG-16 does not have') as caught:
    _port(arrays)
  assert repr(name) in str(caught.value)


def test_two_networks_in_one_file():
  arrays = made.keras_arrays(WEIGHTS)
  twice = arrays | {f'b/{name}': array for name, array in arrays.items()}
  with pytest.raises(InputError, match='are both conv1_1/kernel'):
    _port(twice)


@pytest.mark.parametrize(
  ('title', 'name', 'expected'),
  [
    ('keras', 'block2_conv1/block2_conv1_W_1:0', '(3, 3, 3, 4)'),
    ('torchvision', 'features.5.weight', '(4, 3, 3, 3)'),
    ('caffe-v1', 'conv2_1/0', '(4, 3, 3, 3)'),
  ],
)
@pytest.mark.parametrize(
  'change', [lambda array: array[..., None], lambda array: array[:-1], lambda array: array.astype(np.int32)]
)
def test_wrong_shapes_and_types_are_named(title, name, expected, change):
  arrays = LAYOUTS[title](WEIGHTS)
  arrays[name] = change(arrays[name])
  with pytest.raises(InputError) as caught:
    _port(arrays)
  wrong = arrays[name]
  assert f'{name!r} is {wrong.dtype} {wrong.shape}' in str(caught.value)
  assert f'has floats {expected}' in str(caught.value)


def test_only_caffe_pads_a_bias():
  arrays = made.keras_arrays(WEIGHTS)
  name = 'block2_conv1/block2_conv1_b_1:0'
  arrays[name] = arrays[name].reshape(1, 1, 1, -1)
  with pytest.raises(InputError, match=r'\(1, 1, 1, 4\)'):
    _port(arrays)


@pytest.mark.parametrize('value', [np.nan, np.inf, 1e300])
def test_values_must_be_finite_in_float32(value):
  arrays = made.torchvision_arrays(WEIGHTS)
  wide = arrays['features.7.weight'].astype(np.float64)
  wide[1, 2, 0, 0] = value
  with pytest.raises(InputError, match=r"'features\.7\.weight'.*not finite"):
    _port(arrays | {'features.7.weight': wide})


@pytest.mark.parametrize('half', [np.float16, ml_dtypes.bfloat16])
def test_halves_and_doubles_are_ported(half):
  arrays = {
    name: array.astype(np.float64 if 'bias' in name else half)
    for name, array in made.torchvision_arrays(WEIGHTS).items()
  }
  kernel = _port(arrays).variables['params']['conv4_1']['kernel']
  np.testing.assert_allclose(kernel, WEIGHTS['conv4_1/kernel'], rtol=4e-3, atol=1e-6)
  assert kernel.dtype == np.float32


def test_weights_do_not_share_memory_with_the_file():
  arrays = made.keras_arrays(made.tensors())
  for layer in _port(arrays).variables['params'].values():
    for tensor in layer.values():
      assert not any(np.shares_memory(array, tensor) for array in arrays.values())


def test_nothing_known():
  with pytest.raises(InputError, match=r"Caffe: .*'a', 'b', 'c' and 1 more"):
    _port(dict.fromkeys('abcd', np.ones(3)))


def test_imagenet_is_ilsvrc_vgg16(reference_dir):
  release = json.loads((reference_dir / 'vgg16_imagenet_fingerprint.json').read_text())['layers']
  ours = json.loads((made.FIXTURES / 'imagenet.json').read_text())['tensors']
  assert {name: tensor['sha256'] for name, tensor in release.items()} == {k: x for k, x in ours.items() if k != 'mean'}
