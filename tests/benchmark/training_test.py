"""The benchmark of training: each side does what it says, on a tiny network."""

import pathlib
import sys

import jax
import numpy as np
import pytest

from saliency_jax.benchmark import memory, torch_peer, training, training_step
from saliency_jax.benchmark.timing import Row, Unmeasured
from tests.training import made

TINY = training_step.Setting(8, image_size=32, widths=made.WIDTHS)


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
  missing = training.step_beside_torch(TINY, 1, sys.executable + '_')
  assert isinstance(missing, Unmeasured)


def test_the_rows_of_an_accelerator_can_be_computed(monkeypatch):
  monkeypatch.setattr(training, 'DEPTHS', (1,))
  rows = training.on_accelerator(TINY, 1)
  assert len(rows) == 4
  assert all(row.ratio > 0 for row in rows)
