"""Two-factor analyses against statsmodels, and the paper's own Table 3."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from saliency_jax.experiments import anova
from saliency_jax.report import paper


def test_two_factors_as_statsmodels_has_them():
  rng = np.random.default_rng(0)
  rows, columns = np.repeat([0, 1], 12), np.tile(np.arange(12) < 2, 2) * 1
  # An unbalanced third level, so that the types of sums differ.
  rows[1:5] = 2
  values = rng.normal(size=24) + rows + 2 * columns
  found = anova.two_factors(values, rows, columns)
  frame = pd.DataFrame({'value': values, 'row': rows, 'column': columns})
  table = anova_lm(
      ols('value ~ C(row) * C(column)', frame).fit(), typ=2)
  for effect, name in zip(
      found, ('C(row)', 'C(column)', 'C(row):C(column)'), strict=True):
    row = table.loc[name]
    assert (effect.f, effect.df, effect.p) == pytest.approx(
        (row['F'], row['df'], row['PR(>F)']))
    assert effect.df_residual == table.loc['Residual', 'df']
    assert effect.partial_eta_squared == pytest.approx(
        row['sum_sq'] / (row['sum_sq'] + table.loc['Residual', 'sum_sq']))


def test_what_leaves_no_residual_is_none():
  assert anova.two_factors(
      np.arange(4.), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) is None
  assert anova.blocked(np.ones((1, 3)), 'abc') is None
  assert anova.blocked(np.arange(6.).reshape(2, 3), 'abc') is None


def test_blocks_as_statsmodels_has_them():
  rng = np.random.default_rng(1)
  table = rng.normal(size=(5, 4)) + np.arange(4) + 3 * np.arange(5)[:, None]
  found = anova.blocked(table, 'abcd')
  frame = pd.DataFrame([
      (value, depth, category) for (depth, category), value
      in np.ndenumerate(table)], columns=['value', 'depth', 'category'])
  model = anova_lm(ols('value ~ C(depth) + C(category)', frame).fit())
  row, residual = model.loc['C(category)'], model.loc['Residual']
  assert (found.effect.f, found.effect.p) == pytest.approx(
      (row['F'], row['PR(>F)']))
  assert (found.effect.df, found.effect.df_residual) == (3, 12)
  means = table.mean(axis=0)
  pair = found.pairs[1]
  assert (pair.first, pair.second) == ('a', 'c')
  assert pair.difference == pytest.approx(means[0] - means[2])
  q = abs(pair.difference) / np.sqrt(residual['mean_sq'] / 5)
  assert pair.p == pytest.approx(stats.studentized_range.sf(q, 4, 12))


def test_the_paper_s_own_table_does_not_bear_out_other():
  """With depth as block two of its three categories differ from all others."""
  table, names = paper.table(3), tuple(paper.facts()['categories'])
  found = anova.blocked(np.array([
      [table[depth, x] for x in names] for depth in paper.rows(3) if depth]),
      names)
  for category, expected in (
      ('person head', True), ('animal head', True), ('other', False)):
    pairs = [x for x in found.pairs if category in (x.first, x.second)]
    assert len(pairs) == 11
    assert all(pair.p < .05 for pair in pairs) == expected
  misses = {
      x.first for x in found.pairs if x.second == 'other' and x.p >= .05}
  assert misses == {'object', 'text'}
