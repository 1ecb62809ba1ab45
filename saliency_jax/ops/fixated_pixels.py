"""Fixations as pixels, in arrays of a fixed length.

Compiled functions need one number of points for all images. Shorter lists are
therefore padded to N points, and a mask `valid` marks those that count.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Fixated(NamedTuple):
  """N points of one image `[H, W]` as pixels."""

  pixels: jax.Array  # int32 `[N]`, y * W + x; H * W where outside the image
  valid: jax.Array  # bool `[N]`


def fixated(points: jax.Array, valid: jax.Array | None, size: tuple[int, int], *, distinct: bool) -> Fixated:
  """Returns the pixels of a list of points.

  Args:
    points: integers `[N, 2]`, pixels (y, x) from 0.
    valid: bool `[N]`, False for padding; None if all points count.
    size: (H, W) in pixels.
    distinct: whether each pixel counts once, and the result is sorted by pixel;
      or as often as it is listed.

  Raises:
    ValueError: if the points or the mask have another shape or type.
  """
  points = jnp.asarray(points)
  if points.ndim != 2 or points.shape[1] != 2 or not jnp.issubdtype(points.dtype, jnp.integer):
    raise ValueError(f'Points are integers [N, 2] (y, x); these are {points.dtype} {points.shape}.')
  valid = jnp.ones(len(points), bool) if valid is None else jnp.asarray(valid)
  if valid.shape != points.shape[:1] or valid.dtype != bool:
    raise ValueError(f'{len(points)} points need a mask of as many booleans; this is {valid.dtype} {valid.shape}.')
  height, width = size
  y, x = points.astype(jnp.int32).T
  inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
  outside = height * width
  pixels = jnp.where(inside, y * width + x, outside)
  if distinct:
    # Padding is sorted to the end, after points outside the image.
    pixels = jnp.sort(jnp.where(valid, pixels, outside + 1))
    valid = (pixels <= outside) & jnp.diff(pixels, prepend=-1).astype(bool)
    pixels = jnp.minimum(pixels, outside)
  return Fixated(pixels, valid)


class Sample(NamedTuple):
  """Values of a map, with a mask or counts."""

  values: jax.Array  # floating `[N]`; NaN at points outside the image
  valid: jax.Array  # bool `[N]`, or integers: how often each counts

  def mean(self) -> jax.Array:
    """Returns the mean of the values that count, NaN if there are none or if one is NaN."""
    total = jnp.where(self.valid, self.values, 0).sum()
    return total / self.valid.sum(dtype=total.dtype)


def sample(saliency: jax.Array, points: jax.Array, valid: jax.Array | None, *, distinct: bool) -> Sample:
  """Returns a map's values `[H, W]` at points; see `fixated`."""
  where = fixated(points, valid, saliency.shape, distinct=distinct)
  return Sample(saliency.ravel().at[where.pixels].get(mode='fill', fill_value=jnp.nan), where.valid)
