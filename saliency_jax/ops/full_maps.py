"""Full maps `[H, W]`: checks, NaN, mean and range.

A score is undefined, and given as NaN (`or_nan`), if the map holds a NaN
anywhere or if there is nothing to score: no fixation, an empty mask, a point
outside the image.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


def checked(*arrays: jax.Array) -> tuple[jax.Array, ...]:
  """Returns maps `[H, W]` of one size as float32, or float64 if they are.

  Raises:
    ValueError: if a map is not floating `[H, W]`, or if sizes differ. Nothing
      is resized here: peers differ in how, so callers decide.
  """
  arrays = tuple(jnp.asarray(x) for x in arrays)
  for x in arrays:
    if x.ndim != 2 or not x.size or not jnp.issubdtype(x.dtype, jnp.floating):
      raise ValueError(f'A map is floating [H, W]; this is {x.dtype} {x.shape}.')
  if len({x.shape for x in arrays}) > 1:
    raise ValueError(f'Maps of one image have one size; these are {", ".join(str(x.shape) for x in arrays)}.')
  return tuple(x.astype(jnp.promote_types(x.dtype, jnp.float32)) for x in arrays)


def check_mask(mask: jax.Array, size: tuple[int, int]) -> None:
  """Raises `ValueError` unless a mask is boolean and of the image's size."""
  if mask.shape != tuple(size) or mask.dtype != bool:
    raise ValueError(f'A mask is bool {tuple(size)}; this is {mask.dtype} {mask.shape}.')


def or_nan(score: jax.Array, saliency: jax.Array, *conditions: jax.Array) -> jax.Array:
  """Returns a score where it is defined, NaN elsewhere.

  Args:
    score: `[]`.
    saliency: `[H, W]`, the map; a NaN in it leaves the score undefined.
    *conditions: bool `[]`, all required.
  """
  # Most metrics compute the mean anyway. It is also NaN if the map holds
  # infinities of both signs; only then are all pixels searched. The maximum would
  # not do: on CPUs, XLA's of a large array ignores NaN.
  undefined = jax.lax.cond(jnp.isnan(saliency.mean()), lambda: jnp.isnan(saliency).any(), lambda: jnp.array(False))
  for condition in conditions:
    undefined |= ~condition
  return jnp.where(undefined, jnp.nan, score)


class Spread(NamedTuple):
  """A map around its mean, in units of its range.

  So neither a large offset nor a tiny scale costs sums any digits. `middle` may
  be off by the rounding of its sum, for which `rest` corrects.
  """

  centred: jax.Array  # `[H, W]`, (map - middle) / span; 0 if constant
  rest: jax.Array  # `[]`, the mean of `centred`
  middle: jax.Array  # `[]`, about the mean of the map
  low: jax.Array  # `[]`, the smallest value
  span: jax.Array  # `[]`, the largest value minus the smallest

  def deviation(self) -> jax.Array:
    """Returns the population standard deviation of `centred`."""
    return jnp.sqrt(jnp.maximum(jnp.square(self.centred).mean() - jnp.square(self.rest), 0))


def spread(saliency: jax.Array) -> Spread:
  """Returns a map `[H, W]` around its mean, in units of its range."""
  low = saliency.min()
  span = saliency.max() - low
  constant = span == 0
  middle = jnp.where(constant, low, saliency.mean())
  centred = (saliency - middle) / jnp.where(constant, 1, span)
  return Spread(centred, centred.mean(), middle, low, span)
