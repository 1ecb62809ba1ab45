"""Filling, against a ray cast from every pixel's centre in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.data import polygons

HEIGHT, WIDTH = 9, 11


def brute_force(corners, height, width) -> np.ndarray:
  """Counts, for each centre, the edges that it has on its left or under it."""
  corners = [tuple(map(Fraction, corner)) for corner in corners]
  edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
  mask = np.zeros((height, width), bool)
  for y in range(height):
    for x in range(width):
      crossed = 0
      for (x0, y0), (x1, y1) in edges:
        if (y0 <= y) != (y1 <= y):
          crossed += x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
      mask[y, x] = crossed % 2
  return mask


def filled(corners, height=HEIGHT, width=WIDTH) -> np.ndarray:
  mask = np.zeros((height, width), bool)
  polygons.fill(np.array(corners, float), mask)
  return mask


# Halves, as contours have them, reaching over the image's edge.
halves = st.integers(-10, 30).map(lambda twice: twice / 2)


@settings(max_examples=200)
@given(st.lists(st.tuples(halves, halves), min_size=3, max_size=9))
def test_equals_brute_force_on_halves(corners):
  np.testing.assert_array_equal(filled(corners), brute_force(corners, HEIGHT, WIDTH))


def test_equals_brute_force_on_real_coordinates():
  rng = np.random.default_rng(1)
  for _ in range(30):
    corners = rng.uniform(-3, 14, (rng.integers(3, 12), 2))
    np.testing.assert_array_equal(filled(corners), brute_force(corners, HEIGHT, WIDTH))


def test_left_and_top_edges_belong_to_a_box():
  mask = filled([[2.0, 1.0], [5.0, 1.0], [5.0, 3.0], [2.0, 3.0]], 5, 7)
  expected = np.zeros((5, 7), bool)
  expected[1:3, 2:5] = True
  np.testing.assert_array_equal(mask, expected)


def test_neighbours_share_no_pixel_and_leave_none_out():
  middle, right = np.array([5.0, 4.0]), np.array([10.0, 0.0])
  corner, below = np.array([0.0, 0.0]), np.array([0.0, 8.0])
  far = np.array([10.0, 8.0])
  parts = [[corner, right, middle], [right, far, middle], [far, below, middle], [below, corner, middle]]
  covered = sum(filled(part, 9, 11).astype(int) for part in parts)
  np.testing.assert_array_equal(covered[:8, :10], 1)
  assert covered.sum() == 80


def test_a_star_has_an_empty_middle():
  turns = np.arange(5) * 4 * np.pi / 5
  star = 20 + 18 * np.stack([np.sin(turns), -np.cos(turns)], axis=1)
  mask = filled(star, 41, 41)
  assert not mask[20, 20]
  assert mask[5, 20]
  # What a mask holds already stays, of the polygon's own box too.
  other = np.ones((41, 41), bool)
  polygons.fill(star, other)
  assert other.all()


def test_many_crossings_are_counted_in_parts(monkeypatch):
  # 300 edges over one pixel: more than a byte counts, and parts of a few rows.
  zigzag = [[3.0, 8.0 * (k % 2)] for k in range(299)] + [[9.0, 8.0], [9.0, 0.0]]
  whole = filled(zigzag)
  monkeypatch.setattr(polygons, '_AT_ONCE', 50)
  np.testing.assert_array_equal(filled(zigzag), whole)
  np.testing.assert_array_equal(whole, brute_force(zigzag, HEIGHT, WIDTH))


@pytest.mark.parametrize(
  'corners',
  [
    [[-5, -5], [-1, -5], [-1, -1]],  # beside the image
    [[1, 1], [5, 5], [3, 3]],  # without an area
    [[2, 2], [2, 2], [2, 2]],
    [[1e6, 3.2], [1e6, 3.4], [-1e6, 3.3]],  # between two rows
  ],
)
def test_nothing_inside_is_nothing(corners):
  assert not filled(corners).any()


def test_around_the_image_is_all_of_it():
  corners = np.array([[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]])
  assert filled(corners).all()


def test_a_circle():
  mask = polygons.circle(np.array([4.0, 3.0]), 2.2, 8, 9)
  assert mask.sum() == 13  # 5 + 2 * 3 + 2 * 1
  assert mask[3, 6]
  assert mask[5, 4]
  assert not mask[5, 6]
  assert polygons.circle(np.array([4.0, 3.0]), 2.0, 8, 9).sum() == 9  # of those at 2 pixels, none
