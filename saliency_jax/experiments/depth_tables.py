"""Tables 3 and 6: how the best units respond, by fine-tuning depth.

He et al. 2019, Section 5.2: the statistics of Tables 2 and 5 for every member
of a sweep, and whether categories differ at each depth. The paper reports that
an analysis of variance with multiple comparisons sets person head, animal head
and other apart from all other categories, but not what the replicates are. Here
they are regions, at every depth, and depths, as blocks.
"""

import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.data.types import ordered_categories
from saliency_jax.experiments import comparisons, table_values
from saliency_jax.experiments.table_values import NOTHING, Values
from saliency_jax.ops import inference

CLAIMED = ('person head', 'animal head', 'other')
_LEVEL = 0.05


class UnitScores(NamedTuple):
  """T sets of pixels, and every unit's scores on them at one tap."""

  image_ids: np.ndarray  # str [T]
  places: np.ndarray  # int [T], a set's number in its image, from 0
  labels: np.ndarray  # str [T]: a region's category, or an array's kind
  members: dict[str, np.ndarray]  # member -> float32 [T, C]

  def of(self, image_ids: Collection[str]) -> 'UnitScores':
    """Returns the sets of some images."""
    return self.only(np.isin(self.image_ids, list(image_ids)))

  def only(self, chosen: np.ndarray) -> 'UnitScores':
    """Returns the sets chosen by bool [T]."""
    *sets, members = self
    return UnitScores(*(x[chosen] for x in sets), {name: x[chosen] for name, x in members.items()})


def of_rows(listed: Sequence, members: dict[str, np.ndarray]) -> UnitScores:
  """Returns scores as `UnitScores`, without the sets that have none.

  Args:
    listed: rows of `schema.REGIONS` or `schema.PATTERNS`.
    members: member -> float32 `[T, C]`, NaN where a set has no fixation.
  """
  sets = pd.DataFrame(listed)
  labels = sets.get('category', sets.get('kind'))
  found = UnitScores(
    sets['image_id'].to_numpy(str), sets.groupby('image_id').cumcount().to_numpy(), labels.to_numpy(str), members
  )
  return found.only(~np.isnan(next(iter(members.values()))).any(axis=1))


def of_regions(found: UnitScores, analysis) -> Values:
  """Returns every member's best units for every category."""
  return {
    name: table_values.by_category(
      scores, found.labels, found.image_ids, top=analysis.top_units, threshold=analysis.threshold
    )
    for name, scores in found.members.items()
  }


def table3(values: Values, depths: Mapping[str, int], categories: Sequence[str]) -> list[tuple]:
  """Returns the rows of Table 3: those of Table 2 without the units."""
  return [(name, depths[name], *numbers) for name, *numbers, _ in table_values.lines(values, categories)]


def table6(folder: pathlib.Path, depths: Mapping[str, int], tap: str) -> list[tuple]:
  """Returns the rows of Table 6: each member's row of its own Table 5."""
  return [
    (name, depth, *row[1:-1])  # without the tap and its units
    for name, depth in depths.items()
    for row in schema.read(folder / name, schema.TABLE5)
    if row.layer == tap
  ]


def statistics_by_depth(found: UnitScores, values: Values, depths: Mapping[str, int]) -> dict:
  """Returns the tests of Section 5.2 as JSON values.

  - `members`: for every member a `comparisons.compare` of the categories. An
    observation is a region's mean over its category's best units, chosen on the
    same regions. `p_holm` of these and of their pairs is corrected over all
    members.
  - `blocked`: a comparison of Table 3's means over the members of depth 1 or
    more, each a block.
  - `differs`: for each category that the paper names, by member and 'blocked':
    whether it differs from all others, null without a test. It does if the
    largest p of its pairs is below 5 %, corrected over these categories and all
    members.
  """
  labels, compared = found.labels, {}
  categories = list(ordered_categories(labels))
  for name, scores in found.members.items():
    of_regions = np.full(len(labels), np.nan)
    for category, value in values[name].items():
      chosen = labels == category
      of_regions[chosen] = scores[chosen][:, value.units].mean(axis=1)
    known = np.isfinite(of_regions)
    compared[name] = comparisons.compare(
      *({category: of[known & (labels == category)] for category in categories} for of in (of_regions, found.image_ids))
    )
  trained = np.array([[of.get(x, NOTHING).mean for x in categories] for name, of in values.items() if depths[name]])
  blocked = comparisons.blocked(trained, categories) if len(trained) and np.isfinite(trained).all() else None
  tests = [x for x in compared.values() if x]
  comparisons.correct(tests, [(x['clustered'] or x['welch'])['p'] for x in tests])
  pairs = [pair for x in tests for pair in x['pairs']]
  comparisons.correct(pairs, [x['p_clustered'] for x in pairs])
  claims = [x for x in CLAIMED if x in categories]
  differs: dict[str, dict] = {x: {} for x in claims}
  for family in (compared, {'blocked': blocked}):
    said = [(x, name) for x in claims for name in family]
    for (category, name), p in zip(said, inference.holm([_apart(family[name], x) for x, name in said]), strict=True):
      differs[category][name] = None if np.isnan(p) else bool(p < _LEVEL)
  return {'members': compared, 'blocked': blocked, 'differs': differs}


def gains(values: Values, depths: Mapping[str, int]) -> dict:
  """Returns every trained member's gains over depth 0, as JSON values.

  Member -> category -> 'gain', 'low' and 'high' in standard deviations, 'p',
  and 'p_holm', corrected over all of them; {} without a member of depth 0 or a
  region. The 95 % interval is over photographs: every sample has the same ones
  for both members, each of which chooses its units anew.
  """
  base = next((name for name in values if not depths[name]), None)
  found: dict[str, dict] = {}
  for name in values if base else ():
    for category, after in values[name].items() if depths[name] else ():
      before = values[base][category]
      gain, samples = after.mean - before.mean, after.samples - before.samples
      ends = inference.around(gain, samples, photographs=after.photographs)
      found.setdefault(name, {})[category] = comparisons.plain(
        {'gain': gain, **ends._asdict(), 'p': inference.p_value(gain, samples, after.photographs)}
      )
  every = [x for of in found.values() for x in of.values()]
  comparisons.correct(every, [x['p'] for x in every])
  return found


def _apart(test: dict | None, category: str) -> float:
  """Returns the p of a category differing from all others, NaN if not tested.

  All its pairs have to differ, so it is their largest p.
  """
  return max(
    (pair['p'] for pair in (test or {'pairs': ()})['pairs'] if category in (pair['first'], pair['second'])),
    default=np.nan,
  )
