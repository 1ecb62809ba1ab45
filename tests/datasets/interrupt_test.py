"""Ctrl-C, which reaches the workers as well."""

import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _interrupt(process: subprocess.Popen) -> tuple[str, str]:
  # Python drops an interrupt that comes while it runs a finaliser: as a person
  # would, press it again.
  for _ in range(3):
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    try:
      return process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
      pass
  raise AssertionError('three interrupts did not end it')


def test_an_interrupt_ends_the_workers_without_tracebacks():
  process = subprocess.Popen(
      [sys.executable, '-m', 'tests.datasets.interrupt_runner'], cwd=ROOT,
      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
      env=os.environ | {'JAX_PLATFORMS': 'cpu'}, start_new_session=True)
  try:
    assert process.stdout.readline() == 'reading\n'
    out, said = _interrupt(process)
  finally:
    process.kill()
  assert (process.returncode, out) == (0, 'interrupted\n'), said
  assert 'Traceback' not in said
