"""The classical models are timed on one core, beside the right numbers."""

import os

import pytest

from benchmarks import classical
from benchmarks.timing import Unmeasured
from saliency_jax.classical import registry


def test_the_process_has_one_core_and_this_one_keeps_its_own():
  before = os.sched_getaffinity(0)
  held = classical.on_one_core(os.sched_getaffinity, 0)
  assert len(held) == 1
  assert held < before or before == held
  assert os.sched_getaffinity(0) == before


def test_every_model_is_timed(monkeypatch):
  timed = []
  monkeypatch.setattr(
      registry, 'predict', lambda name, images: timed.append(
          (name, len(images))))
  seconds = classical.processor_seconds(images=2, rounds=3)
  assert set(seconds) == set(registry.MODELS)
  # Once to compile, and then in every round.
  assert timed == [(name, 2) for name in registry.MODELS for _ in range(4)]


def test_time_is_per_image(monkeypatch):
  monkeypatch.setattr(registry, 'MODELS', {'itti': None})
  monkeypatch.setattr(registry, 'predict', lambda name, images: None)
  clock = iter([0., 8., 10., 14., 20., 22.])
  monkeypatch.setattr(classical.time, 'process_time', lambda: next(clock))
  assert classical.processor_seconds(images=4, rounds=3) == {'itti': 1.}


def test_the_rows_by_hand():
  gbvs, bms, itti = classical.rows(
      {'gbvs': 0.05, 'bms': 0.09, 'itti': 0.025}, 'one image')
  assert gbvs.measured == pytest.approx(50)
  assert gbvs.ratio == pytest.approx(9)  # 0.45 s / 0.05 s
  assert bms.ratio == pytest.approx(0.5)
  assert itti.ratio == pytest.approx(2)


def test_where_no_process_can_be_held_nothing_is_claimed(monkeypatch):
  monkeypatch.delattr(os, 'sched_setaffinity')
  row, = classical.compare(images=1, rounds=1)
  assert isinstance(row, Unmeasured)


def test_the_examples_are_photographs_by_shape():
  made = classical.examples(2)
  assert made.shape == (2, 600, 800, 3)
  assert made.dtype == 'uint8'
  assert made.std() > 20
