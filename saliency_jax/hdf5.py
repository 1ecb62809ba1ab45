"""HDF5 files: reads untrusted numbers and texts, and writes our own."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from saliency_jax import files, outside, sandbox

_NUMBERS = 'an array of numbers'
_KINDS = {
  _NUMBERS: lambda x: isinstance(x, np.ndarray),
  'a list of texts': lambda x: isinstance(x, list) and all(isinstance(each, str) for each in x),
  'a list of rows of integers': lambda x: isinstance(x, list) and all(isinstance(each, list) for each in x),
}


@contextlib.contextmanager
def reading(path: str | os.PathLike, *names: str, advice: str = 'replace it') -> Iterator['Reader']:
  """Opens a file to read; see `sandbox`.

  Args:
    *names: paths of the datasets to read; all by default.

  Raises:
    InputError: the file cannot be read, or a dataset used in the block is
      damaged, missing or kept elsewhere.
  """
  with outside.reading(path, 'HDF5 file', advice):
    yield Reader(sandbox.read('hdf5', path, *names))


@contextlib.contextmanager
def writing(path: str | os.PathLike, **options) -> Iterator[Any]:
  """Yields an `h5py.File` to write, which appears when it is complete.

  HDF5's own lock is off, since it would conflict with that of
  `files.replacing`.
  """
  import h5py  # few programs write any

  with files.replacing(path) as temporary, h5py.File(temporary, 'w', locking=False, **options) as file:
    yield file


class Reader:
  """The content of a file, by name.

  Methods raise `ValueError`, which `reading` turns into one sentence.

  Attributes:
    attributes: the file's own attributes that are texts.
  """

  def __init__(self, held: dict[str, Any]):
    self.attributes, self._data = held['attributes'], held['data']

  def has(self, name: str) -> bool:
    """Returns whether the file has a dataset of this name."""
    return self._found(name) is not None

  def arrays(self) -> dict[str, np.ndarray]:
    """Returns all datasets, which must be numbers, by path."""
    return {name: self._of(name, _NUMBERS) for name in self._data}

  def numbers(self, name: str, axes: int) -> np.ndarray:
    """Returns a dataset of numbers with this many axes as float64."""
    array = self._of(name, _NUMBERS)
    if array.ndim != axes:
      raise ValueError(f'{name!r} is not an array of numbers with {axes} axes')
    return array.astype(np.float64)

  def texts(self, name: str) -> list[str]:
    """Returns a dataset of texts."""
    return self._of(name, 'a list of texts')

  def rows(self, name: str) -> list[list[int]]:
    """Returns a dataset of rows of integers with different lengths."""
    return self._of(name, 'a list of rows of integers')

  def _of(self, name: str, kind: str) -> Any:
    value = self._found(name)
    if value is None:
      raise ValueError(f'it has no {name!r}')
    if not _KINDS[kind](value):
      raise ValueError(f'{name!r} is not {kind}')
    return value

  def _found(self, name: str) -> Any:
    """Returns a dataset or None; raises the problem with it or its group."""
    parts = name.split('/')
    for end in range(1, len(parts) + 1):
      value = self._data.get('/'.join(parts[:end]))
      if isinstance(value, ValueError):
        raise value
    return value
