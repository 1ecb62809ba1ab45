"""What bootstrap samples say: intervals and p values, and their correction.

Samples are those of whole photographs (`experiments.bootstrap`). The mean of
units that are chosen anew in each is higher than the mean of all samples would
be, by about as much as the mean itself is too high: basic intervals (Davison
and Hinkley 1997), which reflect the samples' quantiles at the value, take that
into account.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_ENDS = (0.025, 0.975)


class Interval(NamedTuple):
  """A 95 % interval; NaN where there is none."""
  low: float
  high: float


def around(value: float, samples: np.ndarray) -> Interval:
  """Returns the basic bootstrap interval of a value.

  Args:
    samples: `[B]`, of every sample; NaN is left out. There is no interval where
      they are all the same, as of a category on one photograph.
  """
  samples = samples[np.isfinite(samples)]
  if (len(samples) < 2 or not np.isfinite(value)
      or np.ptp(samples) < 1e-9 * max(1, abs(value))):
    return Interval(np.nan, np.nan)
  low, high = np.quantile(samples, _ENDS)
  return Interval(float(2 * value - high), float(2 * value - low))


def of_correlation(
    value: np.ndarray, samples: np.ndarray, other: np.ndarray) -> Interval:
  """Returns the basic interval of Pearson's r with fixed numbers.

  On Fisher's scale, so that its ends are in [-1, 1].

  Args:
    value: `[N]`.
    samples: `[B, N]`, what it is in every sample; those with a NaN are left
      out.
    other: `[N]`, the fixed numbers.
  """
  def z(x: np.ndarray) -> float:
    return math.atanh(np.clip(np.corrcoef(x, other)[0, 1], -1, 1) * (1 - 1e-12))

  known = samples[np.isfinite(samples).all(axis=1)]
  return Interval(*map(math.tanh, around(
      z(value), np.array([z(x) for x in known]))))


def p_value(value: float, samples: np.ndarray) -> float:
  """Returns the two-sided p of a value of 0, NaN of no samples.

  By the normal distribution with the samples' standard deviation, about the
  middle of the basic interval: the value less what the samples' mean exceeds
  it. Shares of a few hundred samples are too coarse to be corrected for many
  tests.
  """
  samples = samples[np.isfinite(samples)]
  spread = samples.std(ddof=1) if len(samples) > 1 else 0.
  return math.erfc(abs(2 * value - samples.mean()) / spread / math.sqrt(2)) if (
      spread) else math.nan


def holm(p: Sequence[float]) -> np.ndarray:
  """Returns p values corrected for their number (Holm 1979), float64 `[N]`.

  NaN, of what could not be tested, stays and does not count.
  """
  p = np.asarray(p, np.float64)
  order = np.argsort(p, kind='stable')[:np.isfinite(p).sum()]
  corrected = np.full(len(p), np.nan)
  corrected[order] = np.minimum(np.maximum.accumulate(
      p[order] * np.arange(len(order), 0, -1)), 1)
  return corrected
