"""Human maps and the centre prior: Gaussians over the pixels of an image.

A Gaussian filter is separable, and along one axis of n pixels it is a matrix
`[n, n]`, borders included: made by SciPy, once per size, so the results are
SciPy's. Blurring is then two matrix products, and a map of N fixations one,
since a fixation adds the outer product of a column of each matrix.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage

from saliency_jax.ops.fixated_pixels import fixated


def gaussian(
    image: jax.Array, sigma: float, *, mode: str = 'reflect',
    truncate: float = 4.
) -> jax.Array:
  """Returns images blurred as `scipy.ndimage.gaussian_filter` does.

  Args:
    image: floating `[..., H, W]`.
    sigma: the standard deviation in pixels.
    mode: how the image goes on beyond its border, in SciPy's words: 'reflect'
      keeps the sum of the map; 'constant' (zeros) loses what crosses the
      border; 'nearest', 'mirror' or 'wrap'.
    truncate: where the kernel ends, in standard deviations.

  Returns:
    floating `[..., H, W]`.

  Raises:
    ValueError: if `image` is not a floating `[..., H, W]`.
  """
  image = jnp.asarray(image)
  if image.ndim < 2 or not jnp.issubdtype(image.dtype, jnp.floating):
    raise ValueError(
        f'An image is floating [..., H, W]; this is {image.dtype} '
        f'{image.shape}.')
  rows, columns = (
      jnp.asarray(_matrix(pixels, sigma, mode, truncate), image.dtype)
      for pixels in image.shape[-2:])
  return _product(_product(rows, image), columns.T)


def blurred_fixations(
    points: jax.Array, size: tuple[int, int], sigma: float,
    valid: jax.Array | None = None, *, distinct: bool = False,
    mode: str = 'reflect', truncate: float = 4.
) -> jax.Array:
  """Returns the human map of an image: a Gaussian at every fixation.

  Args:
    points: integers `[N, 2]`, the fixations (y, x). One outside the image makes
      the map NaN.
    sigma: the standard deviation in pixels; about one degree of visual angle,
      by convention.

  Returns:
    float `[H, W]`; with 'reflect' it sums to the number of fixations.
  """
  where = fixated(points, valid, size, distinct=distinct)
  rows, columns = (
      jnp.asarray(_matrix(pixels, sigma, mode, truncate), float)
      for pixels in size)
  weights = jnp.where(
      where.valid, jnp.where(where.pixels < size[0] * size[1], 1, jnp.nan), 0)
  y, x = jnp.divmod(where.pixels, size[1])
  rows = rows.at[:, y].get(mode='clip') * weights[None]
  return _product(rows, columns.at[:, x].get(mode='clip').T)


def centre_prior(
    size: tuple[int, int], sigmas: tuple[float, float]) -> np.ndarray:
  """Returns a Gaussian around the image's centre as a density.

  Args:
    size: (H, W) in pixels.
    sigmas: standard deviations (down, across) in pixels. (H / 4, W / 4) is a
      common choice.

  Returns:
    float64 `[H, W]` that sums to 1, made on the host.
  """
  down, across = (
      np.exp(-((np.arange(pixels) - (pixels - 1) / 2) / sigma) ** 2 / 2)
      for pixels, sigma in zip(size, sigmas, strict=True))
  prior = np.outer(down, across)
  return prior / prior.sum()


@functools.lru_cache(maxsize=64)
def _matrix(
    pixels: int, sigma: float, mode: str, truncate: float) -> np.ndarray:
  """Returns the filter along one axis, float64 `[pixels, pixels]`."""
  matrix = ndimage.gaussian_filter1d(
      np.eye(pixels), sigma, axis=0, mode=mode, truncate=truncate)
  matrix.flags.writeable = False
  return matrix


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
  return jnp.matmul(left, right, precision=jax.lax.Precision.HIGHEST)
