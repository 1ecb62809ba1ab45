"""Intervals of correlations and p values of samples, of known distributions."""

import numpy as np
import pytest
from scipy import stats

from saliency_jax.ops import inference


def test_the_interval_of_r_takes_out_what_noise_takes_off():
  """Numbers that come with noise correlate less in every sample."""
  rng, inside = np.random.default_rng(0), 0
  for _ in range(100):
    true, fixed = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 40).T
    seen = true + rng.normal(0, 0.2, 40)
    samples = seen + rng.normal(0, 0.2, (200, 40))
    low, high = inference.of_correlation(seen, samples, fixed)
    inside += low < np.corrcoef(true, fixed)[0, 1] < high
    assert -1 < low < high < 1
  assert inside > 85
  samples[3, 4] = np.nan
  assert inference.of_correlation(seen, samples, fixed) == (
    inference.of_correlation(seen, np.delete(samples, 3, axis=0), fixed)
  )


def test_the_interval_of_r_has_r_in_it_and_does_not_reach_1():
  rng = np.random.default_rng(1)
  # Ranks that noise mixes: no sample has as much as all regions.
  samples = np.append(np.tanh(rng.normal(1.2, 0.3, 500)), [1.0, 1.0, np.nan])
  low, high = inference.of_r(0.98, samples)
  assert samples[:500].max() < 0.98
  assert low == pytest.approx(np.tanh(np.arctanh(0.98) - 1.96 * 0.3), abs=0.02)
  assert 0.98 < high < 1
  assert inference.of_r(-0.98, -samples) == pytest.approx((-high, -low))
  assert np.isnan(inference.of_r(1.0, np.ones(9))).all()


def test_p_is_that_of_students_distribution():
  samples = np.random.default_rng(0).normal(1, 2, 1000)
  error = samples.std(ddof=1) * np.sqrt(6 / 5)
  # The samples lie 2 below the value: so does the value below what it is of.
  assert inference.p_value(3.0, np.append(samples, np.nan), 6) == pytest.approx(2 * stats.t.sf(3 / error, 5))
  assert inference.p_value(-0.5, samples, 6) == pytest.approx(2 * stats.t.sf(0.5 / error, 5))
  assert inference.p_value(-3.0, samples - 5, 6) == pytest.approx(2 * stats.t.sf((1 + samples.mean()) / error, 5))
  # An interval about 0 and a p that does not say so cannot stand together.
  for value in np.linspace(-6, 6, 25):
    for shift in (-3, 0, 4):
      low, high = inference.around(value, samples + shift)
      assert low < value < high
      p = inference.p_value(value, samples + shift, 1000)
      assert (p < 0.05) == (low > 0 or high < 0) or abs(p - 0.05) < 0.02
  assert inference.p_value(1.0, samples + 5, 1000) == 1  # they contradict each other
  assert np.isnan(inference.p_value(3.0, np.ones(5), 9))
  # A category on one photograph: sums of one score, which rounding makes differ.
  one = np.array([3 * 0.1 / 3, 0.1])
  assert one[0] != one[1]
  assert np.isnan([inference.p_value(0.1, one, 9), *inference.around(0.1, one)]).all()
  assert np.isnan(inference.p_value(3.0, np.array([]), 9))


def test_p_and_intervals_of_few_photographs_are_wrong_in_5_percent_of_draws():
  # Differences of photographs that do not differ, 800 times.
  rng, found, inside = np.random.default_rng(0), [], []
  for values in rng.normal(size=(800, 5)):
    samples = rng.multinomial(5, [0.2] * 5, size=300) @ values / 5
    found.append(inference.p_value(values.mean(), samples, 5))
    low, high = inference.around(values.mean(), samples, photographs=5)
    inside.append(low < 0 < high)
    for few in (2, 3):
      assert np.isnan([inference.p_value(9.0, samples, few), *inference.around(9.0, samples, photographs=few)]).all()
    assert np.isfinite(inference.around(9.0, samples, photographs=4)).all()
  assert 0.03 < np.mean(np.array(found) < 0.05) < 0.07
  assert 0.93 < np.mean(inside) < 0.97


def test_what_was_not_tested_is_not_corrected_for():
  np.testing.assert_allclose(inference.holm([np.nan, 0.01, 0.04]), [np.nan, 0.02, 0.04])
