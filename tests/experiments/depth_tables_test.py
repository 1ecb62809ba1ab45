"""The analyses of Section 5.2 on scores whose differences are known."""

import json

import ml_collections
import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from saliency_jax.experiments import bootstrap, depth_tables

CATEGORIES = ('person head', 'text', 'food', 'other')
ANALYSIS = ml_collections.ConfigDict({'top_units': 3, 'threshold': 1.5})
DEPTHS = {'depth_0': 0, 'depth_1': 1, 'depth_2': 2, 'depth_3': 3}


@pytest.fixture(scope='module')
def made():
  """Person heads rise with depth, all other categories stay."""
  rng = np.random.default_rng(0)
  labels, images = np.repeat(CATEGORIES, 30), np.tile(np.arange(30), 4)
  members = {}
  for name, depth in DEPTHS.items():
    lift = depth * (labels == 'person head') + rng.normal(size=120) / 2
    members[name] = lift[:, None] + rng.normal(size=(120, 15)) / 2
  members['depth_2'][0] = np.nan
  return members, labels, images


@pytest.fixture(scope='module')
def found(made):
  return _tested(*made, DEPTHS)


def _tested(members, labels, images, depths):
  scores = depth_tables.UnitScores(images, np.zeros(len(images), int), labels, members)
  return depth_tables.statistics_by_depth(scores, depth_tables.of_regions(scores, ANALYSIS), depths)


def test_a_region_is_its_mean_over_the_best_units(made, found):
  members, labels, _ = made
  samples = []
  for category in CATEGORIES:
    rows = members['depth_1'][labels == category]
    best = np.argsort(-rows.mean(axis=0))[:3]
    samples.append(rows[:, best].mean(axis=1))
  test = found['members']['depth_1']
  assert test['anova']['f'] == pytest.approx(stats.f_oneway(*samples).statistic)
  assert [of['mean'] for of in test['groups']] == pytest.approx([of.mean() for of in samples])
  assert test['clusters'] == 30
  assert found['members']['depth_2']['groups'][0]['size'] == 29
  pair = test['pairs'][0]
  assert (pair['first'], pair['second']) == ('person head', 'text')
  assert pair['p'] == pytest.approx(stats.tukey_hsd(*samples, equal_var=False).pvalue[0, 1])


def test_the_claims_hold_where_they_are_made_to(found):
  assert found['differs']['person head'] == {
    'depth_0': False,
    'depth_1': True,
    'depth_2': True,
    'depth_3': True,
    'blocked': True,
  }
  assert set(found['differs']) == {'person head', 'other'}
  assert not any(found['differs']['other'].values())
  assert found['blocked']['effect']['df'] == 3
  assert found['blocked']['effect']['df_residual'] == 6
  json.dumps(found, allow_nan=False)


def test_all_is_corrected_over_the_members(found):
  pairs = [x for one in found['members'].values() for x in one['pairs']]
  assert [x['p_holm'] for x in pairs] == pytest.approx(
    multipletests([x['p_clustered'] for x in pairs], method='holm')[1]
  )
  tests = [*found['members'].values()]
  assert [x['p_holm'] for x in tests] == pytest.approx(
    multipletests([x['clustered']['p'] for x in tests], method='holm')[1]
  )
  # A category differs from all others where the largest p of its pairs does.
  for family in (found['members'], {'blocked': found['blocked']}):
    largest = [
      max(pair['p'] for pair in one['pairs'] if category in (pair['first'], pair['second']))
      for category in ('person head', 'other')
      for one in family.values()
    ]
    assert [of[name] for of in found['differs'].values() for name in family] == multipletests(largest, method='holm')[
      0
    ].tolist()


def test_gains_are_of_the_same_photographs_and_of_units_chosen_anew(made):
  members, labels, images = made
  values = depth_tables.of_regions(depth_tables.UnitScores(images, np.zeros(120, int), labels, members), ANALYSIS)
  found = depth_tables.gains(values, DEPTHS)
  assert list(found) == ['depth_1', 'depth_2', 'depth_3']
  draws = bootstrap.draw(images, 500)

  def best(name, counts):
    rows = np.repeat(np.flatnonzero(labels == 'text'), counts)
    return np.sort(members[name][rows].mean(axis=0))[-3:].mean()

  whole, *samples = (best('depth_3', counts) - best('depth_0', counts) for counts in (np.ones(30, int), *draws.counts))
  mean, both = np.mean(samples), [whole, 2 * whole - np.mean(samples)]
  on = len(np.unique(images[labels == 'text']))
  wider = stats.t.ppf(0.975, on - 1) / stats.norm.ppf(0.975) * np.sqrt(on / (on - 1))
  expected = {
    'gain': whole,
    'low': min(both) + wider * (mean - np.quantile(samples, 0.975)),
    'high': max(both) + wider * (mean - np.quantile(samples, 0.025)),
    'p': 2 * stats.t.sf(np.abs(both).min() / np.std(samples, ddof=1) / np.sqrt(on / (on - 1)), on - 1),
  }
  text = found['depth_3']['text']
  assert {x: text[x] for x in expected} == pytest.approx(expected)
  assert found['depth_1']['person head']['low'] > 0.5
  every = [x for of in found.values() for x in of.values()]
  assert [x['p_holm'] for x in every] == pytest.approx(multipletests([x['p'] for x in every], method='holm')[1])
  assert depth_tables.gains({'depth_1': values['depth_1']}, DEPTHS) == {}


def test_too_little_is_null():
  found = _tested({'depth_0': np.ones((2, 4))}, np.array(['other', 'text']), np.array([0, 1]), {'depth_0': 0})
  assert found == {
    'members': {'depth_0': None},
    'blocked': None,
    'differs': {'other': {'depth_0': None, 'blocked': None}},
  }
