"""Figures of the tables: coloured matrices and bars by layer.

Every function takes the theme to draw in and returns a figure; nothing touches
pyplot. Layers down a figure come in the tables' order and layers across in the
reverse: with the configs' order depth grows upwards and rightwards.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps, colors
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from saliency_jax.report import style
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.numbers import number, signed

VALUES = colormaps['viridis']
DIFFERENCES = colormaps['RdBu_r']


class Series(NamedTuple):
  """A bar for every layer."""
  label: str
  role: str  # 'run', 'other' or 'paper': a colour of the theme
  values: np.ndarray  # float64 `[L]`, in the tables' order; NaN draws nothing
  errors: np.ndarray | None = None  # float64 `[L]`, drawn both ways


def scale(*values: np.ndarray) -> colors.Normalize:
  """Returns the colour scale of matrices that are compared: from 0, or less."""
  known = np.concatenate([x[np.isfinite(x)] for x in values])
  low, high = (known.min(), known.max()) if len(known) else (0., 1.)
  low = min(low, 0.)
  return colors.Normalize(low, high if high > low else low + 1)


def even_scale(values: np.ndarray) -> colors.Normalize:
  """Returns the colour scale of differences: as far below 0 as above."""
  known = np.abs(values[np.isfinite(values)])
  reach = known.max() if len(known) and known.max() else 1.
  return colors.Normalize(-reach, reach)


def matrices(
    table: Comparison, theme: style.Theme, *, label: str, narrow: bool = False,
    digits: int = 2
) -> Figure:
  """Draws the two sides of a table on one colour scale.

  Args:
    table: L layers by C columns; a second side without numbers is left out.
    theme: light or dark.
    label: what the colours mean, with the unit.
    narrow: for a phone: the paper's below the run's instead of beside it, and
      layers across as in the bars.
    digits: of the numbers, after the point.
  """
  sides = [('', table.run)]
  if np.isfinite(table.paper).any():
    sides = [('This run', table.run), ('Paper', table.paper)]
  return _matrices(
      table, sides, theme, label, narrow, digits,
      scale(*(values for _, values in sides)), VALUES, number)


def differences(
    table: Comparison, theme: style.Theme, *, label: str, narrow: bool = False,
    digits: int = 2
) -> Figure:
  """Draws the first side of a table less the second."""
  values = table.run - table.paper
  return _matrices(
      table, [('', values)], theme, label, narrow, digits, even_scale(values),
      DIFFERENCES, signed)


def one_matrix(
    values: np.ndarray, rows: Sequence[str], columns: Sequence[str],
    theme: style.Theme, *, names: tuple[str, str], label: str,
    narrow: bool = False
) -> Figure:
  """Draws one matrix `[rows, columns]` with its scale.

  Args:
    values: NaN where there is no number.
    rows: their names.
    columns: their names.
    theme: light or dark.
    names: what the rows and the columns are.
    label: what the colours mean, with the unit.
    narrow: for a phone.
  """
  norm = scale(values)
  with style.drawing(theme):
    figure = style.figure(
        2.1 + (0.42 if narrow else 0.65) * max(len(columns), 2),
        1.1 + 0.27 * max(len(rows), 4))
    axis = figure.subplots()
    matrix(axis, values, rows, columns, norm, theme, tilted=narrow)
    axis.set(xlabel=names[1], ylabel=names[0])
    colour_bar(figure, [axis], norm, label)
  return figure


def bars(
    layers: Sequence[str], series: Sequence[Series], theme: style.Theme, *,
    label: str, narrow: bool = False
) -> Figure:
  """Draws a group of bars for every layer; NaN leaves a gap.

  Args:
    layers: L names, in the tables' order.
    series: side by side; one that has no number is left out.
    theme: light or dark.
    label: of the values, with the unit.
    narrow: for a phone.
  """
  series = [x for x in series if np.isfinite(x.values).any()]
  room = max(len(layers), 3)  # a single bar stays a bar
  with style.drawing(theme):
    figure = style.figure(
        1.1 + (0.52 if narrow else 0.85) * room, 3. if narrow else 3.3)
    axis = figure.subplots()
    group(axis, layers, series, theme)
    if narrow:
      tilt(axis)
    axis.set_xlim(-0.6, room - 0.4)
    axis.set(xlabel='layer', ylabel=label)
    if series:
      figure.legend(loc='outside upper right', ncols=2 if narrow else 3)
  return figure


def group(
    axis: Axes, layers: Sequence[str], series: Sequence[Series],
    theme: style.Theme
) -> None:
  """Draws bars by layer into an axis, the tables' last layer first."""
  colour = {'run': theme.run, 'other': theme.other, 'paper': theme.paper}
  places, width = np.arange(len(layers)), 0.76 / max(len(series), 1.3)
  axis.grid(axis='y', linewidth=0.8)
  for k, one in enumerate(series):
    axis.bar(
        places + (k - (len(series) - 1) / 2) * width, one.values[::-1], width,
        # A legend leaves out what starts with '_'.
        color=colour[one.role], label=short(one.label, 32).lstrip('_'),
        yerr=None if one.errors is None else one.errors[::-1],
        error_kw={'ecolor': theme.ink, 'elinewidth': 1.1, 'capsize': 2.5})
  axis.axhline(0, color=theme.ink, linewidth=0.8)
  axis.set_xticks(places, layers[::-1])
  axis.locator_params(axis='y', nbins=6)
  axis.tick_params(length=0)
  axis.spines[['left', 'bottom']].set_visible(False)


