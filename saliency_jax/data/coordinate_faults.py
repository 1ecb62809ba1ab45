"""Checks for coordinates that are not pixels of their images.

Where the likely cause is known, the message names the option that mends it.
"""

import dataclasses
import functools
import math

import numpy as np

from saliency_jax.data.coordinates import Coordinates, both

# Shares are judged only from this many fixations on.
_ENOUGH = 20
# The share of fixations at a single point that cannot be natural gaze, and the
# size of the sample in which such a point is sought.
_PILED, _DRAWN = 0.05, 256
# From _MANY fixations on, coordinates are suspicious if none exceeds _REACH of
# the width and height, or if they span less than _SPREAD of both or than _LINE
# of one.
_MANY, _REACH, _SPREAD, _LINE = 50, 0.6, 0.2, 0.02
# Coordinates of a smaller screen, or percentages, reach at least _TIGHT of that
# size, which is below _SMALLER of the image's.
_TIGHT, _SMALLER = 0.92, 0.85
# The share of fixations that a remedy may leave outside.
_MENDED = 0.05
# Screens named in one message.
_NAMED = 3
# Usual screens, width x height in pixels.
_SCREENS = (
  '320x240 640x480 800x600 1024x768 1280x720 1280x800 1280x1024 1366x768 1440x900 1600x900 1600x1200 1680x1050 '
  '1920x1080 1920x1200 2560x1440 3840x2160'
)
_SIZES = tuple(tuple(map(int, size.split('x'))) for size in _SCREENS.split())


