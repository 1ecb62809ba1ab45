"""Targets that differ in a measure: an angle, a length, a number."""

import numpy as np

from saliency_jax.data.popout import glyphs, items

_ANGLES = (0.0, 45.0, 90.0, 135.0)  # of all bars of an array


def orientation(rng: np.random.Generator, background: str) -> items.Design:
  """A tilted bar among upright or level ones (Treisman and Gormican 1988)."""
  ink = items.ink(rng, background)
  base = items.pick(rng, (0.0, 90.0))
  tilt = items.pick(rng, (-1, 1)) * rng.uniform(35, 60)
  bar = glyphs.box(0.2, 0.96)
  return items.Design(items.Item(glyphs.turned(bar, base + tilt), ink), items.Item(glyphs.turned(bar, base), ink))


def length(rng: np.random.Generator, background: str) -> items.Design:
  """A long bar among short ones of its width (Treisman and Gormican 1988)."""
  ink = items.ink(rng, background)
  angle, short = items.pick(rng, _ANGLES), rng.uniform(0.36, 0.42)
  return items.Design(
    items.Item(glyphs.turned(glyphs.box(0.16, 0.96), angle), ink),
    items.Item(glyphs.turned(glyphs.box(0.16, short), angle), ink),
  )


def width(rng: np.random.Generator, background: str) -> items.Design:
  """A thick bar among thin ones of its length (Julesz 1981)."""
  ink = items.ink(rng, background)
  angle, thick = items.pick(rng, _ANGLES), rng.uniform(0.36, 0.42)
  return items.Design(
    items.Item(glyphs.turned(glyphs.box(thick, 0.88), angle), ink),
    items.Item(glyphs.turned(glyphs.box(0.13, 0.88), angle), ink),
  )


def size(rng: np.random.Generator, background: str) -> items.Design:
  """A large figure among small ones (Treisman and Gormican 1988)."""
  ink = items.ink(rng, background)

  def square(extent: float) -> glyphs.Inside:
    return glyphs.box(0.7 * extent, 0.7 * extent)

  def ring(extent: float) -> glyphs.Inside:
    return glyphs.without(glyphs.disc(extent), glyphs.disc(0.6 * extent))

  figure = items.pick(rng, (glyphs.disc, square, ring))
  small = rng.uniform(0.42, 0.5)
  return items.Design(items.Item(figure(0.96), ink), items.Item(figure(small), ink))


def number(rng: np.random.Generator, background: str) -> items.Design:
  """Four to six dots among one or two, all equally large and far apart.

  About the numbers told without counting (Trick and Pylyshyn 1994).
  """
  ink = items.ink(rng, background)
  many, few = (
    glyphs.dots(glyphs.circle_places(count, 0.32), 0.24) for count in items.pick(rng, ((4, 1), (5, 1), (5, 2), (6, 2)))
  )
  return items.Design(items.Item(many, ink), items.Item(few, ink), spin=True)


def density(rng: np.random.Generator, background: str) -> items.Design:
  """Dots packed among the same dots spread over the same extent.

  Healey and Enns 1999: dense patches are found among sparse ones.
  """
  ink = items.ink(rng, background)
  dot = rng.uniform(0.14, 0.15)
  reach = (0.94 - dot) / 2
  dense, sparse = (glyphs.dots(glyphs.hexagon_places(rings, reach), dot) for rings in (2, 1))
  return items.Design(items.Item(dense, ink), items.Item(sparse, ink), spin=True)
