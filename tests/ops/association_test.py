"""The kernel against brute force in float64, in every way it can be run."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.ops import association, pixel_weights, resize
from tests import brute_force

# Image sizes that are prime, odd, tiny, smaller than the map; and map sizes.
SIZES = [
  ((600, 800), (28, 28)),
  ((600, 800), (14, 14)),
  ((101, 127), (13, 17)),
  ((225, 223), (56, 56)),
  ((31, 29), (14, 14)),
  ((28, 28), (28, 28)),
  ((11, 17), (14, 14)),
  ((40, 1), (5, 3)),
  ((64, 64), (1, 1)),
]


def make(size, grid, units=6, seed=0, placement=resize.TILING):
  """One image's maps and sets: points, one pixel, borders, masks, nothing."""
  rng = np.random.default_rng([seed, *size, *grid])
  maps = np.maximum(rng.normal(size=(*grid, units)), 0).astype(np.float32)
  maps[..., 1] = 0  # a dead unit
  maps[..., 2] = 3.7  # a constant one
  maps[..., 3] += 1000  # a large offset
  mask = rng.random(size) < 0.05
  mask[0, 0] = True
  one_pixel = np.zeros(size, bool)
  one_pixel[-1, -1] = True
  sets = [
    rng.integers(0, size, size=(23, 2)),
    mask,
    one_pixel,
    np.array([[0, 0], [size[0] - 1, size[1] - 1]]),
    np.zeros((0, 2), int),
  ]
  return maps, sets, pixel_weights.cell_weights(sets, size, grid, placement)


def stacked(size=(600, 800), grid=(14, 14), batch=8):
  """A batch of different images: maps, weights and each one's own scores."""
  maps, _, weights = zip(*(make(size, grid, seed=i) for i in range(batch)), strict=True)
  each = [association.associate(*pair) for pair in zip(maps, weights, strict=True)]
  return (np.stack(maps), jax.tree.map(lambda *x: np.stack(x), *weights), np.stack(each))


@pytest.mark.parametrize(('size', 'grid'), SIZES)
@pytest.mark.parametrize('compiled', [False, True])
def test_equals_brute_force(size, grid, compiled):
  maps, sets, weights = make(size, grid)
  run = jax.jit(association.associate) if compiled else association.associate
  expected = brute_force.scores(maps, sets, size)
  scale = np.maximum(1, np.abs(expected))
  # An offset of 1000 costs the float32 map itself its digits, not the kernel.
  np.testing.assert_allclose(run(maps, weights) / scale, expected / scale, atol=1e-5)


@pytest.mark.parametrize(('size', 'grid'), SIZES)
@pytest.mark.parametrize('placement', [(-15.5 / 32, 7.0), (0.5, 14.0), (-1.5, 18.75)])
def test_cells_that_do_not_tile_the_image_equal_brute_force(size, grid, placement):
  maps, sets, weights = make(size, grid, placement=resize.Placement(*placement))
  expected = brute_force.scores(maps, sets, size, *placement)
  scale = np.maximum(1, np.abs(expected))
  np.testing.assert_allclose(association.associate(maps, weights) / scale, expected / scale, atol=1e-5)


def test_dead_and_constant_units_and_empty_sets_score_exactly_zero():
  maps, _, weights = make((600, 800), (28, 28))
  scores = np.asarray(association.associate(maps, weights))
  assert not scores[:, 1:3].any()
  assert not scores[-1].any()
  assert scores[:-1, [0, 3, 4, 5]].all()


@pytest.mark.parametrize('value', [1e-30, 0.1, 1 / 3, 255.7, 1e30])
def test_a_constant_map_scores_zero_whatever_its_value(value):
  _, _, weights = make((600, 800), (28, 28))
  maps = np.full((28, 28, 2), value, np.float32)
  assert not np.asarray(association.associate(maps, weights)).any()


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_does_not_pass_for_constant(value):
  maps, _, weights = make((600, 800), (14, 14))
  maps[3, 4, 4] = value
  scores = np.asarray(association.associate(maps, weights))
  assert np.isnan(scores[:-1, 4]).all()
  assert np.isfinite(scores[:, [0, 1, 2, 3, 5]]).all()


@pytest.mark.parametrize('power', [-110, -66, -40, 40, 110])
def test_the_scale_of_a_map_does_not_matter(power):
  maps, _, weights = make((600, 800), (14, 14))
  maps, scale = maps[..., [0, 4, 5]], np.float32(2.0) ** power

  def total(maps):
    return association.associate(maps, weights).sum()

  np.testing.assert_array_equal(association.associate(maps * scale, weights), association.associate(maps, weights))
  np.testing.assert_allclose(jax.grad(total)(maps * scale) * scale, jax.grad(total)(maps), rtol=1e-5, atol=1e-6)