@dataclasses.dataclass(frozen=True)
class Survey:
  """Recorded coordinates on many images, to check against the images' sizes.

  Attributes:
    coordinates: how they were recorded.
    points: `[N, 2]` (y, x) as recorded, without lost gaze.
    sizes: `[N, 2]`, (height, width) of each point's image.
  """

  coordinates: Coordinates
  points: np.ndarray
  sizes: np.ndarray

  @functools.cached_property
  def exact(self) -> np.ndarray:
    """float64 `[N, 2]`: the points in pixels."""
    return self.coordinates.in_pixels(self.points, self.sizes)

  @functools.cached_property
  def outside(self) -> np.ndarray:
    """bool `[N]`: which points lie outside their images."""
    return self.coordinates.outside(self.exact, self.sizes)

  def fault(self) -> tuple[int, str] | None:
    """Returns the first point outside (or -1) and what is wrong, or None."""
    count, outside, flag = len(self.points), self.outside, self.coordinates.flag
    share = outside.mean() if count else 0
    if count >= _ENOUGH and (message := self._piled(_PILED) or self._crowded()):
      return -1, message
    tolerated = share <= self.coordinates.accept_outside or count < _ENOUGH
    if not outside.any() or (self.coordinates.drop_outside and tolerated):
      return None
    message = f'{outside.sum():,} of {count:,} fixations lie outside their images'
    values, counts = np.unique(self.points[outside], axis=0, return_counts=True)
    if counts.max() > max(2, outside.sum() / 2):
      y, x = values[counts.argmax()]
      message += (
        f', {counts.max():,} of them at x = {x:.10g}, y = {y:.10g}; if that is lost gaze, give '
        f'{flag("missing", f"{x:.10g},{y:.10g}")}'
      )
      if share <= 0.1:
        message += f'; or {flag("drop_outside")} leaves them out'
    elif share > 0.1 and count >= _ENOUGH:
      accept = math.ceil(share * 100) / 100
      message += (
        f' ({share:.0%}): {self._cause()}; or {flag("drop_outside")} with {flag("accept_outside", f"{accept:g}")} '
        'leaves them out'
      )
    else:
      if self.coordinates.countable and (self.points >= 1).all() and (np.rint(self.exact) <= self.sizes).all():
        message += f' by less than a pixel: if they count from 1, give {flag("origin", "1")}'
      message += f'; {flag("drop_outside")} leaves them out'
    return int(np.argmax(outside)), message

  def doubt(self) -> str:
    """Returns what is odd about coordinates without a `fault`, or ''."""
    message = [self._piled(0) or self._repeated()]
    if self.coordinates.origin and (self.points == 0).any() and (self.points == np.rint(self.points)).all():
      message.append('some coordinates are 0, where the first pixel is 1')
    if self.outside.any():
      message.append(
        f'{self.outside.sum():,} of {len(self.points):,} fixations ({self.outside.mean():.1%}) lie outside their '
        'images and are left out'
      )
    return '; '.join(filter(None, message))

  @functools.cached_property
  def _edges(self) -> dict[str, np.ndarray]:
    """bool `[N]` for each edge: which points lie exactly on it."""
    first, last = (self.exact == 0).T, (self.exact == self.sizes - 1.0).T
    return dict(zip(('top', 'left', 'bottom', 'right'), (*first, *last), strict=True))

  def _piled(self, share: float) -> str:
    """Returns a message if fixations lie exactly at a corner, else ''."""
    if self.coordinates.missing == 'none':
      return ''
    corners = ('top', 'left'), ('bottom', 'right'), ('top', 'right'), ('bottom', 'left')
    places = {'0, 0': both(self.points == 0)} | {f'the {y} {x}': self._edges[y] & self._edges[x] for y, x in corners}
    for name, there in places.items():
      if there.sum() > max(share * len(self.points), 4 if share else 1):
        y, x = self.points[np.argmax(there)]
        missing = functools.partial(self.coordinates.flag, 'missing')
        return (
          f'{there.sum():,} of {len(self.points):,} fixations lie exactly at x = {x:g}, y = {y:g} ({name}); if that is '
          f'lost gaze, give {missing(f"{x:g},{y:g}")}, if not, {missing("none")}'
        )
    return ''

  def _repeated(self) -> str:
    """Returns a message if many fixations share one point or edge, else ''."""
    points, count = self.points, len(self.points)
    if self.coordinates.missing == 'none' or count < _ENOUGH:
      return ''
    least = max(_PILED * count, 4)
    drawn = points[np.random.default_rng(0).integers(0, count, _DRAWN)]
    values, counts = np.unique(drawn, axis=0, return_counts=True)
    y, x = values[counts.argmax()]
    there = np.count_nonzero(both(points == (y, x)))
    if there > least:
      return (
        f'{there:,} of {count:,} fixations lie exactly at x = {x:g}, y = {y:g}; if that is lost gaze, or a cross that '
        f'was shown, give {self.coordinates.flag("missing", f"{x:.10g},{y:.10g}")}'
      )
    for name, edge in self._edges.items():
      if (there := np.count_nonzero(edge)) > least:
        return (
          f'{there:,} of {count:,} fixations lie exactly on the {name} edge; gaze beyond it may have been moved there'
        )
    return ''

  def _crowded(self) -> str:
    """Returns a message if fixations cover little of their images, else ''."""
    flag = self.coordinates.flag
    count, (low, high) = len(self.points), _reach(self.points)
    if self.coordinates.scale or not (high - low).any():
      return ''
    small = (low >= -1).all() and (high <= 1).all()
    size = np.median(self.sizes, axis=0) if small else self.sizes[0]
    if small and (low >= 0).all() and (size > 2).all():
      return (
        f"all {count:,} coordinates lie between 0 and 1; if they are shares of the image's size, y from its top, give "
        f'{flag("scale", "size")}'
      )
    if small and (size > 4).all():
      y, x = size / 2
      unit = "half the image's size"
      if max(-low[0], high[0]) <= 0.5:
        y, x, unit = size[0], size[0], "the image's height"
        if max(-low[1], high[1]) <= 0.5:
          x, unit = size[1], "the image's size"
      return (
        f'all {count:,} coordinates lie between -1 and 1; if they are shares of {unit}, give '
        f'{flag("offset", "centre")} and {flag("scale", f"{x:g},{y:g}")} ({x:g},{-y:g} if y counts upwards)'
      )
    if message := self._smaller(high):
      return message
    low, high = _reach(self.exact / self.sizes)
    if count < _MANY or (low < -0.02).any():
      return ''
    if not ((high < _REACH).all() or (high - low < _SPREAD).all() or (high - low < _LINE).any()):
      return ''
    return (
      f'all {count:,} fixations lie in {low[1]:.0%} to {high[1]:.0%} of the width and {low[0]:.0%} to {high[0]:.0%} of '
      f'the height of their images; if they are of pictures of another size, give {flag("scale")}, the pixels of the '
      f'image for one of theirs ({flag("scale", "1")} if they are right)'
    )

  def _smaller(self, high: np.ndarray) -> str:
    """Returns a message if the maxima (y, x) are a smaller screen's, else ''."""
    flag, count = self.coordinates.flag, len(self.points)
    many = count >= _MANY and (high < _SMALLER * self.sizes[0]).all()
    size = np.median(self.sizes, axis=0) if many else high
    for width, height in ((100, 100), *_SIZES):
      screen = np.array([height, width])
      if ((screen < _SMALLER * size) & (high <= screen) & (high >= _TIGHT * screen)).all():
        y, x = size / screen
        title = 'percent of the size' if width == height else f'of a screen of {width} x {height}'
        return (
          f'all {count:,} fixations lie within x = {high[1]:g}, y = {high[0]:g}; if they are {title}, give '
          f'{flag("scale", f"{x:.6g},{y:.6g}")} ({flag("scale", "1")} if they are right)'
        )
    return ''

  def _cause(self) -> str:
    """Returns the probable cause of many fixations outside.

    A cause is named if its remedy brings nearly all of them inside.
    """
    coordinates, flag = self.coordinates, self.coordinates.flag
    finite = np.isfinite(self.exact).all(axis=1)
    points, exact, sizes = self.points[finite], self.exact[finite], self.sizes[finite]
    if not len(exact):
      return 'they are not numbers'

    def mended(points: np.ndarray = points, **changes) -> bool:
      other = Survey(dataclasses.replace(coordinates, **changes), points, sizes)
      return other.outside.mean() < _MENDED

    if mended(points[:, ::-1]):
      named = f'give {flag("columns", "x=y,y=x")}, or as the columns are called'
      how = named if coordinates.countable else 'exchange them'
      return f'nearly all lie inside with x and y exchanged; {how}'
    if mended(scale='1,-1'):
      return f'their y is negative; if it counts upwards from the top, give {flag("scale", "1,-1")}'
    # Centred coordinates lie on both sides of 0.
    if (np.abs((exact < 0).mean(axis=0) - 0.5) < 0.4).all() and mended(offset='centre'):
      return (
        f"is their origin the image's centre? Give {flag('offset', 'centre')}, and {flag('scale', '1,-1')} if y counts "
        'upwards'
      )
    return _screens(coordinates, exact, sizes)


