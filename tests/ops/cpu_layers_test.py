"""Convolution beside the plain sum in float64, pooling beside Flax's."""

import flax.linen as nn
import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

from saliency_jax.ops import cpu_layers


def _by_hand(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
  """Returns the convolution as its sum, in float64."""
  _, height, width, _ = x.shape
  padded = np.pad(np.float64(x), ((0, 0), (1, 1), (1, 1), (0, 0)))
  return sum(padded[:, i : i + height, j : j + width] @ np.float64(kernel[i, j]) for i in range(3) for j in range(3))


def _given(height: int, width: int, below: int = 5, units: int = 4):
  rng = np.random.default_rng(height * 100 + width)
  return tuple(
    rng.standard_normal(shape, np.float32)
    for shape in ((2, height, width, below), (3, 3, below, units), (2, height, width, units))
  )


def _plain(x: jax.Array, kernel: jax.Array) -> jax.Array:
  return jax.lax.conv_general_dilated(x, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))


@pytest.mark.parametrize(
  'size', [(1, 1), (1, 2), (2, 2), (2, 3), (3, 1), (4, 4), (7, 6), (14, 15), (24, 24), (27, 22), (25, 30), (1, 600)]
)  # the last have tiles of 4 x 4
def test_a_convolution_is_the_sum(size):
  x, kernel, _ = _given(*size)
  np.testing.assert_allclose(cpu_layers.convolve(x, kernel), _by_hand(x, kernel), atol=4e-5)


@pytest.mark.parametrize('size', [(1, 1), (2, 3), (5, 4), (6, 6), (9, 7), (24, 25), (27, 26), (290, 2)])
def test_the_gradients_are_those_of_the_sum(size):
  x, kernel, cotangent = _given(*size)
  with jax.enable_x64(True):
    wanted = jax.vjp(_plain, *map(np.float64, (x, kernel)))[1](jnp.float64(cotangent))
  got = jax.vjp(cpu_layers.convolve, x, kernel)[1](cotangent)
  for mine, other in zip(got, wanted, strict=True):
    np.testing.assert_allclose(mine, other, atol=1e-4)


@pytest.mark.parametrize('size', [(101, 98), (600, 16)])
def test_one_large_map_is_convolved_in_strips(size):
  x, kernel, cotangent = _given(*size, below=2, units=3)
  x, cotangent = x[:1], cotangent[:1]
  assert 'while' in jax.jit(cpu_layers.convolve).lower(x, kernel).as_text()
  y, gradient = jax.vjp(cpu_layers.convolve, x, kernel)
  np.testing.assert_allclose(y, _by_hand(x, kernel), atol=4e-5)
  with jax.enable_x64(True):
    wanted = jax.vjp(_plain, *map(np.float64, (x, kernel)))[1](jnp.float64(cotangent))
  np.testing.assert_allclose(gradient(cotangent)[0], wanted[0], atol=4e-5)
  np.testing.assert_allclose(gradient(cotangent)[1], wanted[1], atol=2e-6 * x.size)


# Of the maps' deviation, with tiles of 2 x 2 and of 4 x 4.
@pytest.mark.parametrize(('side', 'most'), [(14, 6e-6), (28, 2e-5)])
def test_rounding_is_that_of_a_sum(side, most):
  # As deep and as wide as VGG-16's.
  rng = np.random.default_rng(0)
  x = np.maximum(rng.standard_normal((1, side, side, 512), np.float32), 0)
  kernel = rng.standard_normal((3, 3, 512, 512), np.float32)
  wanted = _by_hand(x, kernel)
  np.testing.assert_allclose(cpu_layers.convolve(x, kernel), wanted, atol=most * wanted.std())


def test_members_are_stacked():
  x, kernel, _ = _given(5, 6)
  kernels = np.stack([kernel, -2 * kernel])
  np.testing.assert_allclose(
    jax.vmap(cpu_layers.convolve, (None, 0))(x, kernels), [_by_hand(x, one) for one in kernels], atol=5e-5
  )


def _flax(x: jax.Array) -> jax.Array:
  return nn.max_pool(x, (2, 2), strides=(2, 2))


@hypothesis.settings(max_examples=20)
@hypothesis.given(
  st.sampled_from([(2, 2), (3, 6), (7, 4), (5, 7)]), st.sampled_from([1, 2, 9, 2**20]), st.integers(0, 2**16)
)
def test_pooling_is_flax(size, values, seed):
  rng = np.random.default_rng(seed)
  # Few different values: many tiles have several largest ones, which share.
  x = rng.integers(0, values, (2, *size, 3)).astype(np.float32)
  y, gradient = jax.vjp(cpu_layers.max_pool, x)
  wanted, other = jax.vjp(_flax, x)
  np.testing.assert_array_equal(y, wanted)
  cotangent = rng.standard_normal(y.shape, np.float32)
  ours, theirs = (_tiles(np.asarray(each(cotangent)[0])) for each in (gradient, other))
  np.testing.assert_allclose(ours.sum((2, 4)), theirs.sum((2, 4)), rtol=1e-6)
  assert (ours[_tiles(x) < np.asarray(y)[:, :, None, :, None]] == 0).all()
  if len(np.unique(x)) == x.size:
    np.testing.assert_array_equal(ours, theirs)


def _tiles(x: np.ndarray) -> np.ndarray:
  batch, height, width, channels = x.shape
  return x[:, : height // 2 * 2, : width // 2 * 2].reshape(batch, height // 2, 2, width // 2, 2, channels)


def test_nan_is_not_dropped():
  x = np.zeros((1, 4, 4, 1), np.float32)
  x[0, 1, 2] = np.nan
  y = np.asarray(cpu_layers.max_pool(x))[0, :, :, 0]
  np.testing.assert_array_equal(np.isnan(y), [[False, True], [False, False]])


def test_less_than_a_tile_is_no_maximum():
  assert cpu_layers.max_pool(np.zeros((1, 1, 5, 2), np.float32)).shape == (1, 0, 2, 2)
