"""Human maps and the centre prior: Gaussians over the pixels of an image.

A Gaussian filter is separable; along an axis of n pixels it is a matrix
`[n, n]`, borders included. SciPy makes it, once per size, so the results are
SciPy's. The map of N fixations is then one matrix product, since each fixation
adds the outer product of two columns, one of each matrix.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage

from saliency_jax.ops.fixated_pixels import fixated


def blurred_fixations(
  points: jax.Array, size: tuple[int, int], sigma: float, valid: jax.Array | None = None
) -> jax.Array:
  """Returns the human map of an image: a Gaussian at every fixation.

  Args:
    points: integers `[N, 2]`, the fixations (y, x), counted as often as listed.
      One outside the image makes the map NaN.
    size: (H, W) in pixels.
    sigma: the standard deviation in pixels; by convention about one degree of
      visual angle.
    valid: bool `[N]`; None if all count.

  Returns:
    float `[H, W]`; mirrored at the borders, so that it sums to the number of
    fixations.

  Raises:
    ValueError: if shapes or types do not fit.
  """
  where = fixated(points, valid, size, distinct=False)
  rows, columns = (jnp.asarray(_matrix(pixels, sigma), float) for pixels in size)
  weights = jnp.where(where.valid, jnp.where(where.pixels < size[0] * size[1], 1, jnp.nan), 0)
  y, x = jnp.divmod(where.pixels, size[1])
  rows = rows.at[:, y].get(mode='clip') * weights[None]
  return jnp.matmul(rows, columns.at[:, x].get(mode='clip').T, precision=jax.lax.Precision.HIGHEST)


def centre_prior(size: tuple[int, int], sigmas: tuple[float, float]) -> np.ndarray:
  """Returns a Gaussian around the centre of an image (H, W), float64 `[H, W]` that sums to 1.

  Standard deviations are vertical and horizontal, in pixels; (H / 4, W / 4) is a
  common choice.
  """
  down, across = (
    np.exp(-(((np.arange(pixels) - (pixels - 1) / 2) / sigma) ** 2) / 2)
    for pixels, sigma in zip(size, sigmas, strict=True)
  )
  prior = np.outer(down, across)
  return prior / prior.sum()


@functools.lru_cache(maxsize=64)
def _matrix(pixels: int, sigma: float) -> np.ndarray:
  """Returns the filter along one axis, float64 `[pixels, pixels]`."""
  matrix = ndimage.gaussian_filter1d(np.eye(pixels), sigma, axis=0)
  matrix.flags.writeable = False
  return matrix
