"""What gives coordinates away that are not the pixels of their images.

Where the likely cause is known, the sentence names the key that mends it.
"""

import dataclasses
import functools
import math

import numpy as np

from saliency_jax.data.coordinates import Coordinates, both

# Shares are judged of so many fixations or more.
_ENOUGH = 20
# The share of fixations at one place that people do not explain, and how many
# are drawn to find one.
_PILED, _DRAWN = 0.05, 256
# Of so many fixations, nobody's reach but over so much of the width and height,
# or spread over so little of them, or of one.
_MANY, _REACH, _SPREAD, _LINE = 50, 0.6, 0.2, 0.02
# Those of a smaller screen, or percent, reach so much of it, and not of theirs.
_TIGHT, _SMALLER = 0.92, 0.85
# The share outside that a remedy may leave.
_MENDED = 0.05
# Screens that a sentence names.
_NAMED = 3
# Usual screens, width x height in pixels.
_SCREENS = (
  '320x240 640x480 800x600 1024x768 1280x720 1280x800 1280x1024 1366x768 1440x900 1600x900 1600x1200 1680x1050 '
  '1920x1080 1920x1200 2560x1440 3840x2160'
)
_SIZES = tuple(tuple(map(int, size.split('x'))) for size in _SCREENS.split())


@dataclasses.dataclass(frozen=True)
class Survey:
  """Recorded coordinates of many images, and whether they are their pixels.

  Attributes:
    coordinates: how they were recorded.
    points: `[N, 2]` (y, x) as recorded, lost gaze left out.
    sizes: `[N, 2]`, (height, width) of each one's image.
  """

  coordinates: Coordinates
  points: np.ndarray
  sizes: np.ndarray

  @functools.cached_property
  def exact(self) -> np.ndarray:
    """float64 `[N, 2]`: where they lie, in pixels."""
    return self.coordinates.in_pixels(self.points, self.sizes)

  @functools.cached_property
  def outside(self) -> np.ndarray:
    """bool `[N]`: which lie outside their images."""
    return self.coordinates.outside(self.exact, self.sizes)

  def fault(self) -> tuple[int, str] | None:
    """Returns the first that lies outside (-1 if none does) and what is wrong,
    or None where they are the pixels of their images.
    """
    count, outside, flag = len(self.points), self.outside, self.coordinates.flag
    share = outside.mean() if count else 0
    if count >= _ENOUGH and (said := self._piled(_PILED) or self._crowded()):
      return -1, said
    taken = share <= self.coordinates.accept_outside or count < _ENOUGH
    if not outside.any() or (self.coordinates.drop_outside and taken):
      return None
    said = f'{outside.sum():,} of {count:,} fixations lie outside their images'
    values, counts = np.unique(self.points[outside], axis=0, return_counts=True)
    if counts.max() > max(2, outside.sum() / 2):
      y, x = values[counts.argmax()]
      said += (
        f', {counts.max():,} of them at x = {x:.10g}, y = {y:.10g}; if that is lost gaze, give '
        f'{flag("missing", f"{x:.10g},{y:.10g}")}'
      )
      if share <= 0.1:
        said += f'; or {flag("drop_outside")} leaves them out'
    elif share > 0.1 and count >= _ENOUGH:
      accept = math.ceil(share * 100) / 100
      said += (
        f' ({share:.0%}): {self._cause()}; or {flag("drop_outside")} with {flag("accept_outside", f"{accept:g}")} '
        'leaves them out'
      )
    else:
      if self.coordinates.countable and (self.points >= 1).all() and (np.rint(self.exact) <= self.sizes).all():
        said += f' by less than a pixel: if they count from 1, give {flag("origin", "1")}'
      said += f'; {flag("drop_outside")} leaves them out'
    return int(np.argmax(outside)), said

  def doubt(self) -> str:
    """Returns what is odd of coordinates without a `fault`, or ''."""
    said = [self._piled(0) or self._repeated()]
    if self.coordinates.origin and (self.points == 0).any() and (self.points == np.rint(self.points)).all():
      said.append('some coordinates are 0, where the first pixel is 1')
    if self.outside.any():
      said.append(
        f'{self.outside.sum():,} of {len(self.points):,} fixations ({self.outside.mean():.1%}) lie outside their '
        'images and are left out'
      )
    return '; '.join(filter(None, said))

  @functools.cached_property
  def _edges(self) -> dict[str, np.ndarray]:
    """bool `[N]`: which lie exactly on each edge."""
    first, last = (self.exact == 0).T, (self.exact == self.sizes - 1.0).T
    return dict(zip(('top', 'left', 'bottom', 'right'), (*first, *last), strict=True))

  def _piled(self, share: float) -> str:
    """Says that fixations lie exactly at a corner, or ''."""
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
    """Says that many fixations lie exactly at one point or edge, or ''."""
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
    """Says that fixations take up too little of their images, or ''.

    Nobody who says how large a unit is is asked.
    """
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
    if said := self._smaller(high):
      return said
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
    """Says that the highest (y, x) are those of a smaller screen, or ''."""
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
    """Says what probably makes many fixations lie outside.

    A cause is named where its remedy brings nearly all of them inside.
    """
    coordinates, flag = self.coordinates, self.coordinates.flag
    finite = np.isfinite(self.exact).all(axis=1)
    points, exact, sizes = self.points[finite], self.exact[finite], self.sizes[finite]
    if not len(exact):
      return 'they are no numbers'

    def mended(points: np.ndarray = points, **changes) -> bool:
      other = Survey(dataclasses.replace(coordinates, **changes), points, sizes)
      return other.outside.mean() < _MENDED

    if mended(points[:, ::-1]):
      named = f'give {flag("columns", "x=y,y=x")}, or as the columns are called'
      how = named if coordinates.countable else 'exchange them'
      return f'nearly all lie inside with x and y exchanged; {how}'
    if mended(scale='1,-1'):
      return f'their y is negative; if it counts upwards from the top, give {flag("scale", "1,-1")}'
    # About a point in their middle: on both sides of 0.
    if (np.abs((exact < 0).mean(axis=0) - 0.5) < 0.4).all() and mended(offset='centre'):
      return (
        f"is their origin the image's centre? Give {flag('offset', 'centre')}, and {flag('scale', '1,-1')} if y counts "
        'upwards'
      )
    return _screens(coordinates, exact, sizes)


