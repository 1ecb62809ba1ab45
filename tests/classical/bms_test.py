"""Boolean maps made one by one, and the filters against SciPy's."""

import jax
import numpy as np
import pytest
import scipy.ndimage

from saliency_jax.classical import bms
from saliency_jax.ops import resampling
from tests.classical.flooding_test import joined


def attention_map_by_map(channels):
  """Cuts every channel at every threshold, as the paper tells it."""
  total = np.zeros(channels.shape[1:])
  for channel in channels:
    for threshold in np.arange(channel.min(), channel.max(), 8):
      above = channel > threshold
      for side in (above, ~above):
        surrounded = side & ~joined(side)
        grown = scipy.ndimage.binary_dilation(surrounded, np.ones((5, 5)))
        if grown.any():
          total += grown / np.sqrt(grown.sum())
  return total


def test_attention_is_the_sum_over_all_boolean_maps():
  random = np.random.default_rng(0)
  channels = scipy.ndimage.gaussian_filter(random.random((3, 24, 31)), (0, 1, 1))
  channels -= channels.min()
  channels = np.round(255 * channels / channels.max())
  channels[1] = np.clip(channels[1], 17, 203)
  channels[2] = 40  # Says nothing.
  ours = jax.jit(bms._attention)(channels.astype(np.float32))
  np.testing.assert_allclose(ours, attention_map_by_map(channels), atol=1e-5)


def test_growing_is_dilation():
  maps = np.random.default_rng(1).random((2, 9, 12)).astype(np.float32)
  np.testing.assert_array_equal(
    bms.grow(maps, 3, np.maximum), scipy.ndimage.maximum_filter(maps, (1, 7, 7), mode='constant')
  )


def test_the_median_of_nine():
  maps = np.random.default_rng(2).random((2, 9, 12)).astype(np.float32)
  np.testing.assert_array_equal(bms._median(maps), scipy.ndimage.median_filter(maps, (1, 3, 3), mode='nearest'))


def test_words_of_any_number_of_bits():
  words = np.asarray(bms._lowest_bits(np.arange(33, dtype=np.uint8)))
  assert words.tolist() == [2**k - 1 for k in range(33)]


@pytest.mark.parametrize('size', [(20, 30), (20, 10), (12, 60), (60, 90), (7, 9)])
def test_averages_are_areas_whether_whole_or_not(size):
  maps = np.random.default_rng(0).random((2, 60, 60)).astype(np.float32)
  rows, columns = (resampling.area(x, 60) for x in size)
  np.testing.assert_allclose(bms.average(maps, *size), rows @ maps @ columns.T, atol=1e-6)
