"""Which checkpoints are kept besides the latest: those where a member is best."""

from collections.abc import Sequence

from orbax.checkpoint import checkpoint_managers as policies


class Best(policies.PreservationPolicy):
  """Preserves every member's best checkpoint; among equals the latest.

  Unlike Orbax's `BestN` it is given the scores. A reopened manager does not
  know those of older checkpoints, and would delete the best one.
  """

  def __init__(self, members: Sequence[str]):
    self._members = tuple(members)
    self._scores: dict[int, dict[str, float]] = {}

  def add(self, step: int, scores: dict[str, float] | None) -> None:
    """Adds a checkpoint's scores, one number for every member, or None."""
    self._scores.pop(step, None)
    if scores:
      self._scores[step] = scores

  def should_preserve(self, checkpoints, *, context) -> list[bool]:
    """Returns whether each of Orbax's `checkpoints` is any member's best."""
    del context  # unused
    steps = [checkpoint.step for checkpoint in checkpoints]
    scored = [step for step in steps if step in self._scores]
    best = {
      max(scored, key=lambda step, name=name: (self._scores[step][name], step)) for name in self._members if scored
    }
    return [step in best for step in steps]
