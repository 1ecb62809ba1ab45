"""What gives coordinates away that are not the pixels of their images.

Where the likely cause is known, the sentence names the key that mends it.
"""

import dataclasses
import math

import numpy as np

from saliency_jax.data import screens
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


def fault(coordinates: Coordinates, points: np.ndarray, sizes: np.ndarray) -> tuple[int, str] | None:
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
  outside = coordinates.outside(exact, sizes)
  share = outside.mean() if count else 0
  if count >= _ENOUGH and (
    said := (_piled(coordinates, points, exact, sizes, _PILED) or _crowded(coordinates, points, exact, sizes))
  ):
    return -1, said
  if not outside.any() or (coordinates.drop_outside and (share <= coordinates.accept_outside or count < _ENOUGH)):
    return None
  said = f'{outside.sum():,} of {count:,} fixations lie outside their images'
  values, counts = np.unique(points[outside], axis=0, return_counts=True)
  if counts.max() > max(2, outside.sum() / 2):
    y, x = values[counts.argmax()]
    said += (
      f', {counts.max():,} of them at x = {x:.10g}, y = {y:.10g}; if '
      'that is lost gaze, give '
      f'{coordinates.flag("missing", f"{x:.10g},{y:.10g}")}'
    )
    if share <= 0.1:
      said += f'; or {coordinates.flag("drop_outside")} leaves them out'
  elif share > 0.1 and count >= _ENOUGH:
    said += f' ({share:.0%}): {_cause(coordinates, points, exact, sizes)}'
    accept = math.ceil(share * 100) / 100
    said += (
      f'; or {coordinates.flag("drop_outside")} with '
      f'{coordinates.flag("accept_outside", f"{accept:g}")} leaves them '
      'out'
    )
  else:
    if coordinates.countable and (points >= 1).all() and (np.rint(exact) <= sizes).all():
      said += f' by less than a pixel: if they count from 1, give {coordinates.flag("origin", "1")}'
    said += f'; {coordinates.flag("drop_outside")} leaves them out'
  return int(np.argmax(outside)), said


def doubt(coordinates: Coordinates, points: np.ndarray, sizes: np.ndarray) -> str:
  """Returns what is odd of coordinates without a `fault`, or ''."""
  exact = coordinates.in_pixels(points, sizes)
  outside = coordinates.outside(exact, sizes)
  said = [_piled(coordinates, points, exact, sizes, 0) or _repeated(coordinates, points, exact, sizes)]
  if coordinates.origin and (points == 0).any() and (points == np.rint(points)).all():
    said.append('some coordinates are 0, where the first pixel is 1')
  if outside.any():
    said.append(
      f'{outside.sum():,} of {len(points):,} fixations ({outside.mean():.1%}) lie outside their images and are left out'
    )
  return '; '.join(filter(None, said))


def _piled(coordinates: Coordinates, points: np.ndarray, exact: np.ndarray, sizes: np.ndarray, share: float) -> str:
  """Says that fixations lie exactly at a corner, or ''."""
  if coordinates.missing == 'none':
    return ''
  top, left = (exact == 0).T
  bottom, right = (exact == sizes - 1.0).T
  for name, there in (
    ('0, 0', both(points == 0)),
    ('the top left', top & left),
    ('the bottom right', bottom & right),
    ('the top right', top & right),
    ('the bottom left', bottom & left),
  ):
    if there.sum() > max(share * len(points), 4 if share else 1):
      y, x = points[np.argmax(there)]
      return (
        f'{there.sum():,} of {len(points):,} fixations lie exactly at '
        f'x = {x:g}, y = {y:g} ({name}); if that is lost gaze, give '
        f'{coordinates.flag("missing", f"{x:g},{y:g}")}, if not, '
        f'{coordinates.flag("missing", "none")}'
      )
  return ''


def _repeated(coordinates: Coordinates, points: np.ndarray, exact: np.ndarray, sizes: np.ndarray) -> str:
  """Says that many fixations lie exactly at one point or edge, or ''."""
  if coordinates.missing == 'none' or len(points) < _ENOUGH:
    return ''
  least = max(_PILED * len(points), 4)
  drawn = points[np.random.default_rng(0).integers(0, len(points), _DRAWN)]
  values, counts = np.unique(drawn, axis=0, return_counts=True)
  y, x = values[counts.argmax()]
  there = np.count_nonzero(both(points == (y, x)))
  if there > least:
    return (
      f'{there:,} of {len(points):,} fixations lie exactly at x = {x:g}, '
      f'y = {y:g}; if that is lost gaze, or a cross that was shown, give '
      f'{coordinates.flag("missing", f"{x:.10g},{y:.10g}")}'
    )
  for name, edge in zip(('top', 'left', 'bottom', 'right'), (*(exact == 0).T, *(exact == sizes - 1.0).T), strict=True):
    if np.count_nonzero(edge) > least:
      return (
        f'{np.count_nonzero(edge):,} of {len(points):,} fixations lie '
        f'exactly on the {name} edge; gaze beyond it may have been moved '
        'there'
      )
  return ''


