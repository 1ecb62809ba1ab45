"""Tables 3 and 6: how conv5_3's best units answer, by fine-tuning depth.

He et al. 2019, Section 5.2: the statistics of Tables 2 and 5, of every member
of a sweep.
"""

import csv
import pathlib
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from saliency_jax.experiments import statistics

LAYER = 'conv5_3'  # the layer whose change the paper follows
TABLE3 = (
    'member', 'depth', 'category', 'regions', 'mean_nss_top10',
    'units_above_threshold', 'paper_mean_nss_top10', 'paper_units_above')
TABLE6 = ('member', 'depth', 'mean_nmm_top10', 'paper_mean_nmm_top10')


class Published(NamedTuple):
  """The paper's numbers by depth, as far as they can be read."""
  mean_nss: Mapping[int, Mapping[str, float]]  # depth -> category -> value
  above: Mapping[int, Mapping[str, int]]  # units above T, likewise
  threshold: float  # T
  mean_nmm: Mapping[int, float]


class Scores(NamedTuple):
  """T sets of pixels and what every unit of a layer scored on them."""
  image_ids: np.ndarray  # str `[T]`
  places: np.ndarray  # int `[T]`, a set's place in its image, from 0
  labels: np.ndarray  # str `[T]`: the region's category, the array's kind
  members: dict[str, np.ndarray]  # member -> float32 `[T, C]`

  def only(self, chosen: np.ndarray) -> 'Scores':
    """Returns some of the sets, by bool `[T]`."""
    return Scores(
        self.image_ids[chosen], self.places[chosen], self.labels[chosen],
        {name: scores[chosen] for name, scores in self.members.items()})

  def without(self, image_ids: Collection[str]) -> 'Scores':
    """Returns the sets of all other images."""
    return self.only(~np.isin(self.image_ids, list(image_ids)))


def read_regions(
    folder: pathlib.Path, members: Iterable[str], layer: str = LAYER) -> Scores:
  """Reads what `dissection` wrote of every member: `<folder>/<member>/`.

  Regions without a fixation, which have no score, are left out.
  """
  found = _read(
      folder, members, 'regions.csv', 'category', f'association/{layer}.npy')
  first = next(iter(found.members.values()))
  return found.only(~np.isnan(first).any(axis=1))


def read_arrays(
    folder: pathlib.Path, members: Iterable[str], layer: str = LAYER) -> Scores:
  """Reads what `popout` wrote of every member: `<folder>/<member>/`."""
  return _read(folder, members, 'patterns.csv', 'kind', f'nmm/{layer}.npy')


def table3(
    found: Scores, depths: Mapping[str, int], analysis, published: Published,
    categories: Iterable[str]
) -> list[tuple]:
  """Returns the rows of Table 3, member by member, category by category.

  Args:
    found: the members' scores on regions.
    depths: member -> depth.
    analysis: `top_units` and `threshold`.
    published: the paper's numbers; its counts are left out for another T.
    categories: those of all regions, in their order.
  """
  top, threshold = analysis.top_units, analysis.threshold
  above = published.above if threshold == published.threshold else {}
  rows = []
  for name, scores in found.members.items():
    depth = depths[name]
    for category in categories:
      chosen = found.labels == category
      means = statistics.unit_means(scores[chosen])
      measured = bool(chosen.any())
      rows.append((
          name, depth, category, int(chosen.sum()),
          f'{statistics.best_units(means, top).mean:.6f}' if measured else '',
          statistics.units_above(means, threshold) if measured else '',
          published.mean_nss.get(depth, {}).get(category, ''),
          above.get(depth, {}).get(category, '')))
  return rows


def table6(
    found: Scores, depths: Mapping[str, int], analysis, published: Published
) -> list[tuple]:
  """Returns the rows of Table 6; see `table3`."""
  return [
      (name, depths[name], f'{mean:.6f}',
       published.mean_nmm.get(depths[name], ''))
      for name, scores in found.members.items()
      for mean in [statistics.best_units(
          statistics.unit_means(scores), analysis.top_units).mean]]


def _read(
    folder: pathlib.Path, members: Iterable[str], table: str, label: str,
    array: str
) -> Scores:
  members = list(members)
  with open(
      folder / members[0] / table, newline='', encoding='utf-8') as file:
    rows = list(csv.DictReader(file))
  # The sets of an image stand one after another.
  image_ids = np.array([row['image_id'] for row in rows])
  _, first, inverse = np.unique(
      image_ids, return_index=True, return_inverse=True)
  return Scores(
      image_ids, np.arange(len(rows)) - first[inverse],
      np.array([row[label] for row in rows]),
      {name: np.load(folder / name / array, allow_pickle=False)
       for name in members})
