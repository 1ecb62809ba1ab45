"""Ctrl-C, which reaches the workers as well, pressed once."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('when', ['start', 'work'])
def test_an_interrupt_ends_all_processes_without_tracebacks(when):
  process = subprocess.Popen(
      [sys.executable, '-m', 'tests.datasets.interrupt_runner', when], cwd=ROOT,
      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
      start_new_session=True)
  try:
    # At the start there is one line from each of the two workers.
    assert [process.stdout.readline() for _ in range(2)] == ['ready\n'] * 2
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    # To the end of both pipes, which every worker holds as long as it lives.
    out, said = process.communicate(timeout=180)
  except BaseException:
    os.killpg(process.pid, signal.SIGKILL)
    raise
  assert (process.returncode, out) == (130, 'interrupted\n'), said
  assert not said
