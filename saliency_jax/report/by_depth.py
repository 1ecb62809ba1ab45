"""Figures of what changes with the fine-tuning depth: a line and the paper's.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saliency_jax.report import figures, style
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.swept import depth_name


class Line(NamedTuple):
  """Values by depth."""
  label: str
  role: str  # 'run', 'other' or 'paper': a colour of the theme
  values: np.ndarray  # float64 `[D, C]`, NaN draws nothing
  dashed: bool = False
  # The lowest and the highest of several runs, each `[D, C]`.
  ends: tuple[np.ndarray, np.ndarray] | None = None


def merged(table: Comparison, depths: Sequence[int]) -> Comparison:
  """Returns a table of members by depth, ascending: `[D, C]`.

  Members of one depth (seeds, learning rates) are averaged.

  Args:
    table: a row for every member.
    depths: of the members.
  """
  order = sorted(set(depths))

  def mean(values: np.ndarray) -> np.ndarray:
    return np.array([
        values[np.array(depths) == depth].mean(axis=0) for depth in order])

  return Comparison(
      tuple(map(depth_name, order)), table.columns, mean(table.run),
      mean(table.paper))


def ends(
    table: Comparison, depths: Sequence[int]
) -> tuple[np.ndarray, np.ndarray] | None:
  """Returns the lowest and the highest run of each depth, ascending.

  None where no depth has several; see `merged`.
  """
  order, given = sorted(set(depths)), np.array(depths)
  if len(order) == len(depths):
    return None
  low, high = (
      np.array([choose(table.run[given == depth], axis=0) for depth in order])
      for choose in (np.min, np.max))
  return low, high


def gains(table: Comparison) -> Comparison:
  """Returns a table by depth less its first row, depth 0."""
  return table._replace(
      run=table.run - table.run[:1], paper=table.paper - table.paper[:1])


def percent(table: Comparison) -> Comparison:
  """Returns what a table by depth gains over depth 0, in % of it (Figure 4)."""
  return table._replace(
      run=100 * (table.run / table.run[:1] - 1),
      paper=100 * (table.paper / table.paper[:1] - 1))


def panels(
    depths: Sequence[str], titles: Sequence[str], lines: Sequence[Line],
    theme: style.Theme, *, label: str, narrow: bool = False
) -> Figure:
  """Draws a panel for every column, all on one scale.

  Args:
    depths: D names, ascending.
    titles: C names.
    lines: their values `[D, C]`; a line without a number is left out.
    theme: light or dark.
    label: of the values, with the unit.
    narrow: for a phone.
  """
  across = min(len(titles), 2 if narrow else 4)
  down = math.ceil(len(titles) / across)
  with style.drawing(theme):
    figure = style.figure(
        0.5 + across * (1.65 if narrow else 1.95),
        (1.05 if narrow else 0.75) + down * (1.1 if narrow else 1.4))
    axes = figure.subplots(
        down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axis in axes[len(titles):]:
      axis.set_visible(False)
    for column, (axis, title) in enumerate(zip(axes, titles, strict=False)):
      _lines(axis, depths, lines, column, theme)
      axis.set_title(
          title, loc='left', fontsize=9, fontweight='normal', pad=3)
      # The last panel of every column names the depths.
      if column + across >= len(titles):
        axis.tick_params('x', labelbottom=True)
    _legend(figure, axes[0], columns=2 if narrow else 3)
    figure.supylabel(label, fontsize=9)
    figure.supxlabel('stages trained', fontsize=9)
  return figure


def single(
    depths: Sequence[str], lines: Sequence[Line], theme: style.Theme, *,
    label: str, narrow: bool = False
) -> Figure:
  """Draws lines of one column into one panel; see `panels`."""
  with style.drawing(theme):
    figure = style.figure(3.6 if narrow else 4.6, 2.7)
    axis = figure.subplots()
    _lines(axis, depths, lines, 0, theme)
    axis.set(xlabel='stages trained', ylabel=label)
    _legend(figure, axis, columns=3)
  return figure


def _lines(
    axis: Axes, depths: Sequence[str], lines: Sequence[Line], column: int,
    theme: style.Theme
) -> None:
  colour = {'run': theme.run, 'other': theme.other, 'paper': theme.paper}
  places = np.arange(len(depths))
  axis.grid(axis='y', linewidth=0.8)
  for line in lines:
    values = line.values[:, column]
    known = np.isfinite(values)
    axis.plot(
        places[known], values[known], color=colour[line.role],
        linestyle=(0, (3, 1.5)) if line.dashed else '-',
        linewidth=1.4 if line.dashed else 1.8, marker='o',
        markersize=2.5 if line.dashed else 3.8, label=line.label,
        zorder=2 if line.role == 'paper' else 3)
    if line.ends:
      low, high = (x[known, column] for x in line.ends)
      axis.plot(
          [places[known]] * 2, [low, high], color=colour[line.role],
          linewidth=1.2, zorder=2)
  low, high = axis.get_ylim()
  if low < 0 < high:
    axis.axhline(0, color=theme.ink, linewidth=0.8, zorder=1)
  axis.set_xticks(places, depths)
  axis.set_xlim(-0.4, len(depths) - 0.6)
  axis.locator_params(axis='y', nbins=5)
  axis.tick_params(length=0)
  axis.spines[['left', 'bottom']].set_visible(False)


def _legend(figure: Figure, axis: Axes, *, columns: int) -> None:
  handles, names = axis.get_legend_handles_labels()
  if len(handles) > 1:
    figure.legend(
        handles, names, loc='outside upper right',
        ncols=min(columns, len(handles)))


def known(lines: Sequence[Line]) -> list[Line]:
  """Returns the lines that have a number."""
  return [line for line in lines if np.isfinite(line.values).any()]


def titles(columns: Sequence[str], counts: Sequence[int]) -> list[str]:
  """Returns the panels' titles: a category and how many regions it has."""
  return [f'{figures.short(column)} ({count})' for column, count in zip(
      columns, counts, strict=True)]
