"""The loop: images through a network, the maps through the scoring kernel."""

import collections
import contextlib
import functools
import pathlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from typing import Any, NamedTuple

import jax
import numpy as np

from saliency_jax import progress, runtime, signals
from saliency_jax.data import batch_rows
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError, Stopped
from saliency_jax.experiments import together
from saliency_jax.experiments.forward import Forward, Inputs, Probe
from saliency_jax.experiments.statistics import Rows
from saliency_jax.ledger import Entry, Ledger
from saliency_jax.ops import association

SERIES = ''  # of a ledger: the images
# Batches that are computed while others are read and consumed.
_IN_FLIGHT = 2
_IN_MEMORY = 1 << 28  # bytes of a tap's scores; more are kept in a file


class Measurement(NamedTuple):
  """The scores of a data set."""

  rows: Rows
  problems: dict[str, str]  # image_id -> why it was skipped
  resumed: int  # images that an earlier, interrupted run had measured
  # 'decode' in the background, 'wait' for it, 'device', and 'wall'
  seconds: dict[str, float]

  def readable(self, source: Source) -> np.ndarray:
    """Returns int [N], the positions of the images that could be read."""
    return np.array([i for i, name in enumerate(source.image_ids) if name not in self.problems])


def measure(
  probe: Probe,
  source: Source,
  choose: Chooser,
  *,
  ledger: Ledger,
  poll: Callable[[], None] = lambda: None,
  title: str = 'Measuring',
) -> Measurement | None:
  """Scores every unit of some taps on sets of pixels of every image.

  An interrupted run continues from its ledger. With several processes each
  measures its share; the first returns all of it, the others None.

  Args:
    poll: called after every batch and while waiting, see `together.ending`.

  Raises:
    InputError: as `Forward` and its `inputs`, or no image can be read.
    Stopped: after SIGTERM.
  """
  start = time.perf_counter()
  forward, ids = Forward(probe), source.image_ids
  entries, waited = ledger.entries[SERIES], 0.0
  for name in [name for name, x in entries.items() if x.facts['problem']]:
    del entries[name]  # it may have been repaired since
  done = len(entries)
  todo = [i for i, name in enumerate(ids) if name not in entries]
  runtime.meet('measuring')  # all have now read the same ledger
  with (
    ledger,
    signals.watching(together=False) as asked_to_stop,
    progress.bar(total=len(ids), done=done, unit='image', title=title) as bar,
    _computing(functools.partial(_scores, forward), forward.at_once) as compute,
  ):
    inputs = forward.inputs(source, together.share(todo), choose=choose)
    for number, (batch, scores_of) in enumerate(_in_flight(inputs, compute)):
      begin = time.perf_counter()
      scores = scores_of()
      waited += time.perf_counter() - begin
      for index, entry in _entries(batch, scores, probe.taps):
        _check_finite(ids[index], entry)
        ledger.add(SERIES, ids[index], entry)
      bar.update(int((batch.index >= 0).sum()))
      poll()
      if asked_to_stop(number):
        raise Stopped(
          f'stopped after {len(entries)} of {len(ids)} images and saved; start the same command again to go on.'
        )
  if jax.process_index():
    return None

  def all_measured() -> bool:
    ledger.reload()
    return all(name in entries for name in ids)

  together.wait(poll, all_measured)
  rows, problems = _merged(ledger, ids, probe.taps)
  return Measurement(rows, problems, done, {**forward.seconds, 'device': waited, 'wall': time.perf_counter() - start})


@contextlib.contextmanager
def _computing(compute: Callable[[Inputs], Any], at_once: int) -> Iterator[Callable[[Inputs], Callable[[], Any]]]:
  """Yields a function that starts `compute` for a batch.

  That function returns another, which waits for the result and copies it to the
  host. With `at_once` = 1 the devices run ahead; otherwise as many threads
  compute.
  """
  if at_once == 1:
    yield lambda inputs: functools.partial(jax.device_get, compute(inputs))
    return
  compiled = False

  def begin(inputs: Inputs) -> Callable[[], Any]:
    nonlocal compiled
    if compiled:
      return pool.submit(lambda: jax.device_get(compute(inputs))).result
    arrays = compute(inputs)  # in this thread, so that it is compiled once and not by each thread
    compiled = True
    return pool.submit(jax.device_get, arrays).result

  pool = futures.ThreadPoolExecutor(at_once)
  try:
    yield begin
  finally:
    pool.shutdown(cancel_futures=True)


