"""Do categories differ at each depth? He et al. 2019, Section 5.2.

The paper's analysis of variance, with multiple comparisons, is said to set
person head, animal head and other apart from all other categories; it does not
say what the replicates are. Here they are regions, at every depth, and depths,
with the depth as a block.
"""

from collections.abc import Mapping

import numpy as np

from saliency_jax.data.types import ordered_categories
from saliency_jax.experiments import anova, category_tests, comparisons
from saliency_jax.experiments.depth_tables import Scores
from saliency_jax.experiments.table_values import NOTHING, Values
from saliency_jax.ops import inference

CLAIMED = ('person head', 'animal head', 'other')
_LEVEL = 0.05


def statistics_by_depth(
    found: Scores, values: Values, depths: Mapping[str, int]) -> dict:
  """Returns the tests of Section 5.2 as JSON values.

  `members` has, of every member, a `comparisons.Comparison` of the categories;
  an observation is a region's mean over its category's best units, which were
  chosen on the same regions. `p_holm` of these, and of their pairs, is
  corrected over all members. `blocked` compares the means of Table 3 over the
  members of depth 1 and more, each one a block. `differs` says of each
  category that the paper names whether it differs from all others, by member
  and 'blocked'; null where there is no test. It does where the largest p of
  its pairs is below 5 %, corrected over these categories and all members.

  Args:
    found: what was measured of every member.
    values: of the same, by category.
    depths: name -> stages that were trained.
  """
  labels, compared = found.labels, {}
  categories = list(ordered_categories(labels))
  for name, scores in found.members.items():
    of_regions = np.full(len(labels), np.nan)
    for category, value in values[name].items():
      chosen = labels == category
      of_regions[chosen] = scores[chosen][:, value.units].mean(axis=1)
    known = np.isfinite(of_regions)
    compared[name] = comparisons.plain(comparisons.compare(*(
        {category: of[known & (labels == category)]
         for category in categories}
        for of in (of_regions, found.image_ids))))
  trained = np.array([
      [of.get(x, NOTHING).mean for x in categories]
      for name, of in values.items() if depths[name]])
  blocked = comparisons.plain(
      anova.blocked(trained, categories)
      if len(trained) and np.isfinite(trained).all() else None)
  tests = [x for x in compared.values() if x]
  category_tests.correct(tests, [
      (x['clustered'] or x['welch'])['p'] for x in tests])
  pairs = [pair for x in tests for pair in x['pairs']]
  category_tests.correct(pairs, [x['p_clustered'] for x in pairs])
  claims = [x for x in CLAIMED if x in categories]
  differs: dict[str, dict] = {x: {} for x in claims}
  for family in (compared, {'blocked': blocked}):
    said = [(x, name) for x in claims for name in family]
    for (category, name), p in zip(said, inference.holm([
        _apart(family[name], x) for x, name in said]), strict=True):
      differs[category][name] = None if np.isnan(p) else bool(p < _LEVEL)
  return {'members': compared, 'blocked': blocked, 'differs': differs}


def gains(values: Values, depths: Mapping[str, int]) -> dict:
  """Returns what the best units gain over depth 0, of every trained member.

  As JSON values, member -> category -> 'gain', 'low' and 'high', in standard
  deviations, 'p' and 'p_holm', corrected over all of them; {} without a member
  of depth 0 or a region. The 95 % interval is over photographs; in every sample
  both members have the same ones, and choose their units anew.

  Args:
    values: of every member and category.
    depths: see `statistics_by_depth`.
  """
  base = next((name for name in values if not depths[name]), None)
  found: dict[str, dict] = {}
  for name in values if base else ():
    for category, after in values[name].items() if depths[name] else ():
      before = values[base][category]
      gain, samples = after.mean - before.mean, after.samples - before.samples
      found.setdefault(name, {})[category] = comparisons.plain({
          'gain': gain, **inference.around(gain, samples)._asdict(),
          'p': inference.p_value(gain, samples)})
  every = [x for of in found.values() for x in of.values()]
  category_tests.correct(every, [x['p'] for x in every])
  return found


def _apart(test: dict | None, category: str) -> float:
  """Returns the p of a category that differs from all others, NaN for none.

  All of its pairs have to differ: their largest p.
  """
  return max((
      pair['p'] for pair in (test or {'pairs': ()})['pairs']
      if category in (pair['first'], pair['second'])), default=np.nan)
