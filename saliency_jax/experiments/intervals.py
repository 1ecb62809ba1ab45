"""Means over images, and how far other images might have moved them."""

from typing import NamedTuple

import numpy as np
from scipy import stats

_LEVEL = 0.95


class Interval(NamedTuple):
  """A mean and its 95 % confidence interval; NaN where there is none."""
  mean: float
  low: float
  high: float


def interval(values: np.ndarray, resamples: int) -> Interval:
  """Returns a mean with its bootstrap interval (BCa, Efron 1987).

  Args:
    values: float `[N]`, one for each image, finite.
    resamples: how many samples of N images are drawn, with a fixed seed.

  Returns:
    The mean; NaN alone of no value. The interval is NaN for fewer than 2, and
    the mean itself where all values are equal.
  """
  if len(values) < 2:
    mean = float(values[0]) if len(values) else np.nan
    return Interval(mean, np.nan, np.nan)
  mean = float(np.mean(values))
  if not np.ptp(values):
    return Interval(mean, mean, mean)
  found = stats.bootstrap(
      (values,), np.mean, confidence_level=_LEVEL, n_resamples=resamples,
      batch=100, rng=np.random.default_rng(0)).confidence_interval
  return Interval(mean, float(found.low), float(found.high))
