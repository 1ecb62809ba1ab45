"""Orbax's errors for full disks and damaged files, as one sentence.

Orbax writes in threads, each of which would log a traceback of its own.
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

# Bytes that Orbax writes beside the arrays: 0.2 to 0.8 MB were measured.
_BESIDE = 2**20
# Words of XLA and TensorStore for a lack of memory or permission.
_LACKING = ('RESOURCE_EXHAUSTED', 'PERMISSION_DENIED')


def check_room(folder: pathlib.Path, arrays: trees.Tree) -> None:
  """Refuses arrays that do not fit on the disk, before Orbax's threads notice."""
  disk = shutil.disk_usage(folder)
  # An upper bound: Orbax compresses them, random numbers by 7 %.
  needed = sum(x.nbytes for x in jax.tree.leaves(arrays)) + _BESIDE
  # Some network file systems do not know their size.
  if disk.total and disk.free < needed:
    raise _unwritten(folder, f'it takes {needed / 1e6:.1f} MB, and {disk.free / 1e6:.1f} are free')


@contextlib.contextmanager
def writing(folder: pathlib.Path) -> Iterator[None]:
  """Turns errors of Orbax about a folder into an `InputError`."""
  try:
    yield
  except Exception as error:
    # Lack of memory is another error, whose message names no file.
    if not (getattr(error, 'errno', None) or str(folder) in str(error)):
      raise
    # TensorStore appends the system's message and notes on it.
    text = getattr(error, 'strerror', None) or str(error)
    raise _unwritten(folder, text.split(' [os_error_code')[0].split(': ')[-1]) from error


def raise_unless_damage(step: int, error: Exception) -> None:
  """Raises errors that do not show that the files are damaged."""
  # Damaged files can cause any other error.
  if isinstance(error, (MemoryError, PermissionError)) or any(word in str(error) for word in _LACKING):
    raise error
  absl_logging.info('Step %d: %s', step, error)


def silence_tracebacks() -> None:
  """Keeps tracebacks of errors that Orbax raises anyway out of the log."""
  for logger in ('absl', 'asyncio'):
    logging.getLogger(logger).addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
  # 'orbax' is in the traceback, as code or in the path of the file being
  # written.
  return not record.exc_info or 'orbax' not in (logging.Formatter().formatException(record.exc_info))


def _unwritten(folder: pathlib.Path, reason: str) -> InputError:
  return InputError(
    f'{folder}: a checkpoint cannot be written ({reason}); make room and start the same command again to go on.'
  )
