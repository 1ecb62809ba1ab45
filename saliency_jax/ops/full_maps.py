"""Full maps `[H, W]`: their checks, their NaN, their mean and range.

Without a score is a map that holds a NaN, wherever that is, and one of which
nothing is scored: no fixation, an empty mask, a point outside the image. The
score of either is NaN, see `or_nan`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


def checked(*arrays: jax.Array) -> tuple[jax.Array, ...]:
  """Returns maps `[H, W]` of one size in float32, or float64 if they are.

  Raises:
    ValueError: if a map is not floating `[H, W]`, or if sizes differ. Nothing
      is resized here: how to is the caller's to decide, and peers differ.
  """
  arrays = tuple(jnp.asarray(x) for x in arrays)
  for x in arrays:
    if x.ndim != 2 or not x.size or not jnp.issubdtype(x.dtype, jnp.floating):
      raise ValueError(f'A map is floating [H, W]; this is {x.dtype} {x.shape}.')
  if len({x.shape for x in arrays}) > 1:
    raise ValueError(f'Maps of one image have one size; these are {", ".join(str(x.shape) for x in arrays)}.')
  return tuple(x.astype(jnp.promote_types(x.dtype, jnp.float32)) for x in arrays)


def check_mask(mask: jax.Array, size: tuple[int, int]) -> None:
  """Raises `ValueError` unless a mask is boolean and of an image's size."""
  if mask.shape != tuple(size) or mask.dtype != bool:
    raise ValueError(f'A mask is bool {tuple(size)}; this is {mask.dtype} {mask.shape}.')


def has_nan(saliency: jax.Array) -> jax.Array:
  """Returns whether a map holds a NaN, bool `[]`.

  Not `isnan(max)`: XLA for CPUs takes the maximum or minimum of a large array
  over the other numbers, and so it does within a sum.
  """
  # The mean is asked for by most metrics already. It is NaN, too, if infinities
  # of both signs are in the map: then only are all pixels searched.
  return jax.lax.cond(jnp.isnan(saliency.mean()), lambda: jnp.isnan(saliency).any(), lambda: jnp.array(False))


def or_nan(score: jax.Array, saliency: jax.Array, *conditions: jax.Array) -> jax.Array:
  """Returns a score where it is defined, NaN elsewhere.

  Args:
    score: `[]`.
    saliency: `[H, W]`, the map; with a NaN it has no score.
    *conditions: bool `[]`, all of which the score needs.
  """
  undefined = has_nan(saliency)
  for condition in conditions:
    undefined |= ~condition
  return jnp.where(undefined, jnp.nan, score)


class Spread(NamedTuple):
  """A map around its mean, in units of its range.

  A large offset then costs sums no digits, nor does a tiny scale: `middle` may
  be off by the rounding of its sum, which `rest` makes good.
  """

  centred: jax.Array  # `[H, W]`, (map - middle) / span; 0 if constant
  rest: jax.Array  # `[]`, the mean of `centred`
  middle: jax.Array  # `[]`, about the mean of the map
  low: jax.Array  # `[]`, the smallest value
  span: jax.Array  # `[]`, the largest less the smallest

  def deviation(self) -> jax.Array:
    """Returns the standard deviation of `centred`, the population's."""
    return jnp.sqrt(jnp.maximum(jnp.square(self.centred).mean() - jnp.square(self.rest), 0))


def spread(saliency: jax.Array) -> Spread:
  """Returns a map `[H, W]` around its mean, in units of its range."""
  low = saliency.min()
  span = saliency.max() - low
  constant = span == 0
  middle = jnp.where(constant, low, saliency.mean())
  centred = (saliency - middle) / jnp.where(constant, 1, span)
  return Spread(centred, centred.mean(), middle, low, span)
