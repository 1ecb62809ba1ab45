"""Names of points in a chart."""

import math

import numpy as np

from saliency_jax.report import labels

SIZE, ENDS = (340, 260), ([-4.0, 6.0], [0.0, 5.0])


def _box(row):
  """Returns the place of a name (left, low, right, high), px, less a margin."""
  x, y = (
    (row[f'label_{axis}'] - low) / (high - low) * length
    for axis, (low, high), length in zip('xy', ENDS, SIZE, strict=True)
  )
  half = 3.1 * len(row['name']) - 0.1
  return x - half, y - 5.9, x + half, y + 5.9


def test_names_of_points_close_together_lie_apart():
  rng = np.random.default_rng(0)
  rows = [{'name': f'category {i}', 'x': x, 'y': y} for i, (x, y) in enumerate(rng.normal(2, 0.3, (12, 2)))]
  found = labels.placed(rows, ENDS, SIZE)
  boxes = [_box(row) for row in found]
  for i, one in enumerate(boxes):
    assert min(one) >= 0
    assert one[2] <= SIZE[0]
    assert one[3] <= SIZE[1]
    for other in boxes[:i]:
      assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
  led = [math.hypot(row['lead_x'] - row['x'], row['lead_y'] - row['y']) > 0 for row in found]
  assert any(led), 'names that are far have a line'


def test_a_name_stands_beside_its_point_if_nothing_is_there():
  (row,) = labels.placed([{'name': 'a', 'x': 1.0, 'y': 1.0}], ENDS, SIZE)
  assert (row['lead_x'], row['lead_y']) == (1.0, 1.0)
  assert 0 < (row['label_x'] - 1) / 10 * SIZE[0] < 12 > (row['label_y'] - 1) / 5 * SIZE[1] > 0


def test_what_has_no_place_has_no_name():
  rows = [{'name': 'a', 'x': math.nan, 'y': 1.0}, {'name': 'b', 'x': 1.0, 'y': 1.0}]
  assert [row['name'] for row in labels.placed(rows, ENDS, SIZE)] == ['b']
