"""Tests of groups: against published results, other programs' functions, and by hand."""

import itertools
import json
import types

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multitest import multipletests

from saliency_jax.experiments import clusters, comparisons
from saliency_jax.ops import inference
from saliency_jax.report import paper

# NIST's Statistical Reference Datasets, one-way analysis of variance, SiRstv:
# resistivity of silicon by five instruments, and its certified values.
SIRSTV = {
  '1': np.array([196.3052, 196.1240, 196.1890, 196.2569, 196.3403]),
  '2': np.array([196.3042, 196.3825, 196.1669, 196.3257, 196.0422]),
  '3': np.array([196.1303, 196.2005, 196.2889, 196.0343, 196.1811]),
  '4': np.array([196.2795, 196.1748, 196.1494, 196.1485, 195.9885]),
  '5': np.array([196.2119, 196.1051, 196.1850, 196.0052, 196.2090]),
}
CERTIFIED_F = 1.18046237440255
CERTIFIED_R_SQUARED = 1.90999039051129e-1

# The example of SciPy's `tukey_hsd`: relief of headache by three brands.
BRANDS = {
  'a': np.array([24.5, 23.5, 26.4, 27.1, 29.9]),
  'b': np.array([28.4, 34.2, 29.5, 32.2, 30.1]),
  'c': np.array([26.1, 28.3, 24.3, 26.2, 27.8]),
}


def compare(samples, images=None):
  """Returns what was found with its keys as attributes; it goes through JSON."""
  alone = {name: [f'{name} {i}' for i in range(len(x))] for name, x in samples.items()}
  return named(comparisons.compare(samples, images or alone))


def named(found):
  text = json.dumps(found, allow_nan=False)
  return json.loads(text, object_hook=lambda x: types.SimpleNamespace(**x))


@pytest.fixture
def unequal() -> dict[str, np.ndarray]:
  rng = np.random.default_rng(4)
  return {
    name: rng.normal(mean, deviation, size)
    for name, mean, deviation, size in (('x', 0, 1, 12), ('y', 0.5, 2, 30), ('z', 2, 0.5, 7))
  }


def test_analysis_of_variance_as_nist_certifies_it():
  found = compare(SIRSTV)
  assert found.anova.f == pytest.approx(CERTIFIED_F, rel=1e-9)
  assert (found.anova.df_between, found.anova.df_within) == (4, 20)
  assert found.eta_squared == pytest.approx(CERTIFIED_R_SQUARED, rel=1e-9)


def test_groups_are_described(unequal):
  for group in compare(unequal).groups:
    x = unequal[group.name]
    assert group.size == len(x)
    assert group.mean == pytest.approx(sum(x) / len(x))
    deviation = (sum((x - group.mean) ** 2) / (len(x) - 1)) ** 0.5
    assert group.deviation == pytest.approx(deviation)
    assert group.error == pytest.approx(deviation / len(x) ** 0.5)


def test_a_group_of_two_takes_part():
  found = compare({'x': np.array([1.0, 2]), 'y': np.arange(5.0)})
  assert [group.size for group in found.groups] == [2, 5]
  assert vars(found.left_out) == {}


def test_effect_sizes_are_those_of_the_sums_of_squares(unequal):
  frame = pd.DataFrame([(name, x) for name, values in unequal.items() for x in values], columns=['group', 'value'])
  table = anova_lm(ols('value ~ C(group)', frame).fit())
  between, within = table['sum_sq']
  mean_within = table['mean_sq'].iloc[1]
  found = compare(unequal)
  assert found.anova.p == pytest.approx(table['PR(>F)'].iloc[0])
  assert found.eta_squared == pytest.approx(between / (between + within))
  assert found.omega_squared == pytest.approx((between - 2 * mean_within) / (between + within + mean_within))


