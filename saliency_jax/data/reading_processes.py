"""Processes that read images for this one, each a batch at a time.

Threads that decode wait for Python's lock: sixteen read no more images than six
would. A process is a Python of its own that imports neither JAX nor the main
module, is told of the data set and then of one batch after the other, and sends
the arrays back through a pipe. It ends with the process that started it, as its
pipes do, and learns of no Ctrl-C.
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
# Each is one of many: its products are small, and the cores taken.
_ALONE = dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'), '1')


def told(source: Source, preparation: Preparation) -> bytes:
  """Returns what processes are told of a data set and its preparation.

  Raises:
    ValueError: they could not know parts of it, which only the main module of
      this process has, or which cannot be sent at all.
  """
  try:
    message = pickle.dumps((source, preparation), protocol=5)
  except (AttributeError, TypeError, pickle.PicklingError) as error:
    raise ValueError(f'Processes cannot be told of {source}: {error}.') from error
  if b'__main__' in message:
    raise ValueError(
      f'Processes cannot be told of {source}: it is, or uses, something of '
      'the main module; move that to a module of its own.'
    )
  return message


class Readers:
  """Processes that start when this is made and end with the `with` block."""

  def __init__(self, message: bytes, count: int):
    """Starts them in the background.

    Args:
      message: what `told` returned.
      count: how many.
    """
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
      # Of Linux alone, and few.
      with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
    self._started = [futures.Future() for _ in self._processes]
    for process, started in zip(self._processes, self._started, strict=True):
      # Daemons: nothing waits for them where this process ends.
      threading.Thread(target=self._lead, args=(process, started, message), daemon=True).start()

  def __enter__(self) -> 'Readers':
    return self

  def __exit__(self, *_) -> None:
    for process in self._processes:
      process.kill()
      self._tasks.put(None)

  def ready(self) -> bool:
    """Tells whether all have started."""
    return all(each.done() and not each.exception() for each in self._started)

  def wait(self) -> None:
    """Returns when all have started.

    Raises:
      InputError: one of them could not; it has said why.
    """
    for each in self._started:
      each.result()

  def read(self, batches: np.ndarray) -> Iterator[Batch]:
    """Returns an iterator over batches in order, and begins to read at once.

    Args:
      batches: int `[batches, B]`, which image goes where; -1 is padding.

    Raises:
      InputError: from the iterator, where a process has died.
    """
    left = iter(batches)
    ahead: deque[futures.Future] = deque()

    def ask() -> None:
      for indices in left:
        ahead.append(futures.Future())
        self._tasks.put((indices, ahead[-1]))
        return

    def answers() -> Iterator[Batch]:
      while ahead:
        batch = ahead.popleft().result()
        ask()
        yield batch

    # One that is read, and one that waits for whoever is done first.
    for _ in range(2 * len(self._processes)):
      ask()
    return answers()

  def _lead(self, process: subprocess.Popen, started: futures.Future, message: bytes) -> None:
    """Talks to one process, in a thread, until there is nothing more to do."""
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
            'A process that reads images has died, perhaps of too little memory; give fewer with --config.data.workers.'
          )
        )
      except Exception as error:  # noqa: BLE001
        waiting.set_exception(error)  # whoever waits for the batch says it


def serve() -> None:
  """Reads batch after batch for the process at the other end of the pipes."""
  # Whatever prints, prints elsewhere.
  with os.fdopen(os.dup(1), 'wb') as answers:
    os.dup2(2, 1)
    questions = sys.stdin.buffer
    with contextlib.suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):
      source, preparation = pickle.load(questions)
      answers.write(_READY)
      answers.flush()
      while True:
        # Of arrays the pipe gets the bytes as they lie, and so does memory there.
        pickle.dump(preparation.batch(source, pickle.load(questions)), answers, protocol=5)
        answers.flush()
