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

# Shares are judged of so many fixations or more.
_ENOUGH = 20
# The share of fixations at one corner that people do not explain.
_PILED = 0.05
# Usual screens, (width, height) in pixels.
_SCREENS = (
    (320, 240), (640, 480), (800, 600), (1024, 768), (1280, 720), (1280, 800),
    (1280, 1024), (1366, 768), (1440, 900), (1600, 900), (1600, 1200),
    (1680, 1050), (1920, 1080), (1920, 1200), (2560, 1440), (3840, 2160))


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
    cut: whether fractions are cut off, as pysaliency does, not rounded.
    key: the config group that holds all this, for errors.
  """
  origin: float = 0
  scale: str = ''
  offset: str = ''
  missing: str = ''
  drop_outside: bool = False
  accept_outside: float = 0.1
  slack: float = 0
  cut: bool = False
  key: str = ''

  def __post_init__(self):
    if self.origin not in (0, 1):
      raise InputError(
          f'Coordinates cannot count from {self.origin}; give 0 or 1 as '
          f'{self.flag("origin")}.')
    if not 0 <= self.accept_outside <= 1:
      raise InputError(
          f'{self.flag("accept_outside")} is {self.accept_outside:g}; give a '
          'share from 0 to 1.')
    self._pair('scale', 'size')
    self._pair('offset', 'centre')

  def flag(self, name: str, value: str = '') -> str:
    """Returns how a user gives an option."""
    flag = f'--{self.key}.{name}' if self.key else name
    return f'{flag}={value}' if value else flag

  def lost(self, points: np.ndarray) -> np.ndarray:
    """Returns which recorded (y, x) `[N, 2]` stand for lost gaze, bool `[N]`.
    """
    if self.missing in ('', 'none'):
      return np.zeros(len(points), bool)
    same = points == (_numbers(self.missing)[::-1] or [math.nan])
    return np.isnan(points).any(axis=1) | (
        same.all(axis=1) if ',' in self.missing else same.any(axis=1))

  def in_pixels(self, points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns float64 pixels (y, x) `[N, 2]` of recorded ones.

    Args:
      points: `[N, 2]` (y, x) as recorded.
      sizes: `[2]` or `[N, 2]`, (height, width).
    """
    scale = sizes if self.scale == 'size' else self._pair('scale', 'size')
    offset = (np.divide(np.subtract(sizes, 1), 2) if self.offset == 'centre'
              else self._pair('offset', 'centre'))
    origin = 0 if scale is sizes or self.offset == 'centre' else self.origin
    points = np.asarray(points, np.float64)
    if scale is sizes:
      return points * scale + offset
    # Turned axes count from the origin as they are turned.
    shift = np.where((scale > 0) & (scale < 1), (scale - 1) / 2, 0)
    return np.where(scale < 0, points * scale - origin,
                    (points - origin) * scale + shift) + offset

  def pixels(
      self, points: np.ndarray, sizes: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Returns whole pixels int32 `[N, 2]` and which lie outside, bool `[N]`.

    Args:
      points: `[N, 2]` (y, x) as recorded.
      sizes: `[2]` or `[N, 2]`, (height, width).
    """
    exact, sizes = self.in_pixels(points, sizes), np.asarray(sizes)
    whole = np.trunc(exact) if self.cut else np.floor(exact + 0.5)
    inside = (whole >= 0) & (whole < sizes)
    if self.slack or self.scale == 'size':
      slack = self.slack or 0.5
      inside |= (exact >= -0.5 - slack) & (exact <= sizes - 0.5 + slack)
    whole = np.clip(np.nan_to_num(whole), 0, sizes - 1).astype(np.int32)
    return whole, ~inside.all(axis=1)

  def _pair(self, name: str, word: str) -> np.ndarray | None:
    """Returns an option's numbers as (y, x); None for the word."""
    text = str(getattr(self, name))
    if text == word:
      return None
    values = _numbers(text or {'scale': '1', 'offset': '0'}[name])
    if not values or name == 'offset' and text and len(values) != 2:
      raise InputError(
          f'{self.flag(name)} is {text!r}; give two numbers, X,Y, or {word!r}.')
    return np.array(values[::-1] if len(values) == 2 else values * 2)


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


def fault(
    coordinates: Coordinates, points: np.ndarray, sizes: np.ndarray
) -> tuple[int, str] | None:
  """Looks for coordinates that are not the pixels of their images.

  Args:
    coordinates: how they were recorded.
    points: `[N, 2]` (y, x) as recorded, lost gaze left out.
    sizes: `[N, 2]`, (height, width) of each one's image.

  Returns:
    None, or the first that lies outside (-1 if none does) and what is wrong.
  """
  count = len(points)
  exact = coordinates.in_pixels(points, sizes)
  _, outside = coordinates.pixels(points, sizes)
  share = outside.mean() if count else 0
  if count >= _ENOUGH:
    if ((exact >= 0) & (exact <= 1)).all() and np.ptp(exact, axis=0).any():
      return -1, (
          f'all {count:,} coordinates lie between 0 and 1; if they are shares '
          f"of the image's size, give {coordinates.flag('scale', 'size')}")
    if piled := _piled(coordinates, points, exact, sizes):
      return -1, piled
  if not outside.any() or (
      coordinates.drop_outside
      and (share <= coordinates.accept_outside or count < _ENOUGH)):
    return None
  said = f'{outside.sum():,} of {count:,} fixations lie outside their images'
  if share > 0.1 and count >= _ENOUGH:
    said += f' ({share:.0%}): {_cause(coordinates, exact, sizes)}'
    accept = math.ceil(share * 100) / 100
    said += (f'; or {coordinates.flag("drop_outside")} with '
             f'{coordinates.flag("accept_outside", f"{accept:g}")} leaves them '
             'out')
  else:
    said += f'; {coordinates.flag("drop_outside")} leaves them out'
  return int(np.argmax(outside)), said


def _piled(
    coordinates: Coordinates, points: np.ndarray, exact: np.ndarray,
    sizes: np.ndarray
) -> str:
  """Says that fixations lie exactly at a corner, or ''."""
  if coordinates.missing == 'none':
    return ''
  last = sizes - 1
  for name, corner in (
      ('0, 0', points == 0), ('the top left', exact == 0),
      ('the bottom right', exact == last),
      ('the top right', exact == last * [0, 1]),
      ('the bottom left', exact == last * [1, 0])):
    there = corner.all(axis=1)
    if there.sum() > max(_PILED * len(points), 4):
      y, x = points[np.argmax(there)]
      return (
          f'{there.sum():,} of {len(points):,} fixations lie exactly at '
          f'x = {x:g}, y = {y:g} ({name}); if that is lost gaze, give '
          f'{coordinates.flag("missing", f"{x:g},{y:g}")}, if not, '
          f'{coordinates.flag("missing", "none")}')
  return ''


def _cause(
    coordinates: Coordinates, exact: np.ndarray, sizes: np.ndarray) -> str:
  """Says what probably makes many fixations lie outside."""
  exact, sizes = exact[np.isfinite(exact).all(axis=1)], np.asarray(sizes)
  if not len(exact):
    return 'they are no numbers'
  negative = (exact < 0).mean(axis=0)
  values, counts = np.unique(exact, axis=0, return_counts=True)
  if counts.max() > 0.1 * len(exact) and (values[counts.argmax()] < 0).any():
    y, x = values[counts.argmax()] + coordinates.origin
    return (f'{counts.max():,} are exactly at x = {x:g}, y = {y:g}; if that is '
            f'lost gaze, give {coordinates.flag("missing", f"{x:g},{y:g}")}')
  if negative[0] > 0.9 and negative[1] < 0.1:
    return ('their y is negative; if it counts upwards from the top, give '
            f'{coordinates.flag("scale", "1,-1")}')
  if (negative > 0.15).all():
    return (
        "is their origin the image's centre? Give "
        f'{coordinates.flag("offset", "centre")}, and '
        f'{coordinates.flag("scale", "1,-1")} if y counts upwards')
  return _screen(coordinates, exact, sizes)


def _screen(
    coordinates: Coordinates, exact: np.ndarray, sizes: np.ndarray) -> str:
  reach = np.quantile(exact, 0.995, axis=0)
  size = np.median(sizes, axis=0)
  screen = next((
      each[::-1] for each in _SCREENS
      if (np.array(each[::-1]) > reach).all()
      and (np.array(each[::-1]) > size).all()), None)
  reached = f'they reach x = {reach[1]:.0f}, y = {reach[0]:.0f}'
  if screen is None:
    return f'{reached}, so they are not pixels of these images'
  scale = size / screen
  offset = (size - screen) / 2
  return (
      f'{reached}; are they of another screen, e.g. {screen[1]} x {screen[0]}? '
      f'Give {coordinates.flag("scale", f"{scale[1]:.6g},{scale[0]:.6g}")} if '
      'the image filled it, '
      f'{coordinates.flag("offset", f"{offset[1]:g},{offset[0]:g}")} if it was '
      'shown in its centre')