def test_unequal_variances_are_allowed_for(unequal):
  found = compare(unequal)
  # Welch 1951: groups weigh as much as their means are certain.
  values = list(unequal.values())
  weights = np.array([len(x) / x.var(ddof=1) for x in values])
  means, shares = np.array([x.mean() for x in values]), weights / weights.sum()
  spread = sum((1 - shares) ** 2 / [len(x) - 1 for x in values])
  degrees = 8 / (3 * spread)
  f = (weights @ (means - shares @ means) ** 2 / 2) / (1 + spread / 4)
  assert (found.welch.f, found.welch.df_within) == pytest.approx((f, degrees))
  assert found.welch.p == pytest.approx(stats.f.sf(f, 2, degrees))
  for pair in found.pairs:
    first, second = unequal[pair.first], unequal[pair.second]
    variances = [x.var(ddof=1) / len(x) for x in (first, second)]
    # Games and Howell: Welch's t, its degrees, and Tukey's distribution.
    degrees = sum(variances) ** 2 / sum(v**2 / (len(x) - 1) for v, x in zip(variances, (first, second), strict=True))
    q = abs(first.mean() - second.mean()) / np.sqrt(sum(variances) / 2)
    assert pair.p == pytest.approx(stats.studentized_range.sf(q, 3, degrees), abs=1e-6)
    reach = stats.studentized_range.ppf(0.95, 3, degrees) * np.sqrt(sum(variances) / 2)
    assert (pair.low, pair.high) == pytest.approx((pair.difference - reach, pair.difference + reach), abs=1e-5)


def test_intervals_of_many_pairs_are_scipys():
  rng = np.random.default_rng(0)
  samples = {str(n): rng.normal(0, n, 2 + n**2) for n in range(1, 6)}
  interval = stats.tukey_hsd(*samples.values(), equal_var=False).confidence_interval()
  np.testing.assert_allclose(
    [(x.low, x.high) for x in compare(samples).pairs],
    [(interval.low[i, j], interval.high[i, j]) for i in range(5) for j in range(i + 1, 5)],
    rtol=1e-3,
  )


def test_two_groups_are_welch_s_t_test():
  found = compare({name: BRANDS[name] for name in 'ab'})
  t = stats.ttest_ind(BRANDS['a'], BRANDS['b'], equal_var=False)
  assert found.welch.f == pytest.approx(t.statistic**2)
  assert found.welch.p == pytest.approx(t.pvalue)
  assert found.pairs[0].p == pytest.approx(t.pvalue, abs=1e-6)
  # As it is where every observation is a cluster.
  assert [*vars(found.clustered).values()] == pytest.approx([t.statistic**2, 1, t.df, t.pvalue])


def test_clusters_are_allowed_for_as_statsmodels_does(unequal):
  """But for its correction of few clusters, which is of all groups together."""
  rng = np.random.default_rng(7)
  images = {name: rng.integers(9, size=len(x)) for name, x in unequal.items()}
  found = compare(unequal, images)
  frame = pd.DataFrame(
    [(name, value, image) for name, x in unequal.items() for value, image in zip(x, images[name], strict=True)],
    columns=['group', 'value', 'image'],
  )
  keywords = {'groups': frame['image'], 'use_correction': False}
  fit = ols('value ~ C(group) - 1', frame).fit(cov_type='cluster', cov_kwds=keywords, use_t=True)
  counts = frame.groupby('group')['image'].nunique().to_numpy()
  share = np.sqrt(counts / (counts - 1))
  covariance = fit.cov_params().to_numpy() * share[:, None] * share
  assert found.clusters == 9
  assert [g.clustered_error for g in found.groups] == pytest.approx(list(np.diag(covariance) ** 0.5))
  equal = fit.f_test('C(group)[x] = C(group)[y], C(group)[y] = C(group)[z]', cov_p=covariance)
  # Hotelling's: T squared is 2 F of statsmodels, of df_within + 1 degrees of freedom.
  within = found.clustered.df_within
  assert 2 < within < 8
  assert found.clustered.f == pytest.approx(float(equal.fvalue) * within / (within + 1))
  assert found.clustered.p == pytest.approx(stats.f.sf(found.clustered.f, 2, within))
  for pair in found.pairs:
    test = fit.t_test(f'C(group)[{pair.first}] - C(group)[{pair.second}]', cov_p=covariance)
    both = [[*unequal].index(x) for x in (pair.first, pair.second)]
    variances = np.diag(covariance)[both]
    degrees = variances.sum() ** 2 / (variances**2 / (counts[both] - 1)).sum()
    assert pair.p_clustered == pytest.approx(2 * stats.t.sf(abs(test.tvalue.item()), degrees))


