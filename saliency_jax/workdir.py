"""The folder of a job's results: whole when `summary.json` is there.

Every job removes an older summary first and writes its own last, so a folder
without one is a run that did not end. One job at a time is at work in a folder.
What belongs to which job is stated in `schema`. What has been measured lies in
a `Ledger`, from which the same command goes on.
"""

import contextlib
import hashlib
import json
import pathlib
import platform
import shutil
import signal
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any, NamedTuple

import jax
import numpy as np
from absl import logging

import saliency_jax
from saliency_jax import files, schema
from saliency_jax.errors import InputError, Stopped
from saliency_jax.schema import File

_PACKAGES = ('jax', 'jaxlib', 'flax', 'numpy', 'pillow')
_DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
# Seconds between writes of a ledger: rare enough to cost nothing, often enough
# that a run which is killed loses little.
_SECONDS = 20.


@contextlib.contextmanager
def opening(workdir: str) -> Iterator[pathlib.Path]:
  """Yields the folder for results, made if it is missing.

  Raises:
    InputError: if there is no name, or the block cannot write to the folder.
  """
  if not workdir:
    raise InputError('--workdir is missing; name the folder for the results.')
  try:
    path = pathlib.Path(workdir)
    path.mkdir(parents=True, exist_ok=True)
    yield path
  except OSError as error:
    raise InputError(
        f'{workdir}: cannot be written to ({error.strerror}); name another '
        f'--workdir.') from error


@contextlib.contextmanager
def alone(workdir: str, job: str) -> Iterator[pathlib.Path]:
  """Yields the folder for results, made if it is missing, for one job alone.

  Folders within it are not looked at: a job may have other jobs work in them.
  SIGTERM ends the block as Ctrl-C does, with `Stopped`.

  Args:
    workdir: the folder.
    job: a key of `schema.JOBS`.

  Raises:
    InputError: if there is no name, the folder cannot be written to, another
      job is at work there, or it holds results of a job of another kind.
  """
  with contextlib.ExitStack() as stack:
    with opening(workdir) as path:
      try:
        stack.enter_context(files.locked(path, wait=False))
      except BlockingIOError as error:
        raise InputError(
            f'Another job is at work in {workdir}; wait for it or name another '
            f'--workdir.') from error
    owner = _owner(path, job)
    if owner:
      raise InputError(
          f'{path} holds what launch/{owner}.py wrote; name another --workdir.')
    stack.enter_context(_stopping())
    yield path


def _owner(path: pathlib.Path, job: str) -> str | None:
  """Returns the job of another kind that left results in a folder."""
  replaces = schema.JOBS[job].replaces
  try:
    left = json.loads((path / schema.SUMMARY).read_text())['job']
    return None if left in replaces else str(left)
  except (OSError, ValueError, TypeError, KeyError):
    pass  # not finished, or damaged: what lies there tells
  for name in sorted(x.name for x in path.iterdir()):
    owners = [
        x for x, of in schema.JOBS.items() if name in schema.top(of.files)]
    if owners and job not in owners:
      return owners[0]
  return None


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
  """Raises `Stopped` in the block when SIGTERM comes, once.

  Several processes leave the signal to JAX, see `runtime.watching`.
  """
  # Python lets the main thread alone see signals; a user's own handler stays.
  if (threading.current_thread() is not threading.main_thread()
      or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
      or jax.process_count() > 1):
    yield
    return

  def stop(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # let the block clean up
    raise Stopped(
        'stopped, and what was measured is saved; start the same command again '
        'to go on.')

  signal.signal(signal.SIGTERM, stop)
  try:
    yield
  finally:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Folder:
  """Writes one job's results, each file whole or not at all; see `alone`."""

  def __init__(self, workdir: str, config: dict):
    """Opens the folder and writes `config.json`.

    Args:
      workdir: made if it is missing.
      config: the whole config as JSON values.

    Raises:
      InputError: if the folder cannot be made.
    """
    with opening(workdir) as self.path:
      (self.path / schema.SUMMARY).unlink(missing_ok=True)
      self.json(schema.CONFIG, config)

  def clear(self, names: Iterable[str]) -> None:
    """Deletes files and folders of an earlier job, where they are."""
    for name in names:
      path = self.path / name
      if path.is_dir():
        shutil.rmtree(path)
      else:
        path.unlink(missing_ok=True)

  def json(self, name: str, value) -> None:
    """Writes a JSON file."""
    with files.replacing(self.path / name) as path:
      path.write_text(json.dumps(value, indent=2) + '\n')

  def table(self, table: File, rows: Iterable[Sequence]) -> None:
    """Writes a table with a header; see `schema` for its types."""
    with (files.replacing(self.path / table.path) as path,
          open(path, 'w', newline='', encoding='utf-8') as file):
      schema.write(file, table, rows)

  def array(self, name: str, value: np.ndarray) -> None:
    """Writes a .npy file."""
    with (files.replacing(self.path / name) as path,
          open(path, 'wb') as file):
      np.save(file, value)

  def arrays(self, name: str, values: Mapping[str, np.ndarray]) -> None:
    """Writes a .npz file."""
    with (files.replacing(self.path / name) as path,
          open(path, 'wb') as file):
      np.savez_compressed(file, **values)

  def finish(self, job: str, **facts) -> dict:
    """Writes `summary.json`, which declares the folder whole; returns it."""
    summary = {
        'job': job, 'layout': schema.LAYOUT, **facts,
        'device': f'{jax.device_count()} x {jax.devices()[0].device_kind}',
        'versions': {
            'saliency_jax': saliency_jax.__version__,
            'python': platform.python_version(),
            **{name: metadata.version(name) for name in _PACKAGES}}}
    self.json(schema.SUMMARY, summary)
    return summary


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
      except _DAMAGED:
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
  # Opened here: np.load leaves a damaged file open.
  with open(path, 'rb') as file, np.load(file, allow_pickle=False) as archive:
    arrays = {name: archive[name] for name in archive.files}
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
