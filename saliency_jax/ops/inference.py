"""What bootstrap samples say: intervals and p values, and their correction.

Samples are those of whole photographs (`experiments.bootstrap`). How far they
lie apart is what other photographs would change. About what an interval should
lie is another question: the mean of units that were chosen on the photographs
that they are scored on is too high, a correlation of noisy numbers too low. So
intervals are about two estimates, which err to either side; `docs/method.md`
says how often they are right.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

_ENDS = (0.025, 0.975)
# Photographs: of three, every 27th sample is of the lowest one alone, which
# would be the end below which 2.5 % are to lie.
FEWEST = 4


class Interval(NamedTuple):
  """A 95 % interval; NaN where there is none."""

  low: float
  high: float


def around(value: float, samples: np.ndarray, held_out: float = math.nan, *, photographs: float = math.inf) -> Interval:
  """Returns the bootstrap interval of a value, which lies in it.

  From below the lower to above the higher of two estimates, as an optimum is
  bounded by that of a sample and by what was chosen on another (Mak, Morton and
  Wood 1999). Below and above by as much as in a basic interval (Davison and
  Hinkley 1997), which reflects the samples' quantiles, `widening` times.

  Args:
    samples: `[B]`, of every sample; NaN is left out. There is no interval where
      they are all the same.
    held_out: the other estimate; NaN takes the value less its bias, as much as
      the samples' mean exceeds it.
    photographs: on which the value is; of fewer than 4 there is no interval.
  """
  samples = samples[np.isfinite(samples)]
  if not np.isfinite(value) or photographs < FEWEST or _equal(samples):
    return Interval(np.nan, np.nan)
  mean = samples.mean(dtype=float)
  both = value, 2 * value - mean if math.isnan(held_out) else held_out
  low, high = np.quantile(samples, _ENDS)
  wider = widening(photographs)
  return Interval(float(min(both) - wider * (high - mean)), float(max(both) + wider * (mean - low)))


def widening(photographs: float) -> float:
  """Returns how much wider an interval is than samples of K photographs say.

  A sample's deviation lacks the factor sqrt(K / (K - 1)), and the quantiles
  that of Student's distribution of K - 1 degrees of freedom over the normal
  one's (Hesterberg, The American Statistician 69, 2015). 1 of all there are.
  """
  if math.isinf(photographs):
    return 1.0
  student = special.stdtrit(photographs - 1, _ENDS[1]) / special.ndtri(_ENDS[1])
  return float(student * math.sqrt(photographs / (photographs - 1)))


def of_r(value: float, samples: np.ndarray) -> Interval:
  """Returns the interval of a correlation, in [-1, 1]: on Fisher's scale.

  Of few categories some samples' ranks agree wholly, which is infinity there:
  what exceeds 0.9999 is taken for that.

  Args:
    samples: `[B]`, as of `around`.
  """

  def z(r):
    return np.arctanh(np.clip(r, -0.9999, 0.9999))

  return Interval(*map(math.tanh, around(float(z(value)), z(samples))))


def of_correlation(value: np.ndarray, samples: np.ndarray, other: np.ndarray) -> Interval:
  """Returns the interval of Pearson's r with fixed numbers; see `of_r`.

  Args:
    value: `[N]`.
    samples: `[B, N]`, what it is in every sample; those with a NaN are left
      out.
    other: `[N]`, the fixed numbers.
  """
  known = samples[np.isfinite(samples).all(axis=1)]
  return of_r(np.corrcoef(value, other)[0, 1], np.array([np.corrcoef(x, other)[0, 1] for x in known]))


def p_value(value: float, samples: np.ndarray, photographs: int) -> float:
  """Returns the two-sided p of a value of 0, NaN where `around` has no interval.

  By Student's distribution with a degree of freedom less than there are
  photographs, K, and the samples' standard deviation, of which the factor
  sqrt((K - 1) / K) is taken off; about the estimate of `around` that is nearer
  to 0. Shares of a few hundred samples are too coarse to be corrected for many
  tests.
  """
  samples = samples[np.isfinite(samples)]
  if photographs < FEWEST or _equal(samples):
    return math.nan
  error = samples.std(ddof=1) * math.sqrt(photographs / (photographs - 1))
  other = 2 * value - samples.mean()
  nearest = min(abs(value), abs(other)) if value * other > 0 else 0.0
  return float(2 * special.stdtr(photographs - 1, -nearest / error))


def _equal(samples: np.ndarray) -> bool:
  """Tells whether samples do not differ but by the rounding of their sums."""
  return len(samples) < 2 or np.ptp(samples) < 1e-9 * max(1, abs(samples[0]))


def holm(p: Sequence[float]) -> np.ndarray:
  """Returns p values corrected for their number (Holm 1979), float64 `[N]`.

  NaN, of what could not be tested, stays and does not count.
  """
  p = np.asarray(p, np.float64)
  order = np.argsort(p, kind='stable')[: np.isfinite(p).sum()]
  corrected = np.full(len(p), np.nan)
  corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
  return corrected
