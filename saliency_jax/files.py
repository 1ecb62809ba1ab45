"""Writes files completely or not at all, locks folders, and hashes files."""

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

_LOCK = '.lock'
_RESULTS = {'summary.json', 'partial'}  # beside a job's config.json
# Prefix of hidden files and folders that are renamed when they are complete.
TEMPORARY = '.saliency_jax.'


@contextlib.contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
  """Adds `path` to an OSError of this block that has no file name.

  If a disk is full, a write to an open file does not say where, and NumPy says
  only how many numbers it wrote.
  """
  try:
    yield
  except OSError as error:
    if error.filename is None:
      error.strerror = error.strerror or str(error)
      error.filename = str(path)
    raise


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
  """Yields a temporary path beside `path` that is renamed to it on success.

  Readers see the old file or the complete new one, since renaming is atomic. A
  run that dies leaves only the temporary file.

  Yields:
    The path to write to; it has the last ten characters of `path`'s suffix.

  Raises:
    OSError: it cannot be written; see `naming` for its file name.
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  with _temporary(path) as temporary:
    try:
      # mkstemp makes private files; the result should obey the user's umask.
      umask = os.umask(0)
      os.umask(umask)
      temporary.chmod(0o666 & ~umask)
      with naming(path):
        yield temporary
      os.replace(temporary, path)
    finally:
      temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _temporary(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields an empty hidden file beside `path`, for one block only.

  Its name follows from that of `path`, so that a killed process's file is
  overwritten. If another process is writing that file, the name is random.
  """
  name = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
  suffix = path.suffix[-10:]
  temporary = path.parent / f'{TEMPORARY}{name}{suffix}'
  with open(temporary, 'ab') as file:
    if _is_ours(temporary, file):
      file.truncate(0)
      yield temporary
      return
  handle, drawn = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY, suffix=suffix)
  os.close(handle)
  yield pathlib.Path(drawn)


def _is_ours(path: pathlib.Path, file: IO) -> bool:
  """Locks an open file; False if another process has it, or without locks."""
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    return False
  except OSError:  # no locks on this file system
    path.unlink(missing_ok=True)
    return False
  return _is_at(path, file)


@contextlib.contextmanager
def locked(folder: str | os.PathLike, *, wait: bool) -> Iterator[None]:
  """Locks a folder for one block, against all that lock it in this way.

  The system unlocks it when the process ends for any reason. On a file system
  without locks, the block runs without one.

  Raises:
    BlockingIOError: it is locked, and `wait` is False.
    OSError: the folder cannot be written to.
  """
  path = pathlib.Path(folder) / _LOCK
  with contextlib.ExitStack() as stack:
    while True:
      file = stack.enter_context(open(path, 'ab'))
      try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
      except BlockingIOError:
        raise
      except OSError:
        break  # no locks on this file system
      if _is_at(path, file):
        break
      # The previous owner has removed this file, so others may lock another
      # one.
      stack.pop_all().close()
    try:
      yield
    finally:
      if _is_at(path, file):
        path.unlink(missing_ok=True)


def _is_at(path: pathlib.Path, file: IO) -> bool:
  """Returns whether a path leads to this open file, not to a later one."""
  try:
    return os.path.samestat(os.fstat(file.fileno()), path.stat())
  except OSError:
    return False


def digest(path: str | os.PathLike, algorithm: str = 'sha256') -> str:
  """Returns the hexadecimal hash of a file; 'git' hashes like a git blob."""
  with open(path, 'rb') as file:
    if algorithm == 'git':
      header = b'blob %d\0' % os.fstat(file.fileno()).st_size
      return hashlib.sha1(header + file.read()).hexdigest()
    return hashlib.file_digest(file, algorithm).hexdigest()


def digest_of(value: Any) -> str:
  """Returns the hexadecimal SHA-256 of a JSON value, whatever the order of keys."""
  return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def stamp(folder: str | os.PathLike) -> str:
  """Returns a hash of the names, sizes and times of all files in a folder.

  It changes with any file, without reading one, and does not depend on the
  folder's path. Folders of results inside are left out. A file may be given
  too.
  """
  root, listed = pathlib.Path(folder).expanduser(), []
  if root.is_file():
    listed.append(root)
  for at, folders, names in os.walk(root):
    held = {*folders, *names}
    if at != str(root) and (_LOCK in held or 'config.json' in held and held & _RESULTS):
      folders.clear()
    else:
      listed += [pathlib.Path(at, name) for name in names]
  found = hashlib.sha256()
  for path in sorted(listed):
    with contextlib.suppress(FileNotFoundError):  # a dangling link
      status, name = path.stat(), path.relative_to(root).as_posix()
      found.update(f'{name} {status.st_size} {status.st_mtime_ns}\n'.encode())
  return found.hexdigest()


def remove_leftovers(folder: pathlib.Path, names: Iterable[str]) -> None:
  """Removes temporary files of killed processes; the folder must be locked."""
  for path in itertools.chain(
    folder.glob(f'{TEMPORARY}*'), *((folder / name).rglob(f'{TEMPORARY}*') for name in names)
  ):
    if path.is_dir():
      shutil.rmtree(path, ignore_errors=True)
    else:
      path.unlink(missing_ok=True)
