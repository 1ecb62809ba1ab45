"""Figures of an evaluation: models by metric, and search arrays by kind."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from saliency_jax.report import figures, metrics, style
from saliency_jax.report.evaluated import Scores, Value
from saliency_jax.report.metrics import METRICS

# What the legend calls a kind of model.
_KINDS = {
    'network': 'network', 'classical': 'classical model',
    'centre': 'centre prior', 'folder': 'folder of maps'}
_CEILING = (0, (4, 3))  # dashes of its line


def dots(
    scores: Scores, names: Sequence[str], models: Mapping[str, str],
    theme: style.Theme, *, narrow: bool = False
) -> Figure:
  """Draws a panel for each metric: every model's mean and its interval.

  Args:
    scores: the values; a ceiling is a dashed line.
    names: the metrics.
    models: M models and their kinds, the topmost first.
    theme: light or dark.
    narrow: for a phone.
  """
  across = min(2 if narrow else 4, len(names))
  down = math.ceil(len(names) / across)
  with style.drawing(theme):
    figure = style.figure(
        1.3 + across * (1.45 if narrow else 2.3),
        0.55 + down * (0.55 + 0.24 * max(len(models), 2)))
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axis, name in zip(axes, names, strict=False):
      metric = METRICS[name]
      _rows(axis, scores[name], models, theme, metric.factor)
      ceiling = metrics.ceiling(scores[name], name)
      if ceiling:
        axis.axvline(
            ceiling.mean * metric.factor, color=theme.ink, linewidth=1.1,
            linestyle=_CEILING, zorder=1)
      axis.set_title(
          metric.title, loc='left', fontsize=9, fontweight='normal')
      axis.locator_params(axis='x', nbins=3 if narrow else 4)
    for axis in axes[len(names):]:
      axis.set_visible(False)
    _legend(figure, models, any(
        metrics.ceiling(scores[name], name) for name in names), theme, narrow)
  return figure


def table4(
    values: dict[str, Value], models: Mapping[str, str],
    published: Mapping[str, float], theme: style.Theme, *, narrow: bool = False
) -> Figure:
  """Draws the NMM of every model's output, and below it the paper's models.

  Args:
    values: of the models.
    models: M models and their kinds, the topmost first.
    published: P models of the paper.
    theme: light or dark.
    narrow: for a phone.
  """
  published = dict(sorted(published.items(), key=lambda one: -one[1]))
  with style.drawing(theme):
    figure = style.figure(
        4.2 if narrow else 7.2, 1.15 + 0.25 * (len(models) + len(published)))
    axis = figure.subplots()
    _rows(axis, values, models, theme, 1.)
    places = len(models) + 0.4 + np.arange(len(published))
    axis.scatter(
        list(published.values()), places, s=34, facecolors='none',
        edgecolors=theme.ink, linewidths=1.2, zorder=3)
    axis.set_yticks(
        [*range(len(models)), *places],
        [*map(figures.short, models),
         *(f'{name}, in the paper' for name in published)])
    axis.set_ylim(places[-1] + 0.6, -0.6)
    axis.axhline(len(models) - 0.3, color=theme.faint, linewidth=0.8)
    axis.axvline(0, color=theme.ink, linewidth=0.8)
    axis.set_xlabel('mean NMM of the output (SD)')
    _legend(figure, models, False, theme, narrow)
  return figure


def kinds(
    values: np.ndarray, names: Sequence[str], models: Sequence[str],
    theme: style.Theme, *, narrow: bool = False
) -> Figure:
  """Draws the mean NMM of every model on every kind of target.

  Args:
    values: float64 `[K, M]`.
    names: K kinds.
    models: M models.
    theme: light or dark.
    narrow: for a phone.
  """
  norm = figures.scale(values)
  with style.drawing(theme):
    figure = style.figure(
        2.2 + (0.5 if narrow else 0.75) * max(len(models), 2),
        1.2 + 0.27 * max(len(names), 4))
    axis = figure.subplots()
    figures.matrix(axis, values, names, models, norm, theme, tilted=True)
    axis.set(ylabel='kind of target')
    figures.colour_bar(figure, [axis], norm, 'mean NMM (SD)')
  return figure


def _rows(
    axis: Axes, values: dict[str, Value], models: Mapping[str, str],
    theme: style.Theme, factor: float
) -> None:
  """Draws a dot and an interval for every model, from the top down."""
  axis.grid(axis='x', linewidth=0.8)
  for place, (model, kind) in enumerate(models.items()):
    value = values.get(model)
    if value is None or math.isnan(value.mean):
      continue
    colour = _colour(kind, theme)
    axis.plot(
        [value.low * factor, value.high * factor], [place, place],
        color=colour, linewidth=2, solid_capstyle='butt', zorder=2)
    axis.plot(
        value.mean * factor, place, 'o', color=colour, markersize=5.5, zorder=3)
  axis.set_yticks(range(len(models)), [figures.short(x) for x in models])
  axis.set_ylim(len(models) - 0.4, -0.6)
  axis.tick_params(length=0)
  axis.spines[['left', 'bottom']].set_visible(False)


def _legend(
    figure: Figure, models: Mapping[str, str], ceiling: bool,
    theme: style.Theme, narrow: bool
) -> None:
  handles = [
      Line2D([], [], color=_colour(kind, theme), marker='o', markersize=5.5,
             linewidth=2, label=label)
      for kind, label in _KINDS.items() if kind in models.values()]
  if ceiling:
    handles.append(Line2D(
        [], [], color=theme.ink, linewidth=1.1, linestyle=_CEILING,
        label='other people'))
  figure.legend(
      handles=handles, loc='outside upper right',
      ncols=2 if narrow else len(handles))


def _colour(kind: str, theme: style.Theme) -> str:
  """Returns the colour of a kind of model: the theme's, or Okabe and Ito's."""
  return {
      'network': theme.run, 'classical': '#d55e00', 'centre': theme.paper,
      'folder': '#009e73'}[kind]
