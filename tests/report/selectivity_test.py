"""Means, intervals and selectivity of units, on numbers done by hand."""

import numpy as np
import pytest
from scipy import stats

from saliency_jax.report.units import selectivity

LABELS = np.array(['text', 'food', 'text', 'food', 'text'])
SCORES = np.array([[1.0, 0.0], [4.0, 0.0], [2.0, 0.0], [6.0, 0.0], [3.0, 0.0]])


def test_by_hand(monkeypatch):
  monkeypatch.setattr(selectivity, '_CHUNK', 5)  # a unit at once
  found = selectivity.summarise([SCORES], LABELS, ('text', 'food'))
  assert found.counts.tolist() == [5, 3, 2]
  np.testing.assert_allclose(found.means, [[3.2, 2, 5], [0, 0, 0]])
  assert found.best[0] == 1
  # Means 5 and 2, sample variances 2 and 1.
  np.testing.assert_allclose(found.selectivity[0], 3 / np.sqrt(1.5))
  np.testing.assert_allclose(found.halves[0, 2], stats.t.ppf(0.975, 1) * np.sqrt(2) / np.sqrt(2))


def test_selectivity_is_of_means():
  skewed = np.array([0.0, 5, 0, 7, 3])[:, None]
  found = selectivity.summarise([skewed], LABELS, ('text', 'food'))
  np.testing.assert_allclose(found.selectivity, (6 - 1) / np.sqrt((2 + 3) / 2))


def test_intervals_are_scipys():
  values = np.array([0.3, 1.1, -0.4, 2.2, 0.9])
  found = selectivity.summarise([values[:, None]], np.full(5, 'x'), ('x',))
  low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
  assert found.means[0, 1] - found.halves[0, 1] == pytest.approx(low)
  assert found.means[0, 1] + found.halves[0, 1] == pytest.approx(high)


def test_factors_of_the_printed_table():
  np.testing.assert_allclose(
    selectivity.factors(np.array([0, 1, 2, 6, 31])), [np.nan, np.nan, 12.706, 2.571, 2.042], atol=5e-4
  )


def test_a_silent_unit_has_no_selectivity():
  found = selectivity.summarise([SCORES], LABELS, ('text', 'food'))
  assert np.isnan(found.selectivity[1])
  np.testing.assert_array_equal(found.halves[1], 0)


def test_rows_without_a_score_do_not_count():
  scores, labels = np.vstack([SCORES, [[np.nan] * 2]]), [*LABELS, 'food']
  found = selectivity.summarise([scores], np.array(labels), ('text', 'food'))
  assert found.counts.tolist() == [5, 3, 2]
  np.testing.assert_allclose(found.means[0], [3.2, 2, 5])


def test_categories_without_rows_and_with_one():
  found = selectivity.summarise([SCORES[:2]], LABELS[:2], ('drink', 'text', 'food'))
  np.testing.assert_array_equal(found.means[0], [2.5, np.nan, 1, 4])
  assert np.isnan(found.halves[0, 1:]).all()
  assert found.best.tolist() == [2, 1], 'of equals the first'
  assert np.isnan(found.selectivity).all(), 'no variance of one value'


def test_nothing_measured():
  found = selectivity.summarise([np.full((2, 3), np.nan)], LABELS[:2], ('text', 'food'))
  assert found.best.tolist() == [selectivity.NONE] * 3
  assert np.isnan(found.means).all()
