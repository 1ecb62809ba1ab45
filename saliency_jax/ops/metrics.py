"""NSS and NMM, and the eight metrics of the field for one image at once.

Every metric is a pure function of one image, to be compiled. Over a batch, use
`jax.lax.map`: `jax.vmap` gives the same numbers, but on CPUs XLA takes four
times as long for the areas. The other metrics are in `auc`, whose conventions
hold here, and in `distributions`. Docstrings say how peers differ.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from saliency_jax.ops import full_maps
from saliency_jax.ops.auc import auc_judd, auc_shuffled, auc_uniform
from saliency_jax.ops.distributions import cc, information_gain, kl, sim
from saliency_jax.ops.fixated_pixels import sample


class Scores(NamedTuple):
  """Scores of one prediction for one image; `[]` each, or batched."""

  nss: jax.Array
  auc_judd: jax.Array
  auc_uniform: jax.Array
  auc_shuffled: jax.Array
  cc: jax.Array
  sim: jax.Array
  kl: jax.Array  # nats
  information_gain: jax.Array  # bits per fixation


def all_scores(
  saliency: jax.Array,
  points: jax.Array,
  negatives: jax.Array,
  truth: jax.Array,
  baseline: jax.Array,
  valid: jax.Array | None = None,
  negatives_valid: jax.Array | None = None,
  *,
  distinct: bool = True,
  jitter: jax.Array | None = None,
  eps: float = 0.0,
) -> Scores:
  """Returns all eight metrics of one image, with default options but for `eps`.

  To be compiled: the metrics share sums, ranks and counts, which XLA then
  computes once.

  Args:
    negatives: integers `[M, 2]`, fixations of other images, see `auc_shuffled`.
    truth: floating `[H, W]`, the blurred fixations.
    negatives_valid: bool or integers `[M]`, see `auc_shuffled`.
    jitter: a key, see `auc_judd`.
    eps: of information gain, see `distributions.information_gain`.
  """
  return Scores(
    nss=nss(saliency, points, valid, distinct=distinct),
    auc_judd=auc_judd(saliency, points, valid, distinct=distinct, jitter=jitter),
    auc_uniform=auc_uniform(saliency, points, valid, distinct=distinct),
    auc_shuffled=auc_shuffled(saliency, points, negatives, valid, negatives_valid, distinct=distinct),
    cc=cc(saliency, truth),
    sim=sim(saliency, truth),
    kl=kl(saliency, truth),
    information_gain=information_gain(saliency, baseline, points, valid, distinct=distinct, eps=eps),
  )


def nss(saliency: jax.Array, points: jax.Array, valid: jax.Array | None = None, *, distinct: bool = True) -> jax.Array:
  """Normalised scanpath saliency: the mean standardised value at fixations.

  Peters, Iyer, Itti and Koch, Vision Research 45, 2005. Peers: the paper and
  the SAM loss by default; pysaliency's `NSS` and SALICON's with
  `distinct=False`. MIT's `NSS.m` and DeepGaze's divide by the sample deviation,
  so theirs are smaller by a factor of sqrt(1 - 1 / HW).

  Returns:
    The score. 0 for a constant map, as in pysaliency (MIT: NaN); NaN without a
    fixation, with one outside the image, or with a NaN in the map.
  """
  (saliency,) = full_maps.checked(saliency)
  return sample(_standard(saliency), points, valid, distinct=distinct).mean()


def nmm(saliency: jax.Array, mask: jax.Array) -> jax.Array:
  """Returns the mean standardised value inside a mask, e.g. a search target's.

  He et al. 2019, Eq. 4, for full maps; `association.associate` gives it for
  maps in cells. 0 for a constant map; NaN for an empty mask or a NaN in the
  map.
  """
  (saliency,) = full_maps.checked(saliency)
  full_maps.check_mask(mask, saliency.shape)
  inside = jnp.where(mask, _standard(saliency), 0).sum()
  return inside / mask.sum(dtype=saliency.dtype)


def _standard(saliency: jax.Array) -> jax.Array:
  """Returns a map `[H, W]` with mean 0 and deviation 1, or 0 if constant."""
  spread = full_maps.spread(saliency)
  deviation = spread.deviation()
  return (spread.centred - spread.rest) / jnp.where(deviation == 0, 1, deviation)
