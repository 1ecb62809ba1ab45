"""Which checkpoints are the best, as far as is known."""

import types

from saliency_jax.training import preservation


def test_a_checkpoint_that_is_saved_again_without_a_score_is_no_best():
  """By a run that was stopped before it measured."""
  best, checkpoints = preservation.Best(('a',)), [types.SimpleNamespace(step=step) for step in (1, 2)]
  best.add(2, {'a': 0.5})
  for scores, kept in (({'a': 1.0}, [True, False]), ({'a': 0.5}, [False, True]), (None, [False, True])):
    best.add(1, scores)
    assert best.should_preserve(checkpoints, context=None) == kept
