"""The kinds of search arrays: how the target differs from the distractors.

Either in surface (colour to frequency, on the same figure), in a measure
(orientation to density: an angle, a length, a number), or in outline and in how
strokes are joined (shape to enclosure).
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from saliency_jax.data.popout import glyphs, palette
from saliency_jax.data.popout.drawing import Design, Item

_ANGLES = (0.0, 45.0, 90.0, 135.0)  # of all bars of an array
_STROKE = 0.13  # of line figures, in item diameters

_T = TypeVar('_T')


def _pick(rng: np.random.Generator, options: Sequence[_T]) -> _T:
  """Returns one of `options`, all equally likely."""
  return options[rng.integers(len(options))]


def _ink(rng: np.random.Generator, background: str) -> palette.Colour:
  """Returns a clearly visible ink, neutral or tinted; on grey, dark or light."""
  lightness = {'light': 30.0, 'grey': _pick(rng, (14.0, 95.0)), 'dark': 85.0}[background]
  chroma = _pick(rng, (0.0, 45.0))
  return palette.vivid(lightness, (rng.uniform(0, 360),), chroma)[0]


def _solid(rng: np.random.Generator) -> glyphs.Inside:
  """Returns a plain filled figure, for features of the surface."""
  return _pick(rng, (glyphs.disc(0.8), glyphs.box(0.68, 0.68), glyphs.box(0.36, 0.9)))


def _inked(ink: palette.Colour, target: glyphs.Inside, distractor: glyphs.Inside, *, spin: bool = False) -> Design:
  """Returns the design of two figures in one ink."""
  return Design(Item(target, ink), Item(distractor, ink), spin)


def colour(rng: np.random.Generator, background: str) -> Design:
  """Another hue at one luminance and chroma (Treisman and Gelade 1980)."""
  lightness = {'light': 58.0, 'grey': 76.0, 'dark': 68.0}[background]
  hue = rng.uniform(0, 360)
  apart = _pick(rng, (-1, 1)) * rng.uniform(100, 180)
  figure = _solid(rng)
  target, distractor = palette.vivid(lightness, (hue, hue + apart), 60.0)
  return Design(Item(figure, target), Item(figure, distractor))


def intensity(rng: np.random.Generator, background: str) -> Design:
  """More contrast with the background; on grey, the opposite contrast.

  Treisman and Gormican 1988: a target of higher contrast stands out. Theeuwes
  and Kooi 1994: so does one of the other polarity.
  """
  figure = _solid(rng)
  if background == 'grey':
    middle, step = palette.BACKGROUNDS['grey'], _pick(rng, (-100, 100))
    target, distractor = (middle + step,) * 3, (middle - step,) * 3
  else:
    strong, weak = {'light': (10.0, 72.0), 'dark': (97.0, 38.0)}[background]
    target = palette.grey(strong)
    distractor = palette.grey(weak + rng.uniform(-4, 4))
  return Design(Item(figure, target), Item(figure, distractor))


def lighting(rng: np.random.Generator, background: str) -> Design:
  """A dent among bumps: lit from below among lit from above.

  Ramachandran 1988; Kleffner and Ramachandran 1992 for the asymmetry. Both are
  Lambertian hemispheres, one the other upside down.
  """
  del background  # The shades lie between the light and the dark one.
  tilt, slant = math.radians(rng.uniform(-15, 15)), math.radians(62)
  # Towards the light: x right, y down, z to the viewer.
  light = (math.sin(slant) * math.sin(tilt), -math.sin(slant) * math.cos(tilt), math.cos(slant))
  diameter = 0.92

  def bump(x, y):
    x, y = 2 * x / diameter, 2 * y / diameter
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    return np.maximum(x * light[0] + y * light[1] + z * light[2], 0)

  def dent(x, y):
    return bump(-x, -y)

  ball, dark, bright = glyphs.disc(diameter), (46,) * 3, (216,) * 3
  return Design(Item(ball, dark, dent, bright), Item(ball, dark, bump, bright))


def frequency(rng: np.random.Generator, background: str) -> Design:
  """Coarse among fine stripes or the reverse, of equal mean and contrast.

  Spatial frequency guides attention as size does (Wolfe and Horowitz 2004).
  """
  dark, bright = {'light': ((20,) * 3, (190,) * 3), 'grey': ((28,) * 3, (228,) * 3), 'dark': ((66,) * 3, (236,) * 3)}[
    background
  ]
  patch, angle = glyphs.disc(0.96), _pick(rng, (0.0, 45.0, 90.0, 135.0))

  def grating(cycles: float) -> Item:
    def shade(x, y):
      across, _ = glyphs.turn(x, y, -angle)
      return (1 + np.sin(2 * math.pi * cycles * across)) / 2

    return Item(patch, dark, shade, bright)

  # Cycles in an item's diameter.
  pair = grating(rng.uniform(1.4, 1.6)), grating(rng.uniform(4.2, 4.6))
  target, distractor = _pick(rng, (pair, pair[::-1]))
  return Design(target, distractor)


def orientation(rng: np.random.Generator, background: str) -> Design:
  """A tilted bar among upright or level ones (Treisman and Gormican 1988)."""
  ink = _ink(rng, background)
  base = _pick(rng, (0.0, 90.0))
  tilt = _pick(rng, (-1, 1)) * rng.uniform(35, 60)
  bar = glyphs.box(0.2, 0.96)
  return _inked(ink, glyphs.turned(bar, base + tilt), glyphs.turned(bar, base))


def length(rng: np.random.Generator, background: str) -> Design:
  """A long bar among short ones of its width (Treisman and Gormican 1988)."""
  ink = _ink(rng, background)
  angle, short = _pick(rng, _ANGLES), rng.uniform(0.36, 0.42)
  return _inked(ink, glyphs.turned(glyphs.box(0.16, 0.96), angle), glyphs.turned(glyphs.box(0.16, short), angle))


def width(rng: np.random.Generator, background: str) -> Design:
  """A thick bar among thin ones of its length (Julesz 1981)."""
  ink = _ink(rng, background)
  angle, thick = _pick(rng, _ANGLES), rng.uniform(0.36, 0.42)
  return _inked(ink, glyphs.turned(glyphs.box(thick, 0.88), angle), glyphs.turned(glyphs.box(0.13, 0.88), angle))


def size(rng: np.random.Generator, background: str) -> Design:
  """A large figure among small ones (Treisman and Gormican 1988)."""
  ink = _ink(rng, background)

  def square(extent: float) -> glyphs.Inside:
    return glyphs.box(0.7 * extent, 0.7 * extent)

  def ring(extent: float) -> glyphs.Inside:
    return glyphs.without(glyphs.disc(extent), glyphs.disc(0.6 * extent))

  figure = _pick(rng, (glyphs.disc, square, ring))
  small = rng.uniform(0.42, 0.5)
  return _inked(ink, figure(0.96), figure(small))


def number(rng: np.random.Generator, background: str) -> Design:
  """Four to six dots among one or two, all equally large and far apart.

  More than can be told without counting among fewer (Trick and Pylyshyn 1994).
  """
  ink = _ink(rng, background)
  many, few = (
    glyphs.dots(glyphs.circle_places(count, 0.32), 0.24) for count in _pick(rng, ((4, 1), (5, 1), (5, 2), (6, 2)))
  )
  return _inked(ink, many, few, spin=True)


def density(rng: np.random.Generator, background: str) -> Design:
  """Tightly packed dots among the same dots spread over the same extent.

  Healey and Enns 1999: dense patches stand out among sparse ones.
  """
  ink = _ink(rng, background)
  dot = rng.uniform(0.14, 0.15)
  reach = (0.94 - dot) / 2
  dense, sparse = (glyphs.dots(glyphs.hexagon_places(rings, reach), dot) for rings in (2, 1))
  return _inked(ink, dense, sparse, spin=True)


def shape(rng: np.random.Generator, background: str) -> Design:
  """A figure with points or notches among plain ones of equal area.

  Hulleman, te Winkel and Boselie 2000: a concave figure among convex ones.
  """
  ink = _ink(rng, background)
  area = 0.27
  # The notches of a pentagram lie where its sides cross.
  waist = math.sin(math.radians(18)) / math.sin(math.radians(54))
  radius = math.sqrt(area / (5 * waist * math.sin(math.radians(36))))
  star = glyphs.star(5, radius, radius * waist)
  triangle = glyphs.regular(3, math.sqrt(4 * area / math.sqrt(27)))
  span = math.sqrt(9 * area / 5)
  plus = glyphs.union((glyphs.box(span, span / 3), glyphs.box(span / 3, span)))
  disc = glyphs.disc(math.sqrt(4 * area / math.pi))
  square = glyphs.box(math.sqrt(area), math.sqrt(area))
  target, distractor = _pick(
    rng, ((star, disc), (triangle, disc), (plus, disc), (star, square), (glyphs.turned(plus, 45), square))
  )
  return _inked(ink, target, distractor)


def curvature(rng: np.random.Generator, background: str) -> Design:
  """A curved stroke among straight ones of equal length and width.

  Treisman and Gormican 1988.
  """
  ink = _ink(rng, background)
  drawn, sweep = 0.96, rng.uniform(125, 160)
  radius = drawn / math.radians(sweep)
  sagitta = radius * (1 - math.cos(math.radians(sweep / 2)))
  # The item's centre is midway between the arc's apex and its chord.
  curve = glyphs.shifted(glyphs.arc(2 * radius, _STROKE, sweep), sagitta / 2 - radius, 0.0)
  return _inked(ink, curve, glyphs.box(_STROKE, drawn), spin=True)


def closure(rng: np.random.Generator, background: str) -> Design:
  """Two halves that face each other among halves back to back: [] among ][.

  Elder and Zucker 1993. Strokes, ends and extent are equal; only the target
  encloses an area.
  """
  ink = _ink(rng, background)
  angle = _pick(rng, (0.0, 90.0))
  left, middle = _pick(rng, (_bracket, _parenthesis))()
  right = glyphs.turned(left, 180)
  facing = glyphs.union((left, right))
  # Each half is mirrored about its own middle, in place.
  backs = glyphs.union((glyphs.shifted(right, 2 * middle, 0.0), glyphs.shifted(left, -2 * middle, 0.0)))
  return _inked(ink, glyphs.turned(facing, angle), glyphs.turned(backs, angle))


def _bracket() -> tuple[glyphs.Inside, float]:
  """Returns the left half of a square, and the x of its own middle."""
  side, gap = 0.64, 0.1
  arm = (side - gap) / 2
  middle = -(side - arm) / 2
  reach = (side - _STROKE) / 2
  spine, bar = glyphs.box(_STROKE, side), glyphs.box(arm, _STROKE)
  return glyphs.union(
    (glyphs.shifted(spine, -reach, 0.0), glyphs.shifted(bar, middle, -reach), glyphs.shifted(bar, middle, reach))
  ), middle


def _parenthesis() -> tuple[glyphs.Inside, float]:
  """Returns the left half of a ring, and the x of its own middle."""
  diameter, sweep = 0.58, 160.0
  inmost = (diameter - _STROKE) / 2 * math.cos(math.radians(sweep / 2))
  outmost = (diameter + _STROKE) / 2
  return (glyphs.turned(glyphs.arc(diameter, _STROKE, sweep), 180), -(outmost + inmost) / 2)


def intersection(rng: np.random.Generator, background: str) -> Design:
  """Two strokes that cross among the same two that meet: + among L.

  Bergen and Julesz 1983.
  """
  ink = _ink(rng, background)
  drawn = rng.uniform(0.58, 0.64)
  upright = glyphs.box(_STROKE, drawn)
  level = glyphs.box(drawn, _STROKE)
  reach = (drawn - _STROKE) / 2
  # Its centre of mass, not of its box, is the item's centre, as in the cross.
  corner = glyphs.union((glyphs.shifted(upright, -reach / 2, -reach / 2), glyphs.shifted(level, reach / 2, reach / 2)))
  corner = glyphs.turned(corner, _pick(rng, (0.0, 90.0, 180.0, 270.0)))
  return _inked(ink, glyphs.union((upright, level)), corner)


def terminators(rng: np.random.Generator, background: str) -> Design:
  """A ring with two free ends among whole ones (Treisman and Souther 1985)."""
  ink = _ink(rng, background)
  gap = rng.uniform(75, 110)
  return _inked(ink, glyphs.arc(0.8, _STROKE, 360 - gap), glyphs.arc(0.8, _STROKE), spin=True)


def enclosure(rng: np.random.Generator, background: str) -> Design:
  """A figure inside a frame among the same figure without (Ware 2012)."""
  ink = _ink(rng, background)
  frame, edge = _pick(rng, ((glyphs.disc(0.96), glyphs.disc(0.74)), (glyphs.box(0.7, 0.7), glyphs.box(0.48, 0.48))))
  core = _pick(rng, (glyphs.disc(0.32), glyphs.box(0.28, 0.28)))
  framed = glyphs.union((core, glyphs.without(frame, edge)))
  return _inked(ink, framed, core)


# The kinds in the images' order: (rng, background) -> design. Where search is
# asymmetric, the target is the item that pops out. All properties but the
# kind's own are kept equal where possible: area, extent, strokes, luminance,
# ink.
_KINDS = (colour, intensity, orientation, length, width, size, shape, curvature)
_KINDS += (closure, intersection, terminators, number, density, enclosure, lighting, frequency)
KINDS: dict[str, Callable[[np.random.Generator, str], Design]] = {kind.__name__: kind for kind in _KINDS}
