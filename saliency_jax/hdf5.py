"""HDF5 files: those from others, their own arrays and texts alone, and ours.

One changed byte can make the HDF5 library loop for ever or claim all memory.
So a process of its own reads the file (`hdf5_process`), with limits of time and
memory; it is started once for each file, which takes a third of a second.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from saliency_jax import files, outside


@contextlib.contextmanager
def reading(path: str | os.PathLike, advice: str = 'replace it') -> Iterator['Reader']:
  """Opens a file to read.

  Raises:
    InputError: the file cannot be read, or what is asked of it inside of the
      `with` is damaged, missing or kept elsewhere.
  """
  with outside.reading(path, 'HDF5 file', advice):
    with open(path, 'rb'):  # what the system says, it says here
      pass
    process = subprocess.Popen(
      [sys.executable, '-P', '-m', 'saliency_jax.hdf5_process', os.fspath(path)],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
      start_new_session=True,
      env=os.environ | {'PYTHONPATH': os.pathsep.join(filter(None, sys.path)), 'OPENBLAS_NUM_THREADS': '1'},
    )
    try:
      yield Reader(process)
    finally:
      process.kill()
      process.communicate()


@contextlib.contextmanager
def writing(path: str | os.PathLike, **options) -> Iterator[Any]:
  """Yields an `h5py.File` to write, which is there when it is whole.

  Without HDF5's lock: it would meet that of `files.replacing`.

  Args:
    **options: of `h5py.File`.
  """
  import h5py  # few programs write any

  with files.replacing(path) as temporary, h5py.File(temporary, 'w', locking=False, **options) as file:
    yield file


class Reader:
  """Reads by name from an open file.

  Every method raises `ValueError`, which `reading` turns into one sentence.
  """

  def __init__(self, process: subprocess.Popen):
    self._process = process

  def attribute(self, name: str) -> str:
    """Returns the file's attribute that is a text, or '' if there is none."""
    return self._ask('attribute', name)

  def has(self, name: str) -> bool:
    """Says whether the file has a group or dataset of this name."""
    return self._ask('has', name)

  def names(self) -> list[str]:
    """Returns the paths of all datasets."""
    return self._ask('names')

  def array(self, name: str) -> np.ndarray:
    """Returns a dataset of numbers, of any shape."""
    shape, dtype = self._ask('array', name)
    array = np.empty(shape, dtype)
    if self._process.stdout.readinto(memoryview(array.reshape(-1)).cast('B') if array.size else b'') != array.nbytes:
      raise ValueError('it ends too early')
    return array

  def numbers(self, name: str, axes: int) -> np.ndarray:
    """Returns a dataset of numbers as float64, with so many axes."""
    array = self.array(name)
    if array.ndim != axes:
      raise ValueError(f'{name!r} is no array of numbers with {axes} axes')
    return array.astype(np.float64)

  def texts(self, name: str) -> list[str]:
    """Returns a dataset of texts, UTF-8."""
    return self._ask('texts', name)

  def rows(self, name: str) -> list[list[int]]:
    """Returns a dataset of rows of integers, each of its own length."""
    return self._ask('rows', name)

  def _ask(self, what: str, *names: str) -> Any:
    """Returns what the process answers, a JSON value."""
    answer = b''
    with contextlib.suppress(BrokenPipeError):
      self._process.stdin.write(json.dumps([what, *names]).encode() + b'\n')
      self._process.stdin.flush()
      answer = self._process.stdout.readline()
    if not answer:
      raise ValueError('the HDF5 library takes too long or too much memory, or breaks down')
    value, problem = json.loads(answer)
    if problem:
      raise ValueError(problem)
    return value
