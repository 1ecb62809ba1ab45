"""Figures of the tables: coloured matrices and bars by layer.

Every function takes the theme to draw in and returns a figure; nothing touches
pyplot. Layers down a figure come in the tables' order and layers across in the
reverse: with the configs' order depth grows upwards and rightwards.
"""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps, colors
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from saliency_jax.report import best_units, comparison, style
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.folder import Results
from saliency_jax.report.numbers import number

VALUES = colormaps['viridis']


def scale(*values: np.ndarray) -> colors.Normalize:
  """Returns the colour scale of matrices that are compared: from 0, or less."""
  known = np.concatenate([x[np.isfinite(x)] for x in values])
  low, high = (known.min(), known.max()) if len(known) else (0., 1.)
  low = min(low, 0.)
  return colors.Normalize(low, high if high > low else low + 1)


def matrices(
    table: Comparison, theme: style.Theme, *, label: str, narrow: bool = False
) -> Figure:
  """Draws the run's table and the paper's on one colour scale.

  Args:
    table: L layers by C columns.
    theme: light or dark.
    label: what the colours mean, with the unit.
    narrow: for a phone: the paper's below the run's instead of beside it, and
      layers across as in the bars.
  """
  sides = [('This run', table.run)]
  if np.isfinite(table.paper).any():
    sides.append(('Paper', table.paper))
  norm = scale(*(values for _, values in sides))
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
        _matrix(
            axis, values[::-1].T, table.columns, table.layers[::-1], norm,
            theme, tilted=True)
      else:
        _matrix(
            axis, values, table.layers, table.columns, norm, theme, tilted=True)
      axis.set_title(title, loc='left')
    # Shared axes are labelled once, on their outer side.
    names = ('layer', 'category of region')
    for axis in axes[:, 0]:
      axis.set_ylabel(names[narrow])
    for axis in axes[-1]:
      axis.set_xlabel(names[not narrow])
    _colour_bar(figure, axes, norm, label)
  return figure


def kinds(
    results: Results, theme: style.Theme, *, narrow: bool = False
) -> Figure:
  """Draws the mean NMM of the best units: kinds of target by layers."""
  means = best_units.by_kind(results)
  values = np.array(list(means.values()))[:, ::-1]
  norm = scale(values)
  with style.drawing(theme):
    figure = style.figure(
        2.1 + (0.42 if narrow else 0.65) * max(len(results.layers), 2),
        1.1 + 0.27 * max(len(means), 4))
    axis = figure.subplots()
    _matrix(
        axis, values, list(means), results.layers[::-1], norm, theme,
        tilted=narrow)
    axis.set(xlabel='layer', ylabel='kind of target')
    _colour_bar(figure, [axis], norm, 'mean NMM (SD)')
  return figure


def bars(
    results: Results, theme: style.Theme, *, label: str, narrow: bool = False
) -> Figure:
  """Draws every layer's mean with its standard error, beside the paper's."""
  means = comparison.layer_means(comparison.means(results))
  errors = best_units.standard_errors(results)[::-1]
  run, published = means.run[::-1, 0], means.paper[::-1, 0]
  has_paper = bool(np.isfinite(published).any())
  places, width = np.arange(len(run)), 0.38 if has_paper else 0.6
  room = max(len(run), 3)  # a single bar stays a bar
  with style.drawing(theme):
    figure = style.figure(
        1.1 + (0.52 if narrow else 0.85) * room, 3. if narrow else 3.3)
    axis = figure.subplots()
    axis.grid(axis='y', linewidth=0.8)
    axis.bar(
        places - has_paper * width / 2, run, width,
        color=theme.run, label='this run', yerr=errors,
        error_kw={'ecolor': theme.ink, 'elinewidth': 1.1, 'capsize': 2.5})
    if has_paper:
      axis.bar(
          places + width / 2, published, width,
          color=theme.paper, label='paper')
    axis.axhline(0, color=theme.ink, linewidth=0.8)
    axis.set_xticks(places, means.layers[::-1])
    if narrow:
      _tilt(axis)
    axis.set_xlim(-0.6, room - 0.4)
    axis.set(xlabel='layer', ylabel=label)
    axis.locator_params(axis='y', nbins=6)
    axis.tick_params(length=0)
    axis.spines[['left', 'bottom']].set_visible(False)
    figure.legend(loc='outside upper right', ncols=2)
  return figure


def _matrix(
    axis: Axes, values: np.ndarray, rows: Sequence[str], columns: Sequence[str],
    norm: colors.Normalize, theme: style.Theme, *, tilted: bool
) -> None:
  """Draws one matrix with its values, in ink that stands out from each cell."""
  colour_map = VALUES.with_extremes(bad=theme.missing)
  axis.imshow(
      np.ma.masked_invalid(values), norm=norm, cmap=colour_map, aspect='auto')
  for (row, column), value in np.ndenumerate(values):
    missing = math.isnan(value)
    axis.text(
        column, row, number(float(value)),
        ha='center', va='center', fontsize=8,
        color=theme.ink if missing else style.legible(VALUES(norm(value))))
  axis.set_xticks(range(len(columns)), [_short(x) for x in columns])
  axis.set_yticks(range(len(rows)), [_short(x) for x in rows])
  if tilted:
    _tilt(axis)
  axis.tick_params(length=0)
  axis.spines[:].set_visible(False)


def _tilt(axis: Axes) -> None:
  axis.tick_params('x', rotation=45)
  for name in axis.get_xticklabels():
    name.set(ha='right', rotation_mode='anchor')


def _colour_bar(
    figure: Figure, axes, norm: colors.Normalize, label: str
) -> None:
  bar = figure.colorbar(
      ScalarMappable(norm, VALUES), ax=axes, label=label, pad=0.015,
      fraction=0.05, aspect=30)
  bar.outline.set_visible(False)
  bar.ax.tick_params(length=0)


def _short(name: str) -> str:
  """Returns a name that leaves room for the matrix."""
  return name if len(name) <= 20 else f'{name[:19]}…'