def _in_flight(
  batches: Iterable[Inputs], begin: Callable[[Inputs], Callable[[], Any]]
) -> Iterator[tuple[batch_rows.Batch, Callable[[], Any]]]:
  """Yields batches with what `begin` returned for them, some batches later."""
  pending: collections.deque = collections.deque()
  problem = None
  try:
    for inputs in batches:
      pending.append((inputs.batch, begin(inputs)))
      if len(pending) > _IN_FLIGHT:
        yield pending.popleft()
  except InputError as error:
    problem = error  # raised once earlier batches are saved
  yield from pending
  if problem:
    raise problem


def _scores(forward: Forward, inputs: Inputs) -> dict[str, jax.Array]:
  """Returns every unit's scores on every set of pixels, {tap: [B, R, C]}."""
  maps = forward.maps(inputs.images)
  if jax.default_backend() != 'cpu':
    return _associate_all(maps, inputs.weights)
  # XLA runs independent parts of one program at the same time. On a CPU they
  # evict each other's cache, and take 2.5 times as long as one after another.
  return {tap: _associate_one(x, inputs.weights[tap]) for tap, x in maps.items()}


_associate_one = jax.jit(association.associate)
_associate_all = jax.jit(lambda maps, weights: {tap: association.associate(x, weights[tap]) for tap, x in maps.items()})


def _entries(
  batch: batch_rows.Batch, scores: Mapping[str, np.ndarray], taps: Sequence[str]
) -> Iterator[tuple[int, Entry]]:
  """Yields the entry of every image of a batch."""
  for row in np.flatnonzero(batch.index >= 0):
    sets = batch.labels[row] != ''
    counts = batch.counts[row, sets]
    arrays = {tap: scores[tap][row, : len(sets)][sets] for tap in taps}
    for x in arrays.values():
      # The kernel scores an empty set 0, although nothing was measured.
      x[counts == 0] = np.nan
    yield (
      int(batch.index[row]),
      Entry(
        {
          'problem': str(batch.problems[row]),
          'ids': batch.ids[row, sets].tolist(),
          'counts': counts.tolist(),
          'labels': batch.labels[row, sets].tolist(),
        },
        arrays,
      ),
    )


def _check_finite(image_id: str, entry: Entry) -> None:
  """Raises an `InputError` if a unit has no score on a set with pixels.

  The tables would silently leave out this set for all units.
  """
  filled = np.array(entry.facts['counts'], int) > 0
  for tap, x in entry.arrays.items():
    unknown = np.isnan(x[filled]).any(axis=0)
    if unknown.any():
      raise InputError(
        f'{image_id}: {unknown.sum()} units of {tap} have maps that are not '
        f'finite, the first is {unknown.argmax()}; fix the network, or use '
        f'config.network.dtype=float32 or other config.network.taps.'
      )


def _merged(ledger: Ledger, ids: Sequence[str], taps: Sequence[str]) -> tuple[Rows, dict[str, str]]:
  """Returns all rows in the order of the data set, and the skipped images."""
  listed = [ledger.entries[SERIES][name] for name in ids]
  problems = {name: x.facts['problem'] for name, x in zip(ids, listed, strict=True) if x.facts['problem']}
  if len(problems) == len(ids):
    raise InputError(f'None of the {len(ids)} images could be read; the first problem: {next(iter(problems.values()))}')

  def joined(name: str) -> list:
    return [x for entry in listed for x in entry.facts[name]]

  index = np.repeat(np.arange(len(ids), dtype=np.int32), [len(x.facts['ids']) for x in listed])
  return Rows(
    index,
    np.array(joined('ids'), np.int32),
    np.array(joined('labels'), np.str_),
    np.array(joined('counts'), np.int32),
    {
      tap: _joined((x.arrays[tap] for x in listed), len(index), ledger.folder / f'scores-{number}.npy')
      for number, tap in enumerate(taps)
    },
  ), problems


def _joined(parts: Iterable[np.ndarray], length: int, path: pathlib.Path) -> np.ndarray:
  """Joins arrays `[t, C]`; a large result is kept in a file."""
  scores, end = None, 0
  for part in parts:
    if scores is None:
      shape = length, *part.shape[1:]
      scores = (
        np.empty(shape, part.dtype)
        if part.itemsize * np.prod(shape) <= _IN_MEMORY
        else np.lib.format.open_memmap(path, 'w+', part.dtype, shape)
      )
    scores[end : end + len(part)] = part
    end += len(part)
  return scores
