"""Maps as distributions: CC, SIM, KL and information gain.

All maps of an image have one size `[H, W]`; nothing is resized. A NaN in a map
gives NaN. `truth` is the human map, the blurred fixations; see `ops.blur`.
Other conventions are those of `auc`.
"""

import jax
import jax.numpy as jnp

from saliency_jax.ops import full_maps
from saliency_jax.ops.fixated_pixels import sample

# MATLAB's `eps`, which keeps the MIT benchmark's logarithms finite.
MIT_EPS = 2.0**-52


def density(saliency: jax.Array, *, min_max: bool = False, minimum: float = 0.0) -> jax.Array:
  """Returns a map `[H, W]` as a distribution over its pixels, summing to 1.

  Args:
    min_max: whether to subtract the smallest value always (MIT's `similarity.m`
      and `InfoGain.m`), or only if it is negative (pysaliency's
      `convert_saliency_map_to_density`).
    minimum: added to every pixel after that, in units of the map, so that no
      pixel has probability 0 (pysaliency's `minimum_value`).

  Returns:
    floating `[H, W]`; uniform if the map sums to 0.
  """
  (saliency,) = full_maps.checked(saliency)
  spread = full_maps.spread(saliency)
  shift = spread.low if min_max else jnp.minimum(spread.low, 0)
  # No term is negative, so the sum is exact whatever the map's offset.
  total = saliency.size * ((spread.middle - spread.low) + spread.rest * spread.span + (spread.low - shift) + minimum)
  empty = total == 0
  return jnp.where(empty, 1 / saliency.size, (saliency - shift + minimum) / jnp.where(empty, 1, total))


def cc(saliency: jax.Array, truth: jax.Array) -> jax.Array:
  """Returns Pearson's correlation coefficient of two maps.

  0 if either map is constant. Peers: pysaliency's `CC` gives 0 for a constant
  prediction but NaN for a constant truth; MIT's `CC.m` gives NaN for both.
  """
  x, y = map(full_maps.spread, full_maps.checked(saliency, truth))
  covariance = (x.centred * y.centred).mean() - x.rest * y.rest
  scale = x.deviation() * y.deviation()
  return covariance / jnp.where(scale == 0, 1, scale)


def sim(saliency: jax.Array, truth: jax.Array, *, min_max: bool = False) -> jax.Array:
  """Returns the intersection of two distributions, in [0, 1].

  Judd et al. 2012. Peers: pysaliency's `SIM` by default, MIT's `similarity.m`
  with `min_max`; they agree only on maps whose smallest value is 0. A constant
  map is the uniform distribution (MIT: NaN).
  """
  p, q = (density(x, min_max=min_max) for x in full_maps.checked(saliency, truth))
  # A map with a NaN has a density that is NaN everywhere.
  undefined = jnp.isnan(p[0, 0] + q[0, 0])
  return jnp.where(undefined, jnp.nan, jnp.minimum(p, q).sum())


def kl(saliency: jax.Array, truth: jax.Array, *, minimum: float = 0.0, eps: float = MIT_EPS) -> jax.Array:
  """Returns the divergence of the truth from the prediction, in nats.

      sum of q log(eps + q / (p + eps)),    p of `saliency`, q of `truth`

  Lower is better, and the order of the arguments matters. Peers: MIT's
  `KLdiv.m` and pysaliency's `MIT_KLDiv` by default; pysaliency's
  `image_based_kl_divergence` with `minimum=1e-20, eps=0`; MSI-Net's loss with
  `eps=1e-7`.

  Args:
    eps: keeps the quotient and the logarithm finite. If 0, a pixel whose q is 0
      adds 0, and one where only p is 0 makes the divergence infinite.
  """
  p, q = (density(x, minimum=minimum) for x in full_maps.checked(saliency, truth))
  # With eps = 0, 0 log 0 must be 0.
  ratio = eps + q / (p + eps)
  return jnp.where(q == 0, 0, q * jnp.log(ratio)).sum()


def information_gain(
  saliency: jax.Array,
  baseline: jax.Array,
  points: jax.Array,
  valid: jax.Array | None = None,
  *,
  distinct: bool = True,
  min_max: bool = False,
  minimum: float = 0.0,
  eps: float = 0.0,
) -> jax.Array:
  """Returns how much better a map predicts fixations than a baseline, in bits.

      mean over fixations of log2(eps + p) - log2(eps + b)

  Kümmerer, Wallis and Bethge, PNAS 112(52), 2015. Peers: pysaliency's
  `information_gain` with `distinct=False`, for a density or for what its
  `SaliencyMapNormalizingModel(minimum_value=minimum)` makes of a map; MIT's
  `InfoGain.m` with `min_max=True, eps=MIT_EPS`. A constant map is the uniform
  density and is scored as one (MIT: NaN).

  Args:
    saliency: floating `[H, W]`, preferably a density: other maps say nothing
      about probabilities.
    eps: added to both probabilities. Without it and without `minimum`, a
      fixation where the prediction is 0 gives minus infinity.

  Returns:
    Bits per fixation. NaN without a fixation, or with one outside the image.
  """
  saliency, baseline = full_maps.checked(saliency, baseline)
  gain = jnp.log2(eps + density(saliency, min_max=min_max, minimum=minimum)) - jnp.log2(
    eps + density(baseline, min_max=min_max)
  )
  return sample(gain, points, valid, distinct=distinct).mean()
