"""Intervals and p values from bootstrap samples, and Holm's correction.

Whole photographs are resampled (`experiments.bootstrap`). The spread of the
samples says how much other photographs would change a value, but the value
itself may be biased: the mean of units chosen on the photographs they are
scored on is too high, a correlation of noisy numbers too low. So an interval
spans two estimates that err to opposite sides; `docs/method.md` gives its
coverage.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

_QUANTILES = (0.025, 0.975)
# Photographs. With three, 1 in 27 samples consists of the lowest one alone,
# which is more than the 2.5 % that may lie below an interval.
FEWEST = 4


class Interval(NamedTuple):
  """A 95 % interval; NaN where there is none."""

  low: float
  high: float


def around(value: float, samples: np.ndarray, held_out: float = math.nan, *, photographs: float = math.inf) -> Interval:
  """Returns the bootstrap interval of a value, which contains the value.

  It reaches from below the lower to above the higher of two estimates, as an
  optimum lies between that of a sample and the value of a choice made on
  another sample (Mak, Morton and Wood 1999). The distances are those of a basic
  interval, which reflects the samples' quantiles (Davison and Hinkley 1997),
  times `widening`.

  Args:
    samples: `[B]`, the value in each sample; NaN is ignored. There is no
      interval if all are equal.
    held_out: the other estimate; if NaN, the value minus its bias, which is the
      samples' mean minus the value.
    photographs: the number of photographs; there is no interval for fewer than
      4.
  """
  samples = samples[np.isfinite(samples)]
  if not np.isfinite(value) or photographs < FEWEST or _equal(samples):
    return Interval(np.nan, np.nan)
  mean = samples.mean(dtype=float)
  estimates = value, 2 * value - mean if math.isnan(held_out) else held_out
  low, high = np.quantile(samples, _QUANTILES)
  wider = widening(photographs)
  return Interval(float(min(estimates) - wider * (high - mean)), float(max(estimates) + wider * (mean - low)))


def widening(photographs: float) -> float:
  """Returns how much wider an interval must be than K photographs' samples say.

  A bootstrap deviation lacks the factor sqrt(K / (K - 1)), and its quantiles
  the ratio of those of Student's distribution with K - 1 degrees of freedom to
  the normal one's (Hesterberg, The American Statistician 69, 2015). 1 for
  infinitely many.
  """
  if math.isinf(photographs):
    return 1.0
  student = special.stdtrit(photographs - 1, _QUANTILES[1]) / special.ndtri(_QUANTILES[1])
  return float(student * math.sqrt(photographs / (photographs - 1)))


def of_r(value: float, samples: np.ndarray) -> Interval:
  """Returns the interval of a correlation, in [-1, 1], on Fisher's scale.

  With few categories, the ranks of some samples agree fully, which is infinite
  on that scale, so r is clipped at 0.9999.

  Args:
    samples: `[B]`, as for `around`.
  """

  def z(r):
    return np.arctanh(np.clip(r, -0.9999, 0.9999))

  return Interval(*map(math.tanh, around(float(z(value)), z(samples))))


def of_correlation(value: np.ndarray, samples: np.ndarray, other: np.ndarray) -> Interval:
  """Returns the interval of Pearson's r with fixed numbers; see `of_r`.

  Args:
    value: `[N]`.
    samples: `[B, N]`, the value in each sample; those with a NaN are left out.
    other: `[N]`, the fixed numbers.
  """
  known = samples[np.isfinite(samples).all(axis=1)]
  return of_r(np.corrcoef(value, other)[0, 1], np.array([np.corrcoef(x, other)[0, 1] for x in known]))


def p_value(value: float, samples: np.ndarray, photographs: int) -> float:
  """Returns the two-sided p of a value of 0; NaN where `around` is.

  Student's distribution with K - 1 degrees of freedom for K photographs. The
  standard error is the samples' deviation times sqrt(K / (K - 1)); the estimate
  is the value, or the value minus its bias if that is nearer to 0. Shares of a
  few hundred samples would be too coarse to correct for many tests.
  """
  samples = samples[np.isfinite(samples)]
  if photographs < FEWEST or _equal(samples):
    return math.nan
  error = samples.std(ddof=1) * math.sqrt(photographs / (photographs - 1))
  other = 2 * value - samples.mean()
  nearest = min(abs(value), abs(other)) if value * other > 0 else 0.0
  return float(2 * special.stdtr(photographs - 1, -nearest / error))


def _equal(samples: np.ndarray) -> bool:
  """Returns whether samples differ by no more than the rounding of their sums."""
  return len(samples) < 2 or np.ptp(samples) < 1e-9 * max(1, abs(samples[0]))


def holm(p: Sequence[float]) -> np.ndarray:
  """Returns p values corrected for multiple tests (Holm 1979), float64 `[N]`.

  NaN, for what could not be tested, stays NaN and does not count as a test.
  """
  p = np.asarray(p, np.float64)
  order = np.argsort(p, kind='stable')[: np.isfinite(p).sum()]
  corrected = np.full(len(p), np.nan)
  corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
  return corrected
