"""Processes that read images for this one, a batch at a time.

Threads that decode compete for the GIL: sixteen read no more images than six. A
reading process is a Python interpreter that imports neither JAX nor the main
module, receives the data set and then one request after the other, and returns
arrays through a pipe. It ends when its pipes close, with the process that
started it, and receives no Ctrl-C.
"""

import contextlib
import fcntl
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent import futures

import numpy as np

from saliency_jax.data.batch_rows import Batch, Preparation
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError

_START = (
  'import sys; sys.path[:] = sys.argv[1:]; from saliency_jax.data import reading_processes; reading_processes.serve()'
)
_READY = b'ready'
# One thread each: matrix products are small, and the cores are taken.
_ALONE = dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'), '1')


def serialise(source: Source, preparation: Preparation) -> bytes:
  """Returns a data set and its preparation as a message for processes.

  Raises:
    ValueError: parts of them are defined in this process's main module, or
      cannot be pickled.
  """
  try:
    message = pickle.dumps((source, preparation), protocol=5)
  except (AttributeError, TypeError, pickle.PicklingError) as error:
    raise ValueError(f'Reading processes cannot receive {source}: {error}.') from error
  if b'__main__' in message:
    raise ValueError(
      f'Reading processes cannot receive {source}: it is, or uses, something in the main module; move that to a '
      'module of its own.'
    )
  return message


class Readers:
  """Processes that start on construction and end with the `with` block."""

  def __init__(self, message: bytes, count: int):
    """Starts `count` processes in the background; `message`: see `serialise`."""
    self._tasks: queue.SimpleQueue = queue.SimpleQueue()
    self._processes = [
      subprocess.Popen(
        [sys.executable, '-c', _START, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | _ALONE,
        start_new_session=True,
      )
      for _ in range(count)
    ]
    for process in self._processes:
      # A larger pipe; Linux only, and limited per user.
      with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
    self._started = [futures.Future() for _ in self._processes]
    for process, started in zip(self._processes, self._started, strict=True):
      # Daemons, which do not keep this process alive.
      threading.Thread(target=self._communicate, args=(process, started, message), daemon=True).start()

  def __enter__(self) -> 'Readers':
    return self

  def __exit__(self, *_) -> None:
    for process in self._processes:
      process.kill()
      self._tasks.put(None)

  def ready(self) -> bool:
    """Returns whether all processes have started."""
    return all(each.done() and not each.exception() for each in self._started)

  def wait(self) -> None:
    """Returns once all processes have started.

    Raises:
      InputError: one could not start, and printed why.
    """
    for each in self._started:
      each.result()

  def read(self, batches: np.ndarray) -> Iterator[Batch]:
    """Starts to read at once and returns an iterator over batches in order.

    Args:
      batches: int `[batches, B]`, image indices; -1 is padding.

    Raises:
      InputError: from the iterator, if a process has died.
    """
    left = iter(batches)
    ahead: deque[futures.Future] = deque()

    def submit() -> None:
      for indices in left:
        ahead.append(futures.Future())
        self._tasks.put((indices, ahead[-1]))
        return

    def results() -> Iterator[Batch]:
      while ahead:
        batch = ahead.popleft().result()
        submit()
        yield batch

    # Per process, one in progress and one that waits for any free process.
    for _ in range(2 * len(self._processes)):
      submit()
    return results()

  def _communicate(self, process: subprocess.Popen, started: futures.Future, message: bytes) -> None:
    """Exchanges messages with one process, in a thread, until it is to stop."""
    waiting = started
    with contextlib.suppress(OSError), process:
      try:
        process.stdin.write(message)
        process.stdin.flush()
        if process.stdout.read(len(_READY)) != _READY:
          raise EOFError
        started.set_result(None)
        for indices, waiting in iter(self._tasks.get, None):
          pickle.dump(indices, process.stdin)
          process.stdin.flush()
          waiting.set_result(pickle.load(process.stdout))
      except (EOFError, OSError, pickle.UnpicklingError):
        waiting.set_exception(
          InputError(
            'A process that reads images has died, perhaps for lack of memory; use fewer with --config.data.workers.'
          )
        )
      except Exception as error:  # noqa: BLE001
        waiting.set_exception(error)  # raised where the batch is awaited


def serve() -> None:
  """Reads batch after batch for the process at the other end of the pipes."""
  # Anything printed goes to stderr.
  with os.fdopen(os.dup(1), 'wb') as results:
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    with contextlib.suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):
      source, preparation = pickle.load(requests)
      results.write(_READY)
      results.flush()
      while True:
        # Protocol 5 writes arrays to the pipe without copying them.
        pickle.dump(preparation.batch(source, pickle.load(requests)), results, protocol=5)
        results.flush()
