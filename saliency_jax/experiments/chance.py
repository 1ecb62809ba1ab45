"""What the mean of the best units is worth: held out, and by chance.

The best ten of 512 units are good by luck alone, the more so the fewer regions
they are chosen on. Two numbers show how much of a mean is luck: the held-out
mean, of units that were chosen on other photographs, and the chance band, the
same statistic with labels permuted over the regions.

`[T, C]` are the scores of C units on T regions (or search arrays) that have a
score; `scored` returns these.
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from saliency_jax.experiments import statistics

PERMUTATIONS = 200  # of labels; also draws of items
FOLDS = 5  # fewer for a category of fewer photographs
_LEVEL = 0.95
_CHUNK = 1 << 23  # elements of the weights of one product


class Band(NamedTuple):
  """The 95 % range by chance; NaN where nothing can be permuted."""

  low: float  # 2.5 % of the permutations lie below
  mean: float
  high: float  # 2.5 % lie above


NONE = Band(np.nan, np.nan, np.nan)


def bands(
  scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int, threshold: float = np.inf
) -> tuple[dict[str, Band], dict[str, Band]]:
  """Returns the chance bands of every category's statistics.

  Returns:
    Two dictionaries, category -> band over permutations, in the order of names:
    of the mean of the best units, and of the number of units whose mean exceeds
    `threshold`. Bands are NaN for a category that no permutation changes, see
    `fixed`.
  """
  names, codes = np.unique(labels, return_inverse=True)
  if not len(names):
    return {}, {}
  still = fixed(labels, images)
  values = [
    (best(means, top), (means > threshold).sum(axis=1))
    for means in _null(scores, codes, permuted(labels, images, PERMUTATIONS))
  ]
  of_means, above = (
    {
      str(name): NONE if name in still else _interval(column)
      for name, column in zip(names, np.concatenate(of).reshape(-1, len(names)).T, strict=True)
    }
    for of in zip(*values, strict=True)
  )
  return of_means, above


def unit_bands(scores: np.ndarray, labels: np.ndarray, images: np.ndarray) -> dict[str, np.ndarray]:
  """Returns the chance bands of each unit's mean.

  Returns:
    category -> float64 `[2, C]`, the ends of the 95 % band over permutations;
    NaN as in `bands`.
  """
  names, codes = np.unique(labels, return_inverse=True)
  still, units = fixed(labels, images), scores.shape[1]
  ends = np.full((2, len(names), units), np.nan)
  step = max(1, 4 * _CHUNK // (PERMUTATIONS * max(len(names), 1)))
  for start in range(0, units, step) if len(names) > len(still) else ():
    part = slice(start, start + step)
    means = np.concatenate([*_null(scores[:, part], codes, permuted(labels, images, PERMUTATIONS))])
    ends[..., part] = np.quantile(
      means.reshape(PERMUTATIONS, len(names), -1), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=0
    )
  ends[:, np.isin(names, list(still))] = np.nan
  return {str(name): ends[:, i] for i, name in enumerate(names)}


def bands_of_others(
  scores: np.ndarray, images: np.ndarray, of: np.ndarray, *, top: int, threshold: float = np.inf
) -> tuple[Band, Band]:
  """Returns a label's statistics with other sets of pixels in place of its own.

  Args:
    scores: `[M, C]`, of the other sets.
    images: `[M]`, their images.
    of: `[T]`, the images of the label's own sets. In each draw, every one of
      these is replaced by one of the others on the same image.

  Returns:
    The 95 % bands over draws of the mean of the best units, and of the number
    of units whose mean exceeds `threshold`; NaN without others.
  """
  of = np.asarray(of)[np.isin(of, images)]
  if not len(of):
    return NONE, NONE
  order = np.argsort(images, kind='stable')
  names, first, size = np.unique(images[order], return_index=True, return_counts=True)
  place, rng = np.searchsorted(names, of), np.random.default_rng(0)
  drawn = order[first[place] + rng.integers(size[place], size=(PERMUTATIONS, len(place)))]
  weights = np.zeros((PERMUTATIONS, len(scores)))
  np.add.at(weights, (np.arange(PERMUTATIONS)[:, None], drawn), 1 / len(place))
  means = statistics.product(weights, scores)
  return (_interval(best(means, top)), _interval((means > threshold).sum(axis=1)))


def permuted(labels: np.ndarray, images: np.ndarray, permutations: int) -> Iterator[np.ndarray]:
  """Yields permutations of labels, within photographs where that is possible.

  Labels are permuted among the regions of one photograph. If these all have the
  same label, that would change nothing: all such photographs are pooled, and
  labels are permuted among all their regions.

  Yields:
    int `[T]`: it gives region t the label `labels[result[t]]`.
  """
  stratum, rng = _strata(labels, images), np.random.default_rng(0)
  place = np.argsort(stratum, kind='stable')
  for _ in range(permutations):
    drawn = np.empty(len(labels), int)
    # Keys lie in [0, 1).
    drawn[place] = np.argsort(stratum + rng.random(len(labels)))
    yield drawn


def fixed(labels: np.ndarray, images: np.ndarray) -> set[str]:
  """Returns the categories that no permutation changes; see `permuted`.

  Such a category is alone wherever it could change places, as in data of one
  category.
  """
  stratum = _strata(labels, images)
  pairs = {*zip(stratum.tolist(), np.asarray(labels).tolist(), strict=True)}
  sizes = np.bincount([s for s, _ in pairs], minlength=1)
  names = {label for _, label in pairs}
  return names - {label for s, label in pairs if sizes[s] > 1}


def best(means: np.ndarray, top: int) -> np.ndarray:
  """Returns the mean of the `top` highest of each row of `[W, C]`: `[W]`."""
  top = min(top, means.shape[1])
  return np.partition(means, -top, axis=1)[:, -top:].mean(axis=1)


def scored(scores: np.ndarray, labels: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns the rows without a NaN, with their labels and images."""
  known = statistics.measured(scores)
  return (scores if known.all() else scores[known], np.asarray(labels)[known], np.asarray(images)[known])


