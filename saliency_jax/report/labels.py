"""Places the names of points so that none overlaps another."""

import itertools
import math
from collections.abc import Mapping, Sequence

_LETTER, _LINE, _DOT = 6.2, 12, 5  # px
# Distances from the point, px, and directions, degrees upwards.
_REACH = (9, 17, 26, 36, 48, 60, 74, 90, 108, 130)
_TURNS = (40, 0, -40, 140, 180, -140, 75, -75, 105, -105)
# A name farther than this from its point gets a line to it.
_FAR = 12

Box = tuple[float, float, float, float]  # left, low, right, high, px


def placed(rows: Sequence[Mapping], ends: Sequence[Sequence[float]], size: tuple[int, int]) -> list[dict]:
  """Returns rows of named points with the centres of their names.

  One after another, each name takes the nearest place that is free of points
  and of earlier names.

  Args:
    rows: `name`, `x` and `y`; those without both are left out.
    ends: of both axes.
    size: of the panel, (width, height), px.

  Returns:
    Rows with `label_x` and `label_y`, and with the end of a line from the
    point, `lead_x` and `lead_y`: the point itself if the name is near.
  """
  known = [row for row in rows if row['x'] == row['x'] and row['y'] == row['y']]
  points = [
    [(row[axis] - low) / (high - low) * length for axis, (low, high), length in zip('xy', ends, size, strict=True)]
    for row in known
  ]
  taken = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in points]
  made = []
  for row, (x, y) in zip(known, points, strict=True):
    width = _LETTER * len(str(row['name']))
    reach, box = _free(x, y, width, size, taken)
    taken.append(box)
    left, low, right, high = box
    middle = (left + right) / 2, (low + high) / 2
    lead = (min(max(x, left), right), min(max(y, low), high)) if reach > _FAR else (x, y)
    values = [
      start + px / length * (end - start)
      for px, length, (start, end) in zip((*middle, *lead), size * 2, [*ends] * 2, strict=True)
    ]
    made.append({**row, **dict(zip(('label_x', 'label_y', 'lead_x', 'lead_y'), values, strict=True))})
  return made


def _free(x: float, y: float, width: float, size: tuple[int, int], taken: Sequence[Box]) -> tuple[float, Box]:
  """Returns a name's distance from its point, and its box.

  If no place is free, it stands to the right in any case.
  """
  for reach, turn in itertools.product(_REACH, map(math.radians, _TURNS)):
    left, middle = x + reach * math.cos(turn), y + reach * math.sin(turn)
    if math.cos(turn) <= 0:
      left -= width
    box = left, middle - _LINE / 2, left + width, middle + _LINE / 2
    inside = min(box) >= 0 and box[2] <= size[0] and box[3] <= size[1]
    if inside and not any(_overlap(box, other) for other in taken):
      return reach, box
  return 0, (x + 7, y, x + 7 + width, y + _LINE)


def _overlap(one: Box, other: Box) -> bool:
  return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
