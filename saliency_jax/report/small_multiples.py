"""Bars by layer for every category, in panels of one scale."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from saliency_jax.report import figures, style
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.figures import Series
from saliency_jax.report.numbers import counted

_LETTER = 0.09  # inches that a letter of a layer's name takes, as written


def by_column(
    table: Comparison, sets: Sequence[int], other: np.ndarray | None,
    theme: style.Theme, *, narrow: bool, labels: Sequence[str], label: str
) -> Figure:
  """Draws a panel of bars for every column, with the paper's values drawn in.

  Args:
    table: L layers by C columns.
    sets: C numbers of regions.
    other: float64 `[L, C]`, another run's values, or None.
    theme: light or dark.
    narrow: for a phone.
    labels: names of the run and the other.
    label: of the values, with the unit.
  """
  wide = 0.35 + (0.19 if narrow else 0.24) * max(len(table.layers), 4)
  across = (
      min(2, int(3.2 / wide)) if narrow
      else min(4, int(7.5 / wide), len(table.columns))) or 1
  down = math.ceil(len(table.columns) / across)
  # Names of layers hang below the last row, and below the last but one where
  # that has columns more; of 8 letters or fewer the height of a row has room.
  hanging = 1 + (down > 1 and len(table.columns) % across > 0)
  letters = max(max(map(len, table.layers)) - 8, 0)
  with style.drawing(theme):
    figure = style.figure(
        0.6 + across * wide,
        0.9 + down * 1.45 + hanging * letters * _LETTER)
    axes = figure.subplots(
        down, across, squeeze=False, sharex=True, sharey=True).ravel()
    for i, (axis, column) in enumerate(
        zip(axes, table.columns, strict=False)):
      series = [Series(labels[0], 'run', table.run[:, i])]
      if other is not None:
        series.append(Series(labels[1], 'other', other[:, i]))
      figures.group(axis, table.layers, series, theme)
      _dashes(axis, table.paper[::-1, i], theme)
      axis.set_title(
          f'{figures.short(column)}\n{counted(sets[i], "region")}',
          loc='left', fontsize=8.5, fontweight='normal')
      figures.tilt(axis, 90)
    for axis in axes[len(table.columns):]:
      axis.set_visible(False)
    # The last panel of every column names the layers.
    for i in range(len(table.columns)):
      if i + across >= len(table.columns):
        axes[i].tick_params('x', labelbottom=True)
    figure.supylabel(label, fontsize=9)
    _legend(figure, axes[0], table, theme, columns=2 if narrow else 3)
  return figure


def _dashes(axis: Axes, values: np.ndarray, theme: style.Theme) -> None:
  places = np.arange(len(values))
  axis.hlines(
      values, places - 0.46, places + 0.46, color=theme.ink, linewidth=1.8)


def _legend(
    figure: Figure, axis: Axes, table: Comparison, theme: style.Theme, *,
    columns: int
) -> None:
  handles, names = axis.get_legend_handles_labels()
  if np.isfinite(table.paper).any():
    handles.append(Line2D([], [], color=theme.ink, linewidth=1.8))
    names.append('paper')
  if len(handles) > 1:
    figure.legend(
        handles, names, loc='outside upper right', ncols=columns)
