"""Intervals of correlations and p values of samples, of known distributions."""

import numpy as np
import pytest
from scipy import stats

from saliency_jax.ops import inference


def test_the_interval_of_r_takes_out_what_noise_takes_off():
  """Numbers that come with noise correlate less in every sample."""
  rng, inside = np.random.default_rng(0), 0
  for _ in range(100):
    true, fixed = rng.multivariate_normal([0, 0], [[1, .8], [.8, 1]], 40).T
    seen = true + rng.normal(0, .2, 40)
    samples = seen + rng.normal(0, .2, (200, 40))
    low, high = inference.of_correlation(seen, samples, fixed)
    inside += low < np.corrcoef(true, fixed)[0, 1] < high
    assert -1 < low < high < 1
  assert inside > 85
  samples[3, 4] = np.nan
  assert inference.of_correlation(seen, samples, fixed) == (
      inference.of_correlation(seen, np.delete(samples, 3, axis=0), fixed))


def test_p_is_that_of_the_normal_distribution():
  samples = np.random.default_rng(0).normal(1, 2, 1000)
  p = inference.p_value(3., np.append(samples, np.nan))
  # The samples lie 2 below the value: so does the value below what it is of.
  assert p == pytest.approx(2 * stats.norm.sf(
      (6 - samples.mean()) / samples.std(ddof=1)))
  low, high = inference.around(3., samples)
  assert (p < .05) == (low > 0 or high < 0)
  # An interval about 0 and a p that does not say so cannot stand together.
  low, high = inference.around(3., samples + 5)
  assert low < 0 < high
  assert inference.p_value(3., samples + 5) > .05
  assert np.isnan(inference.p_value(3., np.ones(5)))
  assert np.isnan(inference.p_value(3., np.array([])))


def test_what_was_not_tested_is_not_corrected_for():
  np.testing.assert_allclose(
      inference.holm([np.nan, .01, .04]), [np.nan, .02, .04])
