"""Coloured matrices: on the page as tables, in files as figures."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.ops import overlays
from saliency_jax.report import charts
from saliency_jax.report.numbers import number, signed

_STOPS = 13  # of a colour bar's gradient


class Cell(NamedTuple):
  """A cell of a matrix."""
  value: float | None  # None: no number
  text: str
  background: str  # '' for a cell without a number
  ink: str
  hint: str  # shown where the cell is pointed at or focused, and read aloud


class Bar(NamedTuple):
  """A scale's colours for the style sheet, its ends and what they are of."""
  gradient: str
  low: str
  high: str
  label: str


class Matrix(NamedTuple):
  """A matrix to show."""
  caption: str
  corner: str  # what the rows are; '' is not written
  columns: tuple[str, ...]
  rows: list[tuple[str, list[Cell]]]
  bar: Bar
  counts: tuple[int, ...]  # below the columns, quiet; () for none
  counted: str  # what they count
  domain: tuple[float, float]

  def spec(self) -> charts.Spec:
    """Returns the matrix as a figure for a paper."""
    return charts.heat(
        [{'row': name, 'column': column, 'value': cell.value,
          'text': cell.text, 'ink': cell.ink}
         for name, cells in self.rows
         for column, cell in zip(self.columns, cells, strict=True)],
        label=self.bar.label, title=self.caption, domain=self.domain,
        scheme='redblue' if self.domain[0] == -self.domain[1] else 'viridis')


def domain(*values: np.ndarray) -> tuple[float, float]:
  """Returns the ends of the scale of matrices that are compared: 0 or less."""
  known = np.concatenate([x[np.isfinite(x)].ravel() for x in values])
  low, high = (known.min(), known.max()) if len(known) else (0., 1.)
  low = min(float(low), 0.)
  return low, float(high) if high > low else low + 1


def even(values: np.ndarray) -> tuple[float, float]:
  """Returns the ends of the scale of differences: as far below 0 as above."""
  known = np.abs(values[np.isfinite(values)])
  reach = float(known.max()) if len(known) and known.max() else 1.
  return -reach, reach


def gradient(scale: str) -> str:
  """Returns the stops of a scale's colours, from left to right."""
  return ', '.join(map(
      overlays.hexed, overlays.colours(scale, np.linspace(0, 1, _STOPS))))


def matrix(
    caption: str, names: Sequence[str], columns: Sequence[str],
    values: np.ndarray, *, label: str, ends: tuple[float, float] | None = None,
    digits: int = 2, differences: bool = False, corner: str = '',
    hint: Callable[[int, int], str] = lambda row, column: '',
    mark: Callable[[int, int], str] = lambda row, column: '',
    counts: Sequence[int] = (), counted: str = ''
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
  scale, written = ('differences', signed) if differences else (
      'values', number)
  low, high = ends or (even if differences else domain)(values)

  def cell(row: int, column: int) -> Cell:
    value = float(values[row, column])
    if math.isnan(value):
      return Cell(None, number(value), '', '', hint(row, column))
    colour = overlays.colours(scale, np.float64((value - low) / (high - low)))
    return Cell(
        value, written(value, digits) + mark(row, column),
        overlays.hexed(colour), overlays.legible(colour), hint(row, column))

  return Matrix(
      caption, corner, tuple(columns),
      [(name, [cell(i, j) for j in range(len(columns))])
       for i, name in enumerate(names)],
      Bar(gradient(scale), written(low, digits), written(high, digits), label),
      tuple(counts), counted, (low, high))
