"""Images with a unit's map laid over, as figures for a paper.

The page draws the same in the browser; colours and their meaning are those of
templates/colours.js. Maps are standardised over the image, so colours mean the
same in all panels: standard deviations above the map's mean. Where a map is at
its mean or below, the image shows in grey.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps, patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from PIL import Image, ImageFilter

from saliency_jax.ops import resize
from saliency_jax.report import style

RANGE = (0., 6.)  # of the colours, standard deviations above the mean
_MAP = colormaps['plasma']
_OPACITY = 0.75  # of the map's colour
_OPAQUE_FROM = 1.5  # standard deviations at which the opacity is reached
# Grey image = darkest + contrast * luminance, both 0 to 1: bright enough to be
# recognised, dark enough for the colours to stand out.
_DARKEST, _CONTRAST = 0.1, 0.65
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_MARGIN = 0.02  # between a target and its outline, image widths
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
        _draw(axis, panel)
      line[0].text(
          -0.06, 0.5, name, transform=line[0].transAxes, rotation=90,
          ha='right', va='center', fontweight='bold')
    _colour_bar(figure, axes)
  return figure


def upsampled(cells: np.ndarray, height: int, width: int) -> np.ndarray:
  """Returns a map at `[height, width]`, bilinearly, with half-pixel centres."""
  rows, columns = cells.shape
  return (
      resize.bilinear(height, rows) @ cells.astype(float)
      @ resize.bilinear(width, columns).T)


def blend(ground: np.ndarray, deviations: np.ndarray) -> np.ndarray:
  """Lays a map's colours over a picture.

  Args:
    ground: `[H, W, 3]`, 0 to 1.
    deviations: `[H, W]`, standard deviations above the mean.
  """
  low, high = RANGE
  colour = _MAP(np.clip((deviations - low) / (high - low), 0, 1))[..., :3]
  opacity = _OPACITY * np.clip(deviations / _OPAQUE_FROM, 0, 1)[..., None]
  return (1 - opacity) * ground + opacity * colour


def _draw(axis: Axes, panel: Panel) -> None:
  height, width = panel.image.shape[:2]
  grey = panel.image @ np.array(_LUMINANCE) / 255
  ground = (_DARKEST + _CONTRAST * grey)[..., None].repeat(3, axis=-1)
  axis.imshow(
      blend(ground, upsampled(panel.cells, height, width)),
      extent=(0, width, height, 0))
  axis.set_title(panel.title, fontsize=7, fontweight='normal', pad=3)
  axis.autoscale(False)
  _outline(axis, panel.mask, height, width)


def _outline(axis: Axes, mask: np.ndarray, height: int, width: int) -> None:
  """Outlines a thin set of pixels at a margin, in a dark casing."""
  if not mask.any():  # another set may cover it
    return
  small = Image.fromarray(mask.astype(np.uint8) * 255).resize(
      (width, height), Image.Resampling.BOX)
  # Padding closes outlines that meet the border.
  padded = np.pad(np.asarray(
      small.filter(ImageFilter.GaussianBlur(_MARGIN * width)), float), 1)
  axis.contour(
      np.arange(width + 2) - 0.5, np.arange(height + 2) - 0.5, padded,
      levels=[padded.max() * 0.1], colors=['white'], linewidths=1.,
      path_effects=[
          patheffects.withStroke(linewidth=2., foreground='black', alpha=0.7)])


def _colour_bar(figure: Figure, axes: np.ndarray) -> None:
  low, high = RANGE
  values = np.linspace(low, high, 256)
  ground = np.full((256, 3), _DARKEST + _CONTRAST / 2)
  bar = figure.colorbar(
      ScalarMappable(
          Normalize(low, high), ListedColormap(blend(ground, values))),
      ax=axes, orientation='horizontal', fraction=0.04, aspect=40, pad=0.02,
      label='standard deviations above the mean of the map')
  bar.outline.set_visible(False)
  bar.ax.tick_params(length=0)
