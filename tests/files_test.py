"""Locks: one block at a time, freed however it ends."""

import contextlib
import errno
import pathlib
import signal
import subprocess
import sys
import threading

import pytest

from saliency_jax import files

ROOT = pathlib.Path(__file__).resolve().parents[1]


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
      '  sys.stdin.read()')
  with subprocess.Popen(
      [sys.executable, '-c', code, str(tmp_path)], cwd=ROOT, text=True,
      stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
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


@pytest.mark.parametrize('lacks', ['system', 'file system'])
def test_without_locks_work_goes_on(lacks, tmp_path, monkeypatch):
  def fails(*_):
    raise OSError(errno.ENOLCK, 'No locks available')

  if lacks == 'system':
    monkeypatch.setattr(files, 'fcntl', None)
  else:
    monkeypatch.setattr(files.fcntl, 'flock', fails)
  with files.locked(tmp_path, wait=False):
    assert is_free(tmp_path)
  assert not list(tmp_path.iterdir())
