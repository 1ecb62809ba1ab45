"""Bilinear matrices against SciPy, and the moments against the matrices."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from saliency_jax.ops import resize
from tests import brute_force

lengths = strategies.integers(1, 97)
placements = strategies.builds(resize.Placement, strategies.floats(-2, 2), strategies.sampled_from((0, 3.3, 40)))


@hypothesis.given(lengths, lengths, lengths, lengths)
@hypothesis.settings(max_examples=50)
def test_matrices_upsample_as_scipy_does(height, width, h, w):
  cells = np.random.default_rng(0).normal(size=(h, w))
  ours = resize.bilinear(height, h) @ cells @ resize.bilinear(width, w).T
  np.testing.assert_allclose(ours, brute_force.upsample(cells, (height, width)), atol=1e-12)


def test_cells_are_placed_by_hand():
  # Two cells with centres at pixels 0 and 2 of four: half a cell to the left.
  rows = [[0.75, 0.25], [0.25, 0.75], [0, 1], [0, 1]]
  np.testing.assert_allclose(resize.bilinear(4, 2, resize.Placement(-0.5)), rows)
  # Three cells to a side, of which the map has two: the last third repeats.
  rows = [[1, 0], [1, 0], [0.5, 0.5], [0, 1], [0, 1], [0, 1]]
  np.testing.assert_allclose(resize.bilinear(6, 2, resize.Placement(0.25, 3)), rows)


def test_a_row_by_hand():
  # Four pixels over two cells: centres at 0.25 and 0.75 of the way, edges kept.
  np.testing.assert_allclose(resize.bilinear(4, 2), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])


@hypothesis.given(lengths, lengths, placements)
@hypothesis.settings(max_examples=300)
def test_moments_give_the_mean_and_the_gram_matrix(pixels, cells, placement):
  matrix = resize.bilinear(pixels, cells, placement)
  mean, diagonal, below = resize.axis_moments(pixels, cells, placement)
  np.testing.assert_allclose(mean.sum(), 1)
  np.testing.assert_allclose(mean, matrix.mean(axis=0))
  factor = np.diag(diagonal) + np.diag(below[:-1], -1)
  np.testing.assert_allclose(factor @ factor.T, matrix.T @ matrix / pixels, atol=1e-14)
  assert below[-1] == 0


@pytest.mark.parametrize(('pixels', 'cells'), [(82, 85), (600, 224), (800, 28), (225, 224), (1, 50), (50, 1), (13, 14)])
def test_the_factor_is_exact_where_the_gram_matrix_is_nearly_singular(pixels, cells):
  matrix = resize.bilinear(pixels, cells)
  _, diagonal, below = resize.axis_moments(pixels, cells)
  factor = np.diag(diagonal) + np.diag(below[:-1], -1)
  np.testing.assert_allclose(factor @ factor.T, matrix.T @ matrix / pixels, atol=1e-15)


def test_cached_arrays_cannot_be_changed():
  with pytest.raises(ValueError, match='read-only'):
    resize.bilinear(5, 3)[0, 0] = 7
  with pytest.raises(ValueError, match='read-only'):
    resize.axis_moments(5, 3)[0, 0] = 7


@pytest.mark.parametrize('size', [(0, 3), (3, 0)])
def test_an_empty_axis_is_an_error(size):
  with pytest.raises(ValueError, match='An axis needs'):
    resize.bilinear(*size)
