"""The map of fixations, beside SciPy's Gaussian filter."""

import numpy as np
import pytest
from scipy import ndimage

from saliency_jax.report.units import gallery

SIZE = (600, 800)


def test_it_is_the_filtered_map():
  rng = np.random.default_rng(0)
  points = rng.integers(0, SIZE, (40, 2))
  counts = np.zeros(SIZE)
  np.add.at(counts, tuple(points.T), 1)
  blurred = ndimage.gaussian_filter(counts, 24, mode='constant', truncate=6)
  blurred = (blurred - blurred.mean()) / blurred.std()
  found = gallery.density(points, *SIZE, 24)
  assert found.shape == (48, 64)
  # The middle of a cell of 12.5 pixels lies between pixels.
  down, across = ((np.arange(n) + 0.5) * size / n - 0.5 for n, size in zip(found.shape, SIZE, strict=True))
  expected = ndimage.map_coordinates(blurred, np.meshgrid(down, across, indexing='ij'), order=1)
  np.testing.assert_allclose(found, expected, atol=0.05)


def test_it_is_standardised():
  found = gallery.density(np.array([[3, 5], [90, 20]]), 100, 50, 1.5)
  assert found.shape == (128, 64)
  assert found.mean() == pytest.approx(0, abs=1e-9)
  assert found.std() == pytest.approx(1)


def test_the_peak_is_at_the_fixation():
  found = gallery.density(np.array([[150, 700]]), *SIZE, 24)
  y, x = np.unravel_index(found.argmax(), found.shape)
  assert (y, x) == (150 * 48 // 600, 700 * 64 // 800)
