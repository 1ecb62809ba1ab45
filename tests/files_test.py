"""Whole files or none, and locks: one block at a time, however it ends."""

import contextlib
import errno
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from saliency_jax import files

ROOT = pathlib.Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def a_limit(size: int):
  """Lets no file of this process grow beyond a size, as if the disk were full."""
  limits = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
  try:
    yield
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_has_no_room_is_named_and_not_there(tmp_path):
  path = tmp_path / 'within' / 'map.npy'
  with files.replacing(path) as temporary:
    temporary.write_text('whole')
  # NumPy tells of its count alone, the system of no file.
  for write, errno_, says in (
    (lambda file: np.save(file, np.ones(10_000, np.float32)), None, r'^10000 requested and \d+ written$'),
    (lambda file: file.write(bytes(100_000)), errno.EFBIG, '^File too large$'),
  ):
    with (
      pytest.raises(OSError, match='map') as raised,
      a_limit(16_384),
      files.replacing(path) as temporary,
      open(temporary, 'wb') as file,
    ):
      write(file)
    assert raised.value.filename == str(path)
    assert raised.value.errno == errno_
    assert re.match(says, raised.value.strerror)
    assert [x.name for x in path.parent.iterdir()] == ['map.npy']
    assert path.read_text() == 'whole'


def test_what_a_killed_write_left_is_written_over(tmp_path, monkeypatch):
  path = tmp_path / 'map.npy'
  with files.replacing(path) as first:
    first.write_text('a')
  first.write_text('left')
  with files.replacing(path) as again, files.replacing(path) as other:
    assert (again, again.read_text()) == (first, '')
    assert other != again
    again.write_text('b')
    other.write_text('c')
  assert path.read_text() == 'b'
  monkeypatch.setattr(files.fcntl, 'flock', _no_locks)
  with files.replacing(path) as without:
    without.write_text('d')
  assert path.read_text() == 'd'
  assert [x.name for x in tmp_path.iterdir()] == ['map.npy']


def test_a_name_that_is_known_stays(tmp_path):
  with pytest.raises(FileNotFoundError) as raised, files.replacing(tmp_path / 'a'):
    (tmp_path / 'b' / 'c').read_text()
  assert raised.value.filename == str(tmp_path / 'b' / 'c')


def is_free(folder: pathlib.Path) -> bool:
  try:
    with files.locked(folder, wait=False):
      return True
  except BlockingIOError:
    return False


def test_a_folder_is_for_one_block_and_free_after_it(tmp_path):
  (tmp_path / 'within').mkdir()
  with files.locked(tmp_path, wait=False):
    assert not is_free(tmp_path)
    assert not is_free(tmp_path)  # being refused frees nothing
    assert is_free(tmp_path / 'within')
  assert is_free(tmp_path)
  with contextlib.suppress(KeyError), files.locked(tmp_path, wait=True):
    raise KeyError
  assert is_free(tmp_path)
  # Nothing is left behind.
  assert [path.name for path in tmp_path.rglob('*')] == ['within']


class Waiter(threading.Thread):
  """Waits for a folder in a thread and keeps it until it is told."""

  def __init__(self, folder: pathlib.Path, monkeypatch):
    super().__init__(daemon=True)
    self._folder = folder
    self.asks, self.has, self.leave = (threading.Event() for _ in range(3))
    flock = files.fcntl.flock

    def told(handle, how):
      if threading.current_thread() is self:
        self.asks.set()
      flock(handle, how)

    monkeypatch.setattr(files.fcntl, 'flock', told)
    self.start()

  def run(self):
    with files.locked(self._folder, wait=True):
      self.has.set()
      assert self.leave.wait(60)


def test_who_waited_has_the_folder_alone(tmp_path, monkeypatch):
  with files.locked(tmp_path, wait=False):
    waiter = Waiter(tmp_path, monkeypatch)
    # It has opened the very file that is removed when this block ends.
    assert waiter.asks.wait(60)
    assert not waiter.has.is_set()
  assert waiter.has.wait(60)
  assert not is_free(tmp_path)
  waiter.leave.set()
  waiter.join(60)
  assert is_free(tmp_path)


