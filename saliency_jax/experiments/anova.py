"""Analyses of variance of tables with two factors: the paper's own tests.

He et al. 2019 give a p and few details. What is tested here is reconstructed:
Section 6 has measurements and clusters of categories as factors; Section 5.2
compares categories, with the depths as replicates or as blocks.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Effect(NamedTuple):
  """What one factor, or their interaction, explains."""
  f: float
  df: int
  df_residual: int
  p: float
  partial_eta_squared: float


class TwoFactors(NamedTuple):
  """An analysis of variance with two factors, sums of squares of type II."""
  rows: Effect
  columns: Effect
  interaction: Effect


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


def two_factors(
    values: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> TwoFactors | None:
  """Analyses observations by two factors and their interaction.

  Args:
    values: float `[N]`.
    rows: int `[N]`, the level of the first factor, 0 and up.
    columns: int `[N]`, the level of the second.

  Returns:
    The effects; None where nothing is left to estimate the residual from, or
    it is 0.
  """
  one = np.ones((len(values), 1))
  first, second = _dummies(rows), _dummies(columns)
  both = (first[:, :, None] * second[:, None]).reshape(len(values), -1)
  additive = _residual(np.hstack([one, first, second]), values)
  whole = _residual(np.hstack([one, first, second, both]), values)
  if whole.df < 1 or whole.sum <= 1e-12 * values.var() * len(values):
    return None
  # Type II: each factor beside the other one, without their interaction.
  return TwoFactors(
      _effect(_residual(np.hstack([one, second]), values), additive, whole),
      _effect(_residual(np.hstack([one, first]), values), additive, whole),
      _effect(additive, whole, whole))


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
  centred = (
      table - table.mean(axis=0) - table.mean(axis=1)[:, None] + table.mean())
  df = (depths - 1) * (categories - 1)
  residual = _Residual(float((centred ** 2).sum()), df)
  if residual.sum <= 1e-12 * table.var() * table.size:
    return None
  means = table.mean(axis=0)
  between = depths * float(((means - means.mean()) ** 2).sum())
  error = np.sqrt(residual.sum / df / depths)
  return Blocked(
      _effect(
          _Residual(residual.sum + between, df + categories - 1), residual,
          residual),
      tuple(
          BlockPair(
              names[i], names[j], float(means[i] - means[j]),
              float(stats.studentized_range.sf(
                  abs(means[i] - means[j]) / error, categories, df)))
          for i, j in itertools.combinations(range(categories), 2)))


class _Residual(NamedTuple):
  """What a model leaves."""
  sum: float  # of squares
  df: int


def _effect(without: _Residual, with_: _Residual, error: _Residual) -> Effect:
  df = without.df - with_.df
  explained = without.sum - with_.sum
  f = explained / df / (error.sum / error.df)
  return Effect(
      float(f), df, error.df, float(stats.f.sf(f, df, error.df)),
      float(explained / (explained + error.sum)))


def _residual(design: np.ndarray, values: np.ndarray) -> _Residual:
  fitted, _, rank, _ = np.linalg.lstsq(design, values)
  return _Residual(
      float(((values - design @ fitted) ** 2).sum()), len(values) - int(rank))


def _dummies(levels: np.ndarray) -> np.ndarray:
  """Returns a column for each level but the first: `[N, L - 1]`."""
  return (levels[:, None] == np.unique(levels)[1:]).astype(np.float64)
