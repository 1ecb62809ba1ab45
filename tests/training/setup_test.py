"""What a run refuses before its first step."""

import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import saliency
from saliency_jax.training import setup
from tests.training import made


@pytest.mark.parametrize(('name', 'number'), [
    ('data.image_size', -8), ('data.image_size', 0), ('data.batch_size', 0),
    ('data.workers', -1), ('data.seed', -1), ('train.epochs', 0),
    ('train.checkpoint_every', -1)])
def test_a_number_below_its_least_is_named(name, number, tmp_path):
  config = made.run(tmp_path)
  config.update_from_flattened_dict({name: number})
  with pytest.raises(InputError, match=f'^config.{name} is {number}; give '):
    setup.check(config, made.TRAIN, made.VALIDATION)


@pytest.mark.parametrize('size', [16, 31])
def test_a_map_of_one_cell_is_refused(size, tmp_path):
  # Under NSS it is constant: it would be trained with gradients of 0.
  assert saliency.output_grid(size) == (1, 1)
  config = made.run(tmp_path)
  config.data.image_size = size
  with pytest.raises(InputError, match=f'image_size={size} .* 1 x 1 cells'):
    setup.check(config, made.TRAIN, made.VALIDATION)


def test_a_map_of_two_cells_a_side_is_enough(tmp_path):
  config = made.run(tmp_path)
  config.data.image_size = 32
  setup.check(config, made.TRAIN, made.VALIDATION)
