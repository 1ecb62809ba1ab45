"""Several processes that do one job and exchange nothing but files.

Each measures its share of the images and writes it to a ledger, and the first
one waits for the others. Another ledger says why a process has ended.
"""

import contextlib
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence

import jax

from saliency_jax import runtime, schema, signals, workdir
from saliency_jax.errors import InputError, Stopped
from saliency_jax.ledger import Entry, Ledger

_END = ''  # a series and its only item: why a process has ended
_POLL = 1.0  # seconds between looks at what other processes have written


def share(items: Sequence) -> Sequence:
  """Returns this process's share."""
  return items[jax.process_index() :: jax.process_count()]


@contextlib.contextmanager
def ending(folder: pathlib.Path) -> Iterator[Callable[[], None]]:
  """Ends all processes of a job in `folder` when one of them ends.

  Yields:
    A function to call between images and while waiting for others. It raises
    the error of another process that has ended, and `Stopped` after SIGTERM,
    which a single process leaves to `workdir.alone`.
  """
  if jax.process_count() == 1:
    yield lambda: None
    return
  ledger = Ledger(folder / schema.LEDGER / 'processes', {_END: {}}, process=jax.process_index())
  ends = ledger.entries[_END]
  ends.clear()  # of an earlier run
  runtime.meet('together')  # so that nobody has ended yet

  def poll() -> None:
    if time.monotonic() - ledger.reloaded >= _POLL:
      ledger.reload()
      if end := ends.get(_END):
        raise (Stopped if end.facts['stopped'] else InputError)(end.facts['problem'])
    if asked(0):
      raise Stopped(workdir.SAVED)

  try:
    with signals.watching(together=False) as asked:
      yield poll
  except (InputError, Stopped) as end:
    ledger.add(_END, _END, Entry({'problem': str(end), 'stopped': isinstance(end, Stopped)}))
    ledger.flush()
    raise


def wait(poll: Callable[[], None], condition: Callable[[], bool]) -> None:
  """Waits for other processes; if one dies, JAX ends this one."""
  while not condition():
    time.sleep(_POLL)
    poll()
