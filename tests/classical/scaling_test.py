"""Ranges, borders and peaks, by hand."""

import numpy as np

from saliency_jax.classical import scaling


def test_to_unit():
  maps = np.array([[[2, 4], [3, 6]], [[5, 5], [5, 5]]], np.float32)
  np.testing.assert_allclose(scaling.to_unit(maps), [[[0, 0.5], [0.25, 1]], [[0, 0], [0, 0]]])


def test_rounding_is_no_feature():
  maps = np.ones((2, 3, 3), np.float32)
  maps[0, 1, 1] += 1e-6
  maps[1, 1, 1] += 1e-3
  kept = np.asarray(scaling.without_rounding(maps))
  assert not kept[0].any()
  np.testing.assert_array_equal(kept[1], maps[1])


def test_the_border_fades():
  fourth, half = 1 / 16, 1 / 4
  np.testing.assert_allclose(
    scaling.attenuate_border(np.ones((4, 6), np.float32), 1)[0], [half, 0.5, 0.5, 0.5, 0.5, half]
  )
  # A ramp of three of four cells.
  faded = scaling.attenuate_border(np.ones((9, 9), np.float32), 3)
  np.testing.assert_allclose(faded[4], [0.25, 0.5, 0.75, 1, 1, 1, 0.75, 0.5, 0.25])
  np.testing.assert_allclose(faded[0, 0], fourth)


def test_a_ramp_takes_half_of_the_shorter_side_at_most():
  faded = np.asarray(scaling.attenuate_border(np.ones((4, 12), np.float32), 13))
  np.testing.assert_allclose(faded[1] * 3 / 2, [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1, 1, 1, 2 / 3, 1 / 3], rtol=1e-6)


def peaks(*heights):
  map_ = np.zeros((5, 4 * len(heights) + 1), np.float32)
  for k, height in enumerate(heights):
    map_[2, 4 * k + 2] = height
  return map_


def test_lone_peaks_are_promoted():
  for heights, weight in (
    [(8,), 1],  # alone
    [(8, 4), (1 - 0.75) ** 2],  # the mean of 1 and 0.5
    [(8, 8, 8), 0],
    [(8, 0.5), 1],
  ):  # the small one does not count
    promoted = scaling.promote_lone_peaks(peaks(*heights))
    np.testing.assert_allclose(promoted.max(), weight, atol=1e-6)
  plateau = peaks(8, 4)
  plateau[2, 3] = 8  # two cells of one height are two maxima
  np.testing.assert_allclose(scaling.promote_lone_peaks(plateau).max(), (1 - 2.5 / 3) ** 2, atol=1e-6)


def test_a_peak_on_the_border_is_none():
  map_ = np.zeros((5, 5), np.float32)
  map_[0, 2] = 3
  np.testing.assert_allclose(scaling.promote_lone_peaks(map_).max(), 0.01)
