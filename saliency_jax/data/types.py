"""What every data set provides: one photograph or search array at a time.

A data set is a sequence that reads one image from disk on each access, so it
can be read by several workers in any order. Points are (y, x) in pixels,
counted from 0 at the top left pixel's centre.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from saliency_jax.data import fixations
from saliency_jax.errors import InputError
from saliency_jax.ops import resize

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
  """The R labelled regions of one image, in the order of the file."""

  ids: np.ndarray  # int32 `[R]`, the annotation's own numbers
  categories: tuple[str, ...]  # R names
  masks: np.ndarray  # bool `[R, H, W]`


class Record(NamedTuple):
  """One image and what is known about it."""

  image_id: str  # the file's stem, unique in the data set
  image: np.ndarray  # uint8 `[H, W, 3]`, RGB
  fixations: np.ndarray  # int32 `[N, 2]`, the pixel (y, x) of every fixation
  regions: Regions


class Source:
  """A data set. A subclass needs only `image_ids` and `__getitem__`.

  All other methods follow from `self[index]`; a subclass may override them to
  be faster. All raise `InputError`, which names the invalid file.

  Attributes:
    image_ids: names of the images, without repetition.
    gives: what is known about them: some of 'fixations', 'regions', 'targets'.
    patterns: for search arrays, one `Pattern` each.
    items: for search arrays whose items are known; see `SearchArrays.items`.
  """

  image_ids: tuple[str, ...]
  gives: frozenset[str] = frozenset({'fixations', 'regions'})
  patterns: tuple = ()
  items: Callable[[str, int], np.ndarray] | None = None

  def __len__(self) -> int:
    return len(self.image_ids)

  def __getitem__(self, index: int) -> Record:
    """Reads one image and what is known about it.

    Raises:
      IndexError: there is no such image.
    """
    raise NotImplementedError

  def squared(self, index: int, side: int, resample: str) -> tuple[Record, np.ndarray]:
    """Returns the record as `described` does, and the resized image.

    uint8 `[side, side, 3]`, as a network takes it; see `resize.square`.
    """
    record = self[index]
    return record, resize.square(record.image, side, resample)

  def size(self, index: int) -> tuple[int, int]:
    """Returns (height, width) of `self[index]` in pixels."""
    return self[index].image.shape[:2]

  def scanpaths(self, index: int) -> fixations.Fixations:
    """Returns the fixations of `self[index]` as int32 pixels, with observers."""
    return fixations.make(self[index].fixations)

  def described(self, index: int) -> Record:
    """Returns `self[index]`, possibly without its pixels; see `unread`."""
    return self[index]

  def readable(self) -> Iterator[Record]:
    """Yields `described` records but for those that cannot be read.

    Those raise, or are skipped, when the image is used.
    """
    for index in range(len(self)):
      with contextlib.suppress(InputError):
        yield self.described(index)

  def content(self, index: int, most: int = -1) -> bytes:
    """Returns the file of `self[index]`, or its first `most` bytes.

    b'' if there is no file.
    """
    return b''

  def file_size(self, index: int) -> int:
    """Returns the size in bytes of the file of `self[index]`; 0 if there is none."""
    return 0

  def check_size(self, index: int) -> None:
    """Compares the size of `self[index]` with its data, reading headers only."""

  def fixations_digest(self) -> str:
    """Returns a hash of the file of fixations, or ''."""
    return ''

  def without_regions(self) -> 'Source':
    """Returns the same images, without regions if that is faster."""
    return self


def ordered_categories(names: Iterable[str]) -> tuple[str, ...]:
  """Returns the categories of an annotation, each once, in the order of tables.

  The paper's come first, in its order, then the others alphabetically.
  """
  names = set(map(str, names))
  return (*(name for name in CATEGORIES if name in names), *sorted(names.difference(CATEGORIES)))


def unread(height: int, width: int) -> np.ndarray:
  """Returns a placeholder for pixels that were not read: zeros of their shape."""
  return np.broadcast_to(np.uint8(0), (height, width, 3))


def no_regions(height: int, width: int) -> Regions:
  """Returns the `Regions` of an image without labels."""
  return Regions(np.zeros(0, np.int32), (), np.zeros((0, height, width), bool))
