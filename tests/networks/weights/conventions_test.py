"""Files of weights in other conventions are the same network, or refused."""

import hashlib
import json

import h5py
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import resnet, vgg
from saliency_jax.networks.weights import known_weights, port_table, variable_files
from tests.networks.weights import made

WEIGHTS = made.tensors()  # in BGR, as Caffe's
CAFFE = made.port(made.keras_arrays(WEIGHTS))


def kernels(change):
  return {name: change(x) if x.ndim == 4 else x for name, x in WEIGHTS.items()}


def load(path):
  return known_weights.load(str(path), made.port, 'net')


@pytest.mark.parametrize(
  ('backend', 'change'),
  [
    (b'theano', lambda kernel: kernel[::-1, ::-1]),
    ('theano', lambda kernel: kernel[::-1, ::-1]),
    (b'tensorflow', lambda kernel: kernel),
    ('cntk', lambda kernel: kernel),
  ],
)
@pytest.mark.parametrize('inside', ['', 'model_weights/'])
def test_kernels_of_theano_are_reversed(backend, change, inside, tmp_path):
  made.write_h5(tmp_path / 'a.h5', {f'{inside}{name}': x for name, x in made.keras_arrays(kernels(change)).items()})
  with h5py.File(tmp_path / 'a.h5', 'a') as file:
    file.attrs['backend'] = backend
  assert load(tmp_path / 'a.h5')[1].sha256 == variable_files.digest(CAFFE)


def under_torchs_names(order=1, scale=1.0):
  arrays = made.torchvision_arrays(WEIGHTS)
  name = 'features.0.weight'
  return arrays | {name: arrays[name][:, ::order] * np.float32(scale)}


def test_the_hash_is_that_of_the_weights_of_imagenet():
  ported = json.loads((made.FIXTURES / 'imagenet.json').read_text())['tensors']
  assert ported['conv1_1/kernel'] == vgg._ILSVRC_2014


@pytest.mark.parametrize(
  ('order', 'family', 'mean'), [(1, 'caffe', CAFFE.preprocess.mean), (-1, 'vgg_features', (123, 117, 104))]
)
def test_values_of_caffe_are_told_by_the_first_layer(order, family, mean, monkeypatch, caplog, tmp_path):
  monkeypatch.setattr(vgg, '_ILSVRC_2014', hashlib.sha256(WEIGHTS['conv1_1/kernel'].tobytes()).hexdigest())
  path = tmp_path / 'a.safetensors'
  made.write_safetensors(path, under_torchs_names(order))
  found, _ = load(path)
  assert found.family == family
  assert found.preprocess.mean == mean
  assert f'as for weights of {family}, resized bilinear, x - ({mean[0]:g}' in caplog.text
  first = found.variables['params'].pop('conv1_1')['kernel']
  np.testing.assert_array_equal(first[:, :, ::order], WEIGHTS['conv1_1/kernel'])
  for layer, tensors in found.variables['params'].items():
    np.testing.assert_array_equal(tensors['kernel'], WEIGHTS[f'{layer}/kernel'])


def test_what_is_assumed_is_said(caplog, tmp_path):
  made.write_safetensors(tmp_path / 'a.safetensors', under_torchs_names())
  load(tmp_path / 'a.safetensors')
  assert 'as for weights of torchvision, resized bilinear, (x / 255 - (0.485, ' in caplog.text
  assert 'is wrong, set config.network.preprocessing' in caplog.text


def test_kernels_scaled_for_0_to_255_are_no_torchvisions():
  arrays = under_torchs_names(scale=1 / 57)
  with pytest.raises(InputError, match=r'gain of 0\.0.*caffe \(BGR\) or vgg_f'):
    made.port(arrays)
  assert made.port(arrays, 'caffe').family == 'caffe'


@pytest.mark.parametrize('folded', [False, True])
def test_resnets_of_caffe_are_no_torchvisions(folded):
  """Scaled for 0-255: by the norm's statistics, or folded into its scale."""
  arrays = {'conv1.weight': np.random.default_rng(0).normal(0, 0.1, (8, 3, 7, 7)).astype(np.float32)}
  arrays |= {
    f'bn1.{name}': np.full(8, value, np.float32)
    for name, value in (('weight', 0.3), ('bias', 0), ('running_mean', 0), ('running_var', 1))
  }
  expected = {'conv1/kernel': (7, 7, 3, 8)} | dict.fromkeys(
    ('bn1/scale', 'bn1/bias', 'batch_stats:bn1/mean', 'batch_stats:bn1/var'), (8,)
  )
  port = port_table.porter('net', resnet.TABLE, detect_family=resnet.detect_family)
  assert port(arrays, expected).family == 'torchvision'
  arrays |= (
    {'bn1.weight': arrays['bn1.weight'] / 57} if folded else {'bn1.running_var': arrays['bn1.running_var'] * 57**2}
  )
  with pytest.raises(
    InputError,
    match=r'gain of 0\.0.*caffe \(BGR\) or vgg_f'
    '.*to torchvision if',
  ):
    port(arrays, expected)
  assert port(arrays, expected, 'torchvision').family == 'torchvision'
  assert port(arrays, expected, 'caffe').preprocess.bgr
