"""Photographs and search arrays with a unit's map laid over, as still pictures.

Maps come standardised over the image, so colours mean the same in all pictures:
standard deviations above the map's mean. Where a map is at its mean or below,
the photograph shows in grey; the colour then grows with the map. The page's
scripts draw in the same colours (templates/colours.js).
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

RANGE = (0., 6.)  # of the colours, standard deviations above the mean
_MAP = colormaps['plasma']
_OPACITY = 0.75  # of the map's colour
_OPAQUE_FROM = 1.5  # standard deviations at which the opacity is reached
# Grey photograph = darkest + contrast * luminance, both 0 to 1: bright enough
# to be recognised, dark enough for the colours to stand out.
_DARKEST, _CONTRAST = 0.1, 0.65
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_DPI = 96


def draw(
    axis: Axes, picture: np.ndarray, mask: np.ndarray,
    cells: np.ndarray | None = None, *, margin: float = 0., line: float = 1.6
) -> None:
  """Fills an axis with a picture, a unit's map over it and a set's outline.

  Args:
    axis: is left without ticks and frame.
    picture: uint8 `[H, W, 3]`.
    mask: bool, the set, of any size with the picture's proportions.
    cells: `[h, w]`, standard deviations; None draws the picture as it is.
    margin: between a thin set and its outline, image widths; 0 draws the
      outline on the set's own border.
    line: width of the outline in points; its dark casing is twice as wide.
  """
  height, width = picture.shape[:2]
  axis.set_axis_off()
  axis.imshow(
      picture if cells is None else blended(picture, cells),
      extent=(0, width, height, 0), interpolation='antialiased')
  axis.autoscale(False)
  _outline(axis, mask, (height, width), margin, line)


def blended(picture: np.ndarray, cells: np.ndarray) -> np.ndarray:
  """Returns the map's colours over the grey picture, float `[H, W, 3]`.

  Args:
    picture: uint8 `[H, W, 3]`.
    cells: `[h, w]`, standard deviations above the map's mean.
  """
  return blend(
      grey(picture @ np.array(_LUMINANCE) / 255),
      upsampled(cells, *picture.shape[:2]))


def upsampled(cells: np.ndarray, height: int, width: int) -> np.ndarray:
  """Returns a map at `[height, width]`, bilinearly, with half-pixel centres."""
  rows, columns = cells.shape
  return (
      resize.bilinear(height, rows) @ cells.astype(float)
      @ resize.bilinear(width, columns).T)


def grey(luminance: np.ndarray) -> np.ndarray:
  """Returns the ground under a map, `[..., 3]`, for a luminance of 0 to 1."""
  return (_DARKEST + _CONTRAST * luminance)[..., None].repeat(3, axis=-1)


def blend(ground: np.ndarray, deviations: np.ndarray) -> np.ndarray:
  """Lays a map's colours over a picture.

  Args:
    ground: `[..., 3]`, 0 to 1.
    deviations: `[...]`, standard deviations above the mean.
  """
  low, high = RANGE
  colour = _MAP(np.clip((deviations - low) / (high - low), 0, 1))[..., :3]
  opacity = _OPACITY * np.clip(deviations / _OPAQUE_FROM, 0, 1)[..., None]
  return (1 - opacity) * ground + opacity * colour


def jpeg(
    picture: np.ndarray, mask: np.ndarray, cells: np.ndarray | None = None, *,
    width: int, margin: float = 0.
) -> bytes:
  """Returns what `draw` draws as a JPEG file of W = `width` px."""
  height = max(1, round(width * picture.shape[0] / picture.shape[1]))
  figure = Figure((width / _DPI, height / _DPI), dpi=_DPI)
  FigureCanvasAgg(figure)
  small = np.asarray(Image.fromarray(picture).resize(
      (width, height), Image.Resampling.LANCZOS))
  draw(figure.add_axes((0, 0, 1, 1), aspect='auto'), small, mask, cells,
       margin=margin)
  figure.canvas.draw()
  file = io.BytesIO()
  Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3]).save(
      file, 'jpeg', quality=85, subsampling=0, optimize=True)
  return file.getvalue()


def colour_bar(theme: style.Theme, *, narrow: bool = False) -> Figure:
  """Draws the scale of all maps, over a photograph of middle grey."""
  with style.drawing(theme):
    figure = style.figure(3.2 if narrow else 3.4, 0.55)
    scale(figure.subplots())
  return figure


def scale(axis: Axes) -> None:
  """Fills an axis with the scale of all maps."""
  low, high = RANGE
  values = np.linspace(low, high, 256)[None]
  axis.imshow(
      blend(grey(np.full_like(values, 0.5)), values), aspect='auto',
      extent=(low, high, 0, 1))
  ticks = np.arange(low, high + 1)
  axis.set_xticks(ticks, ['≤ 0', *(f'{x:g}' for x in ticks[1:-1]), '≥ 6'])
  axis.set_yticks([])
  axis.set_xlabel('standard deviations above the mean of the map')
  axis.tick_params(length=0)
  axis.spines[:].set_visible(False)


def _outline(
    axis: Axes, mask: np.ndarray, size: tuple[int, int], margin: float,
    line: float
) -> None:
  """Outlines a set of pixels, smoothly and in a dark casing."""
  if not mask.any():  # another set may cover it
    return
  height, width = size
  small = Image.fromarray(mask.astype(np.uint8) * 255).resize(
      (width, height), Image.Resampling.BOX)
  # Padding closes outlines that meet the border.
  padded = np.pad(
      np.asarray(small.filter(ImageFilter.GaussianBlur(
          margin * width if margin else 1.2)), float), 1)
  axis.contour(
      np.arange(width + 2) - 0.5, np.arange(height + 2) - 0.5, padded,
      levels=[padded.max() * (0.1 if margin else 0.5)], colors=['white'],
      linewidths=line, path_effects=[patheffects.withStroke(
          linewidth=2 * line, foreground='black', alpha=0.7)])
