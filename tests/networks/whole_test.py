"""The whole saliency network on photographs of any size."""

import jax
import numpy as np
import pytest
from PIL import Image

from saliency_jax.errors import InputError
from saliency_jax.networks import saliency, vgg
from saliency_jax.networks.whole import SaliencyNetwork
from tests.experiments import made


@pytest.fixture(scope='module')
def params():
  trunk = vgg.VGG16(('conv5_3',), widths=made.WIDTHS).init(
      jax.random.key(0), np.zeros((1, 32, 32, 3), np.float32))['params']
  return trunk | {saliency.READOUT: saliency.init_readout(
      jax.random.key(1), made.WIDTHS['conv5_3'])}


def network(params, **options):
  return SaliencyNetwork(
      params, made.MEAN, image_size=48, widths=made.WIDTHS,
      **{'batch_size': 3} | options)


def photographs(count):
  rng = np.random.default_rng(0)
  return [rng.integers(0, 256, (30 + 9 * i, 80, 3), np.uint8)
          for i in range(count)]


def test_it_is_the_trunk_and_the_readout(params):
  seen = photographs(11)  # more than a batch, and not a whole number of them
  maps = network(params)(seen)
  assert maps.dtype == np.float32
  assert maps.shape == (11, *saliency.output_grid(48))
  small = np.stack([
      np.asarray(Image.fromarray(x).resize((48, 48), Image.Resampling.BILINEAR))
      for x in seen]) - made.MEAN.astype(np.float32)[None, None, None]
  features = saliency.make_prefix((0,), widths=made.WIDTHS)(params, small)[0]
  readout = saliency.make_suffix(0, widths=made.WIDTHS)
  np.testing.assert_allclose(
      maps, readout(params, features)[..., 0], rtol=1e-4, atol=1e-5)


def test_batches_fill_the_devices(params):
  assert network(params).batch_size == jax.device_count() == 8
  assert network(params, batch_size=9).batch_size == 16


def test_no_photograph_gives_no_map(params):
  assert network(params)([]).shape == (0, 3, 3)


def test_models_of_one_kind_are_compiled_once(params):
  seen = photographs(1)
  network(params)(seen)
  other = jax.tree.map(lambda x: x * 0.5, params)
  with jax.no_tracing():
    assert (network(other)(seen) != network(params)(seen)).any()


def test_another_type_is_refused(params):
  with pytest.raises(InputError, match='float8'):
    network(params, dtype='float8')
