"""How files are read that may be damaged, or come from anybody.

Whatever a parser raises becomes one sentence (`reading`), and what a file
unpacks to is counted before it is allocated (`Budget`).
"""

import contextlib
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from saliency_jax.errors import InputError, quoted

# Bytes that any file may unpack to, and times its own size beside them: what
# programs write compresses less, numbers in full to two thirds.
_LEAST, _TIMES = 2**27, 8


class Budget:
  """The bytes that one file may unpack to; see `take`."""

  def __init__(self, size: int, least: int = _LEAST):
    """Takes the file's size, and what may come of the smallest, in bytes."""
    self.left = least + _TIMES * size

  def take(self, count: int) -> None:
    """Counts what is about to be allocated.

    Raises:
      ValueError: this is more than is left.
    """
    self.left -= count
    if self.left < 0:
      raise ValueError('it unpacks to more than a file of its size should hold')


@contextlib.contextmanager
def reading(
    path: str | os.PathLike, kind: str = '', advice: str = 'replace it'
) -> Iterator[None]:
  """Turns whatever is raised of a file in this block into one sentence.

  Args:
    path: the file, or how to call it.
    kind: what it should be, e.g. 'HDF5 file'.
    advice: the sentence's last words.

  Raises:
    InputError: the file is missing, cannot be read, or is damaged: parsers of
      damaged bytes raise anything, out of memory and recursion included.
  """
  try:
    yield
  except InputError:
    raise
  except FileNotFoundError:
    raise InputError(f'There is no file {path}.') from None
  except Exception as error:
    if isinstance(error, OSError) and error.strerror:
      raise InputError(f'{path} cannot be read ({error.strerror}).') from error
    raise InputError(
        f'{path} is no usable {kind or pathlib.PurePath(path).suffix + " file"}'
        f': {reason(error)}; {advice}.') from error


def reason(error: Exception) -> str:
  """Returns what an exception says, as a part of a sentence."""
  if isinstance(error, MemoryError):
    return 'it takes more memory than there is'
  if isinstance(error, RecursionError):
    return 'it is nested too deeply'
  if isinstance(error, KeyError):
    return f'it lacks {quoted(error.args[0] if error.args else "")}'
  # After a semicolon Python advises those who write programs.
  words = ' '.join(str(error)[:500].split()).partition(';')[0].rstrip('.')
  return words[:200] or type(error).__name__


def read_json(path: str | os.PathLike, advice: str = 'replace it') -> Any:
  """Returns the value in a JSON file.

  Raises:
    InputError: see `reading`.
  """
  with reading(path, 'JSON file', advice):
    return json.loads(pathlib.Path(path).read_text(encoding='utf-8'))
