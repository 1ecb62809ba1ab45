"""Bootstrap over photographs, each drawn with all its regions.

Where best units are chosen, they are chosen anew in every sample, so that
intervals include the luck of the choice.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from saliency_jax.experiments import chance, comparisons, statistics
from saliency_jax.ops import inference

_LEVEL = 0.95
_SPLITS = 40  # random halves of the photographs, each used both ways round
_CHUNK = 1 << 23  # elements of the weights of one product


class Draws(NamedTuple):
  """B samples of N photographs, with replacement."""

  photographs: np.ndarray  # `[N]` names, sorted
  counts: np.ndarray  # int `[B, N]`, how often each was drawn

  def means(self, scores: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Returns every sample's mean, float64 `[B, C]`; NaN without a region.

    The scores are `[T, C]`, finite; `images` are their photographs, `[T]`.
    """
    place = np.searchsorted(self.photographs, images)
    step = max(_CHUNK // max(len(place), 1), 1)
    found = []
    for start in range(0, len(self.counts), step):
      drawn = self.counts[start : start + step][:, place].astype(np.float64)
      count = drawn.sum(axis=1)[:, None]
      found.append(np.where(count > 0, statistics.product(drawn, scores) / np.maximum(count, 1), np.nan))
    return np.concatenate(found)


def mean(values: np.ndarray, resamples: int) -> tuple[float, float, float]:
  """Returns a mean and its confidence interval (BCa, Efron 1987).

  The level is that of a normal interval `inference.widening` times as wide.

  Args:
    values: float `[N]`, one for each image, finite.
    resamples: number of samples of N images, drawn with a fixed seed.

  Returns:
    (mean, low, high); all NaN for N = 0. The ends are NaN for fewer than 4
    values, and equal the mean where all values are equal.
  """
  value = float(np.mean(values)) if len(values) else np.nan
  if len(values) < inference.FEWEST:
    return value, np.nan, np.nan
  if not np.ptp(values):
    return value, value, value
  beyond = stats.norm.sf(inference.widening(len(values)) * stats.norm.ppf((1 + _LEVEL) / 2))
  found = stats.bootstrap(
    (values,), np.mean, confidence_level=1 - 2 * beyond, n_resamples=resamples, batch=100, rng=np.random.default_rng(0)
  ).confidence_interval
  return value, float(found.low), float(found.high)


def share(found: np.ndarray) -> tuple[float, float, float]:
  """Returns a share and its interval (Wilson 1927), not empty for 5 of 5.

  `found` is `[N]`, 0 or 1 for each image. All are NaN for N = 0.
  """
  if not len(found):
    return (np.nan,) * 3
  tested = stats.binomtest(int(np.sum(found)), len(found))
  return (float(np.mean(found)), *map(float, tested.proportion_ci(_LEVEL, method='wilson')))


def draw(images: np.ndarray, resamples: int, seed: int = 0) -> Draws:
  """Draws `resamples` samples of the photographs named in `images`."""
  names = np.unique(images)
  counts = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
  return Draws(names, counts)


def category_means(values: np.ndarray, labels: np.ndarray, images: np.ndarray, draws: Draws) -> dict[str, np.ndarray]:
  """Returns means of float `[T]` in every sample: category -> `[B]`."""
  found = {}
  for category in np.unique(labels):
    chosen = labels == category
    found[str(category)] = draws.means(values[chosen][:, None], images[chosen])[:, 0]
  return found


def best_units(
  scores: np.ndarray, labels: np.ndarray, images: np.ndarray, draws: Draws, *, top: int
) -> dict[str, np.ndarray]:
  """Returns the means of the best units, chosen anew: category -> `[B]`.

  The scores are `[T, C]`, finite.
  """
  found = {}
  for category in np.unique(labels):
    chosen = labels == category
    found[str(category)] = chance.best(draws.means(scores[chosen], images[chosen]), top)
  return found


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Returns Spearman's correlation in every sample, float64 `[B]`.

  x and y are `[B, K]`, the values of K categories; NaN where a sample has none.
  The result is NaN with fewer than three categories, or if all are equal.
  """
  found = np.full(len(x), np.nan)
  for i, (a, b) in enumerate(zip(x, y, strict=True)):
    known = np.isfinite(a) & np.isfinite(b)
    a, b = stats.rankdata(a[known]), stats.rankdata(b[known])
    if len(a) >= 3 and np.ptp(a) and np.ptp(b):
      found[i] = np.corrcoef(a, b)[0, 1]
  return found


def halves(scores: np.ndarray, values: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int) -> float:
  """Correlates units on half of the photographs with the output on the rest.

  Inner and output saliency of the same regions share the regions'
  peculiarities, and inner saliency includes the luck of choosing units.
  Different halves share neither.

  The result is Spearman's correlation over categories, averaged over splits;
  NaN if none has one.
  """
  names, image = np.unique(images, return_inverse=True)
  categories = np.unique(labels)
  rng = np.random.default_rng(0)
  found = []
  for _ in range(_SPLITS):
    first = (rng.permutation(len(names)) % 2 == 0)[image]
    for half in (first, ~first):
      sides = np.full((2, len(categories)), np.nan)
      for k, category in enumerate(categories):
        own, other = ((labels == category) & side for side in (half, ~half))
        if own.any() and other.any():
          sides[:, k] = chance.best(statistics.unit_means(scores[own])[None], top)[0], values[other].mean()
      correlation = comparisons.spearman(*sides)
      if correlation:
        found.append(correlation['rho'])
  return float(np.mean(found)) if found else np.nan
