"""How well people predict each other: what a model can hope for.

Each observer's fixations are scored with the map that all the others' make,
blurred as the human map is, and an image's score is the mean over its
observers. Somebody without a fixation on an image has no score on it.

NSS, the AUCs and information gain of a model are means over the same fixations,
so they compare. CC, SIM and KL compare maps, and the map of one observer's few
fixations is no model's truth: those of models may well be better.
"""

import numpy as np

from saliency_jax.experiments.fixation_index import FixationIndex
from saliency_jax.experiments.scoring import METRICS, Scorer


def observers(fixations: FixationIndex, index: int) -> np.ndarray:
  """Returns the numbers of those with a fixation on an image, sorted."""
  return np.unique(fixations.subjects[fixations.of(index)])


def score(
    scorer: Scorer, fixations: FixationIndex, index: int
) -> dict[str, float] | None:
  """Returns the observers' mean scores on an image.

  Args:
    scorer: the data set's.
    fixations: all of the data set.
    index: the image's position.

  Returns:
    `METRICS`; None if fewer than 2 people have a fixation on the image.
  """
  people, size = observers(fixations, index), fixations.size(index)
  if len(people) < 2:
    return None
  whole = scorer.seen(index)
  points, subjects = (
      array[fixations.of(index)]
      for array in (fixations.points, fixations.subjects))
  found = []
  for person in people:
    own = scorer.padded(points[subjects == person])
    rest = scorer.padded(points[subjects != person])
    seen = whole._replace(
        points=own[0], valid=own[1], truth=scorer.human(*own, size))
    found.append(scorer.compare(seen, scorer.human(*rest, size)))
  return {name: float(np.mean([each[name] for each in found]))
          for name in METRICS}
