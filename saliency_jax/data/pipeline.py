"""From a data set to batches of fixed shapes, read ahead in the background.

Threads of this process read, by Grain, and processes where those pay. The order
is the caller's, and so are the numbers, whoever reads.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grain
import numpy as np

from saliency_jax.data import reading_processes
from saliency_jax.data.batch_rows import Batch, Preparation, stack
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError, at_least

# Images from which on processes pay: they take a second or two to start.
_MANY = 2_000
# Threads from which on Python's lock holds them back.
_SEVERAL = 4
# Batches that threads have read ahead, and read on while processes begin.
_AHEAD = 2


def check_reading(batch_size: int, on_bad_image: str, workers: int = 0) -> None:
  """Raises an `InputError` if images cannot be read like this.

  Args:
    batch_size: images in a batch.
    on_bad_image: 'raise' or 'skip'.
    workers: processes.
  """
  at_least(1, {'data.batch_size': batch_size})
  at_least(0, {'data.workers': workers})
  if on_bad_image not in ('raise', 'skip'):
    raise InputError(f'config.data.on_bad_image is {on_bad_image!r}; it is raise or skip.')


def batches(
  source: Source,
  preparation: Preparation,
  *,
  indices: Sequence[int],
  batch_size: int,
  workers: int = 0,
  threads: int = 2,
  process_index: int = 0,
  process_count: int = 1,
) -> Iterator[Batch]:
  """Yields a data set's images in batches, read ahead in the background.

  Args:
    source: the data set.
    preparation: how a record becomes a row.
    indices: which images, in which order. The last batch is padded.
    batch_size: B over all processes; `process_count` divides it.
    workers: processes that read. With 0 it is threads of this process, which
      hand over to as many processes where there are thousands of images and
      the cores for it. The batches are the same.
    threads: of this process. Pillow decodes in them at the same time, but they
      take the cores from a network that computes on them.
    process_index: which process this is; it gets its share of every batch.
    process_count: over how many processes each batch is split.

  Raises:
    ValueError: if the processes do not divide the batch, or workers are asked
      for that cannot be told of the data set.
    InputError: if workers are asked for that cannot start, or one has died.
  """
  if batch_size % process_count:
    raise ValueError(f'{process_count} processes cannot share {batch_size=}.')
  share = batch_size // process_count
  padded = np.full(-(-len(indices) // batch_size) * batch_size, -1)
  padded[: len(indices)] = indices
  mine = padded.reshape(-1, process_count, share)[:, process_index]
  if workers:
    return _by_processes(reading_processes.told(source, preparation), mine, workers)
  if preparation.lies_ready(source):
    return iter(in_threads(preparation.batch, source, mine, min(threads, 2 * _AHEAD), 2 * _AHEAD))
  here = in_threads(preparation.row, source, mine.ravel().tolist(), threads, _AHEAD * max(share, threads)).batch(
    share, batch_fn=stack
  )
  if threads >= _SEVERAL and mine.size >= _MANY:
    # What only this process knows, of a notebook for example, it reads itself.
    with contextlib.suppress(ValueError):
      return _handed_over(iter(here), reading_processes.told(source, preparation), mine, threads)
  return iter(here)


def in_threads(
  read: Callable[[Source, Any], Any], source: Source, places: Sequence, threads: int, ahead: int
) -> grain.IterDataset:
  """Returns `read(source, place)` for all places in order, read ahead.

  Args:
    ahead: how many are ready at most.
  """
  return (
    grain.MapDataset.source(places)
    .map(functools.partial(read, source))
    .to_iter_dataset(grain.ReadOptions(num_threads=threads, prefetch_buffer_size=ahead))
  )


def _by_processes(told: bytes, mine: np.ndarray, workers: int) -> Iterator[Batch]:
  with reading_processes.Readers(told, workers) as readers:
    readers.wait()
    yield from readers.read(mine)


def _handed_over(here: Iterator[Batch], told: bytes, mine: np.ndarray, workers: int) -> Iterator[Batch]:
  """Yields what threads read until processes have started, then theirs."""
  with reading_processes.Readers(told, workers) as readers:
    for done, batch in enumerate(here, 1):
      yield batch
      if readers.ready():
        others = readers.read(mine[done + _AHEAD :])
        yield from itertools.islice(here, _AHEAD)
        here.close()
        yield from others
        return
