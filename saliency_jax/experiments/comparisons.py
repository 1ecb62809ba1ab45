"""Do groups differ? One-way analysis of variance and what belongs to it.

He et al. 2019, Section 6, ask it of the categories of salient regions. The
tests are SciPy's and statsmodels'. They take observations to be independent;
regions of one photograph are not quite.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats import meta_analysis, oneway

_LEAST = 2  # observations that a group needs, to have a variance
_LEVEL = 0.95  # of all intervals


class Correlation(NamedTuple):
  """Spearman's rank correlation."""
  rho: float
  p: float  # two-sided
  pairs: int


class Group(NamedTuple):
  """One group of observations."""
  name: str
  size: int
  mean: float
  deviation: float  # of the sample, its divisor is n - 1


class Test(NamedTuple):
  """A test of equal means."""
  f: float
  df_between: float
  df_within: float
  p: float


class Pair(NamedTuple):
  """Two groups, after Tukey and Kramer: `difference` = first - second."""
  first: str
  second: str
  difference: float
  low: float  # of the 95 % interval, simultaneous over all pairs
  high: float
  p: float
  p_unequal: float  # of Games and Howell, who allow for unequal variances
  hedges_g: float  # in pooled standard deviations, less small samples' bias
  g_low: float  # of its 95 % interval, for this pair alone
  g_high: float


class Comparison(NamedTuple):
  """All that is known of whether groups differ."""
  groups: tuple[Group, ...]
  left_out: dict[str, int]  # name -> size of groups too small to take part
  levene_p: float  # of equal variances, around medians (Brown and Forsythe)
  anova: Test
  welch: Test  # allows for unequal variances
  eta_squared: float  # share of the variance that lies between groups
  omega_squared: float  # the same without the sample's bias; may be below 0
  pairs: tuple[Pair, ...]


def spearman(x: np.ndarray, y: np.ndarray) -> Correlation | None:
  """Correlates the ranks of two variables.

  Args:
    x: float `[N]`; NaN where nothing was measured.
    y: float `[N]`, likewise.

  Returns:
    The correlation over the pairs that are known; None if there are fewer than
    3, or if one of the variables is constant.
  """
  known = np.isfinite(x) & np.isfinite(y)
  x, y = x[known], y[known]
  if len(x) < 3 or not np.ptp(x) or not np.ptp(y):
    return None
  found = stats.spearmanr(x, y)
  return Correlation(float(found.statistic), float(found.pvalue), len(x))


def compare(samples: Mapping[str, np.ndarray]) -> Comparison | None:
  """Compares the means of groups.

  Args:
    samples: the observations of every group, float `[N]` without NaN.

  Returns:
    The comparison of the groups with 2 observations or more; None if there are
    fewer than 2 such groups, or if one of them does not vary.
  """
  kept = {name: x for name, x in samples.items() if len(x) >= _LEAST}
  if len(kept) < 2 or not all(np.ptp(x) for x in kept.values()):
    return None
  values = list(kept.values())
  total = sum(map(len, values))
  between = len(values) - 1
  within = total - len(values)
  f, p = map(float, stats.f_oneway(*values))
  welch = oneway.anova_oneway(values, use_var='unequal')
  # Cohen 1988, and Hays 1963, from F.
  explained = between * f
  return Comparison(
      tuple(
          Group(name, len(x), float(x.mean()), float(x.std(ddof=1)))
          for name, x in kept.items()),
      {name: len(x) for name, x in samples.items() if name not in kept},
      float(stats.levene(*values, center='median').pvalue),
      Test(f, between, within, p),
      Test(*map(float, (
          welch.statistic, welch.df_num, welch.df_denom, welch.pvalue))),
      explained / (explained + within),
      (explained - between) / (explained - between + total),
      _pairs(list(kept), values))


def _pairs(
    names: Sequence[str], values: Sequence[np.ndarray]) -> tuple[Pair, ...]:
  equal = stats.tukey_hsd(*values)
  unequal = stats.tukey_hsd(*values, equal_var=False)
  interval = equal.confidence_interval(_LEVEL)
  reach = stats.norm.ppf((1 + _LEVEL) / 2)
  found = []
  for i, j in itertools.combinations(range(len(names)), 2):
    g, variance = meta_analysis.effectsize_smd(
        *(number for x in (values[i], values[j])
          for number in (x.mean(), x.std(ddof=1), len(x))))
    margin = reach * np.sqrt(variance)
    found.append(Pair(names[i], names[j], *map(float, (
        equal.statistic[i, j], interval.low[i, j], interval.high[i, j],
        equal.pvalue[i, j], unequal.pvalue[i, j], g, g - margin, g + margin))))
  return tuple(found)
