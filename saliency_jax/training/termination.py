"""Ending a run when the machine is taken away: SIGTERM, at a step's end."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

import jax
from jax.experimental import multihost_utils


@contextlib.contextmanager
def watching(*, together: bool = True) -> Iterator[Callable[[int], bool]]:
  """Yields `asked(step)`: whether the run is to end after this step.

  Args:
    together: of several processes all get the same answer at the same step,
      even if only one has received the signal; else each has its own.
  """
  if together and jax.process_count() > 1:
    yield multihost_utils.reached_preemption_sync_point
    return
  received = threading.Event()
  if threading.current_thread() is not threading.main_thread():
    yield lambda step: False  # Python lets the main thread alone see signals
    return
  before = signal.signal(signal.SIGTERM, lambda *_: received.set())
  try:
    yield lambda step: received.is_set()
  finally:
    # None is a handler that Python has not set: JAX's own.
    signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
