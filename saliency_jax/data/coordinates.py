"""From recorded coordinates to pixels of an image, for every kind of data.

A recorded coordinate becomes `(value - origin) * scale + offset`, in pixels
from 0 at the top left pixel's centre, and is rounded, halves up. A scale below
1, from a screen with more pixels than the image, is applied to the pixels'
areas: `(x + 0.5) * scale - 0.5`.
"""

import dataclasses
import math

import numpy as np

from saliency_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Coordinates:
  """How coordinates were recorded, and what is done with those outside.

  Attributes:
    origin: the coordinate of the top left pixel's centre; 0 for shares of the
      size and for a centred origin.
    scale: image pixels per recorded unit: 'S', 'X,Y', or 'size' if coordinates
      are shares of the image's width and height.
    offset: pixels added after scaling: 'X,Y', or 'centre' if the origin is the
      image's centre.
    missing: the code for lost gaze: 'X,Y', a value of either coordinate, or
      'none' if every coordinate is a fixation.
    drop_outside: whether fixations outside are left out; otherwise an error.
    accept_outside: the largest share that may be left out.
    slack: pixels beyond the edge that still count as on it.
    maxima: whether maps that are not maps of points stand for their maxima.
    cut: whether fractions are cut off, as in pysaliency, instead of rounded.
    key: the config group of these options, for errors.
  """

  origin: float = 0
  scale: str = ''
  offset: str = ''
  missing: str = ''
  drop_outside: bool = False
  accept_outside: float = 0.1
  maxima: bool = False
  slack: float = 0
  cut: bool = False
  key: str = ''

  def __post_init__(self):
    if self.origin not in (0, 1):
      raise InputError(f'Coordinates cannot count from {self.origin}; give 0 or 1 as {self.flag("origin")}.')
    if not 0 <= self.accept_outside <= 1:
      raise InputError(f'{self.flag("accept_outside")} is {self.accept_outside:g}; give a share from 0 to 1.')
    self._pair('scale', 'size')
    self._pair('offset', 'centre')

  def flag(self, name: str, value: str = '') -> str:
    """Returns an option as the user gives it."""
    flag = f'--{self.key}.{name}' if self.key else name
    return f'{flag}={value}' if value else flag

  @property
  def countable(self) -> bool:
    """Whether these may count from 1 and name columns, as those of a table."""
    return not (self.origin or self.slack or self.cut)

  def lost(self, points: np.ndarray) -> np.ndarray:
    """Returns which recorded (y, x) `[N, 2]` stand for lost gaze, bool `[N]`."""
    if self.missing in ('', 'none'):
      return np.zeros(len(points), bool)
    same = points == (_numbers(self.missing)[::-1] or [math.nan])
    return np.isnan(points).any(axis=1) | (same.all(axis=1) if ',' in self.missing else same.any(axis=1))

  def in_pixels(self, points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns recorded (y, x) `[N, 2]` in pixels, float64.

    `sizes` `[2]` or `[N, 2]` are (height, width), here and in `pixels`.
    """
    scale = sizes if self.scale == 'size' else self._pair('scale', 'size')
    offset = np.divide(np.subtract(sizes, 1), 2) if self.offset == 'centre' else self._pair('offset', 'centre')
    origin = 0 if scale is sizes or self.offset == 'centre' else self.origin
    points = np.asarray(points, np.float64)
    if not (self.scale or self.offset):
      return points - origin if origin else points
    if scale is sizes:
      return points * scale + offset
    # A flipped axis has its origin in the flipped coordinates.
    shift = np.where((scale > 0) & (scale < 1), (scale - 1) / 2, 0)
    return np.where(scale < 0, points * scale - origin, (points - origin) * scale + shift) + offset

  def pixels(self, points: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns whole pixels, int32 `[N, 2]`, and which lie outside, bool `[N]`."""
    exact, sizes = self.in_pixels(points, sizes), np.asarray(sizes)
    whole = np.trunc(exact) if self.cut else np.floor(exact + 0.5)
    whole = np.clip(np.nan_to_num(whole), 0, sizes - 1).astype(np.int32)
    return whole, self.outside(exact, sizes)

  def outside(self, exact: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns which exact pixels `[N, 2]` lie outside the image, bool `[N]`."""
    if self.cut:
      inside = (exact > -1) & (exact < sizes)
    else:
      shifted = exact + 0.5
      inside = (shifted >= 0) & (shifted < sizes)
    if self.slack or self.scale == 'size':
      slack = self.slack or 0.5
      inside |= (exact >= -0.5 - slack) & (exact <= sizes - 0.5 + slack)
    return ~both(inside)

  def _pair(self, name: str, word: str) -> np.ndarray | None:
    """Returns an option's numbers as (y, x), or None if it is the word."""
    text = str(getattr(self, name))
    if text == word:
      return None
    values = _numbers(text or {'scale': '1', 'offset': '0'}[name])
    if not values or name == 'scale' and 0 in values or name == 'offset' and text and len(values) != 2:
      raise InputError(f'{self.flag(name)} is {text!r}; give two numbers, X,Y, or {word!r}.')
    return np.array(values[::-1] if len(values) == 2 else values * 2)


def both(which: np.ndarray) -> np.ndarray:
  """Returns where both columns of bool `[N, 2]` are true, faster than `all`."""
  return which[:, 0] & which[:, 1]


def _numbers(text: str) -> list[float]:
  """Returns the one or two numbers in a text, or [] for other texts."""
  try:
    values = [float(part) for part in text.split(',')]
  except ValueError:
    return []
  finite = all(map(math.isfinite, values))
  return values if finite and len(values) <= 2 else []


# Pixels that count from 0.
PIXELS = Coordinates()
