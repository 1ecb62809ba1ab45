"""Two-factor analyses by hand, and the paper's own Table 3."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from saliency_jax.experiments import anova
from saliency_jax.report import paper


def test_two_factors_by_least_squares():
  rng = np.random.default_rng(0)
  rows, columns = np.repeat([0, 1], 12), np.tile(np.arange(12) < 2, 2) * 1
  # An unbalanced third level, so that the types of sums differ.
  rows[1:5] = 2
  values = rng.normal(size=24) + rows + 2 * columns
  found = anova.effects(values, {'row': rows, 'column': columns}, 'C(row) * C(column)')
  one = np.ones((24, 1))
  first, second = (np.eye(count)[of][:, 1:] for of, count in ((rows, 3), (columns, 2)))
  both = (first[:, :, None] * second[:, None]).reshape(24, -1)

  def left(*design):
    """Returns the sum of squares that a model leaves."""
    x = np.hstack([one, *design])
    return ((values - x @ np.linalg.lstsq(x, values)[0]) ** 2).sum()

  rest = left(first, second, both)
  for name, explained, df in (
    ('C(row)', left(second) - left(first, second), 2),
    ('C(column)', left(first) - left(first, second), 1),
    ('C(row):C(column)', left(first, second) - rest, both.shape[1]),
  ):
    f = explained / df / (rest / (20 - both.shape[1]))
    assert found[name] == pytest.approx(
      (f, df, 20 - both.shape[1], stats.f.sf(f, df, 20 - both.shape[1]), explained / (explained + rest))
    )


def test_what_leaves_no_residual_is_none():
  assert anova.effects(np.arange(4.0), {'x': np.array([0, 0, 1, 1]), 'y': np.array([0, 1, 0, 1])}, 'x * y') is None
  assert anova.blocked(np.ones((1, 3)), 'abc') is None
  assert anova.blocked(np.arange(6.0).reshape(2, 3), 'abc') is None


def test_blocks_as_statsmodels_has_them():
  rng = np.random.default_rng(1)
  table = rng.normal(size=(5, 4)) + np.arange(4) + 3 * np.arange(5)[:, None]
  found = anova.blocked(table, 'abcd')
  frame = pd.DataFrame(
    [(value, depth, category) for (depth, category), value in np.ndenumerate(table)],
    columns=['value', 'depth', 'category'],
  )
  model = anova_lm(ols('value ~ C(depth) + C(category)', frame).fit())
  row, residual = model.loc['C(category)'], model.loc['Residual']
  assert (found.effect.f, found.effect.p) == pytest.approx((row['F'], row['PR(>F)']))
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
  found = anova.blocked(np.array([[table[depth, x] for x in names] for depth in paper.rows(3) if depth]), names)
  for category, expected in (('person head', True), ('animal head', True), ('other', False)):
    pairs = [x for x in found.pairs if category in (x.first, x.second)]
    assert len(pairs) == 11
    assert all(pair.p < 0.05 for pair in pairs) == expected
  misses = {x.first for x in found.pairs if x.second == 'other' and x.p >= 0.05}
  assert misses == {'object', 'text'}
