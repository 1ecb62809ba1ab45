"""A network that ends in a saliency map is trained with its own decoder."""

import jax
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import zoo
from tests import brute_force, tiny
from tests.training import made
from tests.training.running import are_equal, load, params, train


def _configured(config):
  config.network.name = 'tests.tiny:decoding'
  return config


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """The decoder and the stage below it, from features on disk."""
  workdir = tmp_path_factory.mktemp('decoder') / 'run'
  config = _configured(made.run(1))
  config.data.features_limit = 1.0
  return workdir, train(config, workdir)


def test_the_decoder_takes_the_place_of_a_readout(trained):
  start, found = tiny.decoding().variables['params'], params(trained[0])
  assert found.keys() == start.keys()
  assert {
    name for name in start if not all(map(np.array_equal, jax.tree.leaves(start[name]), jax.tree.leaves(found[name])))
  } == {'decoder', 'conv3_1'}


def test_the_validation_nss_is_that_of_the_map(trained):
  network = load(trained[0])
  assert [*network.taps] == [*tiny.decoding().taps]
  scores = []
  for i in range(len(made.VALIDATION)):
    record = made.VALIDATION[i]
    cells = network.maps(record.image, ['saliency'])['saliency'][0, :, :, 0]
    full = brute_force.upsample(cells.astype(np.float64), record.image.shape[:2])
    points = np.unique(record.fixations, axis=0)
    scores.append(((full - full.mean()) / full.std())[tuple(points.T)].mean())
  # The units that count as those below the map are the trunk's.
  assert network.top_tap == trained[1]['network']['readout_tap'] == 'conv3_1'
  best = trained[1]['members']['depth_1']['nss']
  np.testing.assert_allclose(np.mean(scores), best, atol=1e-4)
  assert best > 0.3  # the first steps lead somewhere


def test_training_goes_on_from_a_trained_decoder(trained, tmp_path):
  config = made.run(0)
  config.train.epochs, config.train.readout_rate = 1, 0.0
  config.network.name = zoo.DEFAULT
  config.network.checkpoint = str(trained[0])
  train(config, tmp_path)
  assert set(params(tmp_path)) == set(params(trained[0]))
  are_equal(params(tmp_path)['decoder'], params(trained[0])['decoder'])


def test_another_tap_for_the_readout_is_refused(tmp_path):
  config = _configured(made.run(0))
  config.network.readout_tap = 'conv3_1'
  with pytest.raises(InputError, match='makes a map of its own, saliency'):
    train(config, tmp_path)
