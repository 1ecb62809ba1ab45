"""Keeps what a job has measured, so that the same command can continue it."""

import functools
import json
import math
import pathlib
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from absl import logging

from saliency_jax import files

_CHECK = 4  # bytes of the checksum of a part
# Seconds between writes: often enough that a killed run loses little, and
# rarely enough to cost nothing.
_SECONDS = 20.0
_BYTES = 64 * 2**20  # limit for arrays that wait to be written


class Entry(NamedTuple):
  """The measurements of one item, for example an image."""

  facts: Any  # JSON values
  arrays: Mapping[str, np.ndarray] = {}  # [T, ...], with the same T


class _Stored(Mapping[str, np.ndarray]):
  """Arrays in a part, mapped when used, since all would not fit into memory."""

  def __init__(self, mapped: Callable[[], np.ndarray], places: dict):
    """Takes the bytes of all arrays, and {name: (offset, type, shape)}."""
    self._mapped, self._places = mapped, places

  def __getitem__(self, key: str) -> np.ndarray:
    offset, dtype, shape = self._places[key]
    size = math.prod(shape) * np.dtype(dtype).itemsize
    return self._mapped()[offset : offset + size].view(dtype).reshape(shape)

  def __iter__(self) -> Iterator[str]:
    return iter(self._places)

  def __len__(self) -> int:
    return len(self._places)


class Ledger:
  """The measurements of a job so far.

  As a context manager it writes what was added within seconds, and at the end
  of the block in any case; arrays are then read back from the disk. Several
  processes may add to one folder; each sees what the others added when it opens
  the folder, or after `reload`.

  Attributes:
    folder: exists until the job has ended.
    entries: series -> item -> measurements, for this job's series.
    reloaded: time of the last look at other processes' entries, as
      `time.monotonic`.
  """

  def __init__(self, folder: pathlib.Path, series: Mapping[str, Any], *, process: int = 0):
    """Reads the entries in a folder, except those of other jobs.

    Args:
      series: name -> everything that the series' numbers depend on, as JSON.
      process: number of this process.
    """
    self.folder, self._process = folder, process
    self._keys = {name: files.digest_of(job) for name, job in series.items()}
    self.entries: dict[str, dict[str, Entry]] = {x: {} for x in self._keys}
    self._pending: list[tuple[str, str, Entry]] = []
    self._bytes = 0  # of the arrays in it
    self._known: set[pathlib.Path] = set()  # parts that were read
    self._written = time.monotonic()
    self.reload(check=True)

  def __enter__(self) -> 'Ledger':
    return self

  def __exit__(self, *_) -> None:
    self.flush()

  def reload(self, *, check: bool = False) -> None:
    """Reads what other processes have written since; verifies it if `check`."""
    self.reloaded = time.monotonic()
    # Hidden files are temporary files of a killed run.
    for path in sorted({*self.folder.glob('[!.]*.part')} - self._known):
      try:
        self._take(path, check)
      except Exception:  # noqa: BLE001  a damaged file may raise anything
        logging.warning('%s is damaged; its measurements are repeated.', path)

  def _take(self, path: pathlib.Path, check: bool = False) -> None:
    self._known.add(path)
    for name, key, item, entry in _read(path, check):
      if self._keys.get(name) == key:
        self.entries[name][item] = entry

  def add(self, name: str, item: str, entry: Entry) -> None:
    """Adds an item's measurements; a later entry replaces an earlier one."""
    self.entries[name][item] = entry
    self._pending.append((name, item, entry))
    self._bytes += sum(x.nbytes for x in entry.arrays.values())
    if time.monotonic() - self._written > _SECONDS or self._bytes > _BYTES:
      self.flush()

  def flush(self) -> None:
    """Writes what has been added since the last time."""
    self._written = time.monotonic()
    if not self._pending:
      return
    lines, arrays, end = [], [], 0
    for name, item, entry in self._pending:
      places = {}
      for key, x in entry.arrays.items():
        places[key] = end, x.dtype.str, x.shape
        arrays.append(x.tobytes())
        end += x.nbytes
      lines.append([name, self._keys[name], item, entry.facts, places])
    whole = b''.join([json.dumps(lines).encode(), b'\n', *arrays])
    path = self.folder / f'{time.time_ns():020d}-{self._process}.part'
    with files.replacing(path) as temporary:
      temporary.write_bytes(zlib.crc32(whole).to_bytes(_CHECK, 'little') + whole)
    self._pending.clear()
    self._bytes = 0
    self._take(path)

  def remove(self) -> None:
    """Deletes the folder, when the job has ended."""
    shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: pathlib.Path, check: bool) -> list[tuple[str, str, str, Entry]]:
  """Returns (series, key, item, entry) for everything in a part.

  `check` verifies the checksum, and raises an exception if it differs.
  """
  with open(path, 'rb') as file:
    expected, lines = file.read(_CHECK), file.readline()
    if check and int.from_bytes(expected, 'little') != zlib.crc32(file.read(), zlib.crc32(lines)):
      raise ValueError(path)
  mapped = functools.cache(lambda: np.memmap(path, np.uint8, 'r')[_CHECK + len(lines) :])
  return [
    (name, key, item, Entry(facts, _Stored(mapped, places))) for name, key, item, facts, places in json.loads(lines)
  ]
