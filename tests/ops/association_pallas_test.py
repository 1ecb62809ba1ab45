"""The GPU's kernel, interpreted on a CPU, beside float64 and the plain one."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.ops import association, association_pallas, pixel_weights

SIZE = (600, 800)
associate = jax.jit(functools.partial(association_pallas.associate, interpret=True))


def make(grid, batch=2, units=16, sets=5, seed=0):
  """Returns bfloat16 maps and weights; the last set is empty."""
  rng = np.random.default_rng([seed, *grid])
  maps = np.maximum(rng.normal(size=(batch, *grid, units)), 0)
  maps[..., 1] = 0  # a dead unit
  maps[..., 2] = 3.7  # a constant one
  maps[..., 3] += 30  # an offset
  weights = [
    pixel_weights.cell_weights([*rng.integers(0, SIZE, (sets - 1, 20, 2)), np.zeros((0, 2), int)], SIZE, grid)
    for _ in range(batch)
  ]
  return jnp.asarray(maps, jnp.bfloat16), jax.tree.map(lambda *x: np.stack(x), *weights)


def in_float64(maps, weights):
  with jax.enable_x64(True):
    return np.asarray(
      association.associate(
        jnp.asarray(maps, jnp.float64), jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), weights)
      )
    )


@pytest.mark.parametrize('grid', [(28, 28), (13, 17), (7, 7), (1, 1), (5, 33)])
def test_scores_are_those_of_float64(grid):
  maps, weights = make(grid)
  scores = np.asarray(associate(maps, weights))
  assert scores.dtype == np.float32
  np.testing.assert_allclose(scores, in_float64(maps, weights), atol=1e-4)
  rest = np.arange(maps.shape[-1]) != 3
  np.testing.assert_allclose(scores[..., rest], in_float64(maps, weights)[..., rest], atol=2e-6)


@pytest.mark.parametrize(('sets', 'units'), [(1, 48), (17, 128)])
def test_any_number_of_sets_and_units(sets, units):
  maps, weights = make((7, 9), units=units, sets=sets)
  assert association_pallas.fits(maps, weights)
  assert not association_pallas.fits(maps, weights._replace(sets=weights.sets[:, :0]))
  np.testing.assert_allclose(associate(maps, weights), in_float64(maps, weights), atol=1e-4)


def test_dead_and_constant_units_and_empty_sets_score_exactly_zero():
  scores = np.asarray(associate(*make((13, 17))))
  assert not scores[..., 1:3].any()
  assert not scores[:, -1].any()
  assert scores[:, :-1, [0, 3, 4]].all()


@pytest.mark.parametrize('value', [1e-30, 0.1, 255.7, 1e30])
def test_a_constant_map_scores_zero_whatever_its_value(value):
  maps, weights = make((13, 17))
  assert not np.asarray(associate(jnp.full_like(maps, value), weights)).any()


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e30])
def test_what_overflows_scores_nan_and_an_empty_set_zero(value):
  maps, weights = make((13, 17))
  scores = np.array(associate(maps.at[0, 3, 4, 4].set(value), weights))
  assert np.isnan(scores[0, :-1, 4]).all()
  assert not scores[:, -1].any()
  scores[0, :, 4] = 0
  assert np.isfinite(scores).all()


@pytest.mark.parametrize(('power', 'scored'), [(-40, True), (-60, False)])
def test_a_map_scores_as_ever_or_as_a_constant_one(power, scored):
  maps, weights = make((13, 17))
  expected = np.asarray(associate(maps, weights))
  np.testing.assert_array_equal(
    associate(maps * jnp.bfloat16(2.0) ** power, weights)[..., 4:], expected[..., 4:] * scored
  )


def test_vmap_is_a_larger_batch():
  maps, weights = make((7, 7), batch=6)
  expected = associate(maps, weights)
  by_member = jax.tree.map(lambda x: x.reshape(3, 2, *x.shape[1:]), weights)
  np.testing.assert_array_equal(
    jax.vmap(associate)(maps.reshape(3, 2, 7, 7, -1), by_member), expected.reshape(3, 2, *expected.shape[1:])
  )
  first = jax.tree.map(lambda x: x[:2], weights)
  np.testing.assert_array_equal(
    jax.vmap(associate, (0, None))(jnp.stack([maps[:2]] * 3), first), np.stack([expected[:2]] * 3)
  )


def test_devices_share_images_and_gather_none():
  maps, weights = make((7, 7), batch=8)
  mesh = jax.make_mesh((8,), ('data',), axis_types=(jax.sharding.AxisType.Auto,))
  over_images = jax.NamedSharding(mesh, jax.P('data'))
  given = jax.device_put((maps, weights), over_images)
  compiled = jax.jit(associate).lower(*given).compile()
  assert 'all-gather' not in compiled.as_text()
  scores = compiled(*given)
  assert scores.sharding.is_equivalent_to(over_images, scores.ndim)
  np.testing.assert_array_equal(scores, associate(maps, weights))


def test_it_is_called_on_a_gpu_for_bfloat16_alone():
  maps, weights = make((28, 28))

  def lowered(maps, platform):
    return jax.jit(association.associate).trace(maps, weights).lower(lowering_platforms=(platform,)).as_text()

  assert 'triton' in lowered(maps, 'cuda')
  assert 'triton' not in lowered(maps.astype(jnp.float32), 'cuda')
  assert 'triton' not in lowered(maps[..., :8], 'cuda')  # too few units
  for platform in ('cpu', 'tpu'):
    assert 'triton' not in lowered(maps, platform)


def test_gradients_are_those_of_the_plain_kernel(monkeypatch):
  maps, weights = make((7, 7))

  def total(function, maps):
    return jnp.sum(jnp.sin(function(maps, weights)))

  plain = jax.jit(jax.grad(functools.partial(total, association._associate)))(maps)
  monkeypatch.setattr(jax.lax, 'platform_dependent', lambda *given, cuda, default: cuda(*given, interpret=True))
  scores, gradient = jax.jit(jax.value_and_grad(functools.partial(total, association.associate)))(maps)
  assert float(scores) == pytest.approx(float(total(association._associate, maps)), abs=1e-4)
  np.testing.assert_allclose(np.float32(gradient), np.float32(plain), rtol=0.01, atol=1e-6)
