"""Coloured matrices: on the page as tables, in files as figures."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.ops import overlays
from saliency_jax.report import charts
from saliency_jax.report.numbers import number, signed

_STOPS = 13  # of a colour bar's gradient


class Bar(NamedTuple):
  """A colour scale for the style sheet, with its ends and its label."""

  gradient: str
  low: str
  high: str
  label: str


class Matrix(NamedTuple):
  """A matrix to show; its cells are those of `charts.heat`, with a `hint`."""

  caption: str
  corner: str  # what the rows are; '' is not written
  columns: tuple[str, ...]
  rows: list[tuple[str, list[dict]]]
  bar: Bar
  regions: tuple[int, ...]  # of each column, shown below it; () for none
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


def domain(*values: np.ndarray, even: float = 0.0) -> tuple[float, float]:
  """Returns the ends of a colour scale of several matrices, the lower <= 0.

  For differences (`even` > 0) the scale is symmetric and reaches at least
  `even`, so that its ends are not written as 0.
  """
  known = np.concatenate([x[np.isfinite(x)].ravel() for x in values])
  low, high = (float(of(known)) if len(known) else x for of, x in ((min, 0.0), (max, 1.0)))
  if even:
    reach = max(-low, high, even)
    return -reach, reach
  low = min(low, 0.0)
  return low, high if high > low else low + 1


def bar(scale: str, low: str, high: str, label: str) -> Bar:
  """Returns the bar of one of `overlays.SCALES`, with its ends as text."""
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
  regions: Sequence[int] = (),
) -> Matrix:
  """Returns a coloured matrix.

  Args:
    values: `[R, C]`, NaN for no number.
    hint: of a row and a column: more about a cell.
    mark: likewise: a sign after the number.
    regions: of each column.
  """
  scale, written = ('differences', signed) if differences else ('values', number)
  low, high = ends or domain(values, even=differences * 10.0**-digits)

  def cell(i: int, j: int) -> dict:
    value = float(values[i, j])
    at = {'row': names[i], 'column': columns[j], 'hint': hint(i, j), 'text': written(value, digits)}
    if math.isnan(value):
      return at | {'value': None, 'background': '', 'ink': ''}
    colour = overlays.colours(scale, np.float64((value - low) / (high - low)))
    return at | {
      'value': value,
      'text': at['text'] + mark(i, j),
      'background': overlays.hexed(colour),
      'ink': overlays.legible(colour),
    }

  rows = [(name, [cell(i, j) for j in range(len(columns))]) for i, name in enumerate(names)]
  shown = bar(scale, written(low, digits), written(high, digits), label)
  return Matrix(caption, corner, tuple(columns), rows, shown, tuple(map(int, regions)), (low, high))


def pairs(names: Sequence[str], found: Mapping[tuple[str, str], tuple[float, float, str]], label: str) -> Matrix:
  """Returns the differences of all pairs, row minus column.

  Args:
    found: (name, later name) -> the difference, its p (starred below 0.05), and
      more about it.
  """
  nothing = math.nan, math.nan, ''
  cells = [[found.get((one, other), nothing) for other in names[1:]] for one in names[:-1]]
  return matrix(
    'Row minus column',
    names[:-1],
    names[1:],
    np.array([[x[0] for x in line] for line in cells], float).reshape(len(cells), -1),
    label=f'{label}, row \N{MINUS SIGN} column',
    differences=True,
    hint=lambda i, j: cells[i][j][2],
    mark=lambda i, j: '*' if cells[i][j][1] < 0.05 else '',
  )