def test_without_clusters_every_observation_is_one(unequal):
  found = compare(unequal)
  sizes = [len(x) for x in unequal.values()]
  assert found.clusters == sum(sizes)
  for group in found.groups:
    assert group.clustered_error == pytest.approx(group.error)
  for pair in found.pairs:
    welch = stats.ttest_ind(unequal[pair.first], unequal[pair.second], equal_var=False)
    assert pair.p_clustered == pytest.approx(welch.pvalue)


@pytest.mark.parametrize(('groups', 'photographs', 'shift'), [(6, 14, 0), (10, 40, 0), (4, 40, 1)])
def test_where_nothing_differs_clustered_p_of_many_groups_is_as_often_small_as_it_says(groups, photographs, shift):
  """Of 600 draws; with F of K - 1 and G - 1 degrees it was below .05 in 20 to 22 %."""
  rng = np.random.default_rng(0)
  names = np.repeat(np.arange(groups), 12)
  p = []
  for _ in range(600):
    images = rng.integers(photographs, size=len(names))
    values = rng.normal(size=len(names)) + 0.3 * rng.normal(size=photographs)[images] + shift * (names == 0)
    test = clusters.Means(values, names, images).equal()
    p.append(test.p if test else 1)
  share = np.mean(np.array(p) < 0.05)
  assert share > 0.5 if shift else 0.01 < share < 0.08


def test_one_photograph_alone_has_no_clustered_test(unequal):
  found = compare(unequal, {name: np.zeros(len(x)) for name, x in unequal.items()})
  assert found.clustered is None
  assert {pair.p_clustered for pair in found.pairs} == {None}
  assert np.isfinite([*vars(found.welch).values()]).all()


def test_many_groups_on_few_photographs_have_no_clustered_test():
  """On 12 photographs F of 10 groups would have -1.7 degrees of freedom."""
  groups = np.repeat(np.arange(10), 4)
  images = 3 * groups + np.tile(np.arange(4), 10) * (groups % 3 + 1)
  values = np.random.default_rng(0).normal(size=40)
  assert clusters.Means(values, groups, images % 12).equal() is None
  assert clusters.Means(values, groups, images % 30).equal().df_within > 0


@pytest.mark.parametrize('few', [1, 3])
def test_a_group_on_fewer_than_four_photographs_has_no_clustered_error(few, unequal):
  """On one residuals add up to 0: it passed for known exactly."""
  images = {name: np.arange(len(x)) % 7 for name, x in unequal.items()} | {'z': 9 + np.arange(7) % few}
  found = compare(unequal, images)
  assert [group.clustered_error is None for group in found.groups] == [False, False, True]
  # The others are tested as if it was not there.
  assert found.clustered == compare({name: unequal[name] for name in 'xy'}, images).clustered
  assert [pair.p_clustered is None for pair in found.pairs] == [False, True, True]
  assert found.pairs[0].p_clustered > 0.01


def test_a_difference_that_is_the_same_on_all_photographs_has_no_clustered_test():
  for seed in range(9):  # of some rounding leaves a little, on either side of 0
    values = np.random.default_rng(seed).random(6)
    images = dict.fromkeys('xy', np.arange(6))
    [pair] = compare({'x': values, 'y': values + 0.3}, images).pairs
    assert pair.p_clustered is None


def test_holm_as_published():
  # The example of Wikipedia's article on Holm's method.
  assert inference.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
  p = np.random.default_rng(0).random(30) ** 3
  assert inference.holm(p) == pytest.approx(multipletests(p, method='holm')[1])
  assert inference.holm([]).shape == (0,)


def test_hedges_g_of_each_pair(unequal):
  pairs = compare(unequal).pairs
  assert [(p.first, p.second) for p in pairs] == list(itertools.combinations(unequal, 2))
  for pair in pairs:
    first, second = unequal[pair.first], unequal[pair.second]
    degrees = len(first) + len(second) - 2
    pooled = np.sqrt(((len(first) - 1) * first.var(ddof=1) + (len(second) - 1) * second.var(ddof=1)) / degrees)
    # Hedges 1981: the small sample's bias, to first order.
    expected = (1 - 3 / (4 * degrees - 1)) * (first.mean() - second.mean()) / pooled
    assert pair.hedges_g == pytest.approx(expected)
    # Hedges and Olkin 1985; statsmodels takes g for d, with its own divisor.
    variance = (len(first) + len(second)) / (len(first) * len(second)) + expected**2 / (
      2 * (len(first) + len(second) - 3.94)
    )
    assert pair.g_high - pair.hedges_g == pytest.approx(1.959964 * variance**0.5)
    assert pair.hedges_g - pair.g_low == pytest.approx(pair.g_high - pair.hedges_g)


