"""The statistics of Section 4.3 on numbers that can be checked by hand."""

import numpy as np

from saliency_jax.experiments import statistics


def test_units_are_averaged_over_sets_first():
  scores = np.array([[1, 5, 0], [3, 1, 0], [np.nan] * 3], np.float32)
  np.testing.assert_array_equal(statistics.unit_means(scores), [2, 3, 0])


def test_a_set_with_one_unknown_unit_is_left_out_of_all():
  assert statistics.unit_means(np.array([[1, np.nan], [3, 4]], np.float32)).tolist() == [3, 4]


def test_no_set_gives_no_mean():
  assert np.isnan(statistics.unit_means(np.zeros((0, 4)))).all()
  assert np.isnan(statistics.unit_means(np.full((2, 4), np.nan))).all()


def test_the_best_units_come_best_first_and_equals_in_order():
  best = statistics.best_units(np.array([1.0, 3.0, 2.0, 3.0, -1.0]), 3)
  assert best.units.tolist() == [1, 3, 2]
  assert best.mean == 8 / 3
  assert statistics.best_units(np.arange(512) % 2, 5).units.tolist() == [1, 3, 5, 7, 9]


def test_fewer_units_than_asked_for_are_all_taken():
  best = statistics.best_units(np.array([1.0, 3.0]), 10)
  assert best.units.tolist() == [1, 0]
  assert best.mean == 2