def _null(scores: np.ndarray, codes: np.ndarray, drawn: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
  """Yields units' means by category for some permutations: `[P * K, C]`.

  These are one product with weights of 1 / n for the regions of a category.
  """
  regions, categories = len(codes), codes.max() + 1
  share = 1 / np.bincount(codes)
  step = max(1, _CHUNK // (regions * categories))
  while some := list(itertools.islice(drawn, step)):
    given = codes[np.stack(some)]
    weights = np.zeros((len(given), categories, regions))
    weights[np.arange(len(given))[:, None], given, np.arange(regions)] = share[given]
    yield statistics.product(weights.reshape(-1, regions), scores)


def _interval(values: np.ndarray) -> Band:
  low, high = np.quantile(values, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
  return Band(float(low), float(values.mean()), float(high))


def _strata(labels: np.ndarray, images: np.ndarray) -> np.ndarray:
  """Returns int `[T]`: a photograph's number, or 0 if it has one label."""
  _, first, image = np.unique(images, return_index=True, return_inverse=True)
  labels = np.asarray(labels)
  mixed = np.zeros(len(first), bool)
  mixed[image[labels != labels[first][image]]] = True
  return np.where(mixed, np.arange(1, len(first) + 1), 0)[image]


def held_out(scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int) -> dict[str, float]:
  """Returns the mean of the best units on photographs not used to choose them.

  Returns:
    category -> mean score, in the order of names; NaN for a category with fewer
    than two photographs.
  """
  values = held_out_by_set(scores, labels, images, top=top)
  return {str(x): float(values[labels == x].mean()) for x in np.unique(labels)}


def held_out_by_set(scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int) -> np.ndarray:
  """Returns, for every region, the mean of units chosen on other photographs.

  The photographs of a category are dealt to folds at random. Units are chosen
  on the regions in all folds but one, and scored on those of that one; so each
  region is scored once.

  Returns:
    float64 `[T]`; NaN without other photographs.
  """
  found = np.full(len(scores), np.nan)
  for _, parts in _folds(scores, labels, images, top):
    for rows, best in parts:
      found[rows] = scores[rows][:, best].mean(axis=1, dtype=float)
  return found


def held_out_unit_means(
  scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int
) -> dict[str, np.ndarray]:
  """Returns each unit's mean where it was chosen on other photographs.

  Returns:
    category -> float64 `[C]`, over the regions of the folds in which the other
    folds rank the unit among the `top` best; NaN where they never do.
  """
  found = {}
  for category, parts in _folds(scores, labels, images, top):
    sums, counts = np.zeros((2, scores.shape[1]))
    for rows, best in parts:
      sums[best] += scores[rows][:, best].sum(axis=0, dtype=float)
      counts[best] += len(rows)
    found[category] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
  return found


def _folds(scores, labels, images, top: int) -> Iterator[tuple[str, list[tuple[np.ndarray, np.ndarray]]]]:
  """Yields each category's folds: its regions, the best units on the others.

  They are int `[n]` and `[top]`. A category of one photograph has no folds.
  """
  names, image = np.unique(images, return_inverse=True)
  rank = np.random.default_rng(0).permutation(len(names))[image]
  for category in np.unique(labels):
    chosen = np.flatnonzero(labels == category)
    rows = scores[chosen]
    photographs, place = np.unique(rank[labels == category], return_inverse=True)
    parts = []
    for fold in range(min(FOLDS, len(photographs))):
      inside = place % FOLDS == fold
      if inside.all():
        break
      best = statistics.best_units(statistics.unit_means(rows[~inside]), top).units
      parts.append((chosen[inside], best))
    yield str(category), parts
