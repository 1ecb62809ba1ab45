"""Measures of how well a map singles out the target of a search array.

Kotseruba, Wloka, Rasouli and Tsotsos, "Do saliency models detect odd-one-out
targets?", BMVC 2019, whose code P3O3 is the peer. Maps are floating `[H, W]`
and not negative, masks bool `[H, W]`; `ValueError` is raised if they do not
fit. A NaN in the map and an empty mask give NaN, where P3O3 scores an empty
mask 0. Options of P3O3 that add noise against ties or dilate the masks can be
applied before the call. `metrics.nmm` is such a measure too.
"""

import jax
import jax.numpy as jnp

from saliency_jax.ops import full_maps


def global_saliency_index(saliency: jax.Array, target: jax.Array, distractors: jax.Array) -> jax.Array:
  """Returns how far the target's mean exceeds the distractors' (GSI).

      (T - D) / (T + D),    means over the masks

  Soltani and Koch, Journal of Neuroscience 30(38), 2010.

  Returns:
    In [-1, 1]; higher is better. -1 where T + D is 0, as in P3O3.
  """
  saliency = _checked(saliency, target, distractors)
  t, d = (jnp.where(mask, saliency, 0).sum() / mask.sum(dtype=saliency.dtype) for mask in (target, distractors))
  return full_maps.or_nan(_ratio(t - d, t + d), saliency)


def target_ratio(saliency: jax.Array, target: jax.Array, distractors: jax.Array) -> jax.Array:
  """Returns the target's maximum over the distractors' maximum (MSR_targ).

  Returns:
    The ratio; higher is better, and above 1 the target stands out. -1 where the
    distractors' maximum is 0, as in P3O3: exclude it from means.
  """
  saliency = _checked(saliency, target, distractors)
  return _ratio(_maximum(saliency, target), _maximum(saliency, distractors))


def background_ratio(saliency: jax.Array, target: jax.Array, distractors: jax.Array) -> jax.Array:
  """Returns the background's maximum over the target's maximum (MSR_bg).

  Returns:
    The ratio; lower is better, and below 1 the target stands out. -1 where the
    target's maximum is 0, as in P3O3: exclude it from means.
  """
  saliency = _checked(saliency, target, distractors)
  return _ratio(_maximum(saliency, ~(target | distractors)), _maximum(saliency, target))


def fixations_to_find(
  saliency: jax.Array, target: jax.Array, *, inhibition: tuple[int, int], limit: int = 100
) -> jax.Array:
  """Returns how many maxima are fixated until one lies in the target.

  The highest pixel is fixated; among equals the topmost, then the leftmost. If
  it lies outside the target, a rectangle around it is excluded from then on.
  P3O3's `numfix2find` sets the rectangle to 0 instead, so its pixels may be
  fixated again once nothing higher is left. The rectangles agree for even
  sizes; for odd ones P3O3's lies a pixel further up and left. Its
  `max_tries=99` is `limit=100`.

  Args:
    inhibition: (height, width) of the rectangle in pixels, at least 1 each;
      P3O3 takes an item's size.
    limit: the largest number of fixations.

  Returns:
    The number as a float: infinite if the target is not found within the limit
    or before every pixel is inhibited, so that medians and counts of `<= k` are
    right.

  Raises:
    ValueError: if shapes or types do not fit, or `inhibition` is below 1.
  """
  saliency = _checked(saliency, target)
  target = jnp.asarray(target)
  if min(inhibition) < 1:
    raise ValueError(f'A rectangle of {inhibition} pixels inhibits nothing.')
  rows, columns = map(jnp.arange, saliency.shape)

  def fixate(state):
    searched, tries, _, _ = state
    y = searched.max(axis=1).argmax()  # row maxima: many times faster in XLA than one argmax of all pixels
    x = searched[y].argmax()
    top, left = y - inhibition[0] // 2, x - inhibition[1] // 2
    tall = (rows >= top) & (rows < top + inhibition[0])
    wide = (columns >= left) & (columns < left + inhibition[1])
    some = searched[y, x] > -jnp.inf
    return jnp.where(tall[:, None] & wide[None], -jnp.inf, searched), tries + 1, some & target[y, x], some

  def searching(state):
    _, tries, found, some = state
    return (tries < limit) & ~found & some

  # Minus infinity marks inhibited pixels.
  searched = jnp.maximum(saliency, jnp.finfo(saliency.dtype).min)
  start = (searched, jnp.int32(0), jnp.array(False), jnp.array(True))
  _, tries, found, _ = jax.lax.while_loop(searching, fixate, start)
  count = jnp.where(found, tries.astype(saliency.dtype), jnp.inf)
  return full_maps.or_nan(count, saliency, target.any())


def _checked(saliency: jax.Array, *masks: jax.Array) -> jax.Array:
  (saliency,) = full_maps.checked(saliency)
  for mask in masks:
    full_maps.check_mask(mask, saliency.shape)
  return saliency


def _maximum(saliency: jax.Array, mask: jax.Array) -> jax.Array:
  """Returns the maximum inside a mask, NaN if the mask is empty."""
  inside = jnp.where(mask, saliency, -jnp.inf).max()
  return full_maps.or_nan(inside, saliency, mask.any())


def _ratio(above: jax.Array, below: jax.Array) -> jax.Array:
  """Returns a quotient, or -1 where the denominator is 0 or less."""
  return jnp.where(below <= 0, -1, above / jnp.where(below <= 0, 1, below))
