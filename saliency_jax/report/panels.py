"""Images with a unit's map laid over, as figures for a paper.

The page draws the same in the browser. Colours and their meaning are those of
`overlays`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from saliency_jax.report import overlays, style

_MARGIN = 0.02  # between a target and its outline, image widths
_LINE = 1.  # the outline's width, points
_SIDE = 1.3  # of a panel, inches


class Panel(NamedTuple):
  """An image, a map over it and a set of pixels to outline."""
  title: str
  image: np.ndarray  # uint8 `[H, W, 3]`, RGB
  cells: np.ndarray  # `[h, w]`, standard deviations above the map's mean
  mask: np.ndarray  # bool, of the same shape or size as the original image


def grid(
    rows: Sequence[tuple[str, Sequence[Panel]]], theme: style.Theme
) -> Figure:
  """Draws rows of panels under their names, with the scale of the maps."""
  across = max(len(panels) for _, panels in rows)
  with style.drawing(theme):
    figure = style.figure(
        0.3 + across * (_SIDE + 0.1), 0.9 + len(rows) * (_SIDE + 0.55))
    axes = figure.subplots(len(rows), across, squeeze=False)
    for line, (name, panels) in zip(axes, rows, strict=True):
      for axis in line:
        axis.set_axis_off()
      for axis, panel in zip(line, panels, strict=False):
        overlays.draw(
            axis, panel.image, panel.mask, panel.cells, margin=_MARGIN,
            line=_LINE)
        axis.set_title(panel.title, fontsize=7, fontweight='normal', pad=3)
      line[0].text(
          -0.06, 0.5, name, transform=line[0].transAxes, rotation=90,
          ha='right', va='center', fontweight='bold')
    _colour_bar(figure, axes)
  return figure


def _colour_bar(figure: Figure, axes: np.ndarray) -> None:
  low, high = overlays.RANGE
  values = np.linspace(low, high, 256)
  ground = overlays.grey(np.full(256, 0.5))
  bar = figure.colorbar(
      ScalarMappable(
          Normalize(low, high), ListedColormap(overlays.blend(ground, values))),
      ax=axes, orientation='horizontal', fraction=0.04, aspect=40, pad=0.02,
      label='standard deviations above the mean of the map')
  bar.outline.set_visible(False)
  bar.ax.tick_params(length=0)
