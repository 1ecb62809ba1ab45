"""All fixations of a data set, which shuffled AUC needs before the first image."""

import hashlib
from typing import NamedTuple

import numpy as np

from saliency_jax import progress
from saliency_jax.data import fixations
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError

# Lengths are padded to a multiple of this, so that few shapes are compiled.
_MULTIPLE = 32


class FixationIndex(NamedTuple):
  """The N fixations on all I images, one image after the other."""

  image_ids: tuple[str, ...]  # I names
  sizes: np.ndarray  # int64 `[I, 2]`, (H, W) in pixels
  points: np.ndarray  # int32 `[N, 2]`, (y, x) in pixels
  subjects: np.ndarray  # int32 `[N]`
  offsets: np.ndarray  # int64 `[I + 1]`, where each image's fixations begin
  idle: int  # times that somebody was shown an image and fixated nothing
  outside: int  # fixations left out, as they lie outside their image

  def of(self, index: int) -> slice:
    """Returns which fixations are those of an image."""
    return slice(self.offsets[index], self.offsets[index + 1])

  def size(self, index: int) -> tuple[int, int]:
    """Returns an image's (H, W) in pixels."""
    return int(self.sizes[index, 0]), int(self.sizes[index, 1])

  @property
  def counts(self) -> np.ndarray:
    """int64 `[I]`: the fixations on every image."""
    return np.diff(self.offsets)

  @property
  def padded(self) -> int:
    """A length that every image's fixations fit in."""
    return padded(int(self.counts.max()))

  @property
  def observers(self) -> list[np.ndarray]:
    """int `[P]` for each of the I images: its observers' fixations."""
    return [np.unique(self.subjects[self.of(index)], return_counts=True)[1] for index in range(len(self.sizes))]

  @property
  def digest(self) -> str:
    """A hash of everything here."""
    found = hashlib.sha256('\n'.join(self.image_ids).encode())
    for array in (self.sizes, self.points, self.subjects, self.offsets):
      found.update(np.ascontiguousarray(array, array.dtype.newbyteorder('<')))
    return found.hexdigest()

  def scaled(self, size: tuple[int, int]) -> np.ndarray:
    """Returns how often each pixel of an image of another size is fixated.

    As pysaliency does: coordinates times the ratio of the sizes, cut off.

    Args:
      size: (H, W) in pixels.

    Returns:
      int32 `[H, W]`, the fixations on all images.
    """
    counts = np.zeros(size, np.int32)
    for index, own in enumerate(self.sizes):  # all at once take 50 bytes each
      y, x = (self.points[self.of(index)] * np.array(size) // own).T
      np.add.at(counts, (y, x), 1)
    return counts


def padded(count: int) -> int:
  """Returns a length for at most `count` fixations."""
  return -(-max(count, 1) // _MULTIPLE) * _MULTIPLE


def read(source: Source, *, title: str, skipped: dict[str, str] | None = None) -> FixationIndex:
  """Reads the fixations of a data set, and no image but for its size.

  Args:
    skipped: takes what is wrong with images that cannot be read, by their
      names, which then have no fixation; None ends with the first one.

  Raises:
    InputError: as the source's.
  """
  sizes, found = [], []
  for index in progress.track(range(len(source)), total=len(source), unit='image', title=title):
    try:
      size, scanpaths = source.size(index), source.scanpaths(index)
    except InputError as error:
      if skipped is None:
        raise
      skipped[source.image_ids[index]] = str(error)
      size, scanpaths = (1, 1), fixations.make(np.zeros((0, 2), np.int32))
    sizes.append(size)
    found.append(scanpaths)
  lengths = [len(each.points) for each in found]
  return FixationIndex(
    source.image_ids,
    np.array(sizes, np.int64),
    np.concatenate([each.points for each in found]).astype(np.int32),
    np.concatenate([each.subjects for each in found]),
    np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    sum(each.idle for each in found),
    sum(each.outside for each in found),
  )