def _matrices(
    table: Comparison, sides: list[tuple[str, np.ndarray]], theme: style.Theme,
    label: str, narrow: bool, digits: int, norm: colors.Normalize,
    colour_map: colors.Colormap, written: Callable[[float, int], str]
) -> Figure:
  def text(value: float) -> str:
    return written(value, digits)

  count = len(sides)
  # A matrix of one row or column still leaves room for its names.
  down, across = max(len(table.layers), 3), max(len(table.columns), 3)
  with style.drawing(theme):
    if narrow:
      figure = style.figure(
          1.7 + 0.42 * down, 0.8 + count * (0.4 + 0.27 * across))
      axes = figure.subplots(count, 1, squeeze=False, sharex=True)
    else:
      figure = style.figure(
          1.1 + count * (0.7 + 0.4 * across), 1.35 + 0.32 * down)
      axes = figure.subplots(1, count, squeeze=False, sharey=True)
    for axis, (title, values) in zip(axes.ravel(), sides, strict=True):
      if narrow:
        matrix(
            axis, values[::-1].T, table.columns, table.layers[::-1], norm,
            theme, text, tilted=True, colour_map=colour_map)
      else:
        matrix(
            axis, values, table.layers, table.columns, norm, theme, text,
            tilted=True, colour_map=colour_map)
      axis.set_title(title, loc='left')
    # Shared axes are labelled once, on their outer side.
    names = ('layer', 'category of region')
    for axis in axes[:, 0]:
      axis.set_ylabel(names[narrow])
    for axis in axes[-1]:
      axis.set_xlabel(names[not narrow])
    colour_bar(figure, axes, norm, label, colour_map)
  return figure


def matrix(
    axis: Axes, values: np.ndarray, rows: Sequence[str], columns: Sequence[str],
    norm: colors.Normalize, theme: style.Theme,
    text: Callable[[float], str] = number, *, tilted: bool,
    colour_map: colors.Colormap = VALUES
) -> None:
  """Draws one matrix with its values, in ink that stands out from each cell."""
  axis.imshow(
      np.ma.masked_invalid(values), norm=norm, aspect='auto',
      cmap=colour_map.with_extremes(bad=theme.missing))
  for (row, column), value in np.ndenumerate(values):
    missing = math.isnan(value)
    axis.text(
        column, row, text(float(value)),
        ha='center', va='center', fontsize=8,
        color=theme.ink if missing else style.legible(colour_map(norm(value))))
  axis.set_xticks(range(len(columns)), [short(x) for x in columns])
  axis.set_yticks(range(len(rows)), [short(x) for x in rows])
  if tilted:
    tilt(axis)
  axis.tick_params(length=0)
  axis.spines[:].set_visible(False)


def tilt(axis: Axes, degrees: int = 45) -> None:
  """Tilts the names below an axis, so that they take less room."""
  axis.tick_params('x', rotation=degrees)
  for name in axis.get_xticklabels():
    name.set(
        ha='right', va='center' if degrees == 90 else 'top',
        rotation_mode='anchor')


def colour_bar(
    figure: Figure, axes, norm: colors.Normalize, label: str,
    colour_map: colors.Colormap = VALUES
) -> None:
  """Draws a scale beside the axes that use it."""
  bar = figure.colorbar(
      ScalarMappable(norm, colour_map), ax=axes, label=label, pad=0.015,
      fraction=0.05, aspect=30)
  bar.outline.set_visible(False)
  bar.ax.tick_params(length=0)


def short(name: str, letters: int = 20) -> str:
  """Returns a name that leaves room for what it names."""
  return name if len(name) <= letters else f'{name[:letters - 1]}…'
