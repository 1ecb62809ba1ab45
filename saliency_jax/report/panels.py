"""Photographs and search arrays with maps of single units laid over.

Panels carry no text but the regions' labels: their captions are the page's.
Maps are standardised over the image, so colours mean the same in all panels:
standard deviations above the map's mean. Where a map is at its mean or below,
the photograph shows in grey; the colour then grows with the map.
"""

import io

import numpy as np
from matplotlib import colormaps, patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageFilter

from saliency_jax.ops import resize
from saliency_jax.report import style
from saliency_jax.report.folder import Answer, Example, Results

MOST_REGIONS = 4  # shown of a photograph
RANGE = (0., 6.)  # of the colours, standard deviations above the mean
# Okabe and Ito's palette without those near the map's own colours.
COLOURS = ('#56b4e9', '#e69f00', '#2fbf8f', '#cc79a7')
_MAP = colormaps['plasma']
_OPACITY = 0.75  # of the map's colour
_OPAQUE_FROM = 1.5  # standard deviations at which the opacity is reached
# Grey photograph = darkest + contrast * luminance, both 0 to 1: bright enough
# to be recognised, dark enough for the colours to stand out.
_DARKEST, _CONTRAST = 0.1, 0.65
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_DPI = 96


def most_looked_at(results: Results, example: Example) -> list[Answer]:
  """Returns the regions of a photograph to show, at most `MOST_REGIONS`.

  Those with the most fixations; of equals the one with the higher score.
  """
  fixations = {
      (row['image_id'], int(row['region_id'])): int(row['fixations'])
      for row in results.rows}
  return sorted(
      example.answers,
      key=lambda answer: (
          -fixations.get((example.image_id, answer.set_id), 0), -answer.score)
  )[:MOST_REGIONS]


def standardised(cells: np.ndarray, height: int, width: int) -> np.ndarray:
  """Returns a unit's map in standard deviations above its mean.

  The map is upsampled bilinearly first (half-pixel centres) and the standard
  deviation is the population's, as in the scores. A constant map is 0.

  Args:
    cells: `[h, w]`.
    height: H, px.
    width: W, px.

  Returns:
    float64 `[H, W]`.
  """
  rows, columns = cells.shape
  pixels = (
      resize.bilinear(height, rows) @ cells.astype(float)
      @ resize.bilinear(width, columns).T)
  centred = pixels - pixels.mean()
  deviation = centred.std()
  # Rounding leaves a constant map a spread of some 1e-16 of its level.
  if deviation <= 1e-9 * np.abs(cells).max():
    return np.zeros_like(centred)
  return centred / deviation


def photograph(example: Example, width: int) -> Figure:
  """Draws the image with its fixations, W = `width` px."""
  figure, axis = _canvas(example, width, _small(example, width) / 255)
  if len(example.fixations):
    y, x = (example.fixations.T + 0.5)
    axis.scatter(
        x, y, s=14, color='#f0e442', edgecolors='black', linewidths=0.7,
        alpha=0.9)
  return figure


def outlined(example: Example, answers: list[Answer], width: int) -> Figure:
  """Draws the image with regions in `COLOURS`, numbered from 1 and labelled."""
  figure, axis = _canvas(example, width, _small(example, width) / 255)
  for number, (answer, colour) in enumerate(
      zip(answers, COLOURS, strict=False), start=1):
    _outline(axis, example, answer, colour, width)
    _label(axis, example, answer, f'{number} {answer.label}', colour)
  return figure


def overlaid(
    example: Example, answer: Answer, width: int, *, margin: float = 0.
) -> Figure:
  """Draws the grey image, the unit's map over it and the set's outline.

  Args:
    example: the image.
    answer: the unit and the set of pixels.
    width: of the picture, px.
    margin: between a thin target and its outline, image widths; 0 draws the
      outline on the set's own border.
  """
  small = _small(example, width)
  grey = _grey(small @ np.array(_LUMINANCE) / 255)
  figure, axis = _canvas(
      example, width,
      _blend(grey, standardised(answer.cells, *small.shape[:2])))
  _outline(axis, example, answer, 'white', width, margin)
  return figure


