"""Real processes that are killed, and what the next start makes of it.

All on one CPU device, where the same steps give the same bits.
"""

import filecmp
import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

from saliency_jax.training import checkpoints, journal, trained_models

ROOT = pathlib.Path(__file__).resolve().parents[2]


def start(folder: pathlib.Path, how: str, **environment: str) -> subprocess.CompletedProcess:
  folder.mkdir(exist_ok=True)
  return subprocess.run(
    [sys.executable, '-m', 'tests.training.runner', str(folder), how],
    cwd=ROOT,
    env=os.environ | {'JAX_PLATFORMS': 'cpu'} | environment,
    check=False,
    capture_output=True,
    text=True,
    timeout=120,
  )


@pytest.fixture(scope='module')
def alone(tmp_path_factory) -> pathlib.Path:
  """The folder of a run that was left alone."""
  folder = tmp_path_factory.mktemp('alone')
  # Nor does it share what the killed runs compiled.
  result = start(folder, 'whole', JAX_ENABLE_COMPILATION_CACHE='false')
  assert result.returncode == 0, result.stderr
  return folder / 'run'


def is_the_same(run: pathlib.Path, alone: pathlib.Path) -> None:
  assert filecmp.cmp(run / journal.NAME, alone / journal.NAME, shallow=False)
  ours, theirs = (trained_models.read(folder).whole.variables['params'] for folder in (run, alone))
  assert ours.keys() == theirs.keys()
  for layer, leaves in theirs.items():
    for name, array in leaves.items():
      np.testing.assert_array_equal(ours[layer][name], array)
  mine, other = (json.loads((folder / 'summary.json').read_text())['members'] for folder in (run, alone))
  assert mine == other


def steps(run: pathlib.Path) -> set[str]:
  return {path.name for path in (run / checkpoints.FOLDER).iterdir() if path.name.isdigit()}


def test_kills_at_any_moment_leave_no_trace(alone, tmp_path):
  folder, run = tmp_path / 'killed', tmp_path / 'killed' / 'run'
  for how, kept in (
    ('save:3', set()),  # while the first checkpoint is written
    ('line:5:9', {'3'}),  # half a line
    ('save:6', {'3'}),
  ):  # while the second one is written
    result = start(folder, how)
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert steps(run) == kept, how
    assert not (run / 'summary.json').exists()
  assert start(folder, 'whole').returncode == 0
  is_the_same(run, alone)
  # Nothing temporary is left.
  assert steps(run) == {path.name for path in (run / checkpoints.FOLDER).iterdir()}


def test_sigterm_saves_and_the_next_start_goes_on(alone, tmp_path):
  folder = tmp_path / 'stopped'
  result = start(folder, 'term:4')
  assert result.returncode == 1
  last = result.stderr.strip().splitlines()[-1]
  assert 'stopped after step 4 of 9 and saved' in last
  assert steps(folder / 'run') == {'3', '4'}
  assert start(folder, 'whole').returncode == 0
  is_the_same(folder / 'run', alone)
