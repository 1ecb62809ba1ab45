"""Two real processes on this machine that dissect one network."""

import json
import signal
import subprocess

import numpy as np
import pytest

from saliency_jax.errors import InputError, Stopped
from saliency_jax.experiments import together
from tests import hosts
from tests.experiments import made, units_test

RUNNER = 'tests.experiments.hosts_runner'


def codes(processes: list[subprocess.Popen]) -> list[int]:
  return [process.returncode for process in processes]


def test_one_that_dies_ends_the_other_and_they_end_as_one_does(tmp_path):
  two = tmp_path / 'two'
  said = hosts.end(processes := hosts.start(RUNNER, two, 3, signal.SIGKILL))
  assert processes[1].returncode == -9
  assert processes[0].returncode not in (0, None)
  assert 'heartbeat' in said[0]
  assert not (two / 'summary.json').exists()
  said = hosts.end(processes := hosts.start(RUNNER, two))
  assert codes(processes) == [0, 0], said
  counts = json.loads((two / 'summary.json').read_text())['counts']
  assert counts['resumed'] >= 2  # what the second one had flushed
  units_test.dissect(made.Photographs(11), tmp_path / 'one', batch_size=2)
  for path in (tmp_path / 'one').rglob('*.*'):
    other = two / path.relative_to(tmp_path / 'one')
    if path.suffix == '.npy':
      np.testing.assert_allclose(np.load(other), np.load(path), atol=1e-5)
    elif path.suffix in ('.csv', '.jpg', '.png'):
      assert path.name == 'table2.csv' or other.read_bytes() == path.read_bytes(), path
  assert not (two / 'partial').exists()


def test_sigterm_to_one_stops_both_and_saves(tmp_path):
  processes = hosts.start(RUNNER, tmp_path, 1, signal.SIGTERM)
  said = hosts.end(processes)
  assert codes(processes) == [1, 1], said
  for text in said:
    assert 'images and saved; start the same command again' in text


def test_an_image_that_one_cannot_read_ends_both_with_one_sentence(tmp_path):
  said = hosts.end(processes := hosts.start(RUNNER, tmp_path, 0, 0))
  assert codes(processes) == [1, 1], said
  assert {text.strip().splitlines()[-1] for text in said} == {'007.jpg is truncated; fetch it again.'}
  assert not (tmp_path / 'summary.json').exists()


@pytest.mark.parametrize('end', [InputError, Stopped])
def test_the_others_end_with_the_same_error(end, tmp_path, monkeypatch):
  monkeypatch.setattr(together.jax, 'process_count', lambda: 2)
  monkeypatch.setattr(together, '_POLL', 0.0)
  monkeypatch.setattr(together.runtime, 'meet', lambda name: None)

  def one():
    monkeypatch.setattr(together.jax, 'process_index', lambda: 1)
    with together.ending(tmp_path):
      raise end('why')

  def other():
    with together.ending(tmp_path) as poll:
      poll()
      with pytest.raises(end, match='^why$'):
        one()
      poll()

  with pytest.raises(end, match='^why$') as found:
    other()
  assert found.type is end
