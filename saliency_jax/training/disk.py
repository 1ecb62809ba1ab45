"""What Orbax's errors say, of a disk that is full and of one that is damaged.

Orbax writes in threads, each of which logs a traceback of its own; the user is
told one sentence.
"""

import contextlib
import logging
import pathlib
import shutil
from collections.abc import Iterator

import jax
from absl import logging as absl_logging

from saliency_jax.errors import InputError
from saliency_jax.networks import trees

# What Orbax writes beside the arrays, in bytes: 0.2 to 0.8 MB were measured.
_BESIDE = 2**20
# With which XLA and TensorStore say that memory, or permission, is lacking.
_LACKING = ('RESOURCE_EXHAUSTED', 'PERMISSION_DENIED')


def check_room(folder: pathlib.Path, arrays: trees.Tree) -> None:
  """Refuses arrays that have no room, before Orbax finds this in its threads."""
  disk = shutil.disk_usage(folder)
  # Orbax compresses them, random numbers by 7 %.
  needed = sum(x.nbytes for x in jax.tree.leaves(arrays)) + _BESIDE
  # Some file systems of other machines do not know their size.
  if disk.total and disk.free < needed:
    raise _unwritten(folder, f'it takes {needed / 1e6:.1f} MB, and {disk.free / 1e6:.1f} are free')


@contextlib.contextmanager
def writing(folder: pathlib.Path) -> Iterator[None]:
  """Turns what Orbax raises of a folder in this block into an `InputError`."""
  try:
    yield
  except Exception as error:
    # Memory may be lacking as well, but then no file is named.
    if not (getattr(error, 'errno', None) or str(folder) in str(error)):
      raise
    # TensorStore's text ends with what the system said, and notes on it.
    text = getattr(error, 'strerror', None) or str(error)
    raise _unwritten(folder, text.split(' [os_error_code')[0].split(': ')[-1]) from error


def raise_unless_damage(step: int, error: Exception) -> None:
  """Raises what says nothing of the files: they are whole for all we know."""
  # Whatever stands in a damaged file, anything else may come of it.
  if isinstance(error, (MemoryError, PermissionError)) or any(word in str(error) for word in _LACKING):
    raise error
  absl_logging.info('Step %d: %s', step, error)


def hush() -> None:
  """Keeps the tracebacks out of the log of what Orbax raises as well."""
  for logger in ('absl', 'asyncio'):
    logging.getLogger(logger).addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
  # By where it comes from, or by the file that could not be written.
  return not record.exc_info or 'orbax' not in (logging.Formatter().formatException(record.exc_info))


def _unwritten(folder: pathlib.Path, reason: str) -> InputError:
  return InputError(
    f'{folder}: a checkpoint cannot be written ({reason}); make room and start the same command again to go on.'
  )
