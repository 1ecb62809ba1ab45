"""From scores to tables: means over sets first, then over the best units."""

from typing import NamedTuple

import numpy as np

_CHUNK = 1 << 22  # numbers read at once from scores in a file


class Rows(NamedTuple):
  """T sets of pixels in the order of the data set, with units' scores."""

  index: np.ndarray  # int32 [T], the position of each set's image
  ids: np.ndarray  # int32 [T]
  labels: np.ndarray  # str [T]
  counts: np.ndarray  # int32 [T], points or pixels in each set
  scores: dict[str, np.ndarray]  # tap -> float32 [T, C]; NaN of empty sets

  def only(self, chosen: np.ndarray) -> 'Rows':
    """Returns the sets chosen by bool [T]."""
    if chosen.all():
      return self
    *sets, scores = self
    return Rows(*(x[chosen] for x in sets), {tap: x[chosen] for tap, x in scores.items()})


class BestUnits(NamedTuple):
  """The best units of a layer."""

  mean: float  # their mean score; NaN where nothing was measured
  units: np.ndarray  # int `[k]`, best first, counted from 0


def unit_means(scores: np.ndarray) -> np.ndarray:
  """Returns each unit's mean over sets: float64 `[C]` of `[T, C]`.

  Sets without a score (NaN, regions without a fixation) are left out; if none
  is left, every mean is NaN.
  """
  known = measured(scores)
  if not known.any():
    return np.full(scores.shape[1], np.nan)
  return product(known[None].astype(float), scores)[0] / known.sum()


def measured(scores: np.ndarray) -> np.ndarray:
  """Returns which rows of `[T, C]` have no NaN, bool `[T]`."""
  return np.concatenate([~np.isnan(scores[rows]).any(axis=1) for rows in _parts(scores)])


def product(weights: np.ndarray, scores: np.ndarray) -> np.ndarray:
  """Returns `weights @ scores` in float64; scores may be a memory map.

  Args:
    weights: float64 `[W, T]`.
    scores: `[T, C]`; rows without weight may be NaN.
  """
  total = np.zeros((len(weights), scores.shape[1]))
  for rows in _parts(scores):
    part = scores[rows].astype(np.float64)
    used = weights[:, rows]
    part[~used.any(axis=0)] = 0
    total += used @ part
  return total


def _parts(scores: np.ndarray) -> list[slice]:
  step = max(_CHUNK // scores.shape[1], 1)
  return [slice(i, i + step) for i in range(0, max(len(scores), 1), step)]


def best_units(means: np.ndarray, top: int) -> BestUnits:
  """Returns the best units by means `[C]` (He et al. 2019, Section 4.3)."""
  # Stable, so that equal units keep their order.
  units = np.argsort(-means, kind='stable')[:top]
  return BestUnits(float(means[units].mean()), units)