def _screens(coordinates: Coordinates, exact: np.ndarray, sizes: np.ndarray) -> str:
  """Says which screens the fixations may be of."""
  low, high = np.quantile(exact, [0.005, 0.995], axis=0)
  size = np.median(sizes, axis=0)
  said = f'they reach from x = {low[1]:.0f} to {high[1]:.0f} and from y = {low[0]:.0f} to {high[0]:.0f}'
  screens = np.array(_SIZES)[:, ::-1]
  screens = screens[(screens > size).all(axis=1)]
  # Shown in its own shape it leaves bars, in which people have no place.
  shown = size * (screens / size).min(axis=1, keepdims=True)
  bars = (screens - shown) / 2
  boxed = np.array([_inside(exact - bar, area) for bar, area in zip(bars, shown, strict=True)], bool).reshape(-1, 1)
  shown, bars = np.where(boxed, shown, screens), np.where(boxed, bars, 0)
  # On what is shown they lie about its middle and go near its edges.
  reach = (high - low) / shown
  uneven = np.abs((low + high) / screens - 1).max(axis=1)
  filled = (uneven < 0.2) & (np.ptp(reach, axis=1) < 0.15) & (reach > 0.6).all(axis=1) & (high < screens).all(axis=1)
  offsets = (size - screens) / 2
  centred = [(screen, offset) for screen, offset in zip(screens, offsets, strict=True) if _inside(exact + offset, size)]
  for number in np.flatnonzero(filled)[:_NAMED]:
    (height, width), (y, x) = screens[number], size / shown[number]
    right, down = 0 - bars[number, ::-1] * (x, y)  # no -0
    said += (
      f'; if the image filled a screen of {width} x {height}{", with bars beside it" if bars[number].any() else ""}, '
      f'give {coordinates.flag("scale", f"{x:.6g},{y:.6g}")}'
    )
    if bars[number].any():
      said += f' and {coordinates.flag("offset", f"{right:.6g},{down:.6g}")}'
  if centred:
    (height, width), (y, x) = centred[0]
    said += (
      f'; if it was shown in its own size in the centre of a screen of {width} x {height}, give '
      f'{coordinates.flag("offset", f"{x:g},{y:g}")}'
    )
  if filled.any() or centred:
    return said
  return (
    f'{said}, so they are not pixels of these images; give {coordinates.flag("scale")} and '
    f'{coordinates.flag("offset")}, the size and place on the screen, that make them so'
  )


def _inside(exact: np.ndarray, size: np.ndarray) -> bool:
  """Tells whether nearly all (y, x) `[N, 2]` lie within (height, width)."""
  inside = ((exact >= -0.5) & (exact < size - 0.5)).all(axis=1)
  return inside.mean() > 1 - _MENDED


def _reach(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns the lowest and highest (y, x) of `[N, 2]`."""
  columns = np.ascontiguousarray(points.T)
  return columns.min(axis=1), columns.max(axis=1)
