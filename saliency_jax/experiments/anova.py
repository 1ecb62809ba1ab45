"""Analyses of variance of tables with two factors: the paper's own tests.

He et al. 2019 give a p and few details. What is tested here is reconstructed:
Section 6 has measurements and clusters of categories as factors; Section 5.2
compares categories, with the depths as replicates or as blocks.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.formula import api as formula
from statsmodels.stats import anova


class Effect(NamedTuple):
  """What one factor, or an interaction, explains."""

  f: float
  df: int
  df_residual: int
  p: float
  partial_eta_squared: float


class BlockPair(NamedTuple):
  """Two columns of a table with blocks, after Tukey."""

  first: str
  second: str
  difference: float
  p: float  # over all pairs


class Blocked(NamedTuple):
  """Columns compared, rows being blocks."""

  effect: Effect
  pairs: tuple[BlockPair, ...]


def effects(values: np.ndarray, factors: Mapping[str, np.ndarray], terms: str) -> dict[str, Effect] | None:
  """Analyses observations by factors, with sums of squares of type II.

  Args:
    values: float `[N]`.
    factors: name -> the level of each observation, `[N]`.
    terms: what explains the values, a formula of Patsy: 'C(row) * C(column)'.

  Returns:
    term -> its effect; None where nothing is left to estimate the residual
    from, or it is 0.
  """
  model = formula.ols(f'values ~ {terms}', pd.DataFrame({'values': values, **factors})).fit()
  if model.df_resid < 1 or model.ssr <= 1e-12 * values.var() * len(values):
    return None
  *rows, residual = anova.anova_lm(model, typ=2).itertuples()
  return {
    x.Index: Effect(
      float(x.F), int(x.df), int(residual.df), float(x[4]), float(x.sum_sq / (x.sum_sq + residual.sum_sq))
    )
    for x in rows
  }


def blocked(table: np.ndarray, names: Sequence[str]) -> Blocked | None:
  """Compares the columns of a table whose rows are blocks.

  Args:
    table: float `[D, K]`: depths by categories.

  Returns:
    The effect of the columns and all pairs; None with fewer than two rows or
    columns, or without a residual.
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
  error = np.sqrt((left**2).sum() / effect.df_residual / depths)
  return Blocked(
    effect,
    tuple(
      BlockPair(
        names[i],
        names[j],
        float(means[i] - means[j]),
        float(stats.studentized_range.sf(abs(means[i] - means[j]) / error, categories, effect.df_residual)),
      )
      for i, j in itertools.combinations(range(categories), 2)
    ),
  )
