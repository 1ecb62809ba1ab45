"""Figures as predicates on the plane, from which search items are drawn.

An `Inside` says which points belong to a figure. Lengths are in item diameters,
the origin is the item's centre, x points right and y down, as in an image;
angles are in degrees, clockwise on the screen. Items fit in the disc of
diameter 1, so they may be rotated freely.
"""

import functools
import math
from collections.abc import Callable, Iterable

import numpy as np

# (x, y), two float64 arrays of one shape, -> bool of that shape.
Inside = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Points on an edge are inside. The tolerance makes that so on every machine,
# whatever the last bits of its sine and cosine.
_EDGE = 1e-9


def disc(diameter: float) -> Inside:
  """Returns a filled disc."""
  limit = (diameter / 2) ** 2 + _EDGE
  return lambda x, y: x * x + y * y <= limit


def box(width: float, height: float) -> Inside:
  """Returns an upright rectangle."""

  def inside(x, y):
    return (np.abs(x) <= width / 2 + _EDGE) & (np.abs(y) <= height / 2 + _EDGE)

  return inside


def polygon(corners: Iterable[tuple[float, float]]) -> Inside:
  """Returns a convex polygon of `corners` (x, y), clockwise on the screen."""
  corners = tuple(corners)

  def inside(x, y):
    within = np.ones(np.shape(x), bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
      within &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= -_EDGE
    return within

  return inside


def regular(sides: int, radius: float) -> Inside:
  """Returns a regular polygon with one corner at the top."""
  return polygon(_on_circle(radius, 360 * k / sides) for k in range(sides))


def star(points: int, radius: float, waist: float) -> Inside:
  """Returns a star with one point at the top and notches at radius `waist`."""
  half = 180 / points
  kite = polygon([(0.0, 0.0), _on_circle(waist, -half), _on_circle(radius, 0.0), _on_circle(waist, half)])
  return union(turned(kite, 360 * k / points) for k in range(points))


def arc(diameter: float, stroke: float, sweep: float = 360.0) -> Inside:
  """Returns a part of a ring, centred at 3 o'clock, with square ends.

  `diameter` is that of the stroke's centre line; a `sweep` of 360 degrees
  closes the ring.
  """
  half = math.radians(sweep / 2)

  def inside(x, y):
    on_ring = np.abs(np.hypot(x, y) - diameter / 2) <= stroke / 2 + _EDGE
    return on_ring & (np.abs(np.arctan2(y, x)) <= half + _EDGE)

  return inside


def union(parts: Iterable[Inside]) -> Inside:
  """Returns the points of any of `parts`."""
  parts = tuple(parts)
  return lambda x, y: functools.reduce(np.logical_or, (part(x, y) for part in parts))


def without(whole: Inside, hole: Inside) -> Inside:
  """Returns the points of `whole` that are not in `hole`."""
  return lambda x, y: whole(x, y) & ~hole(x, y)


def shifted(figure: Inside, right: float, down: float) -> Inside:
  """Returns `figure` moved."""
  return lambda x, y: figure(x - right, y - down)


def turned(figure: Inside, degrees: float) -> Inside:
  """Returns `figure` turned clockwise about the origin."""
  return lambda x, y: figure(*turn(x, y, -degrees))


def turn(x: np.ndarray, y: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
  """Returns points turned clockwise about the origin."""
  # Quarter turns are exact, so that upright edges stay crisp.
  quarters, rest = divmod(degrees, 90)
  angle = math.radians(rest)
  cosine, sine = math.cos(angle), math.sin(angle)
  x, y = cosine * x - sine * y, sine * x + cosine * y
  for _ in range(int(quarters) % 4):
    x, y = -y, x
  return x, y


def dots(places: Iterable[tuple[float, float]], diameter: float) -> Inside:
  """Returns a disc at each of `places` (x, y)."""
  return union(shifted(disc(diameter), x, y) for x, y in places)


def circle_places(count: int, spacing: float) -> list[tuple[float, float]]:
  """Returns positions on a circle, `spacing` apart; a single one is the centre."""
  if count == 1:
    return [(0.0, 0.0)]
  radius = spacing / 2 / math.sin(math.pi / count)
  return [_on_circle(radius, 360 * k / count) for k in range(count)]


def hexagon_places(rings: int, radius: float) -> list[tuple[float, float]]:
  """Returns a hexagonal lattice of 7, 19, 37, ... positions around its middle.

  `radius` is the distance of its six corners from the middle.
  """
  step = radius / rings
  return [
    (step * (column + row / 2), step * row * math.sqrt(3) / 2)
    for row in range(-rings, rings + 1)
    for column in range(-rings, rings + 1)
    if abs(row + column) <= rings
  ]


def _on_circle(radius: float, clockwise: float) -> tuple[float, float]:
  """Returns the point (x, y) at `clockwise` degrees from the top."""
  angle = math.radians(clockwise)
  return radius * math.sin(angle), -radius * math.cos(angle)
