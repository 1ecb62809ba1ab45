"""Flooding against labelled components, threshold by threshold."""

import hypothesis
import jax
import numpy as np
import scipy.ndimage
from hypothesis import strategies
from hypothesis.extra import numpy as arrays

from saliency_jax.classical import flooding

flood = jax.jit(flooding.flood)


def joined(mask):
  """Returns the pixels of components (8 neighbours) that touch the border."""
  labels, _ = scipy.ndimage.label(mask, np.ones((3, 3)))
  border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
  return np.isin(labels, border[border > 0])


@hypothesis.given(arrays.arrays(np.uint8, (2, 9, 12), elements=strategies.integers(0, 5)))
@hypothesis.settings(max_examples=100)
def test_flood_finds_the_components_at_the_border(maps):
  reached = np.asarray(flood(maps))
  for map_, level in zip(maps, reached, strict=True):
    for threshold in range(5):
      np.testing.assert_array_equal(level > threshold, joined(map_ > threshold))


def test_flood_follows_a_spiral():
  spiral = np.zeros((23, 23), np.uint8)
  y, x, low, high = 1, 0, 1, 21
  while low <= high:
    for stop in ((y, high), (high, high), (high, low), (low + 2, low)):
      steps = max(abs(stop[0] - y), abs(stop[1] - x))
      for k in range(steps + 1):
        spiral[y + (stop[0] - y) * k // max(steps, 1), x + (stop[1] - x) * k // max(steps, 1)] = 7
      y, x = stop
    low, high = low + 2, high - 2
  np.testing.assert_array_equal(flood(spiral[None])[0], spiral)
  # Closed at its mouth, nothing inside can be reached.
  spiral[1, 0] = 0
  assert not np.asarray(flood(spiral[None])).any()
