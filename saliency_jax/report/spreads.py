"""How the scores of single arrays spread, kind by kind and layer by layer."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from saliency_jax.report import figures, style

_QUARTILES = (25, 50, 75)


def quartiles(values: np.ndarray) -> np.ndarray:
  """Returns the lower quartile, the median and the upper one; NaN of none."""
  if not len(values):
    return np.full(3, math.nan)
  return np.percentile(values, _QUARTILES)


def by_kind(
    scores: dict[str, list[np.ndarray]], layers: tuple[str, ...],
    theme: style.Theme, *, narrow: bool = False
) -> Figure:
  """Draws a panel for every layer: arrays as dots, quartiles as a line.

  Args:
    scores: kind -> for each layer the scores of its arrays, `[n]`.
    layers: L names, in the tables' order; the last comes first.
    theme: light or dark.
    narrow: for a phone.
  """
  across = min(2 if narrow else 3, len(layers))
  down = math.ceil(len(layers) / across)
  with style.drawing(theme):
    figure = style.figure(
        1.25 + across * (1.35 if narrow else 2.3),
        0.85 + down * (0.5 + 0.24 * max(len(scores), 3)))
    axes = figure.subplots(
        down, across, squeeze=False, sharex=True, sharey=True).ravel()
    for place, layer in enumerate(layers[::-1]):
      _panel(axes[place], [x[len(layers) - 1 - place] for x in scores.values()],
             theme)
      axes[place].set_title(layer, loc='left')
      axes[place].tick_params(
          'x', labelbottom=place + across >= len(layers))
    for axis in axes[len(layers):]:
      axis.set_visible(False)
    axes[0].set_yticks(range(len(scores)), [figures.short(x) for x in scores])
    axes[0].invert_yaxis()
    figure.supxlabel('NMM of the best units on an array (SD)', fontsize=9)
    figure.legend(
        handles=[
            Line2D([], [], linestyle='', marker='o', markersize=3.5,
                   color=theme.run, alpha=0.6, label='one array'),
            Line2D([], [], color=theme.ink, linewidth=1.8,
                   label='quartiles'),
            Line2D([], [], linestyle='', marker='|', markersize=9,
                   markeredgewidth=2, color=theme.ink, label='median')],
        loc='outside upper right', ncols=3, handletextpad=0.4,
        columnspacing=1.2)
  return figure


def _panel(axis: Axes, kinds: list[np.ndarray], theme: style.Theme) -> None:
  axis.grid(axis='x', linewidth=0.8)
  axis.axvline(0, color=theme.ink, linewidth=0.8)
  # Dots of equal scores stand apart; by place, so that they always do.
  heights = np.concatenate([
      y + 0.22 * np.cos(2.4 * np.arange(len(values)))
      for y, values in enumerate(kinds)])
  axis.scatter(
      np.concatenate(kinds), heights, s=9, color=theme.run, alpha=0.6,
      linewidths=0)
  low, middle, high = np.array([quartiles(x) for x in kinds]).T
  places = np.arange(len(kinds))
  axis.hlines(places, low, high, color=theme.ink, linewidth=1.8)
  axis.plot(
      middle, places, '|', color=theme.ink, markersize=9, markeredgewidth=2)
  axis.tick_params(length=0)
  axis.locator_params(axis='x', nbins=5)
  axis.spines[['left', 'bottom']].set_visible(False)
