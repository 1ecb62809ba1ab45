"""What a table gives beside the mean of the best units.

Tables 2, 3, 5, 6 and 7 of He et al. 2019 are means of units that were chosen on
the regions on which they are scored. Here each has an interval, a held-out mean
and a chance level; see `chance` and `bootstrap`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.experiments import bootstrap, chance, statistics
from saliency_jax.experiments.bootstrap import Draws
from saliency_jax.experiments.chance import Band
from saliency_jax.ops import inference

RESAMPLES = 500  # of photographs

ALONE = 'its labels cannot be permuted'
NO_ITEMS = 'some arrays have no scored item other than the target'


class Value(NamedTuple):
  """The best units of a layer for a category, in standard deviations."""

  sets: int  # regions or arrays with a score
  photographs: int  # on which these are
  mean: float  # of the best units; NaN, like all below, without a set
  low: float  # of the 95 % bootstrap interval over images
  high: float
  held_out: float  # of units that were chosen on other images
  chance: Band
  above: int | None  # units whose mean exceeds T; None without a set
  above_chance: Band  # its chance level
  units: np.ndarray  # int `[k]`, best first, counted from 0
  samples: np.ndarray  # float64 `[B]`, the mean in samples of images

  @property
  def cells(self) -> tuple[float, ...]:
    """The mean and its companions, in the order of the tables."""
    return self.mean, self.low, self.high, self.held_out, *self.chance


# For a category without a region.
NOTHING = Value(
  0, 0, np.nan, np.nan, np.nan, np.nan, chance.NONE, None, chance.NONE, np.zeros(0, int), np.full(RESAMPLES, np.nan)
)
# Row of a table (a layer, or a member of a sweep) -> category -> value.
Values = Mapping[str, Mapping[str, Value]]


def by_category(
  scores: np.ndarray,
  labels: np.ndarray,
  images: np.ndarray,
  *,
  top: int,
  threshold: float,
  others: tuple[np.ndarray, np.ndarray] | None = None,
  draws: Draws | None = None,
) -> dict[str, Value]:
  """Returns the values of all categories, in the order of names.

  Args:
    scores: `[T, C]`, of C units on T regions; NaN without a fixation.
    top: number of best units that are averaged (the paper: 10).
    threshold: T, for counting units (the paper: 1.5).
    others: if there is a single category: scores on other photographs' regions
      in place of its own, `[M, C]`, and on which images, `[M]`.
    draws: samples of photographs; by default `RESAMPLES` of those of `images`.
  """
  given = chance.scored(scores, labels, images)
  bands, above = chance.bands(*given, top=top, threshold=threshold)
  if others is not None and len(bands) == 1:
    [alone] = bands
    bands[alone], above[alone] = chance.bands_of_others(*others, given[2], top=top, threshold=threshold)
  return {
    category: value._replace(chance=bands[category], above_chance=above[category])
    for category, value in _values(*given, top=top, threshold=threshold, draws=draws).items()
  }


def of_targets(
  scores: np.ndarray, images: np.ndarray, *, top: int, items: np.ndarray, items_images: np.ndarray
) -> Value:
  """Returns the values of search targets, whose labels cannot be permuted.

  Args:
    scores: `[T, C]`, of C units on T targets.
    items: `[M, C]`, the NMM of other items of the arrays `items_images`, `[M]`.
      There is no band unless every array has some: chance for some of the
      arrays says nothing about the mean over all.
  """
  labels = np.full(len(images), '')
  given = chance.scored(scores, labels, images)
  if not len(given[0]):
    return NOTHING
  [value] = _values(*given, top=top, threshold=np.inf).values()
  if not np.isin(given[2], items_images).all():
    return value
  return value._replace(chance=chance.bands_of_others(items, items_images, given[2], top=top)[0])


def lines(values: Values, categories: Sequence[str]) -> Iterator[tuple]:
  """Yields the rows of Table 2, layer by layer, category by category."""
  for name, of in values.items():
    for category in categories:
      x = of.get(category, NOTHING)
      yield (name, category, x.sets, *x.cells, x.above, x.above_chance.low, x.above_chance.high, x.units)


def samples(values: Values, categories: Sequence[str]) -> np.ndarray:
  """Returns the content of `schema.SAMPLES`, float32 `[R, B, K]`.

  Args:
    values: of each of R rows: category -> value.
    categories: K of them; NaN where a row lacks one.
  """
  return np.stack(
    [np.stack([of.get(category, NOTHING).samples for category in categories], axis=1) for of in values.values()]
  ).astype(np.float32)


def without_band(labels: np.ndarray, images: np.ndarray) -> dict[str, str]:
  """Returns why categories have no chance band: category -> reason."""
  return dict.fromkeys(sorted(chance.fixed(labels, images)), ALONE)


def _values(
  scores: np.ndarray, labels: np.ndarray, images: np.ndarray, *, top: int, threshold: float, draws: Draws | None = None
) -> dict[str, Value]:
  held = chance.held_out(scores, labels, images, top=top)
  if not len(scores):
    return {}
  sampled = bootstrap.best_units(scores, labels, images, draws or bootstrap.draw(images, RESAMPLES), top=top)
  found = {}
  for category in held:
    chosen = labels == category
    means = statistics.unit_means(scores[chosen])
    best = statistics.best_units(means, top)
    photographs = len(np.unique(images[chosen]))
    found[category] = Value(
      int(chosen.sum()),
      photographs,
      best.mean,
      *inference.around(best.mean, sampled[category], held[category], photographs=photographs),
      held[category],
      chance.NONE,
      int((means > threshold).sum()),
      chance.NONE,
      best.units,
      sampled[category],
    )
  return found
