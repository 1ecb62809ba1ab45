"""The published models as the zoo has them."""

import hashlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.experiments import predictors
from saliency_jax.networks import listing, trees, vgg, zoo
from saliency_jax.networks.saliency import unisal
from tests import tiny
from tests.networks.saliency import models_test, plain, recurrent_definitions


@pytest.mark.parametrize('name', ['dva', 'salicon', 'unisal', 'sam_resnet'])
def test_what_leaves_a_stage_is_all_that_the_next_ones_need(name):
  """Images, and parameters of its own. Structure alone: nothing is computed."""
  network = zoo.outline(name)
  names, x = frozenset(network.taps), jax.ShapeDtypeStruct((1, 96, 64, 3), jnp.float32)
  leaves = trees.flatten(network.variables['params'])
  for stage in range(len(network.stages)):
    own = {name: leaf for name, leaf in leaves.items() if re.fullmatch(network.stages[stage].parameters, name)}
    variables = {**network.variables, 'params': trees.nest(own)}
    x, taps = jax.eval_shape(lambda v, x, stage=stage: network.run(v, x, names, stage, stage + 1), variables, x)
    assert set(taps) == {tap.name for tap in network.taps.values() if tap.stage == stage}
    for tap in taps:
      stride = network.taps[tap].stride
      if stride:
        height = taps[tap].shape[1]
        assert abs(height - 96 / stride) <= 1, (tap, height)
  assert x.shape[0] == x.shape[3] == 1
  assert network.decoder.output == network.taps['saliency']


def test_stages_one_by_one_are_the_whole():
  network = tiny.decoding()
  image = np.random.default_rng(0).standard_normal((1, 24, 16, 3), np.float32)
  names = frozenset(network.taps)
  whole, wanted = network.run(network.variables, image, names, 0, 4)
  x, found = image, {}
  for stage in range(4):
    x, part = network.run(network.variables, x, names, stage, stage + 1)
    found |= part
  np.testing.assert_allclose(x, whole, atol=1e-6)
  for name, value in wanted.items():
    np.testing.assert_allclose(found[name], value, atol=1e-6)


@pytest.mark.parametrize('size', [(6, 7), (7, 4), (2, 3)])
@pytest.mark.parametrize(
  ('pool', 'rule', 'stride'),
  [
    (vgg.FLOOR, 'valid', 2),
    (vgg.CEIL, 'caffe', 2),
    (vgg.SAME_1, 'tensorflow same', 1),
    (vgg.THEANO_SAME, 'theano same', 2),
    (vgg.THEANO_SAME_1, 'theano same', 1),
  ],
)
def test_windows_of_maxima(pool, rule, stride, size):
  x = np.random.default_rng(1).standard_normal((2, *size), np.float32)
  np.testing.assert_array_equal(
    np.moveaxis(np.asarray(pool(np.moveaxis(x, 0, -1)[None])[0]), -1, 0), plain.pool(x, 2, stride, rule=rule)
  )


def test_gradients_pass_padded_maxima():
  x = np.random.default_rng(1).standard_normal((1, 5, 3, 1), np.float32)
  for pool in (vgg.CEIL, vgg.SAME_1, vgg.THEANO_SAME):
    gradient = jax.grad(lambda x, pool=pool: pool(x).sum())(x)
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient.sum(), pool(x).size, rtol=1e-6)


@pytest.mark.parametrize(('name', 'size', 'multiple'), [('dva', (26, 28), 4), ('unisal', (64, 80), 32)])
def test_sides_that_a_model_does_not_take(name, size, multiple):
  with pytest.raises(InputError, match=f'multiples of {multiple} pixels'):
    zoo.outline(name).shapes(['saliency'], size)


def test_a_file_that_is_not_at_hand_is_named(tmp_path):
  with pytest.raises(InputError) as refusal:
    zoo.load('sam_vgg', weights='salicon', cache_dir=str(tmp_path))
  for part in (
    'https://github.com/marcellacornia/sam/releases/download/1.0/sam-vgg_salicon_weights.pkl',
    'no hash of it is published',
    str(tmp_path / 'sam_vgg' / 'sam-vgg_salicon_weights.pkl'),
    'put the file there',
  ):
    assert part in str(refusal.value)
  rows = {line.split(' ')[0]: re.split('  +', line) for line in listing.networks().splitlines()}
  assert rows['msi_net'] == ['msi_net', '14', 'saliency', 'imagenet, salicon, osie, random']  # the trunk's first
  assert rows['vit_s16'][-1] == 'random'
  listed = listing.network('unisal', 64)
  assert 'licence: Apache-2.0' in listed
  assert 'f06b52c56405bbf11b40cf1b4307573aa4035bea' in listed
  assert 'trains the top d of 19 stages: features.18, ' in listed  # its decoder is trained at all
  assert re.search('^skip_2x +map +4 x 4 x 128 +16 +-7.5 +decoder *$', listed, re.MULTILINE)


