"""Blurring against SciPy, and densities that sum to what they should."""

import jax
import numpy as np
import pytest
from scipy import ndimage

from saliency_jax.ops import blur


@pytest.mark.parametrize('sigma', [0.7, 4.0, 30.0])
def test_fixations_are_blurred_as_their_counts(sigma):
  size = (40, 50)
  points = np.random.default_rng(1).integers(0, size, (30, 2))
  points[4] = points[5] = points[6]
  counts = np.zeros(size)
  np.add.at(counts, tuple(points.T), 1)
  points = np.concatenate([points, [[-7, 900], [3, 3]]])
  found = jax.jit(lambda points, valid: blur.blurred_fixations(points, size, sigma, valid))(points, np.arange(32) < 30)
  np.testing.assert_allclose(found, ndimage.gaussian_filter(counts, sigma), atol=1e-6)
  assert float(found.sum()) == pytest.approx(counts.sum(), rel=1e-5)


def test_a_fixation_outside_the_image_gives_nan():
  found = blur.blurred_fixations(np.array([[3, 3], [10, 0]]), (10, 10), 1.0)
  assert np.isnan(found).all()


def test_no_fixation_gives_zeros():
  found = blur.blurred_fixations(np.zeros((0, 2), int), (10, 12), 1.0)
  assert found.shape == (10, 12)
  assert not found.any()


def test_the_centre_prior_is_a_gaussian_density():
  prior = blur.centre_prior((600, 800), (150, 200))
  assert prior.sum() == pytest.approx(1)
  np.testing.assert_allclose(prior, prior[::-1, ::-1])
  # One deviation from the centre, down and across: exp(-1/2).
  middle = prior[299:301, 399:401].mean()
  assert prior[449:451, 399:401].mean() / middle == pytest.approx(np.exp(-0.5), rel=1e-4)
  assert prior[299:301, 599:601].mean() / middle == pytest.approx(np.exp(-0.5), rel=1e-4)
