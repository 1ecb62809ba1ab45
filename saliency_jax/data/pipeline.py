"""From a data set to batches of fixed shapes, read ahead in the background.

Grain's threads read, and processes where those pay. Neither changes the order
or the numbers.
"""

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grain
import numpy as np
from absl import logging

from saliency_jax.data import reading_processes
from saliency_jax.data.batch_rows import Batch, Preparation, stack
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError, at_least

# Images from which on processes pay: they take a second or two to start.
_MANY = 2_000
# Threads from which on the GIL slows them down.
_SEVERAL = 4
# Batches that threads read ahead, and still deliver while processes take over.
_AHEAD = 2


@dataclasses.dataclass(frozen=True)
class Reading:
  """How images are read; see `configs/base.py` for the units."""

  batch_size: int
  on_bad_image: str = 'raise'  # or 'skip'
  workers: int = 0
  skipped: dict[str, str] = dataclasses.field(default_factory=dict)  # image_id -> why; filled while images are read

  @classmethod
  def of(cls, data) -> 'Reading':
    """Reads `config.data`; raises an `InputError` for invalid values."""
    reading = cls(data.batch_size, data.on_bad_image, data.workers if 'workers' in data else 0)
    at_least(1, {'data.batch_size': reading.batch_size})
    at_least(0, {'data.workers': reading.workers})
    if reading.on_bad_image not in ('raise', 'skip'):
      raise InputError(f'config.data.on_bad_image is {reading.on_bad_image!r}; it is raise or skip.')
    return reading

  def strict(self) -> 'Reading':
    """Returns the same, but for images that may not be skipped."""
    return dataclasses.replace(self, on_bad_image='raise')

  def skip(self, image_id: str, error: InputError) -> None:
    """Skips an image, or raises `error` if images are not to be skipped."""
    if self.on_bad_image == 'raise':
      raise error
    if image_id not in self.skipped:
      logging.warning('%s The image is left out.', error)
    self.skipped[image_id] = str(error)

  def skip_problems(self, source: Source, batch: Batch) -> None:
    """Skips the images of a batch that could not be read; see `skip`."""
    for index, problem in zip(batch.index, batch.problems, strict=True):
      if problem:
        self.skip(source.image_ids[index], InputError(str(problem)))


def batches(
  source: Source, preparation: Preparation, rows: np.ndarray, *, workers: int = 0, threads: int = 2
) -> Iterator[Batch]:
  """Yields a data set's images in batches, read ahead in the background.

  Args:
    rows: int `[batches, B]`, the images of every batch; see `in_rows`.
    workers: processes that read. With 0, threads of this process read; where
      there are thousands of images and enough cores, as many processes take
      over. The batches are the same.
    threads: of this process. Pillow decodes in parallel, but competes for cores
      with a network on the CPU.

  Raises:
    ValueError: if `workers` is set but the data set cannot be sent to them.
    InputError: if `workers` cannot start, or one has died.
  """
  if workers:
    return _by_processes(reading_processes.serialise(source, preparation), rows, workers)
  size = rows.shape[1]
  here = in_threads(preparation.row, source, rows.ravel().tolist(), threads, _AHEAD * max(size, threads)).batch(
    size, batch_fn=stack
  )
  if threads >= _SEVERAL and rows.size >= _MANY:
    # What only this process can read, e.g. classes of a notebook, it reads
    # alone.
    with contextlib.suppress(ValueError):
      return _threads_first(iter(here), reading_processes.serialise(source, preparation), rows, threads)
  return iter(here)


def in_rows(indices: Sequence[int], batch_size: int, padded: int = 0) -> np.ndarray:
  """Returns indices in batches, `[batches, padded or batch_size]`; -1 is padding."""
  rows = np.full((-(-len(indices) // batch_size), padded or batch_size), -1)
  rows[:, :batch_size].flat[: len(indices)] = indices
  return rows


def in_threads(
  read: Callable[[Source, Any], Any], source: Source, places: Sequence, threads: int, ahead: int
) -> grain.IterDataset:
  """Returns `read(source, place)` for all places in order, read ahead.

  At most `ahead` results are ready.
  """
  return (
    grain.MapDataset.source(places)
    .map(functools.partial(read, source))
    .to_iter_dataset(grain.ReadOptions(num_threads=threads, prefetch_buffer_size=ahead))
  )


def _by_processes(message: bytes, rows: np.ndarray, workers: int) -> Iterator[Batch]:
  with reading_processes.Readers(message, workers) as readers:
    readers.wait()
    yield from readers.read(rows)


def _threads_first(here: Iterator[Batch], message: bytes, rows: np.ndarray, workers: int) -> Iterator[Batch]:
  """Yields threads' batches until the processes have started, then theirs."""
  with reading_processes.Readers(message, workers) as readers:
    for done, batch in enumerate(here, 1):
      yield batch
      if readers.ready():
        others = readers.read(rows[done + _AHEAD :])
        yield from itertools.islice(here, _AHEAD)
        here.close()
        yield from others
        return
