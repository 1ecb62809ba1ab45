"""The folder of a job's results: whole when `summary.json` is there.

Every job removes an older summary first and writes its own last, so a folder
without one is a run that did not end. One job at a time is at work in a folder.
"""

import contextlib
import csv
import json
import pathlib
import platform
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib import metadata

import jax
import numpy as np

import saliency_jax
from saliency_jax import files
from saliency_jax.errors import InputError

# Raised when a file of the folder changes its meaning.
LAYOUT = 2
_PACKAGES = ('jax', 'jaxlib', 'flax', 'numpy', 'pillow')


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
def alone(workdir: str, jobs: Collection[str]) -> Iterator[pathlib.Path]:
  """Yields the folder for results, made if it is missing, for one job alone.

  Folders within it are not looked at: a job may have other jobs work in them.

  Args:
    workdir: the folder.
    jobs: as `summary.json` calls them, those whose results may lie there, to be
      replaced or gone on with.

  Raises:
    InputError: if there is no name, the folder cannot be written to, or another
      job is at work there or has been.
  """
  with contextlib.ExitStack() as stack:
    with opening(workdir) as path:
      try:
        stack.enter_context(files.locked(path, wait=False))
      except BlockingIOError as error:
        raise InputError(
            f'Another job is at work in {workdir}; wait for it or name another '
            f'--workdir.') from error
    _check_owner(path, jobs)
    yield path


def _check_owner(path: pathlib.Path, jobs: Collection[str]) -> None:
  try:
    job = json.loads((path / 'summary.json').read_text())['job']
  except (OSError, ValueError, TypeError, KeyError):
    # Not finished, or damaged.
    job = 'train' if (path / 'checkpoints').is_dir() and not (
        {'train', 'sweep'} & {*jobs}) else None
  if job and job not in jobs:
    raise InputError(
        f'{path} holds what launch/{job}.py wrote; name another --workdir.')


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
      (self.path / 'summary.json').unlink(missing_ok=True)
      self.json('config.json', config)

  def clear(self, names: Iterable[str]) -> None:
    """Deletes files and folders of an earlier job, where they are."""
    for name in names:
      path = self.path / name
      if path.is_dir():
        shutil.rmtree(path)
      else:
        path.unlink(missing_ok=True)

  def json(self, name: str, value) -> None:
    with files.replacing(self.path / name) as path:
      path.write_text(json.dumps(value, indent=2) + '\n')

  def table(
      self, name: str, header: Sequence[str], rows: Iterable[Sequence]
  ) -> None:
    """Writes a CSV file with one header line."""
    with (files.replacing(self.path / name) as path,
          open(path, 'w', newline='', encoding='utf-8') as file):
      writer = csv.writer(file, lineterminator='\n')
      writer.writerow(header)
      writer.writerows(rows)

  def array(self, name: str, value: np.ndarray) -> None:
    with (files.replacing(self.path / name) as path,
          open(path, 'wb') as file):
      np.save(file, value)

  def arrays(self, name: str, values: dict[str, np.ndarray]) -> None:
    with (files.replacing(self.path / name) as path,
          open(path, 'wb') as file):
      np.savez_compressed(file, **values)

  def finish(self, job: str, **facts) -> dict:
    """Writes `summary.json`, which declares the folder whole; returns it."""
    summary = {
        'job': job, 'layout': LAYOUT, **facts,
        'device': f'{jax.device_count()} x {jax.devices()[0].device_kind}',
        'versions': {
            'saliency_jax': saliency_jax.__version__,
            'python': platform.python_version(),
            **{name: metadata.version(name) for name in _PACKAGES}}}
    self.json('summary.json', summary)
    return summary