def colour_bar(theme: style.Theme) -> Figure:
  """Draws the scale of all maps, over a photograph of middle grey."""
  low, high = RANGE
  values = np.linspace(low, high, 256)[None]
  with style.drawing(theme):
    figure = style.figure(3.4, 0.55)
    axis = figure.subplots()
    axis.imshow(
        _blend(_grey(np.full_like(values, 0.5)), values), aspect='auto',
        extent=(low, high, 0, 1))
    ticks = np.arange(low, high + 1)
    axis.set_xticks(ticks, ['≤ 0', *(f'{x:g}' for x in ticks[1:-1]), '≥ 6'])
    axis.set_yticks([])
    axis.set_xlabel('standard deviations above the mean of the map')
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
  return figure


def jpeg(drawn: Figure) -> bytes:
  """Returns a panel as a JPEG file."""
  drawn.canvas.draw()
  pixels = np.asarray(drawn.canvas.buffer_rgba())[..., :3]
  file = io.BytesIO()
  Image.fromarray(pixels).save(
      file, 'jpeg', quality=85, subsampling=0, optimize=True)
  return file.getvalue()


def _small(example: Example, width: int) -> np.ndarray:
  """Returns the image at the panel's size, uint8 `[H, W, 3]`."""
  return np.asarray(Image.fromarray(example.image).resize(
      (width, _height(example, width)), Image.Resampling.LANCZOS))


def _height(example: Example, width: int) -> int:
  height, image_width = example.sets.shape
  return max(1, round(width * height / image_width))


def _grey(luminance: np.ndarray) -> np.ndarray:
  return (_DARKEST + _CONTRAST * luminance)[..., None].repeat(3, axis=-1)


def _blend(ground: np.ndarray, deviations: np.ndarray) -> np.ndarray:
  """Lays the map's colours over a picture `[H, W, 3]` of values 0 to 1."""
  low, high = RANGE
  colour = _MAP(np.clip((deviations - low) / (high - low), 0, 1))[..., :3]
  opacity = _OPACITY * np.clip(deviations / _OPAQUE_FROM, 0, 1)[..., None]
  return (1 - opacity) * ground + opacity * colour


def _canvas(
    example: Example, width: int, picture: np.ndarray
) -> tuple[Figure, Axes]:
  """Returns a figure filled by a picture, in the image's own coordinates."""
  figure = Figure((width / _DPI, picture.shape[0] / _DPI), dpi=_DPI)
  FigureCanvasAgg(figure)
  axis = figure.add_axes((0, 0, 1, 1))
  axis.set_axis_off()
  height, image_width = example.image.shape[:2]
  axis.imshow(
      picture, extent=(0, image_width, height, 0), aspect='auto',
      interpolation='nearest')
  axis.autoscale(False)
  return figure, axis


def _outline(
    axis: Axes, example: Example, answer: Answer, colour: str, width: int,
    margin: float = 0.
) -> None:
  """Outlines a set of pixels, smoothly and in a dark casing."""
  mask = example.sets == answer.set_id
  if not mask.any():  # another set may cover it
    return
  height, image_width = mask.shape
  small = Image.fromarray(mask.astype(np.uint8) * 255).resize(
      (width, _height(example, width)), Image.Resampling.BOX)
  # Padding closes outlines that meet the border.
  padded = np.pad(
      np.asarray(small.filter(ImageFilter.GaussianBlur(
          margin * width if margin else 1.2)), float), 1)
  rows, columns = padded.shape
  axis.contour(
      (np.arange(columns) - 0.5) * image_width / (columns - 2),
      (np.arange(rows) - 0.5) * height / (rows - 2), padded,
      levels=[padded.max() * (0.1 if margin else 0.5)], colors=[colour],
      linewidths=1.6, path_effects=[
          patheffects.withStroke(linewidth=3.2, foreground='black', alpha=0.7)])


def _label(
    axis: Axes, example: Example, answer: Answer, text: str, colour: str
) -> None:
  """Writes a label above a set of pixels, or below where there is no room."""
  y, x = np.nonzero(example.sets == answer.set_id)
  if not len(y):
    return
  height, width = example.sets.shape
  above = y.min() > 0.07 * height
  # The text's middle stays far enough from the border for some 20 characters.
  reach = min(0.5, 0.011 * len(text) + 0.01)
  axis.text(
      np.clip(x.mean(), reach * width, (1 - reach) * width),
      y.min() - 0.012 * height if above else
      min(y.max() + 0.012 * height, 0.99 * height),
      text if len(text) <= 40 else f'{text[:39]}…',
      va='bottom' if above else 'top', ha='center', fontsize=13, color='black',
      parse_math=False,
      bbox={'facecolor': colour, 'edgecolor': 'none', 'pad': 1.8})
