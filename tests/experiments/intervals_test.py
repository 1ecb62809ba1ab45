"""Means and their bootstrap intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency_jax.experiments.intervals import interval


def test_the_interval_of_many_normal_values_is_the_textbooks():
  values = np.random.default_rng(1).normal(3, 2, 1000)
  found = interval(values, 4000)
  margin = 1.96 * values.std() / 1000 ** 0.5
  assert found.mean == values.mean()
  np.testing.assert_allclose(
      found[1:], [values.mean() - margin, values.mean() + margin], atol=0.01)


def test_it_covers_the_mean_as_often_as_it_says():
  rng = np.random.default_rng(2)
  covered = []
  for _ in range(300):
    _, low, high = interval(rng.uniform(0, 2, 60), 2000)
    covered.append(low <= 1 <= high)
  assert 0.91 < np.mean(covered) < 0.98


def test_it_is_the_same_every_time():
  values = np.random.default_rng(1).random(30)
  assert interval(values, 100) == interval(values.copy(), 100)


@pytest.mark.parametrize(('values', 'expected'), [
    ([], (np.nan,) * 3), ([2.], (2, np.nan, np.nan)), ([3., 3.], (3, 3, 3))])
def test_few_or_equal_values(values, expected):
  np.testing.assert_equal(tuple(interval(np.array(values), 100)), expected)


@given(st.lists(st.sampled_from((0., 1., 1e-9, 5., -1e6)), min_size=2,
                max_size=6))
def test_it_is_always_around_the_mean(values):
  mean, low, high = interval(np.array(values), 50)
  assert low <= mean + 1e-9
  assert high >= mean - 1e-9


def test_too_few_values_have_no_interval():
  assert np.isnan(interval(np.array([]), 10)).all()
  assert interval(np.array([.5]), 10).mean == .5
  assert np.isnan(interval(np.array([.5]), 10)[1:]).all()
  assert interval(np.array([.5, .5]), 10) == (.5, .5, .5)