def test_a_killed_process_frees_its_folder(tmp_path):
  code = (
    'import sys; from saliency_jax import files\n'
    'with files.locked(sys.argv[1], wait=False):\n'
    '  print("at work", flush=True)\n'
    '  sys.stdin.read()'
  )
  with subprocess.Popen(
    [sys.executable, '-c', code, str(tmp_path)], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
  ) as process:
    assert process.stdout.readline() == 'at work\n'
    assert not is_free(tmp_path)
    process.send_signal(signal.SIGKILL)
  assert process.returncode == -signal.SIGKILL
  assert [path.name for path in tmp_path.iterdir()] == ['.lock']
  assert is_free(tmp_path)
  assert not list(tmp_path.iterdir())


def test_a_folder_that_was_made_anew_is_somebody_elses(tmp_path):
  folder = tmp_path / 'folder'
  folder.mkdir()
  with contextlib.ExitStack() as stack:
    with files.locked(folder, wait=False):
      folder.rename(tmp_path / 'away')
      folder.mkdir()
      stack.enter_context(files.locked(folder, wait=False))
    assert not is_free(folder)


def _no_locks(*_):
  raise OSError(errno.ENOLCK, 'No locks available')


def test_without_locks_work_goes_on(tmp_path, monkeypatch):
  monkeypatch.setattr(files.fcntl, 'flock', _no_locks)
  with files.locked(tmp_path, wait=False):
    assert is_free(tmp_path)
  assert not list(tmp_path.iterdir())


def test_a_stamp_is_of_the_files_and_not_of_their_place(tmp_path, monkeypatch):
  (tmp_path / 'a').mkdir()
  for name in ('x.jpg', 'y.jpg'):
    (tmp_path / 'a' / name).write_bytes(b'1')
  before, walk = files.stamp(tmp_path / 'a'), os.walk
  for turned in (False, True):  # as file systems list them
    with monkeypatch.context() as patch:
      patch.setattr(os, 'walk', lambda root, turned=turned: ((*x, sorted(y, reverse=turned)) for *x, y in walk(root)))
      assert files.stamp(tmp_path / 'a') == before
  (tmp_path / 'a').rename(tmp_path / 'b')
  assert files.stamp(tmp_path / 'b') == before
  # A job at work within, and its results.
  for name in ('.lock', 'config.json', 'summary.json'):
    (tmp_path / 'b' / 'W').mkdir(exist_ok=True)
    (tmp_path / 'b' / 'W' / name).touch()
    assert files.stamp(tmp_path / 'b') == before
  (tmp_path / 'b' / 'W' / '.lock').unlink()
  assert files.stamp(tmp_path / 'b') == before
  (tmp_path / 'b' / 'W' / 'summary.json').rename(tmp_path / 'b' / 'W' / 'other.json')
  assert files.stamp(tmp_path / 'b') != before, 'a config.json alone is no results'
  (tmp_path / 'b' / 'W' / 'other.json').rename(tmp_path / 'b' / 'W' / 'summary.json')
  of_a_file = files.stamp(tmp_path / 'b' / 'x.jpg')
  (tmp_path / 'b' / 'x.jpg').write_bytes(b'22')
  assert files.stamp(tmp_path / 'b') != before
  assert files.stamp(tmp_path / 'b' / 'x.jpg') != of_a_file


def test_leftovers_of_killed_processes_go(tmp_path):
  for name in (f'{files.TEMPORARY}a', f'maps/deep/{files.TEMPORARY}b.npy', f'mine/{files.TEMPORARY}c', 'maps/d.npy'):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
  files.remove_leftovers(tmp_path, ('maps', 'gone'))
  assert sorted(x.name for x in tmp_path.rglob('*') if x.is_file()) == [f'{files.TEMPORARY}c', 'd.npy']


def test_names_as_long_as_they_can_be_are_written(tmp_path):
  name = '\u4e00' * 83 + '.npy'  # 253 bytes
  with files.replacing(tmp_path / name) as path:
    path.write_bytes(b'1')
  assert [x.name for x in tmp_path.iterdir()] == [name]
