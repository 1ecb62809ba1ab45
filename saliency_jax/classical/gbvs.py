"""Graph-based visual saliency (GBVS).

Harel, Koch and Perona, "Graph-based visual saliency", NIPS 2006, with the
settings of the authors' program.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from saliency_jax.classical import colours, gabor, photograph, pyramid
from saliency_jax.classical.scaling import attenuate_border, to_unit, without_rounding
from saliency_jax.ops import resampling

_LEVELS = (2, 3, 4)  # halvings
_LONGEST = 32  # cells of the map's longer side
_NEAR = 0.15  # sigma of the graph's weights, as a share of the map's mean side
_CONCENTRATION = 1.5  # an exponent in place of the second Markov chain
_BLUR = 0.02  # sigma of the final blur, as a share of the map's longer side
_BORDER = 4  # cells


@jax.jit
def gbvs(image: jax.Array | np.ndarray) -> jax.Array:
  """Returns the saliency of an image by graphs.

  Eight features (three axes of colour, intensity and four orientations) at
  three scales each are activated, concentrated and added up.

  Args:
    image: uint8 `[H, W, 3]`, RGB, at least 64 pixels high and wide.

  Returns:
    float32 `[h, w]`, 0-1, the longer side 32: `[24, 32]` for 600 x 800. A blank
    image gives 0.

  Raises:
    ValueError: the image has another shape or type.
    InputError: the image is too small.
  """
  photograph.check(image)
  height, width = photograph.fit(*image.shape[:2], _LONGEST)
  features = []
  for level in pyramid.build(image, max(_LEVELS))[min(_LEVELS) :]:
    maps = jnp.concatenate([colours.cone_opponent(level.rgb), level.intensity[None], gabor.energy(level.intensity)])
    features.append(resampling.resize(maps, (height, width), resampling.matlab_cubic))
  activation = equilibrium(without_rounding(jnp.concatenate(features)))
  saliency = (activation**_CONCENTRATION).sum(axis=0)
  saliency = attenuate_border(saliency, _BORDER)
  sigma = _BLUR * _LONGEST
  rows, columns = (resampling.gaussian(length, sigma, int(np.ceil(2 * sigma)), 'edge') for length in (height, width))
  return to_unit(resampling.apply(saliency, rows, columns))


def equilibrium(features: jax.Array) -> jax.Array:
  """Returns the stationary distribution of a random walk on each map's graph.

  From cell j the walker goes to cell i in proportion to their dissimilarity and
  nearness (Section 3.1, Eq. 2), w_ij = |f_i - f_j| exp(-d_ij^2 / 2 sigma^2). As
  w is symmetric, the chain is reversible and its distribution known: cell j's
  share is its degree, sum_i w_ij. This also holds for two-valued maps, on which
  power iteration would oscillate for ever.

  Args:
    features: float32 `[C, h, w]`.

  Returns:
    float32 `[C, h, w]`; each map sums to 1, or is 0 if its feature is constant.
  """
  channels, height, width = features.shape
  values = features.reshape(channels, height * width)

  # One row of all graphs at a time: whole graphs would not fit in the caches.
  def add_row(degree, row):
    nearness, value = row
    return degree + nearness[None] * jnp.abs(values - value[:, None]), None

  degree, _ = lax.scan(add_row, jnp.zeros_like(values), (_nearness(height, width), values.T))
  total = degree.sum(axis=1, keepdims=True)
  share = degree / jnp.where(total > 0, total, 1)
  return share.reshape(channels, height, width)


@functools.lru_cache(maxsize=64)
def _nearness(height: int, width: int) -> np.ndarray:
  """Returns float32 `[N, N]` for the N cells of a map, row by row."""
  y, x = (place.reshape(-1) for place in np.mgrid[:height, :width])
  squared = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
  sigma = _NEAR * (height + width) / 2
  return np.exp(-squared / (2 * sigma**2)).astype(np.float32)