def _screens(coordinates: Coordinates, exact: np.ndarray, sizes: np.ndarray) -> str:
  """Returns a message that names screens the coordinates may belong to."""
  low, high = np.quantile(exact, [0.005, 0.995], axis=0)
  size = np.median(sizes, axis=0)
  message = f'they reach from x = {low[1]:.0f} to {high[1]:.0f} and from y = {low[0]:.0f} to {high[0]:.0f}'
  screens = np.array(_SIZES)[:, ::-1]
  screens = screens[(screens > size).all(axis=1)]
  # An image that keeps its aspect ratio leaves bars, where nobody looks.
  shown = size * (screens / size).min(axis=1, keepdims=True)
  bars = (screens - shown) / 2
  boxed = np.array([_inside(exact - bar, area) for bar, area in zip(bars, shown, strict=True)], bool).reshape(-1, 1)
  shown, bars = np.where(boxed, shown, screens), np.where(boxed, bars, 0)
  # Gaze on a full screen is centred and reaches near its edges.
  reach = (high - low) / shown
  uneven = np.abs((low + high) / screens - 1).max(axis=1)
  filled = (uneven < 0.2) & (np.ptp(reach, axis=1) < 0.15) & (reach > 0.6).all(axis=1) & (high < screens).all(axis=1)
  offsets = (size - screens) / 2
  centred = [(screen, offset) for screen, offset in zip(screens, offsets, strict=True) if _inside(exact + offset, size)]
  for number in np.flatnonzero(filled)[:_NAMED]:
    (height, width), (y, x) = screens[number], size / shown[number]
    right, down = 0 - bars[number, ::-1] * (x, y)  # no -0
    message += (
      f'; if the image filled a screen of {width} x {height}{", with bars beside it" if bars[number].any() else ""}, '
      f'give {coordinates.flag("scale", f"{x:.6g},{y:.6g}")}'
    )
    if bars[number].any():
      message += f' and {coordinates.flag("offset", f"{right:.6g},{down:.6g}")}'
  if centred:
    (height, width), (y, x) = centred[0]
    message += (
      f'; if it was shown in its own size in the centre of a screen of {width} x {height}, give '
      f'{coordinates.flag("offset", f"{x:g},{y:g}")}'
    )
  if filled.any() or centred:
    return message
  return (
    f'{message}, so they are not pixels of these images; give {coordinates.flag("scale")} and '
    f'{coordinates.flag("offset")}, the size and place on the screen, that make them so'
  )


def _inside(exact: np.ndarray, size: np.ndarray) -> bool:
  """Returns whether nearly all (y, x) `[N, 2]` lie within (height, width)."""
  inside = ((exact >= -0.5) & (exact < size - 0.5)).all(axis=1)
  return inside.mean() > 1 - _MENDED


def _reach(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns the lowest and highest (y, x) of `[N, 2]`."""
  columns = np.ascontiguousarray(points.T)
  return columns.min(axis=1), columns.max(axis=1)
