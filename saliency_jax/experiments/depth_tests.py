"""Do categories differ at each depth? He et al. 2019, Section 5.2.

The paper's analysis of variance, with multiple comparisons, is said to set
person head, animal head and other apart from all other categories; it does not
say what the replicates are. Here they are regions, at every depth, and depths,
with the depth as a block.
"""

from collections.abc import Mapping

import numpy as np

from saliency_jax.data.types import ordered_categories
from saliency_jax.experiments import (
  anova,
  bootstrap,
  comparisons,
  statistics,
)

CLAIMED = ('person head', 'animal head', 'other')
_LEVEL = 0.05


def statistics_by_depth(
    members: Mapping[str, np.ndarray], depths: Mapping[str, int],
    labels: np.ndarray, images: np.ndarray, *, top: int
) -> dict:
  """Returns the tests of Section 5.2 as JSON values.

  `members` has, of every member, a `comparisons.Comparison` of the categories;
  an observation is a region's mean over its category's best units, which were
  chosen on the same regions. `blocked` compares the means of Table 3 over the
  members of depth 1 and more, each one a block. `gains` has what `gains` says.
  `differs` says of each category that the paper names whether it differs from
  all others at 5 %: by member and 'blocked'; null where there is no test.

  Args:
    members: name -> float `[T, C]`, scores of the units.
    depths: name -> stages that were trained.
  """
  categories = list(ordered_categories(labels))
  compared, table = {}, {}
  for name, scores in members.items():
    values, table[name] = _regions(scores, labels, categories, top)
    known = np.isfinite(values)
    compared[name] = comparisons.compare(*(
        {category: of[known & (labels == category)]
         for category in categories} for of in (values, images)))
  trained = np.array([table[name] for name in members if depths[name]])
  blocked = (
      anova.blocked(trained, categories)
      if len(trained) and np.isfinite(trained).all() else None)
  tests = {**compared, 'blocked': blocked}
  return comparisons.plain({
      'members': compared, 'blocked': blocked,
      'gains': gains(members, depths, labels, images, top=top),
      'differs': {
          category: {name: _apart(test, category)
                     for name, test in tests.items()}
          for category in CLAIMED if category in categories}})


def gains(
    members: Mapping[str, np.ndarray], depths: Mapping[str, int],
    labels: np.ndarray, images: np.ndarray, *, top: int, resamples: int = 500
) -> dict:
  """Returns what the best units gain over depth 0, of every trained member.

  As JSON values, member -> category -> 'gain', 'low' and 'high', in standard
  deviations; {} without a member of depth 0 or a region. The 95 % interval is
  over photographs; in every sample both members have the same ones, and choose
  their units anew.

  Args:
    members, depths, labels, images, top: see `statistics_by_depth`.
    resamples: of the photographs.
  """
  base = next((name for name in members if not depths[name]), None)
  if base is None or not len(images):
    return {}
  draws = bootstrap.draw(images, resamples)
  whole = np.ones_like(draws.counts[:1])  # every photograph once, first of all
  draws = draws._replace(counts=np.vstack([whole, draws.counts]))
  means = {name: bootstrap.best_units(scores, labels, images, draws, top=top)
           for name, scores in members.items()}

  def gain(change: np.ndarray) -> dict:
    return {'gain': float(change[0]), **bootstrap.around(
        float(change[0]), change[1:])._asdict()}

  return comparisons.plain({
      name: {category: gain(after - means[base][category])
             for category, after in means[name].items()}
      for name in members if depths[name]})


def _regions(
    scores: np.ndarray, labels: np.ndarray, categories: list[str], top: int
) -> tuple[np.ndarray, list[float]]:
  """Returns each region's mean over its category's best units, and theirs."""
  values, means = np.full(len(labels), np.nan), []
  for category in categories:
    chosen = labels == category
    best = statistics.best_units(statistics.unit_means(scores[chosen]), top)
    means.append(best.mean)
    values[chosen] = scores[chosen][:, best.units].mean(axis=1)
  return values, means


def _apart(test, category: str) -> bool | None:
  """Tells whether a category differs from all others."""
  pairs = [] if test is None else [
      pair for pair in test.pairs if category in (pair.first, pair.second)]
  return all(pair.p < _LEVEL for pair in pairs) if pairs else None
