"""Ctrl-C, which reaches the workers as well."""

import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_an_interrupt_ends_the_workers_without_tracebacks():
  process = subprocess.Popen(
      [sys.executable, '-m', 'tests.datasets.interrupt_runner'], cwd=ROOT,
      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
      env=os.environ | {'JAX_PLATFORMS': 'cpu'}, start_new_session=True)
  try:
    assert process.stdout.readline() == 'reading\n'
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, said = process.communicate(timeout=60)
  finally:
    process.kill()
  assert (process.returncode, out) == (0, 'interrupted\n'), said
  assert 'Traceback' not in said
