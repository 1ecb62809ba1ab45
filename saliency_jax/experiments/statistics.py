"""From scores to tables: means over sets first, then over the best units."""

from typing import NamedTuple

import numpy as np


class Rows(NamedTuple):
  """T sets of pixels in the order of the data set, and units' scores on them.
  """
  index: np.ndarray  # int32 [T], the position of each set's image
  ids: np.ndarray  # int32 [T]
  labels: np.ndarray  # str [T]
  counts: np.ndarray  # int32 [T], points or pixels in each set
  scores: dict[str, np.ndarray]  # tap -> float32 [T, C]; NaN of empty sets

  def only(self, chosen: np.ndarray) -> 'Rows':
    """Returns some of the sets, by bool [T]."""
    return Rows(
        self.index[chosen], self.ids[chosen], self.labels[chosen],
        self.counts[chosen],
        {tap: x[chosen] for tap, x in self.scores.items()})


class BestUnits(NamedTuple):
  """The best units of a layer."""
  mean: float  # their mean score; NaN where nothing was measured
  units: np.ndarray  # int `[k]`, best first, counted from 0


def unit_means(scores: np.ndarray) -> np.ndarray:
  """Returns each unit's mean over sets: float64 `[C]` of `[T, C]`.

  Sets without a score (NaN, a region without a fixation) are left out; with no
  set left, every mean is NaN.
  """
  scores = scores[~np.isnan(scores).any(axis=1)]
  if not len(scores):
    return np.full(scores.shape[1], np.nan)
  return scores.mean(axis=0, dtype=np.float64)


def best_units(means: np.ndarray, top: int) -> BestUnits:
  """Returns a layer's best units (He et al. 2019, Section 4.3).

  Args:
    means: `[C]`, each unit's mean over the sets of a category, `unit_means`.
    top: how many of the best units are averaged; the paper takes 10.
  """
  # Stable, so that equal units come in their own order.
  units = np.argsort(-means, kind='stable')[:top]
  return BestUnits(float(means[units].mean()), units)


def units_above(means: np.ndarray, threshold: float) -> int:
  """Returns how many units' means exceed T; the paper takes 1.5."""
  return int((means > threshold).sum())
