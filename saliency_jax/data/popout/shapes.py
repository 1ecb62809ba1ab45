"""Targets whose figure differs: its outline, or how its strokes are joined."""

import math

import numpy as np

from saliency_jax.data.popout import glyphs, items


def shape(rng: np.random.Generator, background: str) -> items.Design:
  """A figure with points or notches among plain ones of its area.

  Hulleman, te Winkel and Boselie 2000: a concave figure among convex ones.
  """
  ink = items.ink(rng, background)
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
  target, distractor = items.pick(
    rng, ((star, disc), (triangle, disc), (plus, disc), (star, square), (glyphs.turned(plus, 45), square))
  )
  return items.Design(items.Item(target, ink), items.Item(distractor, ink))


def curvature(rng: np.random.Generator, background: str) -> items.Design:
  """A curved stroke among straight ones of its length and width.

  Treisman and Gormican 1988.
  """
  ink = items.ink(rng, background)
  drawn, sweep = 0.96, rng.uniform(125, 160)
  radius = drawn / math.radians(sweep)
  sagitta = radius * (1 - math.cos(math.radians(sweep / 2)))
  # The item's centre lies halfway between the arc's middle and its chord.
  curve = glyphs.shifted(glyphs.arc(2 * radius, items.STROKE, sweep), sagitta / 2 - radius, 0.0)
  return items.Design(items.Item(curve, ink), items.Item(glyphs.box(items.STROKE, drawn), ink), spin=True)


def closure(rng: np.random.Generator, background: str) -> items.Design:
  """Two halves that face each other among halves back to back: [] among ][.

  Elder and Zucker 1993. Strokes, ends and extent are the same; only the target
  closes around an inside.
  """
  ink = items.ink(rng, background)
  angle = items.pick(rng, (0.0, 90.0))
  left, middle = items.pick(rng, (_bracket, _parenthesis))()
  right = glyphs.turned(left, 180)
  facing = glyphs.union((left, right))
  # Each half mirrored about its own middle, in its place.
  backs = glyphs.union((glyphs.shifted(right, 2 * middle, 0.0), glyphs.shifted(left, -2 * middle, 0.0)))
  return items.Design(items.Item(glyphs.turned(facing, angle), ink), items.Item(glyphs.turned(backs, angle), ink))


def _bracket() -> tuple[glyphs.Inside, float]:
  """Returns the left half of a square, and the x of its own middle."""
  side, gap = 0.64, 0.1
  arm = (side - gap) / 2
  middle = -(side - arm) / 2
  reach = (side - items.STROKE) / 2
  spine, bar = glyphs.box(items.STROKE, side), glyphs.box(arm, items.STROKE)
  return glyphs.union(
    (glyphs.shifted(spine, -reach, 0.0), glyphs.shifted(bar, middle, -reach), glyphs.shifted(bar, middle, reach))
  ), middle


def _parenthesis() -> tuple[glyphs.Inside, float]:
  """Returns the left half of a ring, and the x of its own middle."""
  diameter, sweep = 0.58, 160.0
  inmost = (diameter - items.STROKE) / 2 * math.cos(math.radians(sweep / 2))
  outmost = (diameter + items.STROKE) / 2
  return (glyphs.turned(glyphs.arc(diameter, items.STROKE, sweep), 180), -(outmost + inmost) / 2)


def intersection(rng: np.random.Generator, background: str) -> items.Design:
  """Two strokes that cross among the same two that meet: + among L.

  Bergen and Julesz 1983.
  """
  ink = items.ink(rng, background)
  drawn = rng.uniform(0.58, 0.64)
  upright = glyphs.box(items.STROKE, drawn)
  level = glyphs.box(drawn, items.STROKE)
  reach = (drawn - items.STROKE) / 2
  # Its centre of mass, not its box, sits in the item's centre, as the cross's.
  corner = glyphs.union((glyphs.shifted(upright, -reach / 2, -reach / 2), glyphs.shifted(level, reach / 2, reach / 2)))
  corner = glyphs.turned(corner, items.pick(rng, (0.0, 90.0, 180.0, 270.0)))
  return items.Design(items.Item(glyphs.union((upright, level)), ink), items.Item(corner, ink))


def terminators(rng: np.random.Generator, background: str) -> items.Design:
  """A ring with two free ends among whole ones (Treisman and Souther 1985)."""
  ink = items.ink(rng, background)
  gap = rng.uniform(75, 110)
  return items.Design(
    items.Item(glyphs.arc(0.8, items.STROKE, 360 - gap), ink), items.Item(glyphs.arc(0.8, items.STROKE), ink), spin=True
  )


def enclosure(rng: np.random.Generator, background: str) -> items.Design:
  """A figure inside a frame among the same figure without (Ware 2012)."""
  ink = items.ink(rng, background)
  frame, edge = items.pick(
    rng, ((glyphs.disc(0.96), glyphs.disc(0.74)), (glyphs.box(0.7, 0.7), glyphs.box(0.48, 0.48)))
  )
  core = items.pick(rng, (glyphs.disc(0.32), glyphs.box(0.28, 0.28)))
  framed = glyphs.union((core, glyphs.without(frame, edge)))
  return items.Design(items.Item(framed, ink), items.Item(core, ink))
