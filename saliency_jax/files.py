"""Whole files or none: through a temporary name, under a lock, with a hash."""

import contextlib
import fcntl
import hashlib
import itertools
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

_LOCK = '.lock'
_RESULTS = {'summary.json', 'partial'}  # beside a job's config.json
# How hidden files and folders begin that take another name when they are whole.
TEMPORARY = '.saliency_jax.'


@contextlib.contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
  """Adds `path` to what the system says in this block without a name.

  Of a full disk a write to an open file says not where, and NumPy's only how
  many numbers it wrote.
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
  """Yields a temporary path beside `path` that takes its name on success.

  A reader sees the old file or the whole new one, never a part: the rename is
  atomic, and a run that dies in between leaves only the temporary file.

  Yields:
    The path to write to, with the suffix of `path`, the last ten characters.

  Raises:
    OSError: if it cannot be written; it has a name, see `naming`.
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
  """Yields an empty hidden file beside `path`, for one block alone.

  Its name follows from that of `path`, so that what a killed process left is
  written over; if another one is writing it, the name is drawn.
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
  """Locks an open file; False if another one has it, or there are no locks."""
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    return False
  except OSError:  # no locks here
    path.unlink(missing_ok=True)
    return False
  return _is_at(path, file)


@contextlib.contextmanager
def locked(folder: str | os.PathLike, *, wait: bool) -> Iterator[None]:
  """Keeps a folder for one block, among all that ask for it in this way.

  The system frees it when the process ends, however it ends. On a file system
  that has no locks the block runs without one.

  Args:
    folder: has to be there.
    wait: until the folder is free.

  Raises:
    BlockingIOError: if it is not free, and this is not to wait.
    OSError: if the folder cannot be written to.
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
        break  # no locks here
      if _is_at(path, file):
        break
      # Who held it has removed it, so that others may lock another file.
      stack.pop_all().close()
    try:
      yield
    finally:
      if _is_at(path, file):
        path.unlink(missing_ok=True)


def _is_at(path: pathlib.Path, file: IO) -> bool:
  """Tells whether a path leads to this open file, and to no later one."""
  try:
    return os.path.samestat(os.fstat(file.fileno()), path.stat())
  except OSError:
    return False


def digest(path: str | os.PathLike, algorithm: str = 'sha256') -> str:
  """Returns the hexadecimal hash of a file's bytes.

  Args:
    algorithm: one of hashlib's, or 'git', by which git knows the file.
  """
  with open(path, 'rb') as file:
    if algorithm == 'git':
      header = b'blob %d\0' % os.fstat(file.fileno()).st_size
      return hashlib.sha1(header + file.read()).hexdigest()
    return hashlib.file_digest(file, algorithm).hexdigest()


def stamp(folder: str | os.PathLike) -> str:
  """Returns a hash of the names, sizes and times of all files of a folder.

  It changes when a file does, without reading any, and not with the folder's
  own path; a file may be given too. Folders of results within are left out.
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
    with contextlib.suppress(FileNotFoundError):  # a link that leads nowhere
      status, name = path.stat(), path.relative_to(root).as_posix()
      found.update(f'{name} {status.st_size} {status.st_mtime_ns}\n'.encode())
  return found.hexdigest()


def remove_leftovers(folder: pathlib.Path, names: Iterable[str]) -> None:
  """Removes what killed processes were writing, under the folder's lock."""
  for path in itertools.chain(
    folder.glob(f'{TEMPORARY}*'), *((folder / name).rglob(f'{TEMPORARY}*') for name in names)
  ):
    if path.is_dir():
      shutil.rmtree(path, ignore_errors=True)
    else:
      path.unlink(missing_ok=True)