def test_affine_maps_leave_scores_unchanged():
  maps, _, weights = make((600, 800), (28, 28))
  np.testing.assert_allclose(
    association.associate(maps * 64 + 8, weights), association.associate(maps, weights), atol=2e-3
  )
  np.testing.assert_allclose(association.associate(-maps, weights), -association.associate(maps, weights), atol=1e-6)


def test_a_batch_vmapped_or_over_eight_devices_equals_its_images():
  maps, weights, each = stacked()
  mesh = jax.make_mesh((8,), ('data',), axis_types=(jax.sharding.AxisType.Auto,))
  over_images = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec('data'))
  spread = jax.jit(association.associate, out_shardings=over_images)(*jax.device_put((maps, weights), over_images))
  assert len(spread.sharding.device_set) == 8
  for scores in (association.associate(maps, weights), spread, jax.vmap(association.associate)(maps, weights)):
    np.testing.assert_allclose(scores, each, atol=1e-6)


def test_gradients_equal_finite_differences():
  maps, _, weights = make((37, 41), (5, 6))
  direction = np.random.default_rng(3).normal(size=maps.shape)
  with jax.enable_x64(True):
    weights = jax.tree.map(lambda x: x.astype(np.float64), weights)
    maps = jnp.asarray(maps, jnp.float64)
    total = lambda m: jnp.sum(  # noqa: E731
      jnp.sin(association.associate(m, weights)[:, jnp.array([0, 3, 4])])
    )
    slope = jnp.vdot(jax.grad(total)(maps), direction)
    step = 1e-6
    expected = total(maps + step * direction) - total(maps - step * direction)
    np.testing.assert_allclose(slope, expected / (2 * step), rtol=1e-7)


def test_the_gradient_at_a_constant_map_is_zero():
  maps, _, weights = make((600, 800), (14, 14))
  gradient = jax.grad(lambda m: jnp.sum(association.associate(m, weights)))(maps)
  assert np.isfinite(gradient).all()
  assert not np.asarray(gradient[..., 1:3]).any()


def test_bfloat16_maps_are_scored_in_float32():
  maps, _, weights = make((600, 800), (14, 14))
  rounded = jnp.asarray(maps[..., :1], jnp.bfloat16)
  scores = association.associate(rounded, weights)
  assert scores.dtype == jnp.float32
  np.testing.assert_allclose(scores, association.associate(rounded.astype(jnp.float32), weights))


def test_types_are_never_promoted_by_accident():
  maps, _, weights = make((600, 800), (14, 14))
  with jax.numpy_dtype_promotion('strict'):
    scores = jax.jit(association.associate)(maps, weights)
  assert scores.dtype == jnp.float32


@pytest.mark.parametrize('field', pixel_weights.CellWeights._fields)
def test_shapes_that_do_not_fit_are_errors(field):
  maps, _, weights = make((600, 800), (14, 14))
  crooked = weights._replace(**{field: getattr(weights, field)[..., :-1]})
  with pytest.raises(ValueError, match='do not fit'):
    association.associate(maps, crooked)
  with pytest.raises(ValueError, match='h, w, C'):
    association.associate(maps[0], weights)


@pytest.mark.parametrize(('size', 'grid'), SIZES)
def test_standardised_maps_equal_brute_force(size, grid):
  maps, _, weights = make(size, grid)
  found = association.standardise(maps, weights.rows, weights.columns)
  for unit in (0, 4, 5):
    pixels = brute_force.upsample(maps[..., unit], size)
    if pixels.std() > 1e-12:
      np.testing.assert_allclose(found[..., unit], (maps[..., unit] - pixels.mean()) / pixels.std(), atol=1e-4)
  assert not np.asarray(found[..., 1:3]).any()  # dead and constant


def test_a_score_is_the_mean_of_the_standardised_map():
  maps, weights, each = stacked(grid=(28, 28))
  found = jax.jit(association.standardise)(maps, weights.rows, weights.columns)
  np.testing.assert_allclose(np.einsum('brhw,bhwc->brc', weights.sets, found), each, atol=1e-4)


def test_a_standardised_map_with_nan_is_nan():
  maps, _, weights = make((600, 800), (14, 14))
  maps[3, 4, 4] = np.nan
  found = association.standardise(maps, weights.rows, weights.columns)
  assert np.isnan(found[..., 4]).all()
  assert np.isfinite(found[..., [0, 1, 2, 3, 5]]).all()
  with pytest.raises(ValueError, match='do not fit'):
    association.standardise(maps, weights.columns[:, 1:], weights.columns)
  with pytest.raises(ValueError, match='do not fit'):
    association.standardise(maps, weights.rows[:1], weights.columns)


def test_no_map_of_the_images_size_is_made():
  maps, _, weights = make((600, 800), (14, 14), units=512)
  compiled = jax.jit(association.associate).lower(maps, weights).compile()
  cells_bytes = functools.reduce(int.__mul__, maps.shape) * 4
  assert compiled.memory_analysis().temp_size_in_bytes < 4 * cells_bytes
