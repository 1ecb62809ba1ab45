"""Matrices of resampling and blurring against Pillow, SciPy and by hand."""

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

from saliency_jax.classical import resampling


@pytest.mark.parametrize(('new', 'old'), [(24, 150), (100, 75), (7, 7), (5, 2)])
def test_rows_sum_to_one(new, old):
  for make in (resampling.cubic, resampling.area):
    matrix = make(new, old)
    assert matrix.shape == (new, old)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize('size', [(24, 32), (150, 233)])
def test_cubic_is_pillows_away_from_the_border(size):
  map_ = np.random.default_rng(0).random((75, 100)).astype(np.float32)
  theirs = np.asarray(Image.fromarray(map_).resize(size[::-1], Image.BICUBIC))
  ours = np.asarray(resampling.resize_cubic(map_, *size))
  inner = np.s_[6:-6, 6:-6]
  np.testing.assert_allclose(ours[inner], theirs[inner], atol=1e-5)


def test_cubic_keeps_a_map_of_the_same_size():
  np.testing.assert_allclose(resampling.cubic(9, 9), np.eye(9), atol=1e-7)


def test_cubic_mirrors_at_the_ends():
  row = np.random.default_rng(1).random(40)
  mirrored = np.concatenate([row[::-1], row, row[::-1]])
  np.testing.assert_allclose(resampling.cubic(8, 40) @ row, (resampling.cubic(24, 120) @ mirrored)[8:16], atol=1e-6)


def test_area_by_hand():
  np.testing.assert_allclose(resampling.area(2, 3), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], atol=1e-7)
  np.testing.assert_allclose(resampling.area(4, 2), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])


@pytest.mark.parametrize(('ends', 'mode'), [('edge', 'nearest'), ('reflect', 'mirror')])
def test_gaussian_is_scipys(ends, mode):
  row = np.random.default_rng(2).random(30)
  np.testing.assert_allclose(
    resampling.gaussian(30, 2.5, 6, ends) @ row,
    scipy.ndimage.gaussian_filter1d(row, 2.5, radius=6, mode=mode),
    atol=1e-6,
  )


@pytest.mark.parametrize('size', [(20, 30), (20, 10), (12, 60), (60, 90), (7, 9)])
def test_areas_are_means_whether_whole_or_not(size):
  maps = np.random.default_rng(0).random((2, 60, 60)).astype(np.float32)
  rows, columns = (resampling.area(x, 60) for x in size)
  np.testing.assert_allclose(resampling.resize_area(maps, *size), rows @ maps @ columns.T, atol=1e-6)
