"""Ending a run when the machine is taken away: SIGTERM, at a step's end."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

import jax
from jax.experimental import multihost_utils


@contextlib.contextmanager
def watching() -> Iterator[Callable[[int], bool]]:
  """Yields `asked(step)`: whether the run is to end after this step.

  With several processes all of them get the same answer at the same step, even
  if only one has received the signal.
  """
  if jax.process_count() > 1:
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
    signal.signal(signal.SIGTERM, before)
