"""Tables 3 and 6: how the best units respond, by fine-tuning depth.

He et al. 2019, Section 5.2: the statistics of Tables 2 and 5, of every member
of a sweep.
"""

import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax import numpy_files, schema
from saliency_jax.experiments import table_values
from saliency_jax.experiments.table_values import Values


class Scores(NamedTuple):
  """T sets of pixels and what every unit of a tap scored on them."""
  image_ids: np.ndarray  # str [T]
  places: np.ndarray  # int [T], a set's place in its image, from 0
  labels: np.ndarray  # str [T]: the region's category, the array's kind
  members: dict[str, np.ndarray]  # member -> float32 [T, C]

  def of(self, image_ids: Collection[str]) -> 'Scores':
    """Returns the sets of some images."""
    return self.only(np.isin(self.image_ids, list(image_ids)))

  def only(self, chosen: np.ndarray) -> 'Scores':
    """Returns some of the sets, by bool [T]."""
    return Scores(
        self.image_ids[chosen], self.places[chosen], self.labels[chosen],
        {name: scores[chosen] for name, scores in self.members.items()})


def read_scores(
    folder: pathlib.Path, members: Sequence[str], rows: schema.File,
    scores: schema.File, tap: str
) -> Scores:
  """Reads what was measured of every member: `<folder>/<member>/`.

  Regions without a fixation, which have no score, are left out.

  Args:
    rows: the table of the sets of pixels, in the order of the scores.
  """
  return of_rows(schema.read(folder / members[0], rows), {
      name: numpy_files.read_npy(folder / name / scores.of(tap), 'f')
      for name in members})


def of_rows(listed: Sequence, members: dict[str, np.ndarray]) -> Scores:
  """Returns scores as `Scores`, without the sets that have none.

  Args:
    members: member -> float32 `[T, C]`, NaN where a set has no fixation.
  """
  # The sets of an image stand one after another.
  image_ids = np.array([row.image_id for row in listed])
  _, first, inverse = np.unique(
      image_ids, return_index=True, return_inverse=True)
  found = Scores(
      image_ids, np.arange(len(listed)) - first[inverse],
      np.array([
          getattr(row, 'category', getattr(row, 'kind', ''))
          for row in listed]), members)
  return found.only(~np.isnan(next(iter(members.values()))).any(axis=1))


def of_regions(found: Scores, analysis) -> Values:
  """Returns the best units of every member for every category."""
  return {
      name: table_values.by_category(
          scores, found.labels, found.image_ids, top=analysis.top_units,
          threshold=analysis.threshold)
      for name, scores in found.members.items()}


def table3(
    values: Values, depths: Mapping[str, int], categories: Sequence[str]
) -> list[tuple]:
  """Returns the lines of Table 3, those of Table 2 without the units."""
  return [(name, depths[name], *numbers) for name, *numbers, _ in
          table_values.lines(values, categories)]


def table6(
    folder: pathlib.Path, depths: Mapping[str, int], tap: str) -> list[tuple]:
  """Returns the rows of Table 6: each member's row of its own Table 5."""
  return [
      (name, depth, *row[1:-1])  # without the tap and its units
      for name, depth in depths.items()
      for row in schema.read(folder / name, schema.TABLE5)
      if row.layer == tap]
