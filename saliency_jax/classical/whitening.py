"""Whitening of colours: three uncorrelated channels of equal spread."""

import jax
import jax.numpy as jnp
import numpy as np

# Added to the variances, to keep noise small along axes without colour.
_REGULARISATION = 50
# Whitened colours that vary by less do so by rounding alone; one grey level of
# one channel is 0.008 or more.
_ROUNDING = 1e-3
# Orthonormal rows. In photographs, grey varies a hundred times as much as
# either colour; in R, G and B, the share of colour would be lost to rounding.
_GREY_AND_TWO_COLOURS = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32) / np.sqrt(
  np.array([[3], [2], [6]], np.float32)
)


def whiten(image: jax.Array) -> jax.Array:
  """Returns an image's principal components, each stretched to 0-255.

  Args:
    image: float32 `[h, w, 3]`, RGB, 0-255.

  Returns:
    float32 `[3, h, w]`, whole numbers, the strongest component first. A
    constant component is 0.
  """
  colours = jnp.moveaxis(image, -1, 0)
  colours = colours - colours.mean(axis=(1, 2), keepdims=True)
  variances, axes = jnp.linalg.eigh(
    _covariance(_mix(_GREY_AND_TWO_COLOURS, colours)) + _REGULARISATION * np.eye(3, dtype=np.float32)
  )
  axes = _oriented(jnp.matmul(_GREY_AND_TWO_COLOURS.T, axes, precision='highest'))
  components = _mix(axes / jnp.sqrt(variances[::-1])[:, None], colours)
  low = components.min(axis=(1, 2), keepdims=True)
  span = components.max(axis=(1, 2), keepdims=True) - low
  shown = span > _ROUNDING
  stretched = 255 * (components - low) / jnp.where(shown, span, 1)
  return jnp.where(shown, jnp.round(stretched), 0)


def _mix(weights: jax.Array | np.ndarray, maps: jax.Array) -> jax.Array:
  """Returns float32 `[3, h, w]`: weighted sums of `[3, h, w]`."""
  return sum(weights[:, c, None, None] * maps[None, c] for c in range(3))


def _covariance(maps: jax.Array) -> jax.Array:
  """Returns the covariance, `[3, 3]`, of float32 `[3, h, w]` of mean 0."""
  products = maps[:, None] * maps[None]
  # Row by row: one long sum in float32 would lose digits.
  return products.mean(axis=3).mean(axis=2)


def _oriented(axes: jax.Array) -> jax.Array:
  """Returns the axes as rows, the strongest first, with definite signs.

  A sign inverts a channel, from whose minimum thresholds are counted. These are
  the signs that the authors' program gets from one-sided Jacobi rotations of
  (B, G, R), on every photograph of OSIE: the first axis points to white, the
  third away from green, and the three are right-handed in (B, G, R).

  Args:
    axes: float32 `[3, 3]`, columns, the weakest first, as `eigh` returns them.
  """
  third, _, first = axes.T
  first = jnp.where(first.sum() < 0, -first, first)
  third = jnp.where(third[1] > 0, -third, third)
  return jnp.stack([first, jnp.cross(first, third), third])
