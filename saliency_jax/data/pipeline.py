"""From a data set to batches of fixed shapes, read ahead by Grain.

A batch carries the images as the network takes them and, for every size of map,
the weights of the pixels that are scored: kilobytes where masks would be
megabytes. The order is the caller's, whatever the number of workers.
"""

import dataclasses
import gc
import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import resource_tracker
from typing import Any, NamedTuple

import grain
import numpy as np
from absl import flags

from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.ops import pixel_weights, resize

# R is padded to a multiple of this, so that few shapes have to be compiled.
_SETS_MULTIPLE = 8


class Batch(NamedTuple):
  """B images and the R sets of pixels to score on each, padded and masked."""
  images: np.ndarray  # uint8 `[B, S, S, 3]`, RGB; 0 where an image is missing
  # (h, w) -> `[B, ...]`
  weights: dict[tuple[int, int], pixel_weights.CellWeights]
  index: np.ndarray  # int32 `[B]`, the position in the data set; -1 is padding
  ids: np.ndarray  # int32 `[B, R]`
  labels: np.ndarray  # str `[B, R]`; '' is padding
  counts: np.ndarray  # int32 `[B, R]`, points or pixels in each set
  problems: np.ndarray  # str `[B]`; '' where the image could be read
  seconds: np.ndarray  # float64 `[B]`, reading and preparing each image
  kept: tuple  # B values of `Preparation.keep`; None where there is no image


@dataclasses.dataclass(frozen=True)
class Preparation:
  """How a record becomes one row of a batch.

  Attributes:
    choose: which pixels are scored.
    image_size: S, the side in pixels to which images are resized.
    grids: every (h, w) for which weights are made.
    keep: is called with each record, where it was read, and its position;
      what it returns, arrays or tuples of them, rides along in the batch.
    resize: Pillow's filter, which averages over the pixels that it drops.
  """
  choose: Chooser
  image_size: int
  grids: tuple[tuple[int, int], ...]
  keep: Callable[[Record, int], Any] | None = None
  resize: str = 'bilinear'

  def row(self, source: Source, index: int) -> Batch:
    """Returns one row of a batch; what is wrong with it goes in `problems`."""
    start = time.perf_counter()
    image, sets, problem, kept = self._empty(), None, '', None
    size, pixels = (self.image_size, self.image_size), ()
    if index >= 0:
      try:
        record = source[index]
        sets = self.choose(record)
        size, pixels = record.image.shape[:2], sets.pixels
        image = resize.square(record.image, self.image_size, self.resize)
        kept = self.keep and self.keep(record, index)
      except InputError as error:
        problem, sets, image, pixels = str(error), None, self._empty(), ()
    return Batch(
        images=image,
        weights={
            grid: pixel_weights.cell_weights(pixels, size, grid)
            for grid in self.grids},
        index=np.int32(index),
        ids=sets.ids if sets else np.zeros(0, np.int32),
        labels=np.array(sets.labels if sets else (), np.str_),
        counts=sets.counts if sets else np.zeros(0, np.int32),
        problems=np.array(problem, np.str_),
        seconds=np.float64(time.perf_counter() - start),
        kept=(kept,))

  def _empty(self) -> np.ndarray:
    return np.zeros((self.image_size, self.image_size, 3), np.uint8)


