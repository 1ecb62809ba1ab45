"""Several processes that do one job and exchange nothing but files.

Each measures its share of the images and writes it to a ledger, and the first
one waits for the others. A ledger also says why a process has ended.
"""

import contextlib
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence

import jax

from saliency_jax import runtime, schema, signals, workdir
from saliency_jax.errors import InputError, Stopped
from saliency_jax.ledger import Entry, Ledger

SERIES = ''  # of a ledger: why a process has ended
_END = ''  # instead of an image
_POLL = 1.0  # seconds between looks at what other processes have written


def share(items: Sequence) -> Sequence:
  """Returns this process's share."""
  return items[jax.process_index() :: jax.process_count()]


@contextlib.contextmanager
def ending(folder: pathlib.Path) -> Iterator[Callable[[], None]]:
  """Ends all processes when one of them ends, in a block with several ledgers.

  Yields:
    A function to call between images and while waiting for others. It raises
    the error of another process that has ended, and `Stopped` after SIGTERM,
    which a single process leaves to `workdir.alone`.
  """
  if jax.process_count() == 1:
    yield lambda: None
    return
  ledger = Ledger(folder / schema.LEDGER / 'processes', {SERIES: {}}, process=jax.process_index())
  ledger.entries[SERIES].clear()  # of an earlier run
  runtime.meet('together')  # so that nobody has ended yet
  with ending_all(ledger), signals.watching(together=False) as asked:

    def poll() -> None:
      check(ledger)
      if asked(0):
        raise Stopped(workdir.SAVED)

    yield poll


@contextlib.contextmanager
def ending_all(ledger: Ledger) -> Iterator[None]:
  """Ends all processes that `check` or `wait` when one of them ends."""
  try:
    yield
  except (InputError, Stopped) as end:
    if jax.process_count() > 1:
      ledger.add(SERIES, _END, Entry({'problem': str(end), 'stopped': isinstance(end, Stopped)}))
      ledger.flush()
    raise


def check(ledger: Ledger) -> None:
  """Raises the error of another process that has ended."""
  if jax.process_count() == 1 or time.monotonic() - ledger.reloaded < _POLL:
    return
  ledger.reload()
  if end := ledger.entries[SERIES].get(_END):
    raise (Stopped if end.facts['stopped'] else InputError)(end.facts['problem'])


def wait(poll: Callable[[], None], condition: Callable[[], bool]) -> None:
  """Waits for other processes; if one dies, JAX ends this one."""
  while not condition():
    time.sleep(_POLL)
    poll()
