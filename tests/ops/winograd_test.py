"""Winograd's convolution beside the plain sum, in float64 and by XLA."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.ops import winograd


def _by_hand(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
  """Returns the convolution as its sum, in float64."""
  _, height, width, _ = x.shape
  padded = np.pad(np.float64(x), ((0, 0), (1, 1), (1, 1), (0, 0)))
  return sum(
      padded[:, i:i + height, j:j + width] @ np.float64(kernel[i, j])
      for i in range(3) for j in range(3))


def _given(height: int, width: int, below: int = 5, units: int = 4):
  rng = np.random.default_rng(height * 100 + width)
  return tuple(rng.standard_normal(shape, np.float32) for shape in (
      (2, height, width, below), (3, 3, below, units),
      (2, height, width, units)))


def _plain(x: jax.Array, kernel: jax.Array) -> jax.Array:
  return jax.lax.conv_general_dilated(
      x, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))


@pytest.mark.parametrize('size', [
    (1, 1), (1, 2), (2, 2), (2, 3), (3, 1), (4, 4), (7, 6), (14, 15)])
def test_it_is_the_sum(size):
  x, kernel, _ = _given(*size)
  np.testing.assert_allclose(
      winograd.convolve(x, kernel), _by_hand(x, kernel), atol=2e-5)


@pytest.mark.parametrize('size', [(1, 1), (2, 3), (5, 4), (6, 6), (9, 7)])
def test_the_gradients_are_those_of_the_sum(size):
  x, kernel, cotangent = _given(*size)
  with jax.enable_x64(True):
    wanted = jax.vjp(_plain, *map(np.float64, (x, kernel)))[1](
        jnp.float64(cotangent))
  got = jax.vjp(winograd.convolve, x, kernel)[1](cotangent)
  for mine, other in zip(got, wanted, strict=True):
    np.testing.assert_allclose(mine, other, atol=1e-4)


def test_rounding_is_that_of_a_sum():
  # As deep and as wide as VGG-16's: within 1e-5 of the maps' deviation.
  rng = np.random.default_rng(0)
  x = np.maximum(rng.standard_normal((1, 14, 14, 512), np.float32), 0)
  kernel = rng.standard_normal((3, 3, 512, 512), np.float32)
  wanted = _by_hand(x, kernel)
  np.testing.assert_allclose(
      winograd.convolve(x, kernel), wanted, atol=1e-5 * wanted.std())


def test_members_are_stacked():
  x, kernel, _ = _given(5, 6)
  kernels = np.stack([kernel, -2 * kernel])
  np.testing.assert_allclose(
      jax.vmap(winograd.convolve, (None, 0))(x, kernels),
      [_by_hand(x, one) for one in kernels], atol=5e-5)
