"""What every data set hands over: one photograph or search array at a time.

A data set is a sequence, `len(source)` and `source[i] -> Record`, that reads
one image from disk on each access, so it can be read by several workers in any
order. Points are (y, x) in pixels, counted from 0 at the top left pixel's
centre.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np

# The 12 categories of He et al. 2019, Section 3, in the order of its Table 2.
# An annotation may have others; see `ordered_categories`.
CATEGORIES = (
  'person head',
  'person part',
  'animal head',
  'animal part',
  'object',
  'text',
  'symbol',
  'vehicle',
  'food',
  'plant',
  'drink',
  'other',
)


class Regions(NamedTuple):
  """The labelled parts of one image: R of them, in the file's order."""

  ids: np.ndarray  # int32 `[R]`, the annotation's own numbers
  categories: tuple[str, ...]  # R names
  masks: np.ndarray  # bool `[R, H, W]`


class Record(NamedTuple):
  """One image and what is known about it."""

  image_id: str  # the file's stem, unique in the data set
  image: np.ndarray  # uint8 `[H, W, 3]`, RGB
  fixations: np.ndarray  # int32 `[N, 2]`, the pixel (y, x) of every fixation
  regions: Regions


class Source(Protocol):
  """A data set. Both methods raise `InputError`, naming the file at fault.

  For those who look at no pixel of the image a source may have what is quicker
  than `source[i]`: `squared`, as `Photographs` have it, and where that is there
  `squares`, as `BuiltSource` has it.
  """

  image_ids: tuple[str, ...]
  # What is known of the images, of 'fixations', 'regions' and 'targets'.
  gives: frozenset[str]

  def __len__(self) -> int: ...

  def __getitem__(self, index: int) -> Record: ...


def ordered_categories(names: Iterable[str]) -> tuple[str, ...]:
  """Returns the categories of an annotation, each once, in the order of tables.

  The paper's come first, in its order, then the others by the alphabet.
  """
  names = set(map(str, names))
  return (*(name for name in CATEGORIES if name in names), *sorted(names.difference(CATEGORIES)))


def unread(height: int, width: int) -> np.ndarray:
  """Returns what stands for pixels that were not read: their shape, all 0."""
  return np.broadcast_to(np.uint8(0), (height, width, 3))


def no_regions(height: int, width: int) -> Regions:
  """Returns the `Regions` of an image of which nothing is labelled."""
  return Regions(np.zeros(0, np.int32), (), np.zeros((0, height, width), bool))
