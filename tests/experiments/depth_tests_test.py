"""The analyses of Section 5.2 on scores whose differences are known."""

import json

import numpy as np
import pytest
from scipy import stats

from saliency_jax.experiments import bootstrap, depth_tests

CATEGORIES = ('person head', 'text', 'food', 'other')
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
  members, labels, images = made
  return depth_tests.statistics_by_depth(members, DEPTHS, labels, images, top=3)


def test_a_region_is_its_mean_over_the_best_units(made, found):
  members, labels, _ = made
  samples = []
  for category in CATEGORIES:
    rows = members['depth_1'][labels == category]
    best = np.argsort(-rows.mean(axis=0))[:3]
    samples.append(rows[:, best].mean(axis=1))
  test = found['members']['depth_1']
  assert test['anova']['f'] == pytest.approx(stats.f_oneway(*samples).statistic)
  assert test['clusters'] == 30
  assert found['members']['depth_2']['groups'][0]['size'] == 29
  pair = test['pairs'][0]
  assert (pair['first'], pair['second']) == ('person head', 'text')
  assert pair['p'] == pytest.approx(stats.tukey_hsd(
      *samples, equal_var=False).pvalue[0, 1])


def test_the_claims_hold_where_they_are_made_to(found):
  assert found['differs']['person head'] == {
      'depth_0': False, 'depth_1': True, 'depth_2': True, 'depth_3': True,
      'blocked': True}
  assert set(found['differs']) == {'person head', 'other'}
  assert not any(found['differs']['other'].values())
  assert found['blocked']['effect']['df'] == 3
  assert found['blocked']['effect']['df_residual'] == 6
  json.dumps(found, allow_nan=False)


def test_gains_are_of_the_same_photographs_and_of_units_chosen_anew(made):
  members, labels, images = made
  found = depth_tests.gains(
      members, DEPTHS, labels, images, top=3, resamples=40)
  assert list(found) == ['depth_1', 'depth_2', 'depth_3']
  draws = bootstrap.draw(images, 40)

  def best(name, counts):
    rows = np.repeat(np.flatnonzero(labels == 'text'), counts)
    return np.sort(members[name][rows].mean(axis=0))[-3:].mean()

  whole, *samples = (
      best('depth_3', counts) - best('depth_0', counts)
      for counts in (np.ones(30, int), *draws.counts))
  assert found['depth_3']['text'] == pytest.approx({
      'gain': whole, 'low': 2 * whole - np.quantile(samples, .975),
      'high': 2 * whole - np.quantile(samples, .025)})
  assert found['depth_1']['person head']['low'] > .5
  assert depth_tests.gains(
      {'a': members['depth_1']}, {'a': 1}, labels, images, top=3) == {}


def test_too_little_is_null():
  found = depth_tests.statistics_by_depth(
      {'depth_0': np.ones((2, 4))}, {'depth_0': 0}, np.array(['other', 'text']),
      np.array([0, 1]), top=2)
  assert found == {
      'members': {'depth_0': None}, 'blocked': None, 'gains': {},
      'differs': {'other': {'depth_0': None, 'blocked': None}}}
