"""Figure 8 of the paper: images with every model's map, in one figure."""

import functools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps, colors
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from saliency_jax.report import figures, style
from saliency_jax.report.evaluated import Example
from saliency_jax.report.numbers import number

_MAP = colormaps['magma']
_RANGE = colors.Normalize(0, 5)  # standard deviations above the map's mean
# Inches: a panel's width and the gap beside it, the caption above, the scale.
_WIDTH, _GAP, _CAPTION, _BAR = 1.4, 0.04, 0.31, 0.72
_LABEL = {'nss': 'NSS', 'nmm': 'NMM'}


def grid(
    examples: Sequence[Example], models: Sequence[str], theme: style.Theme, *,
    narrow: bool = False
) -> Figure:
  """Draws a line for every image: the image, what people do, the models.

  Args:
    examples: K images.
    models: M models.
    theme: light or dark.
    narrow: for a phone: each image takes several lines.
  """
  panels = 2 + len(models)
  across = min(panels, 4 if narrow else 8)
  lines = math.ceil(panels / across)
  tall = [
      _WIDTH * example.size[0] / example.size[1] for example in examples]
  height = sum(lines * (one + _CAPTION) for one in tall) + _BAR
  with style.drawing(theme):
    figure = style.figure(across * (_WIDTH + _GAP) - _GAP, height)
    # All places are known; looking for them would take seconds.
    figure.set_layout_engine('none')
    top = height
    for example, one in zip(examples, tall, strict=True):
      drawn = [
          _image, _reference, *(
              functools.partial(_model, name=name, cells=cells, score=score)
              for name, cells, score in zip(
                  models, example.maps, example.scores, strict=True))]
      for place, draw in enumerate(drawn):
        line, column = divmod(place, across)
        axis = _axes(
            figure, column * (_WIDTH + _GAP),
            top - (line + 1) * (one + _CAPTION), _WIDTH, one)
        axis.set_axis_off()
        draw(axis, example)
      top -= lines * (one + _CAPTION)
    wide = min(5., 0.8 * figure.get_figwidth())
    bar = figure.colorbar(
        ScalarMappable(_RANGE, _MAP), orientation='horizontal',
        cax=_axes(figure, (figure.get_figwidth() - wide) / 2, _BAR - 0.25,
                  wide, 0.1),
        label='standard deviations above the mean of the map')
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
  return figure


def _axes(
    figure: Figure, left: float, bottom: float, width: float, height: float
) -> Axes:
  """Adds axes at a place in inches."""
  across, up = figure.get_size_inches()
  return figure.add_axes(
      (left / across, bottom / up, width / across, height / up))


def _image(axis: Axes, example: Example) -> None:
  """Draws the image, with the fixations of a photograph."""
  _fill(axis, example.picture, example)
  if len(example.fixations):
    y, x = example.fixations.T + 0.5
    axis.scatter(
        x, y, s=4, color='#f0e442', edgecolors='black', linewidths=0.35)
  _caption(axis, example.image_id, '')


def _reference(axis: Axes, example: Example) -> None:
  """Draws the human map of a photograph, or the target of an array."""
  if example.human is not None:
    _map(axis, example.human, example)
    _caption(axis, 'people', '')
  elif example.target is not None:
    _fill(axis, example.target, example, cmap='gray')
    _caption(axis, 'target', '')


def _model(
    axis: Axes, example: Example, *, name: str, cells: np.ndarray, score: float
) -> None:
  """Draws a model's map and its score on the image."""
  _map(axis, cells, example)
  _caption(axis, name, f'{_LABEL[example.metric]} {number(float(score), 1)}')


def _map(axis: Axes, cells: np.ndarray, example: Example) -> None:
  """Draws a map in standard deviations, with the target's outline."""
  _fill(axis, cells, example, norm=_RANGE, cmap=_MAP, interpolation='bilinear')
  if example.target is not None:
    y, x = np.nonzero(example.target)
    height, width = example.target.shape
    down, along = example.size[0] / height, example.size[1] / width
    middle = (x.mean() + 0.5) * along, (y.mean() + 0.5) * down
    # A ring around the target hides nothing of the map below it.
    reach = 0.75 * max(np.ptp(x) * along, np.ptp(y) * down)
    turn = np.linspace(0, 2 * np.pi, 60)
    axis.plot(
        middle[0] + reach * np.cos(turn), middle[1] + reach * np.sin(turn),
        color='white', linewidth=0.9)


def _fill(axis: Axes, values: np.ndarray, example: Example, **how) -> None:
  height, width = example.size
  axis.imshow(values, extent=(0, width, height, 0), **how)
  axis.set(xlim=(0, width), ylim=(height, 0))


def _caption(axis: Axes, name: str, score: str) -> None:
  axis.set_title(
      '\n'.join(filter(None, (figures.short(name), score))), loc='left',
      fontsize=7.5, fontweight='normal', pad=2)
