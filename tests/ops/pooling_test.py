"""The maximum over tiles, and its gradient, beside Flax's."""

import flax.linen as nn
import hypothesis
import jax
import numpy as np
from hypothesis import strategies as st

from saliency_jax.ops import pooling


def _flax(x: jax.Array) -> jax.Array:
  return nn.max_pool(x, (2, 2), strides=(2, 2))


@hypothesis.settings(max_examples=20)
@hypothesis.given(
    st.tuples(*[st.integers(2, 7)] * 2), st.integers(1, 9),
    st.integers(0, 2 ** 16))
def test_it_is_flax_with_ties(size, values, seed):
  rng = np.random.default_rng(seed)
  # Few different values: many tiles have several largest ones.
  x = rng.integers(0, values, (2, *size, 3)).astype(np.float32)
  y, gradient = jax.vjp(pooling.max_pool, x)
  wanted, other = jax.vjp(_flax, x)
  np.testing.assert_array_equal(y, wanted)
  cotangent = rng.standard_normal(y.shape, np.float32)
  np.testing.assert_array_equal(gradient(cotangent)[0], other(cotangent)[0])


def test_nan_is_not_dropped():
  x = np.zeros((1, 4, 4, 1), np.float32)
  x[0, 1, 2] = np.nan
  y = np.asarray(pooling.max_pool(x))[0, :, :, 0]
  np.testing.assert_array_equal(np.isnan(y), [[False, True], [False, False]])


def test_less_than_a_tile_is_no_maximum():
  assert pooling.max_pool(np.zeros((1, 1, 5, 2), np.float32)).shape == (
      1, 0, 2, 2)
