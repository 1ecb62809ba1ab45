"""Workers of a main process that is interrupted, or killed."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _start(when: str) -> subprocess.Popen:
  """Returns a process that reads with two workers, when it has come so far."""
  process = subprocess.Popen(
    [sys.executable, '-m', 'tests.data.interrupt_runner', when],
    cwd=ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    start_new_session=True,
  )
  assert [process.stderr.readline() for _ in range(2)] == ['starting\n'] * 2
  if when == 'work':
    assert process.stdout.readline() == 'ready\n'
  return process


def _end(process: subprocess.Popen) -> tuple[str, str]:
  """Returns what was said until all ended: each holds the pipes while it lives."""
  try:
    return process.communicate(timeout=60)
  finally:
    with contextlib.suppress(ProcessLookupError):
      os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize('when', ['start', 'work'])
def test_an_interrupt_ends_all_processes_in_silence(when):
  process = _start(when)
  os.killpg(process.pid, signal.SIGINT)  # as a terminal does
  assert _end(process) == ('interrupted\n', '')
  assert process.returncode == 130


@pytest.mark.parametrize('when', ['start', 'work'])
def test_workers_do_not_outlive_a_main_process_that_is_killed(when):
  process = _start(when)
  process.kill()
  _end(process)  # or it would wait for their ends of the pipes in vain
  assert process.returncode == -signal.SIGKILL
