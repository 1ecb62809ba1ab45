"""Reads untrusted files, which may be damaged.

Whatever a parser raises becomes one sentence (`reading`), and unpacked bytes
are counted before they are allocated (`Budget`).
"""

import contextlib
import json
import math
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from saliency_jax.errors import InputError, quoted

# Bytes that any file may unpack to, and additional multiples of its size. Usual
# programs compress less: full-precision numbers only to two thirds.
_LEAST, _TIMES = 2**27, 8


class Budget:
  """The bytes that one file may unpack to; see `take`."""

  def __init__(self, size: int):
    """Takes the file's size in bytes."""
    self.left = _LEAST + _TIMES * size

  def take(self, count: int) -> None:
    """Counts bytes that are about to be allocated.

    Raises:
      ValueError: they exceed what is left.
    """
    self.left -= count
    if self.left < 0:
      raise ValueError('it unpacks to more than a file of its size should hold')


@contextlib.contextmanager
def reading(path: str | os.PathLike, kind: str = '', advice: str = 'replace it') -> Iterator[None]:
  """Turns any exception about a file in this block into one sentence.

  Raises:
    InputError: the file is missing, unreadable or damaged. Parsers may raise
      anything on damaged bytes, even MemoryError and RecursionError.
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
      f'{path} is no usable {kind or pathlib.PurePath(path).suffix + " file"}: {reason(error)}; {advice}.'
    ) from error


def reason(error: Exception) -> str:
  """Returns an exception's message as part of a sentence."""
  if isinstance(error, MemoryError):
    return 'it takes more memory than there is'
  if isinstance(error, RecursionError):
    return 'it is nested too deeply'
  if isinstance(error, KeyError):
    return f'it lacks {quoted(error.args[0] if error.args else "")}'
  # After a semicolon, Python gives advice for programmers.
  words = ' '.join(str(error)[:500].split()).partition(';')[0].rstrip('.')
  return words[:200] or type(error).__name__


def read_json(path: str | os.PathLike, advice: str = 'replace it', shape: Any = dict) -> Any:
  """Returns the value in a JSON file; see `check` for its shape.

  Raises:
    InputError: see `reading`.
  """
  with reading(path, 'JSON file', advice):
    value = parsed_json(pathlib.Path(path).read_text(encoding='utf-8'))
    check(value, shape)
  return value


def parsed_json(text: str) -> Any:
  """Returns the value of a JSON text.

  Raises:
    ValueError: it is not JSON, or has a lone surrogate, which cannot be written
      again.
  """
  value = json.loads(text)
  if '\\ud' in text.lower():
    json.dumps(value, ensure_ascii=False).encode()
  return value


def check(value: Any, shape: Any, at: str = '') -> None:
  """Checks the shape of a JSON value.

  Args:
    shape: None, str, bool, int (of 64 bits), float (any finite number), dict or
      list; a set of allowed texts; a tuple of alternatives; [shape] for every
      element; {str: shape} for every member of an object, or a dict with a
      shape for each key, where 'key?' may be absent and other keys are allowed.
    at: the value's key, for the message.

  Raises:
    ValueError: it has another shape; the message says where.
  """
  what = f'its {quoted(at)}' if at else 'it'
  if isinstance(shape, tuple):
    for place, each in enumerate(shape):
      try:
        return check(value, each, at)
      except ValueError:
        if place + 1 == len(shape):
          raise
  if isinstance(shape, dict) and isinstance(value, dict):
    wanted = dict.fromkeys(value, shape[str]) if str in shape else shape
    for key, of in wanted.items():
      name = key if str in shape else key.removesuffix('?')
      if name in value:
        check(value[name], of, name)
      elif name == key:
        raise ValueError(f'{what} lacks {quoted(key)}')
  elif isinstance(shape, list) and isinstance(value, list):
    for each in value:
      check(each, shape[0], at)
  elif not _is_of(value, shape):
    raise ValueError(f'{what} is {quoted(value)}')
  return None


def _is_of(value: Any, shape: Any) -> bool:
  if isinstance(shape, set):
    return isinstance(value, str) and value in shape
  if shape is None or shape is str or shape is bool:
    return value is None if shape is None else type(value) is shape
  if shape is int or shape is float:
    return type(value) in {int, shape} and abs(value) < (2**63 if shape is int else math.inf)
  return shape in (dict, list) and type(value) is shape
