"""Sums over the validation images."""

import types

import numpy as np

from saliency_jax.training import journal


def test_a_batch_is_computed_while_the_sums_of_the_one_before_are_fetched():
  evaluated, fetched = [], []

  class Sum:
    def __init__(self, value):
      self.value = value

    def __array__(self, *_, **__):
      fetched.append((len(evaluated), self.value))
      return np.array([self.value])

  def evaluate(number):
    evaluated.append(number)
    return {'images': Sum(number)}

  task = types.SimpleNamespace(metrics=lambda sums: {'n': float(sums['images'])})
  assert journal.validate(evaluate, iter([(1,), (2,), (3,)]), task, {'m': None}) == {'n': {'m': 6}}
  assert fetched == [(2, 1), (3, 2), (3, 3)]


def test_a_line_that_a_killed_run_left_unfinished_goes(tmp_path):
  (tmp_path / 'metrics.jsonl').write_text('{"step": 1}\n{"step": 2, "ki')
  assert journal._lines_until(tmp_path / 'metrics.jsonl', 2) == ['{"step": 1}']
