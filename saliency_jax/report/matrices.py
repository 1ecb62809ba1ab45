"""Coloured matrices: on the page as tables, in files as figures."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.ops import overlays
from saliency_jax.report import charts
from saliency_jax.report.numbers import number, signed

_STOPS = 13  # of a colour bar's gradient


class Bar(NamedTuple):
  """A scale's colours for the style sheet, its ends and what they are of."""

  gradient: str
  low: str
  high: str
  label: str


class Matrix(NamedTuple):
  """A matrix to show; see `charts.heat` for its cells, which have a `hint`."""

  caption: str
  corner: str  # what the rows are; '' is not written
  columns: tuple[str, ...]
  rows: list[tuple[str, list[dict]]]
  bar: Bar
  counts: tuple[int, ...]  # below the columns, quiet; () for none
  counted: str  # what they count
  domain: tuple[float, float]

  def spec(self) -> charts.Spec:
    """Returns the matrix as a figure for a paper."""
    return charts.heat(
      [cell for _, cells in self.rows for cell in cells],
      label=self.bar.label,
      title=self.caption,
      domain=self.domain,
      scheme='redblue' if self.domain[0] == -self.domain[1] else 'viridis',
    )


def domain(*values: np.ndarray, even: bool = False) -> tuple[float, float]:
  """Returns the ends of the scale of matrices that are compared: 0 or less.

  Of differences, `even`, the scale is as long below 0 as above.
  """
  known = np.concatenate([x[np.isfinite(x)].ravel() for x in values])
  low, high = (float(of(known)) if len(known) else x for of, x in ((min, 0.0), (max, 1.0)))
  if even:
    reach = max(-low, high) or 1.0
    return -reach, reach
  low = min(low, 0.0)
  return low, high if high > low else low + 1


def bar(scale: str, low: str, high: str, label: str) -> Bar:
  """Returns the bar of one of `overlays.SCALES`, with its ends as written."""
  stops = overlays.colours(scale, np.linspace(0, 1, _STOPS))
  return Bar(', '.join(map(overlays.hexed, stops)), low, high, label)


def matrix(
  caption: str,
  names: Sequence[str],
  columns: Sequence[str],
  values: np.ndarray,
  *,
  label: str,
  ends: tuple[float, float] | None = None,
  digits: int = 2,
  differences: bool = False,
  corner: str = '',
  hint: Callable[[int, int], str] = lambda row, column: '',
  mark: Callable[[int, int], str] = lambda row, column: '',
  counts: Sequence[int] = (),
  counted: str = '',
) -> Matrix:
  """Returns a coloured matrix.

  Args:
    caption: above it.
    names: of the R rows.
    columns: of the C columns.
    values: `[R, C]`, NaN where there is no number.
    label: what the colours mean, with the unit.
    ends: of the colour scale; None takes those of `values`.
    digits: after the point.
    differences: the values are; their scale is even about 0.
    corner: what the rows are.
    hint: of a row and a column, what more is to be said of a cell.
    mark: likewise, a sign after the number.
    counts: below the columns.
    counted: what they count.
  """
  scale, written = ('differences', signed) if differences else ('values', number)
  low, high = ends or domain(values, even=differences)

  def cell(i: int, j: int) -> dict:
    value = float(values[i, j])
    known = not math.isnan(value)
    colour = overlays.colours(scale, np.float64((value - low) / (high - low) if known else 0))
    return {
      'row': names[i],
      'column': columns[j],
      'hint': hint(i, j),
      'value': value if known else None,
      'text': written(value, digits) + (mark(i, j) if known else ''),
      'background': overlays.hexed(colour) if known else '',
      'ink': overlays.legible(colour) if known else '',
    }

  return Matrix(
    caption,
    corner,
    tuple(columns),
    [(name, [cell(i, j) for j in range(len(columns))]) for i, name in enumerate(names)],
    bar(scale, written(low, digits), written(high, digits), label),
    tuple(counts),
    counted,
    (low, high),
  )