def test_groups_of_one_are_left_out_and_named(unequal):
  found = compare(unequal | {'lonely': np.ones(1), 'empty': np.ones(0)})
  assert vars(found.left_out) == {'lonely': 1, 'empty': 0}
  assert [g.name for g in found.groups] == ['x', 'y', 'z']
  found.left_out = types.SimpleNamespace()
  assert found == compare(unequal)


def test_what_cannot_be_compared_is_none(unequal):
  for samples in ({}, {'x': unequal['x'], 'y': np.ones(1)}, {'x': unequal['x'], 'y': np.ones(5)}):
    assert comparisons.compare(samples, {}) is None


def test_spearman_is_pearson_of_ranks_and_skips_what_is_not_known():
  rng = np.random.default_rng(1)
  x = rng.normal(size=12)
  y = x**3 + rng.normal(size=12)
  x[3], y[7] = np.nan, np.nan
  known = np.isfinite(x) & np.isfinite(y)
  found = named(comparisons.spearman(x, y))
  ranks = [stats.rankdata(values[known]) for values in (x, y)]
  assert found.pairs == 10
  assert found.rho == pytest.approx(np.corrcoef(*ranks)[0, 1])
  assert found.p == pytest.approx(2 * stats.t.sf(abs(found.rho) * np.sqrt(8 / (1 - found.rho**2)), 8))


def test_three_pairs_have_a_correlation():
  found = named(comparisons.spearman(np.array([1.0, 2, 3]), np.array([1.0, 3, 2])))
  assert (found.rho, found.pairs) == (0.5, 3)


@pytest.mark.parametrize(('x', 'y'), [([1, 2], [3, 4]), ([1, 2, 3], [5, 5, 5]), ([np.nan] * 4, [1, 2, 3, 4])])
def test_spearman_of_too_little_is_none(x, y):
  assert comparisons.spearman(np.array(x, float), np.array(y, float)) is None


def test_two_factors_by_least_squares():
  rng = np.random.default_rng(0)
  rows, columns = np.repeat([0, 1], 12), np.tile(np.arange(12) < 2, 2) * 1
  # An unbalanced third level, so that the types of sums differ.
  rows[1:5] = 2
  values = rng.normal(size=24) + rows + 2 * columns
  found = comparisons.effects(values, {'row': rows, 'column': columns}, 'C(row) * C(column)')
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
    assert [*found[name].values()] == pytest.approx(
      [f, df, 20 - both.shape[1], stats.f.sf(f, df, 20 - both.shape[1]), explained / (explained + rest)]
    )


def test_what_leaves_no_residual_is_none():
  assert (
    comparisons.effects(np.arange(4.0), {'x': np.array([0, 0, 1, 1]), 'y': np.array([0, 1, 0, 1])}, 'x * y') is None
  )
  assert comparisons.blocked(np.ones((1, 3)), 'abc') is None
  assert comparisons.blocked(np.arange(6.0).reshape(2, 3), 'abc') is None


def test_blocks_as_statsmodels_has_them():
  rng = np.random.default_rng(1)
  table = rng.normal(size=(5, 4)) + np.arange(4) + 3 * np.arange(5)[:, None]
  found = named(comparisons.blocked(table, 'abcd'))
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
  found = named(
    comparisons.blocked(np.array([[table[depth, x] for x in names] for depth in paper.rows(3) if depth]), names)
  )
  for category, expected in (('person head', True), ('animal head', True), ('other', False)):
    pairs = [x for x in found.pairs if category in (x.first, x.second)]
    assert len(pairs) == 11
    assert all(pair.p < 0.05 for pair in pairs) == expected
  misses = {x.first for x in found.pairs if x.second == 'other' and x.p >= 0.05}
  assert misses == {'object', 'text'}
