"""The benchmark of training: each side does what it says, on a tiny network."""

import contextlib
import sys

import numpy as np
import pytest

from benchmarks import (
  memory,
  torch_peer,
  torch_process,
  training,
  training_step,
)
from benchmarks.timing import Unmeasured
from saliency_jax.networks import vgg
from tests import tiny

TINY = training_step.Setting(8, image_size=32, widths=tiny.WIDTHS)


def test_a_sweep_makes_the_steps_of_the_runs():
  depths = (0, 2)
  together = training_step.Step(
      [training_step.member(depth) for depth in depths], TINY)
  runs = [training_step.Step([training_step.member(depth)], TINY)
          for depth in depths]
  losses = [together(), together()]
  for number, run in enumerate(runs):
    for loss in losses:
      np.testing.assert_allclose(run()[0], loss[number], atol=1e-5)
  assert (losses[0] != losses[1]).all()


def test_rows_are_returned(monkeypatch):
  monkeypatch.setattr(training, 'DEPTHS', (0, 1))
  row = training.sweep_beside_runs(TINY, 1)
  assert row.ratio == pytest.approx(row.measured / row.beside)
  assert '0 to 1' in row.name
  row = training.cached_epoch(TINY, 1)
  assert 0 < row.measured < row.beside


def test_without_torch_it_is_said_how_to_get_it():
  missing = training.step_beside_torch(TINY, 1, sys.executable + '_')
  assert isinstance(missing, Unmeasured)
  assert 'pip install torch' in missing.why


@pytest.mark.parametrize('error', [0., 0.01])
def test_the_peer_has_to_compute_the_same(error, monkeypatch):
  """With this package's own step in PyTorch's place, and then a wrong one."""
  @contextlib.contextmanager
  def running(python, ours, depth):
    peer = training_step.Step([training_step.member(depth)], TINY)
    yield lambda: float(peer()[0]) + error

  monkeypatch.setattr(torch_process, 'is_there', lambda python: True)
  monkeypatch.setattr(torch_peer, 'running', running)
  if error:
    with pytest.raises(ValueError, match='differ'):
      training.step_beside_torch(TINY, 1, '', depth=1)
  else:
    row = training.step_beside_torch(TINY, 1, '', depth=1)
    assert row.ratio == pytest.approx(row.measured / row.beside)


def test_the_peer_gets_the_whole_network():
  step = training_step.Step([training_step.member(1)], TINY)
  given = torch_peer.arguments(step)
  for i, layer in enumerate(vgg.CONVOLUTIONS):
    for name in ('kernel', 'bias'):
      np.testing.assert_array_equal(
          given[f'{name}_{i}'], step.network.variables['params'][layer][name])
  assert given['images'].dtype == np.uint8
  assert given['sets'].shape == (8, 2, 2)


def test_memory_is_that_beyond_the_members_parameters(monkeypatch):
  kept = {1: memory.Memory(4_000, 9_000, 500), 7: memory.Memory(7_000, 20, 10)}
  monkeypatch.setattr(
      memory, 'measure', lambda depths, batch: kept[len(depths)])
  planned, peak = training.memory_beside_run()
  assert planned.ratio == pytest.approx(6_990 / 4_000)
  assert peak.ratio == pytest.approx(10 / 9_000)


def test_a_plan_holds_the_parameters_and_their_moments():
  step = training_step.Step([training_step.member(2)], TINY)
  kernels = 3 * 3 * 4 * 4 + 3 * 3 * 4 * 7 + 7  # the readout's last
  assert step.own_bytes() == 4 * (kernels + 4 + 7)
  assert step.planned_bytes() > 3 * step.own_bytes()
