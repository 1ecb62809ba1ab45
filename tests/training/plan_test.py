"""What a run refuses before its first step, and what it depends on."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import adapters, user_networks
from saliency_jax.training import plan
from tests.training import made


@pytest.mark.parametrize(
  ('name', 'number'),
  [
    ('network.image_size', -8),
    ('data.batch_size', 0),
    ('data.workers', -1),
    ('data.seed', -1),
    ('train.epochs', 0),
    ('train.checkpoint_every', -1),
  ],
)
def test_a_number_below_its_least_is_named(name, number):
  config = made.run()
  config.update_from_flattened_dict({name: number})
  with pytest.raises(InputError, match=f'^config.{name} is {number}; give '):
    plan.make(config, 'train', made.DATA, None)


@pytest.mark.parametrize('size', [16, 31])
def test_a_map_of_one_cell_is_refused(size):
  # Under NSS it is constant: it would be trained with gradients of 0.
  config = made.run()
  config.network.image_size = size
  with pytest.raises(InputError, match=f'image_size={size} .* 1 x 1 cells'):
    plan.make(config, 'train', made.DATA, None)


def test_a_map_of_two_cells_a_side_is_enough():
  config = made.run()
  config.network.image_size = 32
  plan.make(config, 'train', made.DATA, None)


def test_a_run_depends_on_how_its_images_are_resized():
  bilinear = plan.make(made.run(), 'train', made.DATA, None)
  network = bilinear.network
  bicubic = dataclasses.replace(
    bilinear, network=network.replace(preprocess=network.preprocess._replace(resize='bicubic'))
  )
  first, second = (x.facts({name: {} for name in bilinear.members}) for x in (bilinear, bicubic))
  assert first['network']['code'] == user_networks.code('tests.tiny:vgg')
  assert second == first | {'network': first['network'] | {'resize': 'bicubic'}}


def test_a_name_under_which_no_checkpoint_finds_a_variable_is_refused():
  def apply(variables, images):
    return {'maps': images[:, ::4, ::4] * variables['params']['net/~/conv']}

  variables = {'params': {'net/~/conv': jnp.ones((1, 1, 1, 3)), 'net': {'~': {}}}, 'batch_stats': {}}
  network = adapters.from_function(apply, variables, name='mine')
  with pytest.raises(InputError, match="mine has a variable with a '/' in its name"):
    plan.make(made.run(), 'train', made.DATA, network)


def test_a_kernel_with_another_name_decays():
  def apply(params, images):
    return {'maps': images[:, ::4, ::4] @ params['w']}

  params = {'w': jnp.ones((3, 4))}
  config = made.run()
  config.train.depth = 'all'
  tx = plan.make(config, 'train', made.DATA, adapters.from_function(apply, params)).tx
  direction, _ = tx.update(jax.tree.map(jnp.zeros_like, params), tx.init(params), params)
  np.testing.assert_allclose(direction['w'], config.optimizer.weight_decay, rtol=1e-6)


def test_a_part_that_is_called_as_the_head_is_refused():
  def apply(variables, images):
    return {'maps': images[:, ::4, ::4] * variables['params']['readout']}

  variables = {'params': {'readout': jnp.ones((1, 1, 1, 3))}, 'batch_stats': {}}
  with pytest.raises(InputError, match='mine has a part called readout or saliency, like the head'):
    plan.make(made.run(), 'train', made.DATA, adapters.from_function(apply, variables, name='mine'))


def test_parts_without_a_variable_are_no_names():
  def apply(variables, images):
    return {'maps': images[:, ::4, ::4] * variables['params']['conv']}

  variables = {'params': {'conv': jnp.ones((1, 1, 1, 3)), 'relu': {}}, 'batch_stats': {}}
  config = made.run()
  config.train.depth = 0
  plan.make(config, 'train', made.DATA, adapters.from_function(apply, variables, name='mine'))
