"""The folder of a job's results, complete when `summary.json` is there.

Every job first removes an older summary and writes its own last, so a folder
without one belongs to a run that did not end. Only one job at a time works in a
folder. `schema` states which files belong to which job. Measurements so far are
in a `ledger`, from which the same command continues.
"""

import contextlib
import functools
import json
import pathlib
import platform
import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata

import jax
import numpy as np
from absl import logging
from ml_collections import ConfigDict

import saliency_jax
from saliency_jax import config_help, files, numpy_files, schema, signals
from saliency_jax.errors import InputError, Stopped
from saliency_jax.schema import File

# The message of a job that was stopped.
SAVED = 'stopped, and what was measured is saved; start the same command again to go on.'
_PACKAGES = ('jax', 'jaxlib', 'flax', 'numpy', 'pillow')


@contextlib.contextmanager
def opening(workdir: str) -> Iterator[pathlib.Path]:
  """Yields the folder for results, made if it is missing.

  Raises:
    InputError: there is no name, or the block cannot write to the folder.
  """
  if not workdir:
    raise InputError('--workdir is missing; name the folder for the results.')
  try:
    path = pathlib.Path(workdir)
    path.mkdir(parents=True, exist_ok=True)
    yield path
  except OSError as error:
    raise InputError(f'{workdir}: cannot be written to ({error.strerror}); name another --workdir.') from error


@contextlib.contextmanager
def alone(workdir: str, job: str) -> Iterator[pathlib.Path]:
  """Yields the folder for results, made if it is missing, for this job only.

  Folders within it are not checked, because a job may run other jobs in them.
  SIGTERM ends the block like Ctrl-C, with `Stopped`; see `signals` for the
  commands of launch/.

  Raises:
    InputError: there is no name, the folder cannot be written to, another job
      is at work there, or it has results of another kind of job, or the user's
      own files under names of this job's files.
  """
  with contextlib.ExitStack() as stack:
    with opening(workdir) as path:
      try:
        stack.enter_context(files.locked(path, wait=False))
      except BlockingIOError as error:
        raise InputError(f'Another job is at work in {workdir}; wait for it or name another --workdir.') from error
    owner = _owner(path, job)
    if owner:
      raise InputError(f'{path} holds what launch/{owner}.py wrote; name another --workdir.')
    if foreign := _foreign(path, job):
      raise InputError(f'{path} holds {foreign}, which no job wrote and this would replace; name another --workdir.')
    # Also at the end: on a full disk, a thread that reads ahead may still
    # write.
    clear = functools.partial(files.remove_leftovers, path, {*schema.top(schema.JOBS[job]), schema.LEDGER})
    clear()
    stack.callback(clear)
    # A user's own handler stays, and several processes leave the signal to JAX.
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and jax.process_count() == 1:
      stack.enter_context(signals.terminating(_stop))
    yield path


def _owner(path: pathlib.Path, job: str) -> str | None:
  """Returns the job of another kind that left results in a folder."""
  try:
    left = json.loads((path / schema.SUMMARY).read_text())['job']
    return None if left == job else str(left)
  except Exception:  # noqa: BLE001
    pass  # not finished, or damaged: the files show it
  for name in sorted(x.name for x in path.iterdir()):
    owners = [x for x, of in schema.JOBS.items() if name in schema.top(of)]
    if owners and job not in owners:
      return owners[0]
  return None


def _foreign(path: pathlib.Path, job: str) -> str:
  """Returns a file that a job would delete but no job wrote, or ''."""
  try:
    if {'run', 'init'} & json.loads((path / schema.CONFIG).read_text()).keys():  # `init` was of earlier versions
      return ''
  except Exception:  # noqa: BLE001
    pass  # there is none, or it is not a job's
  # Training begins with these, before it writes its config; a prediction checks
  # its own list.
  begun = {'checkpoints', 'features'} if (path / 'checkpoints').exists() else set()
  names = schema.top(schema.JOBS[job]) - begun - {schema.PREDICTED.path}
  return next((name for name in sorted(names) if (path / name).exists()), '')


def _changed(path: pathlib.Path, config: dict) -> list[str]:
  """Returns the keys that had other values in a folder's finished run."""
  try:
    (path / schema.SUMMARY).read_bytes()
    left = json.loads((path / schema.CONFIG).read_text())
    before, now = (config_help.flattened(ConfigDict(x)) for x in (left, json.loads(json.dumps(config))))
  except Exception:  # there is none, or it is damaged
    return []
  return sorted(key for key in before.keys() & now.keys() if before[key] != now[key])


def _stop() -> None:
  signal.signal(signal.SIGTERM, signal.SIG_IGN)  # lets the block clean up
  raise Stopped(SAVED)


class Folder:
  """Writes one job's results, each file complete or none; see `alone`."""

  def __init__(self, workdir: str, config: dict):
    """Opens the folder and writes `config.json`.

    Raises:
      InputError: the folder cannot be made.
    """
    with opening(workdir) as self.path:
      keys = _changed(self.path, config)
      if keys:
        logging.warning(
          '%s: the finished run there had other values of %s; its results are replaced.', self.path, ', '.join(keys)
        )
      (self.path / schema.SUMMARY).unlink(missing_ok=True)
      self.json(schema.CONFIG, config)

  def clear(self, names: Iterable[str]) -> None:
    """Deletes files and folders of an earlier job, if they exist."""
    for name in names:
      path = self.path / name
      if path.is_dir():
        shutil.rmtree(path)
      else:
        path.unlink(missing_ok=True)

  def json(self, name: str, value) -> None:
    with files.replacing(self.path / name) as path:
      path.write_text(json.dumps(value, indent=2) + '\n')

  def table(self, table: File, rows: Iterable[Sequence]) -> None:
    """Writes a table with a header; see `schema` for its types."""
    with files.replacing(self.path / table.path) as path, open(path, 'w', newline='', encoding='utf-8') as file:
      schema.write(file, table, rows)

  def array(self, name: str, value: np.ndarray) -> None:
    numpy_files.write_npy(self.path / name, value)

  def arrays(self, name: str, values: Mapping[str, np.ndarray]) -> None:
    with files.replacing(self.path / name) as path, open(path, 'wb') as file:
      np.savez_compressed(file, **values)

  def finish(self, job: str, **facts) -> dict:
    """Writes `summary.json`, which declares the folder complete; returns it."""
    summary = {
      'job': job,
      'layout': schema.LAYOUT,
      **facts,
      'device': f'{jax.device_count()} x {jax.devices()[0].device_kind}',
      'versions': {
        'saliency_jax': saliency_jax.__version__,
        'python': platform.python_version(),
        **{name: metadata.version(name) for name in _PACKAGES},
      },
    }
    self.json(schema.SUMMARY, summary)
    return summary
