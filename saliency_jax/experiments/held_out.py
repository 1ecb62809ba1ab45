"""Means of the best units on photographs that were not used to choose them.

T regions (or search arrays) with a score for each of C units make `[T, C]`.
Rows with a NaN, of regions without a fixation, are left out.
"""

from collections.abc import Iterator

import numpy as np

from saliency_jax.experiments import statistics


def means(
  scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int, folds: int = 5, seed: int = 0
) -> dict[str, float]:
  """Returns the mean of the best units on photographs not used to choose them.

  Args:
    folds, seed: see `by_set`.

  Returns:
    category -> mean score, in the order of their names; NaN for a category of
    fewer than two photographs.
  """
  values = by_set(scores, labels, images, top=top, folds=folds, seed=seed)
  known = statistics.measured(scores)
  labels, values = np.asarray(labels)[known], values[known]
  return {str(x): float(values[labels == x].mean()) for x in np.unique(labels)}


def by_set(
  scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int, folds: int = 5, seed: int = 0
) -> np.ndarray:
  """Returns the mean of units chosen on other photographs, of every region.

  The photographs of a category are dealt to the folds, at random. The units
  are chosen on the regions in all folds but one and scored on those in that
  one; each region is scored once.

  Args:
    folds: 2 or more; a category of fewer photographs has as many folds.

  Returns:
    float64 `[T]`; NaN without a score or other photographs.
  """
  found = np.full(len(scores), np.nan)
  for _, parts in _folds(scores, labels, images, top, folds, seed):
    for rows, best in parts:
      found[rows] = scores[rows][:, best].mean(axis=1, dtype=float)
  return found


def unit_means(
  scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int, folds: int = 5
) -> dict[str, np.ndarray]:
  """Returns each unit's mean where it was chosen on other photographs.

  Returns:
    category -> float64 `[C]`, over the regions of the folds in which the other
    folds rank the unit among the `top` best; NaN where they never do.
  """
  found = {}
  for category, parts in _folds(scores, labels, images, top, folds, seed=0):
    sums, counts = np.zeros((2, scores.shape[1]))
    for rows, best in parts:
      sums[best] += scores[rows][:, best].sum(axis=0, dtype=float)
      counts[best] += len(rows)
    found[category] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
  return found


def _folds(
  scores, labels, images, top: int, folds: int, seed: int
) -> Iterator[tuple[str, list[tuple[np.ndarray, np.ndarray]]]]:
  """Yields each category's folds: their regions, int `[n]`, and the best units
  on all other regions, `[top]`. None for a category of one photograph."""
  known = np.flatnonzero(statistics.measured(scores))
  labels = np.asarray(labels)[known]
  names, image = np.unique(np.asarray(images)[known], return_inverse=True)
  rank = np.random.default_rng(seed).permutation(len(names))[image]
  for category in np.unique(labels):
    chosen = known[labels == category]
    rows = scores[chosen]
    photographs, place = np.unique(rank[labels == category], return_inverse=True)
    parts = []
    for fold in range(min(folds, len(photographs))):
      inside = place % folds == fold
      if inside.all():
        break
      best = statistics.best_units(statistics.unit_means(rows[~inside]), top).units
      parts.append((chosen[inside], best))
    yield str(category), parts
