"""All metrics of one model's map of one image.

The rules are the same for all models:
- The map is resized to the image bilinearly: a smaller one as by PyTorch's
  `interpolate(mode='bilinear')`; a larger one with antialiasing, as by Pillow's
  BILINEAR. A constant map stays constant.
- The negatives of shuffled AUC are all fixations on all other images, scaled to
  this image's size.
- The human map of CC, SIM and KL is all fixations, blurred by a Gaussian.
- The baseline of information gain is the centre prior, a fixed Gaussian with a
  quarter of the image's height and width as standard deviations; it is also the
  model `centre`. Maps become densities as in SIM and KL: a negative minimum is
  subtracted, and the sum is 1. The MIT benchmark's epsilon keeps pixels that a
  map rules out from costing infinitely many bits.
"""

import functools
from typing import NamedTuple

import jax
import numpy as np
from PIL import Image

from saliency_jax.experiments import fixation_index, predictors
from saliency_jax.experiments.fixation_index import FixationIndex
from saliency_jax.ops import blur, distributions, metrics

METRICS = metrics.Scores._fields


class Seen(NamedTuple):
  """What maps of one image `[H, W]` are compared with."""

  points: np.ndarray  # int32 `[P, 2]`, its fixations, padded
  valid: np.ndarray  # bool `[P]`, which of them count
  negatives: jax.Array  # int32 `[N, 2]`, pixels that were fixated on any image
  others: np.ndarray  # int32 `[N]`, how often on the other images
  truth: jax.Array  # float32 `[H, W]`, the human map
  baseline: jax.Array  # float32 `[H, W]`, the centre prior
  jitter: jax.Array | None = None  # a key to break ties of AUC-Judd


class Scorer:
  """Scores maps of the images of one data set."""

  def __init__(self, fixations: FixationIndex, *, sigma: float, distinct: bool, jitter: int = -1):
    """Compiles nothing yet; that happens once for every size of image.

    Args:
      sigma: the standard deviation of the human map in pixels.
      distinct: whether a pixel counts once however often it was fixated.
      jitter: a seed to break ties of AUC-Judd at random; -1 leaves them.
    """
    self._fixations, self.sigma, self.distinct = fixations, sigma, distinct
    self._key = None if jitter < 0 else jax.random.key(jitter)
    # Images of one size, usually the whole data set, share these.
    self._counts = functools.lru_cache(maxsize=1)(fixations.scaled)
    self._negatives = functools.lru_cache(maxsize=1)(
      lambda size: jax.device_put(np.argwhere(self._counts(size)).astype(np.int32))
    )
    self._baseline = functools.lru_cache(maxsize=1)(lambda size: jax.device_put(predictors.centre(size)))

  def seen(self, index: int) -> Seen:
    """Returns what an image's maps are compared with."""
    size = self._fixations.size(index)
    own = self._fixations.points[self._fixations.of(index)]
    counts = self._counts(size)
    others = counts.copy()
    np.subtract.at(others, tuple(own.T), 1)
    points, valid = padded(own, self._fixations.padded)
    return Seen(
      points,
      valid,
      self._negatives(size),
      others[counts > 0],
      human(points, valid, size=size, sigma=self.sigma),
      self._baseline(size),
      None if self._key is None else jax.random.fold_in(self._key, index),
    )

  def scores(self, seen: Seen, saliency: np.ndarray) -> dict[str, float]:
    """Returns `METRICS` of a map at any resolution, float32 `[h, w]`."""
    found = score(to_size(saliency, seen.truth.shape), seen, distinct=self.distinct)
    return {name: float(value) for name, value in jax.device_get(found)._asdict().items()}


def to_size(saliency: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns a map `[h, w]`, finite, resized to an image's (H, W), float32.

  It is scaled to a maximal magnitude of 0.5 to 1 first, which affects no metric
  and keeps sums of large numbers finite. Pillow sums in float64, so that equal
  neighbours stay equal; rounding noise would break the ties of AUC.
  """
  _, exponent = np.frexp(np.abs(saliency).max())
  image = Image.fromarray(np.ldexp(saliency, -exponent).astype(np.float32))
  return np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))


def padded(points: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns points as int32 `[room, 2]`, and which count, bool `[room]`."""
  found = np.zeros((room, 2), np.int32)
  found[: len(points)] = points
  return found, np.arange(room) < len(points)


def human_map(points: np.ndarray, size: tuple[int, int], sigma: float) -> np.ndarray:
  """Returns fixations `[N, 2]`, (y, x), blurred by sigma pixels, `[H, W]`."""
  room = fixation_index.padded(len(points))
  return np.asarray(human(*padded(points, room), size=size, sigma=sigma))


@functools.partial(jax.jit, static_argnames=('size', 'sigma'))
def human(points: np.ndarray, valid: np.ndarray, *, size: tuple[int, int], sigma: float) -> jax.Array:
  """Returns the human map of padded points, float32 `[H, W]`."""
  return blur.blurred_fixations(points, size, sigma, valid)


@functools.partial(jax.jit, static_argnames='distinct')
def score(saliency: jax.Array, seen: Seen, *, distinct: bool) -> metrics.Scores:
  """Returns `METRICS` of a map in the image's size, float32 `[H, W]`."""
  return metrics.all_scores(
    saliency,
    seen.points,
    seen.negatives,
    seen.truth,
    seen.baseline,
    seen.valid,
    seen.others,
    distinct=distinct,
    jitter=seen.jitter,
    eps=distributions.MIT_EPS,
  )
