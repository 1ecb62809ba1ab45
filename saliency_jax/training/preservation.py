"""Which checkpoints outlast the latest: those in which a member is best."""

from collections.abc import Sequence

from orbax.checkpoint import checkpoint_managers as policies


class Best(policies.PreservationPolicy):
  """Preserves for every member its best checkpoint, of equals the latest.

  Unlike Orbax's own `BestN` it is told the scores: a manager that is opened
  again knows those of no older checkpoint, and would delete the best one.
  """

  def __init__(self, members: Sequence[str]):
    self._members = tuple(members)
    self._scores: dict[int, dict[str, float]] = {}

  def add(self, step: int, scores: dict[str, float] | None) -> None:
    """Takes a checkpoint's scores, a number for every member, or None."""
    self._scores.pop(step, None)
    if scores:
      self._scores[step] = scores

  def should_preserve(self, checkpoints, *, context) -> list[bool]:
    """Returns for each of Orbax's `checkpoints` whether it is some best."""
    del context  # it says nothing
    steps = [checkpoint.step for checkpoint in checkpoints]
    scored = [step for step in steps if step in self._scores]
    best = {
      max(scored, key=lambda step, name=name: (self._scores[step][name], step)) for name in self._members if scored
    }
    return [step in best for step in steps]
