"""Reads one HDF5 file for `hdf5`, as a process with limits.

Requests are lines of JSON on standard input, a method of `_File` and its
argument; answers lines of [value, problem], and an array's bytes after its
shape and type. A link in such a file may lead to any other file of the machine,
and so may the values of a dataset; neither is followed.
"""

import contextlib
import json
import os
import pathlib
import sys

import h5py
import numpy as np

from saliency_jax import outside

try:
  import resource
except ImportError:  # a platform without such limits
  resource = None

# Seconds of computing, and bytes of a file that take one more.
_SECONDS, _A_SECOND = 3, 10_000_000
_BESIDE = 2**28  # bytes of memory beside what is read
_AT_ONCE = 1000  # texts or rows


class _File:
  """The open file."""

  def __init__(self, file: h5py.File, budget: outside.Budget):
    self._file, self._budget = file, budget

  def attribute(self, name: str) -> str:
    value = self._file.attrs.get(name, '')
    if isinstance(value, bytes):
      value = value.decode('utf-8')
    if not isinstance(value, str):
      raise ValueError(f'its attribute {name!r} is no text')
    return value

  def has(self, name: str) -> bool:
    return self._find(name) is not None

  def names(self) -> list[str]:
    found, groups, seen = [], [('', self._file)], set()
    while groups:
      prefix, group = groups.pop()
      address = h5py.h5o.get_info(group.id).addr
      if address in seen:
        raise ValueError(f'its group {prefix!r} is linked twice')
      seen.add(address)
      for key in group:
        if not isinstance(key, str):
          raise ValueError(f'its group {prefix!r} has a name that is no text')
        item = _target(group, key, prefix + key)
        if isinstance(item, h5py.Group):
          groups.append((f'{prefix}{key}/', item))
        elif isinstance(item, h5py.Dataset):
          found.append(prefix + key)
    return found

  def array(self, name: str) -> np.ndarray:
    item = self._dataset(name)
    if item.dtype.kind not in 'biuf' or item.shape is None:
      raise ValueError(f'{name!r} is no array of numbers')
    self._budget.take(item.size * max(item.dtype.itemsize, 8))
    return np.ascontiguousarray(item[()]).reshape(item.shape)

  def texts(self, name: str) -> list[str]:
    item = self._dataset(name)
    if h5py.check_string_dtype(item.dtype) is None or item.ndim != 1:
      raise ValueError(f'{name!r} is no list of texts')
    return [str(x) for x in self._parts(item, item.asstr('utf-8'))]

  def rows(self, name: str) -> list[list[int]]:
    item = self._dataset(name)
    kind = h5py.check_vlen_dtype(item.dtype)
    if kind is None or np.dtype(kind).kind not in 'iu' or item.ndim != 1:
      raise ValueError(f'{name!r} is no list of rows of integers')
    return [x.tolist() for x in self._parts(item, item)]

  def _parts(self, item: h5py.Dataset, reader) -> list:
    """Returns a dataset of things of any length, counted as they come."""
    self._budget.take(item.size * max(item.dtype.itemsize, 64))
    found = []
    for start in range(0, item.size, _AT_ONCE):
      found.extend(reader[start : start + _AT_ONCE])
      self._budget.take(8 * sum(map(len, found[start:])))
    return found

  def _dataset(self, name: str) -> h5py.Dataset:
    item = self._find(name)
    if not isinstance(item, h5py.Dataset):
      raise ValueError(f'it has no {name!r}')
    if item.is_virtual or item.external:
      raise ValueError(f'the values of {name!r} are kept in another file')
    return item

  def _find(self, name: str) -> h5py.Group | h5py.Dataset | None:
    item = self._file
    for part in name.split('/'):  # By hand, so that no link leads elsewhere.
      item = _target(item, part, name) if isinstance(item, h5py.Group) else None
      if item is None:
        return None
    return item


def _target(group: h5py.Group, key: str, name: str):
  link = group.get(key, getlink=True)
  if link is not None and not isinstance(link, h5py.HardLink):
    raise ValueError(f'{name!r} is a link, and links are not followed')
  return None if link is None else group[key]


def main() -> None:
  """Answers requests on the file that the command line names."""
  path = sys.argv[1]
  budget, output = outside.Budget(os.path.getsize(path)), sys.stdout.buffer
  _limit(os.path.getsize(path), budget.left)
  file, opening = None, None
  try:
    file = _File(h5py.File(path, 'r'), budget)
  except Exception as error:  # noqa: BLE001
    opening = error
  for line in sys.stdin.buffer:
    what, *names = json.loads(line)
    value, problem = None, ''
    try:
      if opening:
        raise opening
      value = getattr(file, what)(*names)
    except Exception as error:  # noqa: BLE001
      problem = outside.reason(error)
    array = isinstance(value, np.ndarray)
    answer = [value.shape, value.dtype.str] if array else value
    output.write(json.dumps([answer, problem]).encode() + b'\n')
    if array and value.size:
      output.write(value.reshape(-1).view(np.uint8))
    output.flush()


def _limit(size: int, most: int) -> None:
  """Limits this process by the file's size and what it may unpack to."""
  if resource is None:
    return
  seconds = _SECONDS + size // _A_SECOND
  with contextlib.suppress(OSError, ValueError):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    # What libraries have claimed by now, in pages; of Linux alone.
    pages = pathlib.Path('/proc/self/statm').read_text().split()[0]
    most += int(pages) * resource.getpagesize() + _BESIDE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == '__main__':
  main()
