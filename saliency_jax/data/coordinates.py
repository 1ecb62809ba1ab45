"""From recorded coordinates to the pixels of an image, for every kind of data.

A recorded coordinate becomes `(value - origin) * scale + offset`, in pixels
from 0 at the top left pixel's centre, and is rounded, halves up. Of a screen
with more pixels than the image the middles of pixels are scaled. Coordinates
that are not the image's own pixels are refused with what gave them away: a
number that is plausible and wrong would be worse.
"""

import dataclasses
import math

import numpy as np

from saliency_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Coordinates:
  """How coordinates were recorded, and what is done with those outside.

  Attributes:
    origin: the coordinate of the top left pixel's centre; of shares of the size
      and of a centred origin it is 0.
    scale: pixels of the image for one unit: 'S', 'X,Y', or 'size' where the
      coordinates are shares of the image's width and height.
    offset: pixels that are then added: 'X,Y', or 'centre' where the origin is
      the image's centre.
    missing: what stands for lost gaze: 'X,Y', a value of either, or 'none'
      where every coordinate is a fixation.
    drop_outside: whether fixations outside are left out; otherwise an error.
    accept_outside: the largest share that may be left out.
    slack: pixels beyond the edge that still count as the edge.
    maxima: whether the maxima of maps that hold no points are taken.
    cut: whether fractions are cut off, as pysaliency does, not rounded.
    key: the config group that holds all this, for errors.
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
    """Returns how a user gives an option."""
    flag = f'--{self.key}.{name}' if self.key else name
    return f'{flag}={value}' if value else flag

  @property
  def countable(self) -> bool:
    """Whether these may count from 1 and have columns to name, as a table."""
    return not (self.origin or self.slack or self.cut)

  def lost(self, points: np.ndarray) -> np.ndarray:
    """Returns which recorded (y, x) `[N, 2]` stand for lost gaze, bool `[N]`."""
    if self.missing in ('', 'none'):
      return np.zeros(len(points), bool)
    same = points == (_numbers(self.missing)[::-1] or [math.nan])
    return np.isnan(points).any(axis=1) | (same.all(axis=1) if ',' in self.missing else same.any(axis=1))

  def in_pixels(self, points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns float64 pixels (y, x) `[N, 2]` of recorded ones.

    Args:
      points: `[N, 2]` (y, x) as recorded.
      sizes: `[2]` or `[N, 2]`, (height, width).
    """
    scale = sizes if self.scale == 'size' else self._pair('scale', 'size')
    offset = np.divide(np.subtract(sizes, 1), 2) if self.offset == 'centre' else self._pair('offset', 'centre')
    origin = 0 if scale is sizes or self.offset == 'centre' else self.origin
    points = np.asarray(points, np.float64)
    if not (self.scale or self.offset):
      return points - origin if origin else points
    if scale is sizes:
      return points * scale + offset
    # Turned axes count from the origin as they are turned.
    shift = np.where((scale > 0) & (scale < 1), (scale - 1) / 2, 0)
    return np.where(scale < 0, points * scale - origin, (points - origin) * scale + shift) + offset

  def pixels(self, points: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns whole pixels int32 `[N, 2]` and which lie outside, bool `[N]`.

    Args:
      points: `[N, 2]` (y, x) as recorded.
      sizes: `[2]` or `[N, 2]`, (height, width).
    """
    exact, sizes = self.in_pixels(points, sizes), np.asarray(sizes)
    whole = np.trunc(exact) if self.cut else np.floor(exact + 0.5)
    whole = np.clip(np.nan_to_num(whole), 0, sizes - 1).astype(np.int32)
    return whole, self.outside(exact, sizes)

  def outside(self, exact: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns which of `in_pixels` lie outside, bool `[N]`; see `pixels`."""
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
    """Returns an option's numbers as (y, x); None for the word."""
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
  """Returns one or two numbers of a text, or [] of another."""
  try:
    values = [float(part) for part in text.split(',')]
  except ValueError:
    return []
  finite = all(map(math.isfinite, values))
  return values if finite and len(values) <= 2 else []


# Coordinates that are pixels from 0.
PIXELS = Coordinates()
