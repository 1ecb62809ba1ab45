"""Do groups differ? Analyses of variance and related tests, as JSON values.

He et al. 2019, Section 6, ask this of the categories of salient regions. Groups
differ in size and variance, so Welch's test and Games and Howell's pairs are
the ones to read; no test is a precondition of another. These assume independent
observations; beside them stand tests that allow for regions of one photograph.
The tests are SciPy's and statsmodels'.

The paper gives p and few details of its own analyses. They are reconstructed:
Section 6 has measurements and clusters of categories as factors; Section 5.2
compares categories, with the depths as replicates or as blocks.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.formula import api as formula
from statsmodels.stats import anova, meta_analysis, oneway

from saliency_jax.experiments import clusters
from saliency_jax.experiments.clusters import Test
from saliency_jax.ops import inference

_LEAST = 2  # observations that a group needs to have a variance
_LEVEL = 0.95  # of all intervals


def spearman(x: np.ndarray, y: np.ndarray) -> dict | None:
  """Correlates the ranks of two variables.

  Args:
    x: float `[N]`; NaN where nothing was measured.
    y: float `[N]`, likewise.

  Returns:
    `rho`, its two-sided `p` and the number of known `pairs`; None if there are
    fewer than 3, or if one of the variables is constant.
  """
  known = np.isfinite(x) & np.isfinite(y)
  x, y = x[known], y[known]
  if len(x) < 3 or not np.ptp(x) or not np.ptp(y):
    return None
  found = stats.spearmanr(x, y)
  return {'rho': float(found.statistic), 'p': float(found.pvalue), 'pairs': len(x)}


def compare(samples: Mapping[str, np.ndarray], images: Mapping[str, np.ndarray]) -> dict | None:
  """Compares the means of groups.

  Args:
    samples: the observations of every group, float `[N]` without NaN.
    images: the photograph of every observation, `[N]` each.

  Returns:
    None if fewer than 2 groups have 2 observations or more, or if one of these
    does not vary. Otherwise:
    - `groups`: size, mean, deviation (divisor n - 1), standard `error`, and
      `clustered_error`, which allows for clusters and is null with fewer than
      four of them.
    - `left_out`: sizes of the other groups. `clusters`: their number.
    - `welch`, which allows for unequal variances; `clustered`, of the groups
      with a clustered error, null with too few clusters; the classical `anova`.
    - `eta_squared`, the share of variance between groups, and `omega_squared`,
      its less biased version, which may be negative.
    - `pairs`: `difference` = first - second, its interval `low` to `high` and
      `p` (Games and Howell, over all pairs); `p_clustered`, of this pair alone;
      `hedges_g` (pooled deviations, corrected for small samples), `g_low`,
      `g_high`.
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
  robust = clusters.Means(
    np.concatenate(values),
    np.repeat(np.arange(len(values)), [len(x) for x in values]),
    np.concatenate([images[name] for name in kept]),
  )
  # Cohen 1988 and Hays 1963, from F.
  explained = between * f
  groups = [
    {
      'name': name,
      'size': len(x),
      'mean': float(x.mean()),
      'deviation': float(x.std(ddof=1)),
      'error': float(x.std(ddof=1) / np.sqrt(len(x))),
      'clustered_error': float(error),
    }
    for (name, x), error in zip(kept.items(), robust.errors, strict=True)
  ]
  return plain(
    {
      'groups': groups,
      'left_out': {name: len(x) for name, x in samples.items() if name not in kept},
      'clusters': robust.clusters,
      'welch': Test(*map(float, (welch.statistic, welch.df_num, welch.df_denom, welch.pvalue))),
      'clustered': robust.equal(),
      'anova': Test(f, between, within, p),
      'eta_squared': explained / (explained + within),
      'omega_squared': (explained - between) / (explained - between + total),
      'pairs': _pairs(list(kept), values, robust),
    }
  )


