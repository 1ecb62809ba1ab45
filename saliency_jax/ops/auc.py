"""Areas under the ROC curve: do fixated pixels outrank others?

Exact, and without a loop over thresholds: every value is ranked once among
those at the fixations, and how many have each rank is all that any curve needs,
see `auc_ranks`.

Conventions of all functions here:
- A map is floating `[H, W]` in any scale; -inf and inf are values like others.
- `points` are integers `[N, 2]` (y, x); `valid`, bool `[N]`, marks those that
  count, None all; the cost of compiled code grows with the logarithm of N.
- `distinct` counts a pixel once however often it was fixated (MIT's binary
  map); otherwise every fixation counts (pysaliency).
- A constant map scores 0.5. A NaN in the map, a valid point outside the image,
  no fixation or no negative give NaN.
- `ValueError` is raised if shapes, types or options do not fit.
"""

import jax
import jax.numpy as jnp

from saliency_jax.ops import auc_ranks, full_maps
from saliency_jax.ops.auc_ranks import Sample


def auc_judd(
  saliency: jax.Array,
  points: jax.Array,
  valid: jax.Array | None = None,
  *,
  distinct: bool = True,
  ties: str = 'together',
  jitter: jax.Array | None = None,
) -> jax.Array:
  """AUC-Judd: thresholds at the fixated values, against unfixated pixels.

  Judd, Durand and Torralba, "A benchmark of computational models of saliency to
  predict human fixations", 2012. The curve is a polygon through its points at
  the fixated values, (0, 0) and (1, 1). Peers: pysaliency's
  `AUC_Judd(jitter=False)` with `distinct=False`; the MIT benchmark's
  `AUC_Judd.m` with jitter off with `ties='apart'`, except for constant maps,
  where it gives NaN. Both peers add noise unless told otherwise, and published
  values have it: `jitter`.

  Args:
    ties: 'together': fixations of one value make one point of the curve, as in
      any ROC curve. 'apart': one point each, the i-th highest having i/N
      hits and all the pixels that reach its value, less i, as false alarms.
      This is MIT's rule; ties lower the score.
    jitter: a key of `jax.random`, to break ties at random as `ties_broken`
      does; None leaves them. A constant map scores 0.5 all the same, where
      both peers give a random number about it.

  Returns:
    The area, in [0, 1].

  Raises:
    ValueError: if shapes or types do not fit, if `ties` is neither, or if
      ties are taken apart without `distinct`, which no peer defines.
  """
  if ties not in ('together', 'apart'):
    raise ValueError(f"ties are 'together' or 'apart', not {ties!r}.")
  if ties == 'apart' and not distinct:
    raise ValueError("ties='apart' is defined for distinct pixels.")
  (saliency,) = full_maps.checked(saliency)
  ranked = saliency if jitter is None else ties_broken(jitter, saliency)
  hits = auc_ranks.at_points(ranked, points, valid, distinct=distinct)
  levels = auc_ranks.levels(hits)
  alarms = _unfixated(ranked, points, valid, levels)
  area = _polygon(hits, alarms, levels, apart=ties == 'apart')
  if ties == 'apart' or jitter is not None:
    area = jnp.where(auc_ranks.constant(saliency), 0.5, area)
  return _defined(area, saliency, hits)


def auc_uniform(
  saliency: jax.Array, points: jax.Array, valid: jax.Array | None = None, *, distinct: bool = True
) -> jax.Array:
  """AUC against all pixels of the image, fixated ones included.

  The probability that a fixated pixel has a higher value than any pixel, ties
  counting half. Peers: pysaliency's `AUC(nonfixations='uniform')` with
  `distinct=False`; DeepGaze's `auc`.

  Returns:
    The area, in [0, 1].
  """
  (saliency,) = full_maps.checked(saliency)
  hits = auc_ranks.at_points(saliency, points, valid, distinct=distinct)
  levels = auc_ranks.levels(hits)
  alarms = auc_ranks.histogram(auc_ranks.all_pixels(saliency), levels)
  area = _outranking(auc_ranks.histogram(hits, levels), alarms)
  return _defined(area, saliency, hits)


