"""Outlines of sets of pixels as SVG paths."""

import contourpy
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_DETAIL = 640  # pixels of the longer side at which outlines are traced
_SMOOTH = 1.5  # sigma of the smoothing, in these pixels
_STEP = 6  # one of so many points of an outline is used, half of such a pixel apart; more of short ones


def outline(mask: np.ndarray, margin: float = 0.0) -> dict:
  """Returns the smoothed outline of a set of pixels, as an SVG path.

  Args:
    mask: bool `[H, W]`.
    margin: between a thin set and its outline, in image widths; 0 draws the
      outline on the set's border.

  Returns:
    `d` of a path in pixels, with the origin in the image's upper left corner,
    '' for an empty set; and its `box`: left, top, right, bottom.
  """
  kept = lines(mask, margin)
  if not kept:
    return {'d': '', 'box': None}
  points = np.concatenate(kept)
  return {
    'd': ''.join('M' + 'L'.join(f'{x:g} {y:g}' for x, y in line.tolist()) + 'Z' for line in kept),
    'box': [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()],
  }


def edge(mask: np.ndarray, size: tuple[int, int], margin: float = 0.0) -> np.ndarray:
  """Returns the pixels of an outline in a picture, bool `[h, w]`.

  The picture's (height, width), `size`, may differ from the mask's.
  """
  picture = Image.new('1', size[::-1])
  scale = np.array(size[::-1]) / mask.shape[::-1]
  for line in lines(mask, margin):
    closed = np.concatenate([line, line[:1]]) * scale
    ImageDraw.Draw(picture).line(closed.ravel().tolist(), 1, max(2, size[1] // 200))
  return np.asarray(picture)


def lines(mask: np.ndarray, margin: float) -> list[np.ndarray]:
  """Returns the parts of an outline, `[N, 2]` (x, y), to a tenth of a pixel."""
  ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
  if not len(ys):
    return []
  height, width = mask.shape
  scale = min(1.0, _DETAIL / max(height, width))
  # Only the set's surroundings are traced, far enough for the smoothing.
  spread = max(_SMOOTH, margin * width * scale)
  reach = int(np.ceil(4 * spread / scale)) + 2
  top, left = ys[0] - reach, xs[0] - reach
  bottom, right = ys[-1] + 1 + reach, xs[-1] + 1 + reach
  inside = mask[max(top, 0) : bottom, max(left, 0) : right]
  # Padding closes outlines that meet the border.
  padded = np.pad(inside, ((max(-top, 0), max(bottom - height, 0)), (max(-left, 0), max(right - width, 0))))
  small = Image.fromarray(padded.astype(np.uint8) * 255).resize(
    [max(1, round(x * scale)) for x in padded.shape[::-1]], Image.Resampling.BOX
  )
  smooth = np.asarray(small.filter(ImageFilter.GaussianBlur(spread)), float)
  down, across = (a / b for a, b in zip(padded.shape, smooth.shape, strict=True))
  found = contourpy.contour_generator(
    (np.arange(smooth.shape[1]) + 0.5) * across + left,
    (np.arange(smooth.shape[0]) + 0.5) * down + top,
    smooth,
    line_type=contourpy.LineType.Separate,
  ).lines(smooth.max() * (0.1 if margin else 0.5))
  # The last point of a line repeats the first.
  few = [line[: -1 : max(1, min(_STEP, len(line) // 8))] for line in found]
  # Rounded to whole pixels, circles would be bumpy.
  return [np.clip(np.round(line, 1), 0, (width, height)) for line in few]
