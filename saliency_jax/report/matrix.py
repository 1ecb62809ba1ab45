"""Coloured matrices of the page: a number, its colour and what it is beside."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colors

from saliency_jax.report import figures, style
from saliency_jax.report.comparison import Comparison, Luck
from saliency_jax.report.numbers import number, signed

Rows = list[tuple[str, list['Cell']]]  # name of the row, its cells

_STOPS = 13  # of a colour bar's gradient


class Cell(NamedTuple):
  """A cell of a matrix."""
  text: str
  background: str  # '' for a cell without a number
  ink: str
  hint: str  # told when the cell is pointed at, focused or read aloud


class Bar(NamedTuple):
  """A scale's colours for the style sheet, and its ends."""
  colours: str  # stops of a gradient from left to right
  low: str
  high: str


def beside(
    table: Comparison, *, digits: int, run: str = 'this run',
    other: str = 'the paper', luck: Luck | None = None
) -> tuple[Rows, Rows, Bar]:
  """Returns a table's two sides on one scale; each tells of the other.

  Args:
    table: L layers by C columns; the second side may have no number at all.
    digits: of the numbers, after the point.
    run: name of the first side.
    other: name of the second side.
    luck: what is told of the first side, whose values are marked where they
      leave the chance band.
  """
  norm = figures.scale(table.run, table.paper)

  def hint(name: str, values: np.ndarray) -> Callable[[int, int], str]:
    def of(row: int, column: int) -> str:
      if not table.shared[row, column]:
        return ''
      difference = table.run[row, column] - table.paper[row, column]
      return (
          f'{name} {number(values[row, column], digits)}, '
          f'difference {signed(difference, digits)}')
    return of

  def told(row: int, column: int) -> str:
    known = np.isfinite(table.run[row, column])
    return '; '.join(filter(None, (
        luck.told(row, column) if luck and known else '',
        hint(other, table.paper)(row, column))))

  own = rows(table.layers, table.run, norm, digits, told)
  if luck:
    own = [
        (name, [
            cell._replace(text=cell.text + luck.mark(
                table.run[row, column], row, column))
            for column, cell in enumerate(cells)])
        for row, (name, cells) in enumerate(own)]
  return (
      own,
      rows(table.layers, table.paper, norm, digits, hint(run, table.run)),
      bar(norm, digits))


def differences(
    names: Sequence[str], values: np.ndarray, digits: int,
    hint: Callable[[int, int], str]
) -> tuple[Rows, Bar]:
  """Returns differences, coloured alike on both sides of 0."""
  norm = figures.even_scale(values)
  return (
      rows(names, values, norm, digits, hint, figures.DIFFERENCES, signed),
      bar(norm, digits, figures.DIFFERENCES, signed))


def rows(
    names: Sequence[str], values: np.ndarray, norm: colors.Normalize,
    digits: int, hint: Callable[[int, int], str] = lambda row, column: '',
    colour_map: colors.Colormap = figures.VALUES,
    written: Callable[[float, int], str] = number
) -> Rows:
  """Returns the coloured rows of a matrix `[rows, columns]`; NaN is a dash."""
  def cell(row: int, column: int) -> Cell:
    value = float(values[row, column])
    if np.isnan(value):
      return Cell(number(value), '', '', hint(row, column))
    colour = colour_map(norm(value))
    return Cell(
        written(value, digits), colors.to_hex(colour), style.legible(colour),
        hint(row, column))

  return [
      (name, [cell(row, column) for column in range(values.shape[1])])
      for row, name in enumerate(names)]


def bar(
    norm: colors.Normalize, digits: int,
    colour_map: colors.Colormap = figures.VALUES,
    written: Callable[[float, int], str] = number
) -> Bar:
  """Returns a scale for the page."""
  return Bar(
      ', '.join(
          colors.to_hex(colour_map(x)) for x in np.linspace(0, 1, _STOPS)),
      written(float(norm.vmin), digits), written(float(norm.vmax), digits))
