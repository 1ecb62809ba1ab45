"""What the designs of search arrays are made of: items, inks and choices."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from saliency_jax.data.popout import glyphs, palette

STROKE = 0.13  # of line figures, in item diameters

_T = TypeVar('_T')


class Item(NamedTuple):
  """A figure and its paint: one ink, or shades between two."""

  inside: glyphs.Inside
  ink: palette.Colour
  # (x, y) -> 0 to 1, how far the paint has gone from `ink` to `second`.
  shade: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
  second: palette.Colour | None = None


class Design(NamedTuple):
  """The two items of one search array."""

  target: Item
  distractor: Item
  spin: bool = False  # each item is turned by a random angle of its own


def pick(rng: np.random.Generator, options: Sequence[_T]) -> _T:
  """Returns one of `options`, all equally likely."""
  return options[rng.integers(len(options))]


def ink_on(rng: np.random.Generator, background: str) -> palette.Colour:
  """Returns a well visible ink: neutral or tinted, on grey dark or light."""
  lightness = {'light': 30.0, 'grey': pick(rng, (14.0, 95.0)), 'dark': 85.0}[background]
  chroma = pick(rng, (0.0, 45.0))
  return palette.vivid(lightness, (rng.uniform(0, 360),), chroma)[0]


def solid(rng: np.random.Generator) -> glyphs.Inside:
  """Returns a plain filled figure, for features of the surface."""
  return pick(rng, (glyphs.disc(0.8), glyphs.box(0.68, 0.68), glyphs.box(0.36, 0.9)))


def inked(ink: palette.Colour, target: glyphs.Inside, distractor: glyphs.Inside, *, spin: bool = False) -> Design:
  """Returns the design of two figures in one ink."""
  return Design(Item(target, ink), Item(distractor, ink), spin)
