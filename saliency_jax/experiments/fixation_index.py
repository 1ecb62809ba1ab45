"""All fixations of a data set, which shuffled AUC needs before any image."""

import hashlib
from typing import NamedTuple

import numpy as np

from saliency_jax import progress
from saliency_jax.data import fixations
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError

# Lengths are padded to multiples of this, so that few shapes are compiled.
_MULTIPLE = 32


class FixationIndex(NamedTuple):
  """The N fixations on all I images, image by image."""

  image_ids: tuple[str, ...]  # I names
  sizes: np.ndarray  # int64 `[I, 2]`, (H, W) in pixels
  points: np.ndarray  # int32 `[N, 2]`, (y, x) in pixels
  subjects: np.ndarray  # int32 `[N]`
  offsets: np.ndarray  # int64 `[I + 1]`, where each image's fixations begin
  idle: int  # times that an observer saw an image and fixated nothing
  outside: int  # fixations outside their image, which are left out

  def of(self, index: int) -> slice:
    """Returns the slice of an image's fixations."""
    return slice(self.offsets[index], self.offsets[index + 1])

  def size(self, index: int) -> tuple[int, int]:
    """Returns an image's (H, W) in pixels."""
    return int(self.sizes[index, 0]), int(self.sizes[index, 1])

  @property
  def counts(self) -> np.ndarray:
    """int64 `[I]`, the number of fixations on every image."""
    return np.diff(self.offsets)

  @property
  def padded(self) -> int:
    """A length that fits every image's fixations."""
    return padded(int(self.counts.max()))

  @property
  def observers(self) -> list[np.ndarray]:
    """For each of the I images, int `[P]`: its P observers' fixation counts."""
    return [np.unique(self.subjects[self.of(index)], return_counts=True)[1] for index in range(len(self.sizes))]

  @property
  def digest(self) -> str:
    """A hash of the whole index."""
    found = hashlib.sha256('\n'.join(self.image_ids).encode())
    for array in (self.sizes, self.points, self.subjects, self.offsets):
      found.update(np.ascontiguousarray(array, array.dtype.newbyteorder('<')))
    return found.hexdigest()

  def scaled(self, size: tuple[int, int]) -> np.ndarray:
    """Returns fixations per pixel on an image (H, W), int32 `[H, W]`.

    As in pysaliency, coordinates are multiplied by the ratio of the sizes and
    truncated.
    """
    counts = np.zeros(size, np.int32)
    for index, own in enumerate(self.sizes):  # one by one, since all at once would take 50 bytes each
      y, x = (self.points[self.of(index)] * np.array(size) // own).T
      np.add.at(counts, (y, x), 1)
    return counts


def padded(count: int) -> int:
  """Returns a padded length for `count` fixations."""
  return -(-max(count, 1) // _MULTIPLE) * _MULTIPLE


def read(source: Source, reading: Reading, *, title: str) -> FixationIndex:
  """Reads the fixations of a data set, and the sizes of its images.

  Images that are skipped get no fixations.

  Raises:
    InputError: an image cannot be read and is not to be skipped.
  """
  sizes, found = [], []
  for index in progress.track(range(len(source)), total=len(source), unit='image', title=title):
    try:
      size, scanpaths = source.size(index), source.scanpaths(index)
    except InputError as error:
      reading.skip(source.image_ids[index], error)
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
