"""Draws search arrays: positions of the items, and their pixels.

Lengths are fractions of the image's side, so that an array looks the same at
every size. As in laboratory displays, items have one size whatever the set
size.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.data.popout import glyphs, palette

ITEM = 0.09  # an item's diameter, image sides
SMALLEST = 128  # px; below it the thinnest strokes are under 1.5 px
_MARGIN = 0.03  # free border around the grid, image sides
_JITTER = 0.12  # largest shift of an item from its cell's centre, cells
_SAMPLES = 4  # samples per pixel along each axis


class Item(NamedTuple):
  """A figure with its paint: one colour, or shades between two."""

  inside: glyphs.Inside
  ink: palette.Colour
  # (x, y) -> 0 to 1, the share of `second` in the mix with `ink`.
  shade: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
  second: palette.Colour | None = None


class Design(NamedTuple):
  """The two items of one search array."""

  target: Item
  distractor: Item
  spin: bool = False  # each item is turned by a random angle of its own


class Layout(NamedTuple):
  """The positions of S items."""

  centres: np.ndarray  # int32 `[S, 2]`, the pixel (y, x) of each item's centre
  turns: np.ndarray  # float64 `[S]`, degrees; used by designs with `spin`


class ArrayPlan(NamedTuple):
  """All that defines a search array before it is drawn."""

  design: Design  # the two items
  layout: Layout
  target: int  # the target's index into the layout
  background: str  # a name in `palette.BACKGROUNDS`


class Drawing(NamedTuple):
  """A search array. A mask holds the pixels that items cover at least half."""

  image: np.ndarray  # uint8 `[H, W, 3]`, RGB
  target: np.ndarray  # bool `[H, W]`
  distractors: np.ndarray  # bool `[H, W]`


def lay_out(rng: np.random.Generator, set_size: int, size: int) -> Layout:
  """Returns jittered positions of items on a square grid.

  They depend neither on the kind of array nor on the target. `set_size` is a
  square number, `size` the image's side in px.
  """
  side = round(set_size**0.5)
  cell = (1 - 2 * _MARGIN) / side
  row, column = np.divmod(np.arange(set_size), side)
  middle = _MARGIN + cell * (np.stack([row, column], axis=-1) + 0.5)
  shift = rng.uniform(-_JITTER, _JITTER, (set_size, 2)) * cell
  # In whole pixels, so that equal items are equal bit by bit.
  centres = np.rint((middle + shift) * size - 0.5).astype(np.int32)
  return Layout(centres, rng.uniform(0, 360, set_size))


def item_masks(plan: ArrayPlan, places: Sequence[int], size: int) -> np.ndarray:
  """Returns the pixels that single items cover at least half, bool `[K, H, W]`.

  As in `draw`; `places` are K indices into the layout.
  """
  masks = np.zeros((len(places), size, size), bool)
  for mask, place in zip(masks, places, strict=True):
    cover, _, window = _placed(plan, place, size)
    mask[window] = cover >= 0.5
  return masks


def draw(plan: ArrayPlan, size: int) -> Drawing:
  """Draws the target at its position and distractors at all others.

  `plan` is laid out for this size, the image's side in px.
  """
  image = np.full((size, size, 3), float(palette.BACKGROUNDS[plan.background]))
  masks = np.zeros((2, size, size), bool)
  for place in range(len(plan.layout.centres)):
    cover, light, window = _placed(plan, place, size)
    image[window] = image[window] * (1 - cover[..., None]) + light
    masks[(0 if place == plan.target else 1, *window)] |= cover >= 0.5
  return Drawing(np.rint(image).astype(np.uint8), *masks)


def _placed(plan: ArrayPlan, place: int, size: int) -> tuple[np.ndarray, np.ndarray, tuple[slice, slice]]:
  """Returns an item as `_rasterise` does, and its window in the image."""
  design = plan.design
  item = design.target if place == plan.target else design.distractor
  cover, light = _rasterise(item, ITEM * size, plan.layout.turns[place] if design.spin else 0.0)
  reach = len(cover) // 2
  down, right = (slice(c - reach, c + reach + 1) for c in plan.layout.centres[place])
  return cover, light, (down, right)


def _rasterise(item: Item, diameter: float, turn: float) -> tuple[np.ndarray, np.ndarray]:
  """Draws one item, centred on the middle pixel of a tile.

  Returns:
    The share of each pixel that the item covers, float64 `[N, N]`, N odd, and
    what it adds to the pixel's colour, float64 `[N, N, 3]`.
  """
  reach = int(np.ceil(diameter / 2))
  pixels = 2 * reach + 1
  samples = np.arange(pixels * _SAMPLES) + 0.5
  line = (samples / _SAMPLES - pixels / 2) / diameter
  x, y = glyphs.turn(*np.meshgrid(line, line), -turn)
  inside = item.inside(x, y)
  cover = _box_reduce(inside, pixels)
  light = cover[..., None] * np.array(item.ink, float)
  if item.shade is not None:
    mixed = _box_reduce(np.where(inside, item.shade(x, y), 0.0), pixels)
    light += mixed[..., None] * np.subtract(item.second, item.ink, dtype=float)
  return cover, light


def _box_reduce(samples: np.ndarray, pixels: int) -> np.ndarray:
  blocks = samples.reshape(pixels, _SAMPLES, pixels, _SAMPLES)
  return blocks.mean(axis=(1, 3))
