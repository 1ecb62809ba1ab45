"""Weights of points and of masks, against sums over the upsampled map."""

import numpy as np
import pytest

from saliency_jax.ops import pixel_weights, resize
from tests import brute_force

SIZE, GRID = (53, 71), (7, 9)


PLACEMENT = resize.Placement(-0.48, 7.3)


@pytest.fixture
def unit():
  return np.random.default_rng(0).normal(size=GRID)


@pytest.mark.parametrize('placement', [resize.TILING, PLACEMENT])
def test_points_average_the_upsampled_map(unit, placement):
  points = np.random.default_rng(1).integers(0, SIZE, size=(40, 2))
  upsampled = brute_force.upsample(unit, SIZE, *placement)
  np.testing.assert_allclose(
    (pixel_weights.set_weights(points, SIZE, GRID, placement) * unit).sum(),
    upsampled[tuple(points.T)].mean(),
    rtol=1e-12,
  )


def test_points_listed_twice_count_twice(unit):
  points = np.array([[0, 0], [52, 70], [52, 70]])
  upsampled = brute_force.upsample(unit, SIZE)
  np.testing.assert_allclose(
    (pixel_weights.set_weights(points, SIZE, GRID) * unit).sum(),
    (upsampled[0, 0] + 2 * upsampled[52, 70]) / 3,
    rtol=1e-12,
  )


@pytest.mark.parametrize('corner', [(0, 0), (0, 70), (52, 0), (52, 70)])
@pytest.mark.parametrize('placement', [resize.TILING, PLACEMENT])
def test_masks_average_the_upsampled_map(unit, corner, placement):
  mask = np.zeros(SIZE, bool)
  mask[corner] = True
  mask[20:30, 40:41] = True
  np.testing.assert_allclose(
    (pixel_weights.set_weights(mask, SIZE, GRID, placement) * unit).sum(),
    brute_force.upsample(unit, SIZE, *placement)[mask].mean(),
    rtol=1e-12,
  )


def test_a_mask_equals_its_points():
  mask = np.random.default_rng(2).random(SIZE) < 0.1
  np.testing.assert_allclose(
    pixel_weights.set_weights(mask, SIZE, GRID), pixel_weights.set_weights(np.argwhere(mask), SIZE, GRID), atol=1e-15
  )


def test_nothing_weighs_nothing():
  nothing = np.zeros((0, 2), int)
  assert not pixel_weights.set_weights(nothing, SIZE, GRID).any()
  assert not pixel_weights.set_weights(np.zeros(SIZE, bool), SIZE, GRID).any()


def test_every_weight_sums_to_one():
  mask = np.zeros(SIZE, bool)
  mask[3:5, 60:] = True
  weights = pixel_weights.cell_weights([mask, np.array([[1, 2]])], SIZE, GRID)
  assert weights.sets.shape == (2, *GRID)
  np.testing.assert_allclose(weights.sets.sum(axis=(1, 2)), 1, rtol=1e-6)
  assert {field.dtype for field in weights} == {np.dtype(np.float32)}


@pytest.mark.parametrize('point', [(-1, 0), (0, -1), (53, 0), (0, 71)])
def test_a_point_outside_is_an_error(point):
  with pytest.raises(ValueError, match='outside'):
    pixel_weights.set_weights(np.array([point]), SIZE, GRID)


def test_wrong_shapes_are_errors():
  for pixels in (np.zeros((4, 3), int), np.zeros(SIZE)):
    with pytest.raises(ValueError, match=r'\[N, 2\]'):
      pixel_weights.set_weights(pixels, SIZE, GRID)
  for shape in ((5, 5), SIZE[::-1]):
    with pytest.raises(ValueError, match='The mask is'):
      pixel_weights.cell_weights([np.zeros(shape, bool)], SIZE, GRID)