def effects(values: np.ndarray, factors: Mapping[str, np.ndarray], terms: str) -> dict[str, dict] | None:
  """Analyses observations by factors, with type II sums of squares.

  Args:
    values: float `[N]`.
    factors: name -> the level of each observation, `[N]`.
    terms: a formula of Patsy for the values: 'C(row) * C(column)'.

  Returns:
    term -> its `f`, `df`, `df_residual`, `p` and `partial_eta_squared`; None if
    the residual has no degrees of freedom, or is 0.
  """
  model = formula.ols(f'values ~ {terms}', pd.DataFrame({'values': values, **factors})).fit()
  if model.df_resid < 1 or model.ssr <= 1e-12 * values.var() * len(values):
    return None
  *rows, residual = anova.anova_lm(model, typ=2).itertuples()
  return {
    x.Index: {
      'f': float(x.F),
      'df': int(x.df),
      'df_residual': int(residual.df),
      'p': float(x[4]),
      'partial_eta_squared': float(x.sum_sq / (x.sum_sq + residual.sum_sq)),
    }
    for x in rows
  }


def blocked(table: np.ndarray, names: Sequence[str]) -> dict | None:
  """Compares the columns of a table whose rows are blocks.

  Args:
    table: float `[D, K]`, depths by categories.

  Returns:
    The `effect` of the columns and all `pairs`: first, second, difference and
    Tukey's `p` over all pairs; None with fewer than two rows or columns, or
    without a residual.
  """
  depths, categories = table.shape
  if depths < 2 or categories < 2:
    return None
  rows, columns = np.indices(table.shape)
  found = effects(table.ravel(), {'depth': rows.ravel(), 'category': columns.ravel()}, 'C(depth) + C(category)')
  if found is None:
    return None
  effect, means = found['C(category)'], table.mean(axis=0)
  left = table - means - table.mean(axis=1)[:, None] + table.mean()
  error = np.sqrt((left**2).sum() / effect['df_residual'] / depths)
  pairs = [
    {
      'first': names[i],
      'second': names[j],
      'difference': float(means[i] - means[j]),
      'p': float(stats.studentized_range.sf(abs(means[i] - means[j]) / error, categories, effect['df_residual'])),
    }
    for i, j in itertools.combinations(range(categories), 2)
  ]
  return plain({'effect': effect, 'pairs': pairs})


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
  if isinstance(value, list):
    return [plain(x) for x in value]
  return None if isinstance(value, float) and np.isnan(value) else value


def correct(entries: Sequence[dict], p: Sequence[float | None]) -> None:
  """Adds `p_holm`, null where there is no p, to the tests of one family."""
  corrected = inference.holm([np.nan if x is None else x for x in p])
  for entry, x in zip(entries, map(float, corrected), strict=True):
    entry['p_holm'] = plain(x)


def _pairs(names: Sequence[str], values: Sequence[np.ndarray], robust: clusters.Means) -> list[dict]:
  tested = stats.tukey_hsd(*values, equal_var=False)
  pairs = list(itertools.combinations(range(len(names)), 2))
  found = []
  for (i, j), margin in zip(pairs, _margins(values, pairs), strict=True):
    difference = float(tested.statistic[i, j])
    found.append(
      {
        'first': names[i],
        'second': names[j],
        'difference': difference,
        'low': difference - margin,
        'high': difference + margin,
        'p': float(tested.pvalue[i, j]),
        'p_clustered': robust.difference(i, j).p,
        **dict(zip(('hedges_g', 'g_low', 'g_high'), hedges(values[i], values[j]), strict=True)),
      }
    )
  return found


def _margins(values: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]]) -> list[float]:
  """Returns half the widths of Games and Howell's intervals (1976).

  The studentized range takes 0.2 s for each number of degrees of freedom. Its
  logarithm is smooth in their inverse, so for many pairs it is interpolated,
  with an error below 1e-4.
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
