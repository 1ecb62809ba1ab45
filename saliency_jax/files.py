"""Whole files or none: writing through a temporary name, and hashing."""

import contextlib
import hashlib
import os
import pathlib
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
  """Yields a temporary path beside `path` that takes its name on success.

  A reader sees the old file or the whole new one, never a part: the rename is
  atomic, and a run that dies in between leaves only the temporary file.

  Args:
    path: the file to write; its folder is made if it is missing.

  Yields:
    The path to write to, with the suffix of `path`.
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  handle, name = tempfile.mkstemp(
      dir=path.parent, prefix=f'.{path.stem}.', suffix=path.suffix)
  os.close(handle)
  temporary = pathlib.Path(name)
  try:
    # mkstemp makes private files; the result should obey the user's umask.
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)
    yield temporary
    os.replace(temporary, path)
  finally:
    temporary.unlink(missing_ok=True)


def digest(path: str | os.PathLike, algorithm: str = 'sha256') -> str:
  """Returns the hexadecimal hash of a file's bytes."""
  with open(path, 'rb') as file:
    return hashlib.file_digest(file, algorithm).hexdigest()


def stamp(folder: str | os.PathLike) -> str:
  """Returns a hash of the names, sizes and times of all files of a folder.

  It changes when a file does, without reading any; a file may be given too.
  """
  root = pathlib.Path(folder).expanduser()
  found = hashlib.sha256()
  for path in [root, *sorted(root.rglob('*'))]:
    if path.is_file():
      status = path.stat()
      found.update(
          f'{path} {status.st_size} {status.st_mtime_ns}\n'.encode())
  return found.hexdigest()
