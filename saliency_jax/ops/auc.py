"""Areas under the ROC curve: do fixated pixels outrank others?

Exact, and without a loop over thresholds: values are ranked once among those at
the fixations, and every curve follows from the number of values at each rank
(`auc_ranks`).

Conventions of all functions here:

- A map is floating `[H, W]` on any scale; -inf and inf are ordinary values.
- `points` are integers `[N, 2]` (y, x); `valid`, bool `[N]`, marks those that
  count (None: all). The run time grows with log N.
- `distinct` counts a pixel once however often it was fixated (MIT's binary
  map); otherwise every fixation counts (pysaliency).
- A constant map scores 0.5. The score is NaN if the map holds a NaN, if a valid
  point lies outside the image, or without fixations or negatives.
- `ValueError` is raised if shapes, types or options do not fit.
"""

import jax
import jax.numpy as jnp

from saliency_jax.ops import auc_ranks, full_maps
from saliency_jax.ops.fixated_pixels import Sample, sample


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
  predict human fixations", 2012. The curve is a polygon through (0, 0), its
  points at the fixated values, and (1, 1). Peers: pysaliency's
  `AUC_Judd(jitter=False)` with `distinct=False`; the MIT benchmark's
  `AUC_Judd.m` with jitter off with `ties='apart'`, except that it gives NaN for
  constant maps. Both peers add noise by default, as published values have it;
  see `jitter`.

  Args:
    ties: 'together': fixations of equal value make one point of the curve, as
      in any ROC curve. 'apart': each makes its own point; the i-th highest has
      a hit rate of i/N and as false alarms all pixels that reach its value,
      minus i. This is MIT's rule; ties lower the score.
    jitter: a key of `jax.random`, with which `ties_broken` breaks ties at
      random; None leaves them. A constant map still scores 0.5, where both
      peers give a random number around it.

  Returns:
    The area, in [0, 1].

  Raises:
    ValueError: if shapes or types do not fit, if `ties` is neither, or if
      `ties` is 'apart' without `distinct`, which no peer defines.
  """
  if ties not in ('together', 'apart'):
    raise ValueError(f"ties are 'together' or 'apart', not {ties!r}.")
  if ties == 'apart' and not distinct:
    raise ValueError("ties='apart' is defined for distinct pixels.")
  (saliency,) = full_maps.checked(saliency)
  ranked = saliency if jitter is None else ties_broken(jitter, saliency)
  hits = sample(ranked, points, valid, distinct=distinct)
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

  The probability that a fixated pixel has a higher value than a random pixel,
  ties counting half. Peers: pysaliency's `AUC(nonfixations='uniform')` with
  `distinct=False`; DeepGaze's `auc`.

  Returns:
    The area, in [0, 1].
  """
  (saliency,) = full_maps.checked(saliency)
  hits = sample(saliency, points, valid, distinct=distinct)
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
  """Shuffled AUC: against other images' fixations, so a centre bias scores 0.5.

  Tatler, Baddeley and Gilchrist, Vision Research 45, 2005; Zhang et al., "SUN",
  Journal of Vision 8(7), 2008. All negatives count, as often as they are
  listed, and ties count half. Peers: pysaliency's
  `AUC(nonfixations='shuffled')` with `distinct=False`, given the fixations of
  all other images scaled to this one's size. MIT's `AUC_shuffled.m` is a random
  estimate: it draws from ten other images, 100 times, with thresholds 0.1
  apart.

  Args:
    negatives: integers `[M, 2]`, pixels (y, x) of this image. To score many
      images, pass to each the same list of pixels fixated on any of them.
    negatives_valid: bool or integers `[M]`: whether, or how often, each counts,
      such as the number of its fixations on other images. None if all count
      once.

  Returns:
    The area, in [0, 1].
  """
  (saliency,) = full_maps.checked(saliency)
  hits = sample(saliency, points, valid, distinct=distinct)
  alarms = sample(
    saliency, negatives, None if negatives_valid is None else jnp.asarray(negatives_valid) > 0, distinct=False
  )
  times = alarms.valid if negatives_valid is None else negatives_valid
  levels = auc_ranks.levels(hits)
  area = _outranking(auc_ranks.histogram(hits, levels), auc_ranks.histogram(alarms._replace(valid=times), levels))
  return _defined(area, saliency, hits, alarms)


def ties_broken(key: jax.Array, saliency: jax.Array) -> jax.Array:
  """Returns the ranks of a map's values, from 0, ties in a random order.

  To maps in float64, MIT's `AUC_Judd.m` adds uniform noise in [0, 1e-7], and
  pysaliency's `AUC_Judd` normal noise of that deviation, which reorders only
  equal values. In float32 such noise is lost beside a value of 1. Ranks have
  the same effect on any scale.

  Args:
    key: of `jax.random`.
    saliency: floating `[H, W]`; in float32, of 2^24 pixels at most.
  """
  (saliency,) = full_maps.checked(saliency)
  flat = saliency.ravel()
  order = jnp.lexsort((jax.random.bits(key, flat.shape), flat))
  return jnp.zeros_like(flat).at[order].set(jnp.arange(flat.size, dtype=flat.dtype)).reshape(saliency.shape)


def _unfixated(saliency: jax.Array, points: jax.Array, valid: jax.Array | None, levels: jax.Array) -> jax.Array:
  """Returns the number of unfixated pixels at each rank."""
  fixated = sample(saliency, points, valid, distinct=True)
  return auc_ranks.histogram(auc_ranks.all_pixels(saliency), levels) - auc_ranks.histogram(fixated, levels)


def _below(counts: jax.Array) -> jax.Array:
  """Returns, for each rank, how many values have a lower one."""
  return jnp.cumsum(counts) - counts


def _outranking(hits: jax.Array, alarms: jax.Array) -> jax.Array:
  """Returns the probability that a hit outranks an alarm, ties counting half."""
  beaten = (2 * _below(alarms) + alarms) / (2 * alarms.sum())
  return (hits * beaten).sum() / hits.sum()


def _polygon(hits: Sample, alarms: jax.Array, levels: jax.Array, *, apart: bool) -> jax.Array:
  """Returns the area under the curve; `alarms` counts negatives by rank, int32."""
  counts = auc_ranks.histogram(hits, levels)
  # In ascending order. Points that do not count get the last rank, above that
  # of any value, and so add nothing to the area.
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
    condition for each in samples for condition in (each.valid.any(), ~(each.valid & jnp.isnan(each.values)).any())
  ]
  return full_maps.or_nan(area, saliency, *conditions).astype(saliency.dtype)
