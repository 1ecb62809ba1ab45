"""Targets whose surface differs; the figure is the same for all items."""

import math

import numpy as np

from saliency_jax.data.popout import glyphs, items, palette


def colour(rng: np.random.Generator, background: str) -> items.Design:
  """Another hue at one luminance and chroma (Treisman and Gelade 1980)."""
  lightness = {'light': 58.0, 'grey': 76.0, 'dark': 68.0}[background]
  hue = rng.uniform(0, 360)
  apart = items.pick(rng, (-1, 1)) * rng.uniform(100, 180)
  figure = items.solid(rng)
  target, distractor = palette.vivid(lightness, (hue, hue + apart), 60.0)
  return items.Design(items.Item(figure, target), items.Item(figure, distractor))


def intensity(rng: np.random.Generator, background: str) -> items.Design:
  """More contrast to the background; on grey, the opposite contrast.

  Treisman and Gormican 1988: what stands out more from the background is found
  among what stands out less. Theeuwes and Kooi 1994: so is the other polarity.
  """
  figure = items.solid(rng)
  if background == 'grey':
    middle, step = palette.BACKGROUNDS['grey'], items.pick(rng, (-100, 100))
    target, distractor = (middle + step,) * 3, (middle - step,) * 3
  else:
    strong, weak = {'light': (10.0, 72.0), 'dark': (97.0, 38.0)}[background]
    target = palette.grey(strong)
    distractor = palette.grey(weak + rng.uniform(-4, 4))
  return items.Design(items.Item(figure, target), items.Item(figure, distractor))


def lighting(rng: np.random.Generator, background: str) -> items.Design:
  """A dent among bumps: lit from below among lit from above.

  Ramachandran 1988; Kleffner and Ramachandran 1992 for the asymmetry. Both are
  Lambertian half spheres, and one is the other upside down.
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
  return items.Design(items.Item(ball, dark, dent, bright), items.Item(ball, dark, bump, bright))


def frequency(rng: np.random.Generator, background: str) -> items.Design:
  """Coarse among fine stripes or the reverse, of one mean and one contrast.

  Spatial frequency guides attention as size does (Wolfe and Horowitz 2004).
  """
  dark, bright = {'light': ((20,) * 3, (190,) * 3), 'grey': ((28,) * 3, (228,) * 3), 'dark': ((66,) * 3, (236,) * 3)}[
    background
  ]
  patch, angle = glyphs.disc(0.96), items.pick(rng, (0.0, 45.0, 90.0, 135.0))

  def grating(cycles: float) -> items.Item:
    def shade(x, y):
      across, _ = glyphs.turn(x, y, -angle)
      return (1 + np.sin(2 * math.pi * cycles * across)) / 2

    return items.Item(patch, dark, shade, bright)

  # Cycles in an item's diameter.
  pair = grating(rng.uniform(1.4, 1.6)), grating(rng.uniform(4.2, 4.6))
  target, distractor = items.pick(rng, (pair, pair[::-1]))
  return items.Design(target, distractor)
