"""Do groups differ? Analysis of variance and what belongs to it.

He et al. 2019, Section 6, ask it of the categories of salient regions. Groups
differ in size and in variance, so Welch's test and the pairs of Games and
Howell are the ones to read; no other test is asked first. Both take
observations to be independent; beside them stand tests that allow for regions
of one photograph. The tests are SciPy's and statsmodels'.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats import meta_analysis, oneway

from saliency_jax.experiments import clusters
from saliency_jax.experiments.clusters import Test
from saliency_jax.ops import inference

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
  error: float  # standard error of the mean
  clustered_error: float  # the same, allowing for clusters


class Pair(NamedTuple):
  """Two groups: `difference` = first - second."""

  first: str
  second: str
  difference: float
  low: float  # of the 95 % interval, simultaneous over all pairs
  high: float
  p: float  # of Games and Howell, over all pairs
  p_clustered: float  # of this pair alone, allowing for clusters
  hedges_g: float  # in pooled standard deviations, less small samples' bias
  g_low: float  # of its 95 % interval, for this pair alone
  g_high: float


class Comparison(NamedTuple):
  """All that is known of whether groups differ."""

  groups: tuple[Group, ...]
  left_out: dict[str, int]  # name -> size of groups too small to take part
  clusters: int
  welch: Test  # allows for unequal variances
  clustered: Test | None  # allows for clusters; None of too few
  anova: Test  # the classical one
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


def compare(samples: Mapping[str, np.ndarray], images: Mapping[str, np.ndarray] | None = None) -> Comparison | None:
  """Compares the means of groups.

  Args:
    samples: the observations of every group, float `[N]` without NaN.
    images: the photograph of every observation, `[N]` each; by default every
      observation is a cluster of its own.

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
  robust = clusters.means(
    np.concatenate(values),
    np.repeat(np.arange(len(values)), [len(x) for x in values]),
    np.arange(total) if images is None else np.concatenate([images[name] for name in kept]),
  )
  # Cohen 1988, and Hays 1963, from F.
  explained = between * f
  return Comparison(
    tuple(
      Group(name, len(x), float(x.mean()), float(x.std(ddof=1)), float(x.std(ddof=1) / np.sqrt(len(x))), float(error))
      for (name, x), error in zip(kept.items(), robust.errors, strict=True)
    ),
    {name: len(x) for name, x in samples.items() if name not in kept},
    robust.clusters,
    Test(*map(float, (welch.statistic, welch.df_num, welch.df_denom, welch.pvalue))),
    robust.equal(),
    Test(f, between, within, p),
    explained / (explained + within),
    (explained - between) / (explained - between + total),
    _pairs(list(kept), values, robust),
  )


def hedges(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
  """Returns Hedges' g of first - second and its 95 % interval."""
  g, variance = meta_analysis.effectsize_smd(
    *(number for x in (first, second) for number in (x.mean(), x.std(ddof=1), len(x)))
  )
  margin = stats.norm.ppf((1 + _LEVEL) / 2) * np.sqrt(variance)
  return float(g), float(g - margin), float(g + margin)


def plain(value):
  """Returns named tuples as dictionaries, and NaN as None, for JSON."""
  if hasattr(value, '_asdict'):
    return {key: plain(x) for key, x in value._asdict().items()}
  if isinstance(value, dict):
    return {key: plain(x) for key, x in value.items()}
  if isinstance(value, tuple):
    return [plain(x) for x in value]
  return None if isinstance(value, float) and np.isnan(value) else value


def correct(entries: Sequence[dict], p: Sequence[float | None]) -> None:
  """Adds `p_holm`, null where there is no p, to the tests of one family."""
  corrected = inference.holm([np.nan if x is None else x for x in p])
  for entry, x in zip(entries, map(float, corrected), strict=True):
    entry['p_holm'] = plain(x)


def _pairs(names: Sequence[str], values: Sequence[np.ndarray], robust: clusters.Means) -> tuple[Pair, ...]:
  tested = stats.tukey_hsd(*values, equal_var=False)
  pairs = list(itertools.combinations(range(len(names)), 2))
  found = []
  for (i, j), margin in zip(pairs, _margins(values, pairs), strict=True):
    difference = float(tested.statistic[i, j])
    weights = np.zeros(len(names))
    weights[[i, j]] = 1, -1
    _, _, alone = robust.contrast(weights)
    found.append(
      Pair(
        names[i],
        names[j],
        difference,
        difference - margin,
        difference + margin,
        float(tested.pvalue[i, j]),
        alone,
        *hedges(values[i], values[j]),
      )
    )
  return tuple(found)


def _margins(values: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]]) -> list[float]:
  """Returns half the widths of the intervals of Games and Howell 1976.

  The studentized range takes 0.2 s for each number of degrees of freedom; its
  logarithm is smooth in their inverse, so of many it is interpolated, within
  1e-4 of itself.
  """
  size = np.array([len(x) for x in values])
  share = np.array([x.var(ddof=1) for x in values]) / size
  both = np.array([share[[i, j]] for i, j in pairs])
  inverse = (both**2 / [size[[i, j]] - 1 for i, j in pairs]).sum(axis=1) / (both.sum(axis=1) ** 2)

  def quantile(x: np.ndarray) -> np.ndarray:
    return np.log(stats.studentized_range.ppf(_LEVEL, len(values), 1 / x))

  known = (
    quantile
    if len(pairs) < 10 or not np.ptp(inverse)
    else (np.polynomial.Chebyshev.interpolate(quantile, 8, [inverse.min(), inverse.max()]))
  )
  return (np.exp(known(inverse)) * np.sqrt(both.sum(axis=1) / 2)).tolist()
