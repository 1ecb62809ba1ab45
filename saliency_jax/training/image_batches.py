"""The order of the images, and batches of them for the training step.

The order of an epoch is a function of the seed and the epoch's number alone. A
run that resumes at step n recomputes it and skips n batches, so it needs no
saved iterator, and the number of workers may change in between.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from saliency_jax import runtime
from saliency_jax.data import batch_rows, pipeline, pixel_sets
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.networks.network import Network
from saliency_jax.networks.taps import Grid
from saliency_jax.training.tasks import Task

_SAMPLED = 16  # images whose contents identify a run's data


class TargetBatch(NamedTuple):
  """A batch of B images with the targets of the output."""

  images: np.ndarray  # uint8 `[B, S, S, 3]`, RGB
  targets: Any  # arrays `[B, ...]`, see `tasks.Task.targets`
  valid: np.ndarray  # float32 `[B]`; 0 for padding, or nothing to score
  index: np.ndarray  # int32 `[B]`, the index in the data set; -1 is padding


class Examples(NamedTuple):
  """How images become examples of a task."""

  network: Network
  task: Task
  choose: pixel_sets.Chooser  # one set of pixels per image: its fixations
  reading: Reading

  @property
  def grid(self) -> Grid:
    """(h, w), the size in cells of the maps that the head takes."""
    return self.network.shapes([self.network.readout_tap])[self.network.readout_tap][:2]


def epoch_order(seed: int, epoch: int, images: int) -> np.ndarray:
  """Returns the indices of all images, int64 `[images]`, in random order."""
  return np.random.default_rng([seed, epoch]).permutation(images)


def order_digest(seed: int, images: int) -> str:
  """Returns a hash of the first epoch's order, stored with checkpoints.

  NumPy may change its random numbers; a resumed run notices by this that it
  would see the images in another order.
  """
  return hashlib.sha256(epoch_order(seed, 0, images).astype('<i8')).hexdigest()


def batches_of(images: int, batch_size: int) -> int:
  """Returns the number of batches in an epoch."""
  return -(-images // batch_size)


def training_order(seed: int, images: int, *, batch_size: int, padded: int, first: int, last: int) -> np.ndarray:
  """Returns the images' indices in steps `first` to `last` - 1.

  Every epoch has each image once; its last batch may be smaller. Rows are
  filled up with -1 to the length `padded`, on which the images of a step do not
  depend.

  Returns:
    int64 `[steps, padded]`.
  """
  length = batches_of(images, batch_size)
  begun = first // length
  rows = [
    pipeline.in_rows(epoch_order(seed, epoch, images), batch_size, padded)
    for epoch in range(begun, batches_of(last, length))
  ]
  return np.concatenate([np.zeros((0, padded), int), *rows])[first - begun * length : last - begun * length]


def read(source: Source, examples: Examples, rows: np.ndarray) -> Iterator[TargetBatch]:
  """Yields batches, read ahead in the background.

  `rows`, int `[batches, B]`, are indices of images, or -1 for padding. Each
  process gets its share of every batch.

  Raises:
    InputError: an image cannot be read and is not to be skipped.
  """
  if not len(rows):
    return
  grid, preprocess = examples.grid, examples.network.preprocess
  preparation = batch_rows.Preparation(examples.choose, preprocess.image_size, (grid,), resize=preprocess.resize)
  own = rows.reshape(len(rows), jax.process_count(), -1)[:, jax.process_index()]
  batches = pipeline.batches(
    source, preparation, own, workers=examples.reading.workers, threads=runtime.reading_threads()
  )
  for batch in batches:
    examples.reading.skip_problems(source, batch)
    names = [source.image_ids[i] if i >= 0 else '' for i in batch.index]
    yield TargetBatch(batch.images, *examples.task.targets(batch, grid, names), batch.index)


def shared_image(one: Source, other: Source) -> str:
  """Returns the name of an image that two data sets share, or ''.

  Folders number their images alike, so the pixels are compared as well.
  """
  positions = {name: i for i, name in enumerate(other.image_ids)}
  for i, name in enumerate(one.image_ids):
    if name in positions:
      mine, others = _record(one, i), _record(other, positions[name])
      if mine and others and np.array_equal(mine.image, others.image):
        return name
  return ''


def sample(source: Source, choose: pixel_sets.Chooser | None = None) -> str:
  """Returns `identity` and a hash of the data's contents.

  It keeps a run from resuming on other images or fixations with the same names.
  It covers some images' pixels and points, the sizes of all files, and
  `Source.fixations_digest`.

  Args:
    choose: the points; None for all that the data have.
  """
  choose = choose or _all_points(source)
  hasher = hashlib.sha256()
  for index in np.unique(np.linspace(0, len(source) - 1, _SAMPLED, dtype=int)):
    record = _record(source, index)
    for part in (record.image, *choose(record).pixels) if record else ():
      hasher.update(f'{part.shape} {part.dtype}'.encode())
      hasher.update(np.ascontiguousarray(part))
  if digest := source.fixations_digest():
    hasher.update(f'{[*map(source.file_size, range(len(source)))]} {digest}'.encode())
  return f'{identity(source)}, {hasher.hexdigest()[:16]}'


def identity(source: Source) -> str:
  """Returns the number of a data set's images and a hash of their names."""
  names = hashlib.sha256('\n'.join(source.image_ids).encode()).hexdigest()
  return f'{len(source)} images ({names[:16]})'


def _all_points(source: Source) -> pixel_sets.Chooser:
  if 'targets' in source.gives:
    return pixel_sets.target
  return pixel_sets.all_fixations_in_regions if 'regions' in source.gives else pixel_sets.all_fixations


def _record(source: Source, index: int) -> Record | None:
  """Returns an image's record; None if it cannot be read."""
  try:
    return source[index]
  except InputError:
    return None  # raised, or skipped, when the image is used
