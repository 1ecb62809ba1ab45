"""Reads files for `sandbox`, as a process with limits.

A request is a line of JSON on standard input: a key of `_KINDS`, a path with
arguments, and limits in seconds and bytes. The answer is a line of JSON with
the value, in which arrays are given by type and shape; then, for every array, a
line with a problem or '', and its bytes.
"""

import contextlib
import importlib
import json
import pathlib
import resource
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from saliency_jax import outside
from saliency_jax.sandbox import ARRAY, PROBLEM

_AT_ONCE = 1000  # texts or rows
_FULL = "a matrix is sparse, save MATLAB's full() of it"


def hdf5(stack: contextlib.ExitStack, budget: outside.Budget, path: str, *names: str) -> dict[str, Any]:
  """Returns an HDF5 file's 'attributes' that are texts, and its 'data' by path.

  The data are those named, or all: numbers, lists of texts, or of rows of
  integers. Links and external values are not followed, since they may lead to
  any other file of the machine.
  """
  import h5py

  def target(group: h5py.Group, key: str, name: str) -> Any:
    if not isinstance(key, str):
      raise ValueError(f'its {name!r} has a name that is no text')
    if not isinstance(group.get(key, getlink=True), h5py.HardLink):
      raise ValueError(f'{name!r} is a link, and links are not followed')
    item = group[key]
    if isinstance(item, h5py.Group):
      address = h5py.h5o.get_info(item.id).addr
      if address in seen:
        raise ValueError(f'its group {name!r} is linked twice')
      seen.add(address)
      groups.append((f'{name}/', item))
      return None
    wanted = isinstance(item, h5py.Dataset) and (not names or name in names)
    return values(item, name) if wanted else None

  def values(item: h5py.Dataset, name: str) -> Any:
    if item.is_virtual or item.external:
      raise ValueError(f'the values of {name!r} are kept in another file')
    if item.dtype.kind in 'biuf' and item.shape is not None:
      budget.take(item.size * max(item.dtype.itemsize, 8))
      return item  # read when it is sent
    row = h5py.check_vlen_dtype(item.dtype)
    text = h5py.check_string_dtype(item.dtype) is not None
    if not (text or row is not None and np.dtype(row).kind in 'iu') or item.ndim != 1:
      return ()  # of a kind that is not read
    budget.take(item.size * max(item.dtype.itemsize, 64))
    reader, found = item.asstr('utf-8') if text else item, []
    for start in range(0, item.size, _AT_ONCE):  # of any length, counted as they are read
      found += map(str if text else np.ndarray.tolist, reader[start : start + _AT_ONCE])
      budget.take(8 * sum(map(len, found[start:])))
    return found

  file = stack.enter_context(h5py.File(path, 'r', locking=False))
  groups, seen, data = [('', file)], {h5py.h5o.get_info(file.id).addr}, {}
  while groups:
    prefix, group = groups.pop()
    for key in group:
      name = f'{prefix}{key}'
      if (value := _tried(target, group, key, name)) is not None:
        data[name] = value
  found = {name: _tried(file.attrs.__getitem__, name) for name in file.attrs}
  texts = {name: x.decode('utf-8', 'replace') if isinstance(x, bytes) else x for name, x in found.items()}
  return {'attributes': {name: x for name, x in texts.items() if isinstance(x, str)}, 'data': data}


def matlab(stack: contextlib.ExitStack, budget: outside.Budget, path: str, *names: str) -> dict[str, Any]:
  """Returns the variables of a MATLAB file by name: those named, or all.

  A cell becomes a list, a structure array a list of dictionaries, both in
  column order, and a text one string. Variables of other classes are problems.
  """
  from scipy import io, sparse

  del stack, budget  # the limit on memory suffices
  others = io.matlab.MatlabFunction, io.matlab.MatlabOpaque, io.matlab.MatlabObject

  def plain(value: Any) -> Any:
    if sparse.issparse(value):
      raise ValueError(_FULL)
    if isinstance(value, others):
      raise ValueError('a variable is an object or a function')
    if value.dtype.names is not None:
      return [{name: plain(x[name]) for name in value.dtype.names} for x in value.ravel(order='F')]
    if value.dtype.kind == 'O':
      return [plain(x) for x in value.ravel(order='F')]
    if value.dtype.kind == 'U':
      return ''.join(value.ravel().tolist())
    if value.dtype.kind not in 'biuf':
      raise ValueError('a number is complex')
    return value

  def opened(function: Callable, **options) -> Any:
    try:
      return function(path, **options)
    except NotImplementedError:
      raise ValueError('it is of version 7.3, save it with -v7') from None

  def variable(name: str) -> Any:
    held = opened(io.loadmat, variable_names=[name])
    return plain(held[name]) if name in held else None

  return {name: _tried(variable, name) for name in names or [name for name, *_ in opened(io.whosmat)]}


# With their libraries, which are imported before memory is limited.
_KINDS = {'hdf5': (hdf5, 'h5py'), 'matlab': (matlab, 'scipy.io')}


def _tried(function: Callable, *arguments) -> Any:
  """Returns the function's value, or its problem."""
  try:
    return function(*arguments)
  except Exception as error:  # noqa: BLE001
    return {PROBLEM: outside.reason(error)}


def _limit(seconds: int, most: int) -> None:
  """Limits the time and memory that this process may take from now on."""
  used = resource.getrusage(resource.RUSAGE_SELF)

  def limit(kind: int, value: int) -> None:
    with contextlib.suppress(OSError, ValueError):
      hard = resource.getrlimit(kind)[1]  # only root may raise it
      resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))

  limit(resource.RLIMIT_CORE, 0)
  limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + seconds)
  with contextlib.suppress(OSError):  # what libraries have claimed so far, in pages; only on Linux
    pages = pathlib.Path('/proc/self/statm').read_text().split()[0]
    limit(resource.RLIMIT_AS, int(pages) * resource.getpagesize() + most)


def main() -> None:
  """Answers requests until the input ends."""
  output = sys.stdout.buffer
  for line in sys.stdin.buffer:
    kind, arguments, seconds, most = json.loads(line)
    read, library = _KINDS[kind]
    importlib.import_module(library)
    _limit(seconds, most)
    with contextlib.ExitStack() as stack:
      budget = outside.Budget(pathlib.Path(arguments[0]).stat().st_size)
      _send(output, _tried(read, stack, budget, *arguments))
    output.flush()


def _send(output: BinaryIO, value: Any) -> None:
  arrays = []

  def described(x: Any) -> dict:
    arrays.append(x)
    return {ARRAY: [x.dtype.newbyteorder('=').str, x.shape]}

  output.write(json.dumps(value, default=described).encode() + b'\n')
  for x in arrays:
    read = _tried(lambda x=x: np.ascontiguousarray(x[()], x.dtype.newbyteorder('=')))
    output.write(json.dumps(read[PROBLEM] if isinstance(read, dict) else '').encode() + b'\n')
    if isinstance(read, np.ndarray) and read.size:
      output.write(read.reshape(-1).view(np.uint8))


if __name__ == '__main__':
  main()