def _crowded(coordinates: Coordinates, points: np.ndarray, exact: np.ndarray, sizes: np.ndarray) -> str:
  """Says that fixations take up too little of their images, or ''.

  Nobody who says how large a unit is is asked.
  """
  if coordinates.scale:
    return ''
  count, (low, high) = len(points), _reach(points)
  if not (high - low).any():
    return ''
  small = (low >= -1).all() and (high <= 1).all()
  size = np.median(sizes, axis=0) if small else sizes[0]
  if small and (low >= 0).all() and (size > 2).all():
    return (
      f'all {count:,} coordinates lie between 0 and 1; if they are shares '
      "of the image's size, y from its top, give "
      f'{coordinates.flag("scale", "size")}'
    )
  if small and (size > 4).all():
    y, x = size / 2
    unit = "half the image's size"
    if max(-low[0], high[0]) <= 0.5:
      y, x, unit = size[0], size[0], "the image's height"
      if max(-low[1], high[1]) <= 0.5:
        x, unit = size[1], "the image's size"
    return (
      f'all {count:,} coordinates lie between -1 and 1; if they are shares '
      f'of {unit}, give {coordinates.flag("offset", "centre")} and '
      f'{coordinates.flag("scale", f"{x:g},{y:g}")} ({x:g},{-y:g} if y '
      'counts upwards)'
    )
  if said := _smaller(coordinates, count, high, sizes):
    return said
  low, high = _reach(exact / sizes)
  if (
    count < _MANY
    or (low < -0.02).any()
    or not ((high < _REACH).all() or (high - low < _SPREAD).all() or (high - low < _LINE).any())
  ):
    return ''
  return (
    f'all {count:,} fixations lie in {low[1]:.0%} to {high[1]:.0%} of the '
    f'width and {low[0]:.0%} to {high[0]:.0%} of the height of their images; '
    'if they are of pictures of another size, give '
    f'{coordinates.flag("scale")}, the pixels of the image for one of theirs '
    f'({coordinates.flag("scale", "1")} if they are right)'
  )


def _smaller(coordinates: Coordinates, count: int, high: np.ndarray, sizes: np.ndarray) -> str:
  """Says that the highest (y, x) are those of a smaller screen, or ''."""
  size = np.median(sizes, axis=0) if count >= _MANY and (high < _SMALLER * sizes[0]).all() else high
  for width, height in ((100, 100), *screens.SIZES):
    screen = np.array([height, width])
    if ((screen < _SMALLER * size) & (high <= screen) & (high >= _TIGHT * screen)).all():
      y, x = size / screen
      title = 'percent of the size' if width == height else f'of a screen of {width} x {height}'
      return (
        f'all {count:,} fixations lie within x = {high[1]:g}, '
        f'y = {high[0]:g}; if they are {title}, give '
        f'{coordinates.flag("scale", f"{x:.6g},{y:.6g}")} '
        f'({coordinates.flag("scale", "1")} if they are right)'
      )
  return ''


def _cause(coordinates: Coordinates, points: np.ndarray, exact: np.ndarray, sizes: np.ndarray) -> str:
  """Says what probably makes many fixations lie outside.

  A cause is named where its remedy brings nearly all of them inside.
  """
  finite = np.isfinite(exact).all(axis=1)
  points, exact, sizes = points[finite], exact[finite], sizes[finite]
  if not len(exact):
    return 'they are no numbers'

  def mended(points: np.ndarray = points, **changes) -> bool:
    other = dataclasses.replace(coordinates, **changes)
    outside = other.outside(other.in_pixels(points, sizes), sizes)
    return outside.mean() < screens.MENDED

  if mended(points[:, ::-1]):
    how = (
      f'give {coordinates.flag("columns", "x=y,y=x")}, or as the columns are called'
      if coordinates.countable
      else 'exchange them'
    )
    return f'nearly all lie inside with x and y exchanged; {how}'
  if mended(scale='1,-1'):
    return f'their y is negative; if it counts upwards from the top, give {coordinates.flag("scale", "1,-1")}'
  # About a point in their middle: on both sides of 0.
  if (np.abs((exact < 0).mean(axis=0) - 0.5) < 0.4).all() and mended(offset='centre'):
    return (
      "is their origin the image's centre? Give "
      f'{coordinates.flag("offset", "centre")}, and '
      f'{coordinates.flag("scale", "1,-1")} if y counts upwards'
    )
  return screens.likely(coordinates, exact, sizes)


def _reach(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns the lowest and highest (y, x) of `[N, 2]`."""
  columns = np.ascontiguousarray(points.T)
  return columns.min(axis=1), columns.max(axis=1)