def test_the_hash_by_which_git_knows_a_file(tmp_path):
  path = tmp_path / 'file'
  path.write_bytes(b'what is up, doc?')  # the example of the book "Pro Git"
  assert files.digest(path, 'git') == 'bd9dbf5aae1a3862dd1526723246b20206e5fc37'
  assert files.digest(path, 'md5') == hashlib.md5(b'what is up, doc?').hexdigest()


def test_training_begins_with_the_trunk_and_a_drawn_decoder(monkeypatch):
  trunk_of = zoo.outline('vgg16')
  trunk_of = trunk_of.replace(variables=jax.tree.map(lambda x: np.full(x.shape, 0.5, np.float32), trunk_of.variables))
  monkeypatch.setattr(zoo, 'load', lambda *_, **__: trunk_of)
  monkeypatch.setattr(
    zoo,
    'random_variables',
    lambda module: jax.tree.map(lambda x: np.zeros(x.shape, np.float32), zoo.outline('salicon').variables),
  )
  network = zoo._of_zoo('salicon', 'imagenet', '', '', 'float32')
  for prefix in ('', 'sec_'):
    np.testing.assert_array_equal(
      network.variables['params'][f'{prefix}conv4_2']['kernel'], trunk_of.variables['params']['conv4_2']['kernel']
    )
  assert network.preprocess.mean == trunk_of.preprocess.mean
  assert network.preprocess.image_size == 640
  assert 'decoder is drawn' in network.provenance.source
  for name in ('imagenet', 'random'):
    network = network.replace(provenance=network.provenance._replace(name=name))
    with pytest.raises(InputError, match='decoder of salicon is randomly initialised'):
      predictors.of_network('salicon', network, 1)


def test_a_file_of_the_authors_predicts_in_their_frame(tmp_path):
  arrays = {name: models_test.drawn(name, shape) for name, shape in recurrent_definitions.UNISAL.items()}
  path = tmp_path / 'authors.npz'
  np.savez(path, **arrays)
  network = zoo.load('unisal', weights=str(path), cache_dir=str(tmp_path))
  assert network.frame is unisal.NETWORK.frame
  assert network.preprocess.image_size == unisal.NETWORK.image_size != zoo.outline('vgg16').preprocess.image_size
  # In less time than in the authors' size.
  small = network.replace(frame=unisal.NETWORK.frame._replace(prepare=lambda x: x[:64, :96].astype('f4')))
  image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
  (found,) = predictors.of_network('unisal', small, 1).predict([image], ['a'])
  assert found.shape == (90, 120)
  np.testing.assert_allclose(found.sum(), 1, rtol=1e-4)
  framed = image[:64, :96] / 255
  framed = (framed - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
  cells = recurrent_definitions.unisal(arrays, framed.astype(np.float32).transpose(2, 0, 1))['saliency'][0]
  np.testing.assert_allclose(found, unisal.NETWORK.frame.restore(cells, (90, 120)), atol=1e-3 * found.max())
  # Squares of a size that is asked for are not the authors' frame.
  assert zoo.load('unisal', weights=str(path), cache_dir=str(tmp_path), image_size=64).frame is None


def test_arrays_that_lack_one_are_refused():
  arrays = {name: models_test.drawn(name, shape) for name, shape in recurrent_definitions.UNISAL.items()}
  shapes = zoo.shapes(zoo.architecture('unisal').shapes)
  port = zoo.architecture('unisal').port
  with pytest.raises(InputError, match='layout of UNISAL.* lack'):
    port({k: v for k, v in arrays.items() if k != 'smoothing_salicon.weight'}, shapes, None)
  with pytest.raises(InputError, match="have 'another.weight'"):
    port(arrays | {'another.weight': np.ones(3, np.float32)}, shapes, None)
