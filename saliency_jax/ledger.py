"""What a job has measured so far, kept so that the same command goes on there.
"""

import hashlib
import json
import pathlib
import shutil
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from absl import logging

from saliency_jax import files, numpy_files

# Seconds between writes: rare enough to cost nothing, often enough that a run
# which is killed loses little.
_SECONDS = 20.


class Entry(NamedTuple):
  """What was measured of one item, an image for example."""
  facts: Any  # JSON values
  arrays: Mapping[str, np.ndarray] = {}  # [T, ...], T the same of all


class Ledger:
  """What a job has measured so far, so that the same job goes on there.

  A context: what was added is on disk within seconds, and when the block ends,
  however it does. Several processes add to one folder; each of them sees what
  the others have added when it opens the folder, or after `reload`.

  Attributes:
    entries: series -> item -> what was measured, for the series that were
      asked for.
    reloaded: when that of other processes was read last, `time.monotonic`.
  """

  def __init__(
      self, folder: pathlib.Path, series: Mapping[str, Any], *,
      process: int = 0):
    """Reads what lies in a folder; entries of other jobs are left out.

    Args:
      folder: made when something is written.
      series: of each series, by its name, all that its numbers depend on, as
        JSON values.
      process: which one this is, of several.
    """
    self._folder, self._process = folder, process
    self._keys = {
        name: hashlib.sha256(
            json.dumps(job, sort_keys=True).encode()).hexdigest()
        for name, job in series.items()}
    self.entries: dict[str, dict[str, Entry]] = {x: {} for x in self._keys}
    self._pending: list[tuple[str, str, Entry]] = []
    self._known: set[pathlib.Path] = set()  # parts that were read or written
    self._written = time.monotonic()
    self.reload()

  def __enter__(self) -> 'Ledger':
    return self

  def __exit__(self, *_) -> None:
    self.flush()

  def reload(self) -> None:
    """Reads what other processes have written since."""
    self.reloaded = time.monotonic()
    # Hidden files are what a killed run was writing.
    for path in sorted({*self._folder.glob('[!.]*.npz')} - self._known):
      self._known.add(path)
      try:
        for name, key, item, entry in _read(path):
          if self._keys.get(name) == key:
            self.entries[name][item] = entry
      except Exception:  # noqa: BLE001  whatever stands in a damaged file
        logging.warning('%s is damaged; what it held is measured again.', path)

  def add(self, name: str, item: str, entry: Entry) -> None:
    """Takes in what was measured of an item; a later entry replaces it."""
    self.entries[name][item] = entry
    self._pending.append((name, item, entry))
    if time.monotonic() - self._written > _SECONDS:
      self.flush()

  def flush(self) -> None:
    """Writes what was added since the last time."""
    self._written = time.monotonic()
    if not self._pending:
      return
    names, items, entries = zip(*self._pending, strict=True)
    named = sorted({key for entry in entries for key in entry.arrays})
    kept = {f'array/{key}': np.concatenate([
        entry.arrays[key] for entry in entries if key in entry.arrays])
        for key in named}
    lines = [
        json.dumps([name, self._keys[name], item, entry.facts, {
            key: len(x) for key, x in entry.arrays.items()}])
        for name, item, entry in self._pending]
    path = self._folder / f'{time.time_ns():020d}-{self._process}.npz'
    with files.replacing(path) as temporary, open(temporary, 'wb') as file:
      np.savez(file, entries=np.frombuffer(
          '\n'.join(lines).encode(), np.uint8), **kept)
    self._known.add(path)
    self._pending.clear()

  def remove(self) -> None:
    """Deletes the folder: the job has ended."""
    shutil.rmtree(self._folder, ignore_errors=True)


def _read(path: pathlib.Path) -> list[tuple[str, str, str, Entry]]:
  """Returns (series, key, item, entry) of everything in a part."""
  arrays = numpy_files.read_npz(path, numpy_files.NUMBERS + 'U')
  found, ends = [], dict.fromkeys(arrays, 0)
  for line in arrays.pop('entries').tobytes().decode().splitlines():
    name, key, item, facts, lengths = json.loads(line)
    parts = {}
    for array, length in lengths.items():
      first, ends[f'array/{array}'] = (
          ends[f'array/{array}'], ends[f'array/{array}'] + length)
      parts[array] = arrays[f'array/{array}'][first:first + length]
    found.append((name, key, item, Entry(facts, parts)))
  return found
