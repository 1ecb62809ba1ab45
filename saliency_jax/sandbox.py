"""Reads files in another process if their libraries do not survive damage.

One changed byte can make the HDF5 library loop for ever, or SciPy's MATLAB
reader claim all memory or crash. So `sandbox_process` reads them, with limits
of time and memory for each file. It is started once, which takes a third of a
second, and again after a file that ended it.
"""

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np

from saliency_jax import outside

# Keys of arrays and problems in an answer; no name in a file begins like this.
ARRAY, PROBLEM = '\0array', '\0problem'
# Seconds of computing time, and bytes of a file that add one more second.
_SECONDS, _A_SECOND = 3, 10_000_000
_BESIDE = 2**28  # bytes of memory besides what is read
_lock, _processes, _others = threading.Lock(), [], []


def read(kind: str, path: str | os.PathLike, *arguments: str) -> dict[str, Any]:
  """Returns the content of a file.

  Parts that are damaged or of an unknown kind are replaced by a `ValueError`.

  Raises:
    OSError: the file cannot be opened.
    ValueError: it is damaged.
  """
  with open(path, 'rb') as file:  # raises the system's errors here
    size = os.fstat(file.fileno()).st_size
  limits = _SECONDS + size // _A_SECOND, outside.Budget(size).left + _BESIDE
  with _lock:
    if not _processes:
      _processes.append(_started())
    try:
      value = _answer(_processes[0], [kind, [os.path.abspath(path), *arguments], *limits])
    except BaseException:  # otherwise the next call would read the rest of this answer
      _end()
      raise
  if isinstance(value, ValueError):
    raise value
  return value


def _started() -> subprocess.Popen:
  known = [path or os.getcwd() for path in sys.path]  # '' is the folder of a notebook
  return subprocess.Popen(
    [sys.executable, '-P', '-m', 'saliency_jax.sandbox_process'],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    start_new_session=True,
    env=os.environ | {'PYTHONPATH': os.pathsep.join(known), 'OPENBLAS_NUM_THREADS': '1'},
  )


@atexit.register
def _end() -> None:
  while _processes:
    process = _processes.pop()
    process.kill()
    process.communicate()


def _forked() -> None:
  """Resets the state in a fork: the reading process belongs to its parent."""
  global _lock  # which may have been held
  _lock = threading.Lock()
  _others.extend(_processes)  # a reference keeps them from being ended
  _processes.clear()


os.register_at_fork(after_in_child=_forked)


def _answer(process: subprocess.Popen, request: list) -> Any:
  arrays: list[np.ndarray] = []

  def restored(found: dict) -> Any:
    if ARRAY in found:
      dtype, shape = found[ARRAY]
      arrays.append(np.empty(shape, dtype))
      return arrays[-1]
    return ValueError(found[PROBLEM]) if PROBLEM in found else found

  def line() -> bytes:
    if answer := process.stdout.readline():
      return answer
    raise ValueError('its library takes too long or too much memory, or crashes')

  with contextlib.suppress(BrokenPipeError):
    process.stdin.write(json.dumps(request).encode() + b'\n')
    process.stdin.flush()
  value = json.loads(line(), object_hook=restored)
  for array in arrays:
    if problem := json.loads(line()):
      raise ValueError(problem)
    if array.size and process.stdout.readinto(memoryview(array.reshape(-1)).cast('B')) != array.nbytes:
      raise ValueError('it ends too early')
  return value
