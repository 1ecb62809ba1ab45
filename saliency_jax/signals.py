"""How a command ends after Ctrl-C (exit code 130) or SIGTERM (143).

While a command is being imported it ends at once, with one line
(`end_at_once`). A job raises an exception and saves what it has measured
(`unwind`); a second signal ends it at once. A loop that saves after a step uses
`watching`. At the end the interpreter is not shut down around threads of
libraries that still compute, since that would crash (`leave`).
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
  """Handles the signals of this process, the main one of a command."""
  processes = sys.modules.get('multiprocessing')
  if processes and processes.parent_process():
    return  # a worker, which ends with the command
  _state['ours'] = True
  sys.unraisablehook = _unraisable
  for number in CODES:
    # What the parent process ignores, e.g. a shell for its background jobs,
    # stays ignored.
    if signal.getsignal(number) != signal.SIG_IGN:
      signal.signal(number, _end)


def unwind() -> None:
  """Makes the signals raise `KeyboardInterrupt` and `Stopped` from now on."""
  for number in CODES:
    if signal.getsignal(number) == _end:
      signal.signal(number, _raise)


def finish() -> None:
  """Ignores the signals from now on, because the work is done."""
  for number in CODES:
    if signal.getsignal(number) in (_end, _raise):
      signal.signal(number, signal.SIG_IGN)  # Python would restore others


def check() -> None:
  """Raises what was lost: Python drops it in finalisers and callbacks."""
  if _state['asked']:
    raise _error(_state['asked'])


@contextlib.contextmanager
def terminating(act: Callable[[], None]) -> Iterator[None]:
  """Makes SIGTERM call a function in this block, in the main thread only."""
  if threading.current_thread() is not threading.main_thread():
    yield  # Python lets only the main thread handle signals
    return
  before = signal.signal(signal.SIGTERM, lambda *_: act())
  try:
    yield
  finally:
    # None is a handler that Python has not set: JAX's own.
    signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@contextlib.contextmanager
def watching(*, together: bool = True) -> Iterator[Callable[[int], bool]]:
  """Yields `asked(step)`: whether to end the block after this step.

  Args:
    together: whether all of several processes get the same answer at the same
      step, even if only one has received SIGTERM.
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
  """Ends this process with a code if it is a command; otherwise raises it.

  Raises:
    SystemExit: in a process that is not just a command.
  """
  jax = sys.modules.get('jax')
  # With several processes, each must disconnect from the others.
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
  # What `check` raises again needs no traceback here.
  if not (_state['asked'] and isinstance(lost.exc_value, (KeyboardInterrupt, Stopped))):
    sys.__unraisablehook__(lost)


def _error(number: int) -> BaseException:
  return KeyboardInterrupt() if number == signal.SIGINT else Stopped(SENTENCE)
