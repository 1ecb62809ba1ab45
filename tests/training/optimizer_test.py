"""Schedules and directions against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
import pytest

from configs import train, train_authors, train_authors_tf
from saliency_jax.errors import InputError
from saliency_jax.training import optimizer

PARAMS = {'conv5_3': {'kernel': np.full((2, 2), 2.0, np.float32), 'bias': np.full(2, 2.0, np.float32)}}
GRADIENTS = {'conv5_3': {'kernel': np.full((2, 2), 3.0, np.float32), 'bias': np.full(2, -4.0, np.float32)}}


def test_the_authors_schedule():
  schedule = optimizer.make_schedule(train_authors.get_config().schedule, steps=5000)
  assert [float(schedule(n)) for n in (0, 499)] == [1, 1]
  np.testing.assert_allclose([schedule(n) for n in (500, 999, 1000, 2500)], [0.8, 0.8, 0.64, 0.32768], rtol=1e-6)


def test_the_cosine():
  config = train.get_config().schedule
  config.warmup, config.final = 0.1, 0.2
  schedule = optimizer.make_schedule(config, steps=100)
  np.testing.assert_allclose([schedule(n) for n in (0, 5, 10, 55, 100)], [0, 0.5, 1, 0.6, 0.2], atol=1e-6)


def test_no_warm_up_starts_at_one():
  config = train.get_config().schedule
  config.warmup = 0.0
  assert float(optimizer.make_schedule(config, steps=100)(0)) == 1


def test_the_first_direction_is_the_sign_and_the_decay_of_kernels():
  config = train.get_config().optimizer
  config.weight_decay = 0.01
  tx = optimizer.make_direction(config)
  direction, _ = tx.update(GRADIENTS, tx.init(PARAMS), PARAMS)
  # Adam's first step is the gradient's sign, whatever was clipped.
  np.testing.assert_allclose(direction['conv5_3']['kernel'], 1 + 0.01 * 2, rtol=1e-5)
  np.testing.assert_allclose(direction['conv5_3']['bias'], -1, rtol=1e-5)


def test_kernels_with_other_names_decay_too():
  params = {
    'layer1.0.conv1.weight': jnp.full((4, 3, 3, 3), 2.0),
    'layer1.0.bn1.weight': jnp.full(4, 2.0),
    'fc': {'w': jnp.full((4, 2), 2.0), 'b': jnp.full(2, 2.0)},
    'readout': {'kernel': jnp.full((1, 1, 4, 1), 2.0)},
  }
  config = train.get_config().optimizer
  config.weight_decay = 0.01
  decay = {}
  for matrices in (False, True):
    tx = optimizer.make_direction(config, matrices=matrices)
    direction, _ = tx.update(jax.tree.map(jnp.zeros_like, params), tx.init(params), params)
    decay[matrices] = [float(x.max()) for x in jax.tree.leaves(direction)]
  np.testing.assert_allclose(decay[False], [0, 0, 0, 0, 0.02], rtol=1e-6)
  np.testing.assert_allclose(decay[True], [0, 0.02, 0, 0.02, 0.02], rtol=1e-6)


def test_gradients_are_clipped_before_the_moments():
  config = train.get_config().optimizer
  # Moments that forget at once, and a large eps: direction = g / eps.
  config.b1, config.b2, config.eps = 0.0, 0.0, 1e6
  config.weight_decay = 0.0
  norm = (4 * 3**2 + 2 * 4**2) ** 0.5
  for clip, factor in ((0.0, 1.0), (2.0, 2 / norm), (100.0, 1.0)):
    config.clip_norm = clip
    tx = optimizer.make_direction(config)
    direction, _ = tx.update(GRADIENTS, tx.init(PARAMS), PARAMS)
    np.testing.assert_allclose(direction['conv5_3']['kernel'] * 1e6, 3 * factor, rtol=1e-5)


@pytest.mark.parametrize(
  ('part', 'name', 'value'),
  [
    ('optimizer', 'b1', 1.0),
    ('optimizer', 'eps', 0.0),
    ('optimizer', 'clip_norm', -1.0),
    ('schedule', 'warmup', 1.5),
    ('schedule', 'warmup', 1.0),
    ('schedule', 'warmup', 0.96),
    ('schedule', 'name', 'linear'),
  ],
)
def test_numbers_out_of_range_are_named(part, name, value):
  config = train.get_config()
  config[part][name] = value

  def make():
    optimizer.make_direction(config.optimizer)
    optimizer.make_schedule(config.schedule, steps=10)

  with pytest.raises(InputError, match=f'config.{part}.{name} is'):
    make()


def test_a_variant_is_a_few_lines():
  ours, theirs = train.get_config(), train_authors.get_config()
  assert theirs.data.batch_size == 20
  assert theirs.train.trunk_rate == theirs.train.readout_rate == 0.005
  assert isinstance(theirs, ml_collections.ConfigDict)
  assert set(ours) == set(theirs)


def test_the_authors_tensorflow_recipe_keeps_its_rate():
  config = train_authors_tf.get_config()
  assert config.data.batch_size * 2000 == 10_000  # SALICON, once an epoch
  assert config.train.epochs == 20
  factor = optimizer.make_schedule(config.schedule, steps=40_000)
  assert [float(factor(step)) for step in (0, 500, 39_999)] == [1, 1, 1]