def auc_shuffled(
  saliency: jax.Array,
  points: jax.Array,
  negatives: jax.Array,
  valid: jax.Array | None = None,
  negatives_valid: jax.Array | None = None,
  *,
  distinct: bool = True,
) -> jax.Array:
  """Shuffled AUC: against the fixations of other images, so centring is chance.

  Tatler, Baddeley and Gilchrist, Vision Research 45, 2005; Zhang et al., "SUN",
  Journal of Vision 8(7), 2008. All negatives count, those on one pixel as often
  as they are listed, and ties count half. Peers: pysaliency's
  `AUC(nonfixations='shuffled')` with `distinct=False`, given the fixations of
  all other images scaled to this one's size. MIT's `AUC_shuffled.m` draws from
  ten other images, 100 times, with thresholds 0.1 apart: a random estimate.

  Args:
    negatives: integers `[M, 2]`, pixels (y, x) of this image. To score many
      images, give the pixels that were fixated on any of them to each, and how
      often on the others.
    negatives_valid: bool or integers `[M]`, whether or how often each counts;
      None if all count once.

  Returns:
    The area, in [0, 1].
  """
  (saliency,) = full_maps.checked(saliency)
  hits = auc_ranks.at_points(saliency, points, valid, distinct=distinct)
  alarms = auc_ranks.at_points(
    saliency, negatives, None if negatives_valid is None else jnp.asarray(negatives_valid) > 0, distinct=False
  )
  times = alarms.valid if negatives_valid is None else negatives_valid
  levels = auc_ranks.levels(hits)
  area = _outranking(auc_ranks.histogram(hits, levels), auc_ranks.histogram(alarms._replace(valid=times), levels))
  return _defined(area, saliency, hits, alarms)


def ties_broken(key: jax.Array, saliency: jax.Array) -> jax.Array:
  """Returns the ranks of a map's values, 0 and up, ties in a random order.

  MIT's `AUC_Judd.m` adds uniform noise in [0, 1e-7] and pysaliency's `AUC_Judd`
  normal noise of that deviation, to maps in float64: that changes the order of
  equal values alone. In float32 such noise is lost beside a value of 1; ranks
  do the same to maps of any scale.

  Args:
    key: of `jax.random`.
    saliency: floating `[H, W]`, in float32 of 2^24 pixels at most.
  """
  (saliency,) = full_maps.checked(saliency)
  flat = saliency.ravel()
  order = jnp.lexsort((jax.random.bits(key, flat.shape), flat))
  return jnp.zeros_like(flat).at[order].set(jnp.arange(flat.size, dtype=flat.dtype)).reshape(saliency.shape)


def _unfixated(saliency: jax.Array, points: jax.Array, valid: jax.Array | None, levels: jax.Array) -> jax.Array:
  """Returns how many pixels without a fixation have each rank."""
  fixated = auc_ranks.at_points(saliency, points, valid, distinct=True)
  return auc_ranks.histogram(auc_ranks.all_pixels(saliency), levels) - auc_ranks.histogram(fixated, levels)


def _below(counts: jax.Array) -> jax.Array:
  """Returns how many have a lower rank than each."""
  return jnp.cumsum(counts) - counts


def _outranking(hits: jax.Array, alarms: jax.Array) -> jax.Array:
  """Returns the probability that a hit outranks an alarm, ties being half."""
  beaten = (2 * _below(alarms) + alarms) / (2 * alarms.sum())
  return (hits * beaten).sum() / hits.sum()


def _polygon(hits: Sample, alarms: jax.Array, levels: jax.Array, *, apart: bool) -> jax.Array:
  """Returns the area under the curve with thresholds at the fixated values.

  Args:
    alarms: int32, negatives of each rank.
  """
  counts = auc_ranks.histogram(hits, levels)
  # From low to high. What does not count gets the last rank, which no value
  # has and which is above all others, and so adds nothing to the area.
  thresholds = jnp.sort(jnp.where(hits.valid, auc_ranks.ranks(hits.values, levels), len(counts) - 1))
  positives, negatives = counts.sum(), alarms.sum()
  hit = positives - auc_ranks.take(_below(counts), thresholds)
  alarm = negatives - auc_ranks.take(_below(alarms), thresholds)
  if apart:
    alone = jnp.maximum(positives - jnp.arange(len(thresholds)), 0)
    hit, alarm = alone, alarm + hit - alone
  hit = jnp.pad(hit / positives, 1, constant_values=(1, 0))
  alarm = jnp.pad(alarm / negatives, 1, constant_values=(1, 0))
  return -jnp.trapezoid(hit, alarm)


def _defined(area: jax.Array, saliency: jax.Array, *samples: Sample) -> jax.Array:
  """Returns the area, or NaN without a valid point or with one outside."""
  conditions = [
    condition
    for sample in samples
    for condition in (sample.valid.any(), ~(sample.valid & jnp.isnan(sample.values)).any())
  ]
  return full_maps.or_nan(area, saliency, *conditions).astype(saliency.dtype)
