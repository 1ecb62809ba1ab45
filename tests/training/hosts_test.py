"""Two real processes on this machine that train one model.

That one which dies ends the other is in `tests/experiments/hosts_test.py`.
"""

import signal

import jax
import numpy as np

from saliency_jax import files
from saliency_jax.training import journal, loop, trained_models
from tests import hosts, tiny
from tests.training import made

RUNNER = 'tests.training.hosts_runner'


def test_sigterm_to_one_stops_both_and_they_end_as_one_does(tmp_path):
  processes = hosts.start(RUNNER, tmp_path, 3, signal.SIGTERM)
  said = hosts.end(processes)
  assert [process.returncode for process in processes] == [1, 1], said
  last = {text.strip().splitlines()[-1] for text in said}
  assert len(last) == 1, last
  assert 'and saved; start the same command again' in last.pop()
  processes = hosts.start(RUNNER, tmp_path)
  said = hosts.end(processes)
  assert [process.returncode for process in processes] == [0, 0], said
  with tiny.devices(1):
    loop.train(made.run(), made.DATA, str(tmp_path / 'one'))
  for two, one in zip(journal.read(tmp_path / 'run'), journal.read(tmp_path / 'one'), strict=True):
    assert two.get('images') == one.get('images')
    np.testing.assert_allclose(two['nss']['depth_2'], one['nss']['depth_2'], atol=1e-4)
  two, one = (trained_models.read(folder).whole.variables['params'] for folder in (tmp_path / 'run', tmp_path / 'one'))
  jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=1e-4), two, one)


def test_a_folder_that_is_taken_ends_both_at_once(tmp_path):
  (tmp_path / 'run').mkdir()
  with files.locked(tmp_path / 'run', wait=False):
    said = hosts.end(processes := hosts.start(RUNNER, tmp_path))
  assert [process.returncode for process in processes] == [1, 1], said
  first, second = (text.strip().splitlines()[-1] for text in said)
  assert first.startswith('Another job is at work in')
  assert second == ('The first process cannot go on; what it says is the reason.')
