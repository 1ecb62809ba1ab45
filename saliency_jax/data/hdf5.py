"""HDF5 files from others: their own arrays and texts, and nothing else.

A link in such a file may lead to any other file of the machine, and so may the
values of a dataset; neither is followed.
"""

import contextlib
import os
from collections.abc import Iterator

import h5py
import numpy as np

from saliency_jax.errors import InputError

_MOST = 2**28  # values of one array; SALICON's mouse left 75 million


@contextlib.contextmanager
def reading(path: str | os.PathLike) -> Iterator['Reader']:
  """Opens a file to read.

  Raises:
    InputError: the file cannot be read, or what is asked of it inside of the
      `with` is damaged, missing or kept elsewhere.
  """
  try:
    with h5py.File(path, 'r') as file:
      yield Reader(file)
  except FileNotFoundError:
    raise InputError(f'There is no file {path}.') from None
  # What h5py raises of damaged files, and `Reader` of unfit ones.
  except (OSError, ValueError, KeyError, TypeError, RuntimeError,
          OverflowError, MemoryError) as error:
    reason = ' '.join(str(error).split())
    raise InputError(f'{path} is no usable HDF5 file: {reason}.') from error


class Reader:
  """Reads by name from an open file.

  Every method raises `ValueError`, which `reading` turns into one sentence.
  """

  def __init__(self, file: h5py.File):
    self._file = file

  def attribute(self, name: str) -> str:
    """Returns the file's attribute that is a text, or '' if there is none."""
    value = self._file.attrs.get(name, '')
    if isinstance(value, bytes):
      value = value.decode('utf-8')
    if not isinstance(value, str):
      raise ValueError(f'its attribute {name!r} is no text')
    return value

  def has(self, name: str) -> bool:
    """Says whether the file has a group or dataset of this name."""
    return self._find(name) is not None

  def numbers(self, name: str, axes: int) -> np.ndarray:
    """Returns a dataset of numbers as float64, with so many axes."""
    item = self._dataset(name)
    if item.dtype.kind not in 'biuf' or item.ndim != axes:
      raise ValueError(f'{name!r} is no array of numbers with {axes} axes')
    return item[()].astype(np.float64)

  def texts(self, name: str) -> list[str]:
    """Returns a dataset of texts, UTF-8."""
    item = self._dataset(name)
    if h5py.check_string_dtype(item.dtype) is None or item.ndim != 1:
      raise ValueError(f'{name!r} is no list of texts')
    return list(item.asstr('utf-8')[()])

  def rows(self, name: str) -> list[np.ndarray]:
    """Returns a dataset of rows of integers, each of its own length."""
    item = self._dataset(name)
    kind = h5py.check_vlen_dtype(item.dtype)
    if kind is None or np.dtype(kind).kind not in 'iu' or item.ndim != 1:
      raise ValueError(f'{name!r} is no list of rows of integers')
    return list(item[()])

  def _dataset(self, name: str) -> h5py.Dataset:
    item = self._find(name)
    if not isinstance(item, h5py.Dataset):
      raise ValueError(f'it has no {name!r}')
    if item.is_virtual or item.external:
      raise ValueError(f'the values of {name!r} are kept in another file')
    if item.size > _MOST:
      raise ValueError(f'{name!r} has more than {_MOST} values')
    return item

  def _find(self, name: str) -> h5py.Group | h5py.Dataset | None:
    item = self._file
    for part in name.split('/'):  # By hand, so that no link leads elsewhere.
      link = (item.get(part, getlink=True)
              if isinstance(item, h5py.Group) else None)
      if link is None:
        return None
      if not isinstance(link, h5py.HardLink):
        raise ValueError(f'{name!r} is a link, and links are not followed')
      item = item[part]
    return item
