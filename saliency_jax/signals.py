"""How a command ends that is asked to: by Ctrl-C with 130, by SIGTERM with 143.

While a command is imported it ends at once, with one line (`end_at_once`).
A job unwinds, and saves what it has measured (`unwind`); what is asked a second
time ends at once. A loop that saves at the end of a step is `watching`. At the
end no interpreter is taken down around the threads of libraries that still
compute, which would crash (`leave`).
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from saliency_jax.errors import Stopped

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
SENTENCE = 'stopped; start the same command again to go on.'
_state = {'ours': False, 'asked': None}


def end_at_once() -> None:
  """Takes the signals of this process, the main one of a command."""
  processes = sys.modules.get('multiprocessing')
  if processes and processes.parent_process():
    return  # a worker, which ends with the command
  _state['ours'] = True
  sys.unraisablehook = _unraisable
  for number in CODES:
    # What the parent process ignores, a shell's job in the background for
    # example, stays ignored.
    if signal.getsignal(number) != signal.SIG_IGN:
      signal.signal(number, _end)


def unwind() -> None:
  """Has both signals raise `KeyboardInterrupt` and `Stopped` from now on."""
  for number in CODES:
    if signal.getsignal(number) == _end:
      signal.signal(number, _raise)


def finish() -> None:
  """Ends the taking of signals: what was to be done is done."""
  for number in CODES:
    if signal.getsignal(number) in (_end, _raise):
      signal.signal(number, signal.SIG_IGN)  # Python would restore others


def check() -> None:
  """Raises again what was lost: Python drops it in finalisers and callbacks."""
  if _state['asked']:
    raise _error(_state['asked'])


@contextlib.contextmanager
def terminating(act: Callable[[], None]) -> Iterator[None]:
  """Has SIGTERM do something else in this block, in the main thread alone."""
  if threading.current_thread() is not threading.main_thread():
    yield  # Python lets the main thread alone see signals
    return
  before = signal.signal(signal.SIGTERM, lambda *_: act())
  try:
    yield
  finally:
    # None is a handler that Python has not set: JAX's own.
    signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@contextlib.contextmanager
def watching(*, together: bool = True) -> Iterator[Callable[[int], bool]]:
  """Yields `asked(step)`: whether the block is to end after this step.

  Args:
    together: of several processes all get the same answer at the same step,
      even if only one has received SIGTERM; else each has its own.
  """
  import jax
  from jax.experimental import multihost_utils

  if together and jax.process_count() > 1:
    yield multihost_utils.reached_preemption_sync_point
    return
  received = threading.Event()
  with terminating(received.set):
    yield lambda step: received.is_set()


def leave(code: int) -> None:
  """Ends this process with a code, if it is a command; else raises it.

  Raises:
    SystemExit: in a process that is more than a command.
  """
  jax = sys.modules.get('jax')
  # Of several processes each one has to take leave of the others.
  if not _state['ours'] or jax and jax.distributed.is_initialized():
    sys.exit(code)
  for stream in (sys.stdout, sys.stderr):
    with contextlib.suppress(OSError, ValueError):  # nobody reads the pipe
      stream.flush()
  os._exit(code)


def _end(number: int, frame) -> None:
  del frame
  os.write(2, f'\n{os.path.basename(sys.argv[0])}: {SENTENCE}\n'.encode())
  os._exit(CODES[number])


def _raise(number: int, frame) -> None:
  if _state['asked']:
    _end(number, frame)
  _state['asked'] = number
  raise _error(number)


def _unraisable(lost) -> None:
  # What `check` raises again needs no traceback of its own.
  if not (_state['asked'] and isinstance(lost.exc_value, (KeyboardInterrupt, Stopped))):
    sys.__unraisablehook__(lost)


def _error(number: int) -> BaseException:
  return KeyboardInterrupt() if number == signal.SIGINT else Stopped(SENTENCE)