def batches(
    source: Source, preparation: Preparation, *, indices: Sequence[int],
    batch_size: int, workers: int = 0, threads: int = 2,
    process_index: int = 0, process_count: int = 1
) -> Iterator[Batch]:
  """Yields a data set's images in batches, read ahead in the background.

  Args:
    source: the data set.
    preparation: how a record becomes a row.
    indices: which images, in which order. The last batch is padded.
    batch_size: B over all processes; `process_count` divides it.
    workers: processes that read; 0 reads in threads of this process. The
      batches are the same.
    threads: how many of each. Pillow decodes in them at the same time, but they
      take the cores from a network that computes on them.
    process_index: which process this is; it gets its share of every batch.
    process_count: over how many processes each batch is split.

  Raises:
    ValueError: if the processes do not divide the batch.
  """
  if batch_size % process_count:
    raise ValueError(f'{process_count} processes cannot share {batch_size=}.')
  share = batch_size // process_count
  padded = np.full(-(-len(indices) // batch_size) * batch_size, -1)
  padded[:len(indices)] = indices
  mine = padded.reshape(-1, process_count, share)[:, process_index].ravel()
  read = _Read(source, preparation)
  rows = grain.MapDataset.source([int(i) for i in mine]).map(read)
  if workers:
    # Few batches in the buffer: Grain holds the first one back until the buffer
    # is full. Below, all threads work on the first one.
    iterable = rows.batch(share, batch_fn=stack).to_iter_dataset(
        grain.ReadOptions(num_threads=threads, prefetch_buffer_size=4))
    # Grain hands absl's flags to its workers; outside an absl application, in a
    # notebook or a test, nobody has parsed them.
    if not flags.FLAGS.is_parsed():
      flags.FLAGS.mark_as_parsed()
    return _uninterrupted(iterable.mp_prefetch(
        grain.MultiprocessingOptions(num_workers=workers), _end_with_parent))
  return iter(rows.to_iter_dataset(grain.ReadOptions(
      num_threads=threads, prefetch_buffer_size=2 * max(share, threads))).batch(
          share, batch_fn=stack))


def _uninterrupted(batches: Iterable[Batch]) -> Iterator[Batch]:
  """Yields what workers read who never learn of Ctrl-C.

  It reaches every process of a terminal. A worker that it ends while it starts
  says so in a traceback, and leaves the thread that is handing it its work
  waiting for ever. The main process is enough: it ends its workers.
  """
  # Python's own helper for shared memory would come with the first worker, and
  # undo what is done here.
  _start_tracker()
  iterator = iter(batches)
  # The workers are started for the first batch; they, and the threads that
  # start them, inherit which signals are blocked.
  before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
  try:
    first = list(itertools.islice(iterator, 1))
  finally:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
  while first:
    yield first.pop()
  yield from iterator
  # Grain leaves the last batches in a cycle, and so in shared memory; at exit
  # Python would warn of them.
  gc.collect()


def _end_with_parent(*_) -> None:
  """Ends this worker when the main process does, also when that is killed."""
  def watch():
    multiprocessing.parent_process().join()
    os._exit(1)

  threading.Thread(target=watch, daemon=True).start()


def _start_tracker() -> None:
  """Starts the helper that frees what an interrupted run leaves, in silence.
  """
  name = 'PYTHONWARNINGS'
  before = os.environ.get(name, '')
  os.environ[name] = ','.join(filter(None, [before, 'ignore:resource_tracker']))
  try:
    resource_tracker.ensure_running()
  finally:
    os.environ[name] = before
    if not before:
      del os.environ[name]


@dataclasses.dataclass(frozen=True)
class _Read:
  """A callable of its own, as worker processes must be able to receive it."""
  source: Source
  preparation: Preparation

  def __call__(self, index: int) -> Batch:
    return self.preparation.row(self.source, index)


def stack(rows: Sequence[Batch]) -> Batch:
  """Returns the batch of some rows, with R padded to their maximum."""
  most = max(len(row.ids) for row in rows)
  sets = max(-(-most // _SETS_MULTIPLE), 1) * _SETS_MULTIPLE

  def pad(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x, np.zeros((sets - len(x), *x.shape[1:]), x.dtype)])

  return Batch(
      images=np.stack([row.images for row in rows]),
      weights={
          grid: pixel_weights.CellWeights(
              np.stack([pad(row.weights[grid].sets) for row in rows]),
              np.stack([row.weights[grid].rows for row in rows]),
              np.stack([row.weights[grid].columns for row in rows]))
          for grid in rows[0].weights},
      index=np.stack([row.index for row in rows]),
      ids=np.stack([pad(row.ids) for row in rows]),
      labels=np.stack([pad(row.labels) for row in rows]),
      counts=np.stack([pad(row.counts) for row in rows]),
      problems=np.stack([row.problems for row in rows]),
      seconds=np.stack([row.seconds for row in rows]),
      kept=tuple(value for row in rows for value in row.kept))
