"""Figure 7: is what the output rates high what the units respond to?

He et al. 2019, Section 6: categories by inner and by output saliency, and
whether the output's difference from people depends on the category.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from saliency_jax import schema
from saliency_jax.experiments import bootstrap, category_tests, chance, output
from saliency_jax.experiments.category_tests import Rows, Sampled
from saliency_jax.experiments.inner import UnitScores
from saliency_jax.experiments.output import Region
from saliency_jax.ops import inference
from saliency_jax.workdir import Folder

_HELD_OUT = schema.FIGURE7.names[7]

# (model, data set) -> what was measured.
Regions = Mapping[tuple[str, str], Sequence[Region]]
Inner = Mapping[tuple[str, str], UnitScores]


def write(
    folder: Folder, regions: Regions, inner: Inner, *, resamples: int) -> dict:
  """Writes `output.csv`, `figure7.csv` and `statistics.json`.

  Returns:
    What `summary.json` says of it: how many regions have no fixation.
  """
  folder.table(schema.OUTPUT, (
      row for key, listed in regions.items()
      for row in output.rows(*key, listed)))
  rows = {
      key: category_tests.rows(listed, inner.get(key))
      for key, listed in regions.items()}
  sampled = {
      key: of.sampled(bootstrap.draw(of.images, resamples))
      for key, of in rows.items()}
  folder.table(schema.FIGURE7, (
      line for key, of in rows.items()
      for line in categories(*key, of, sampled[key])))
  folder.json(schema.STATISTICS.path, category_tests.corrected([
      category_tests.statistics(*key, of, sampled[key])
      for key, of in rows.items()]))
  return {
      'regions_without_fixations': {
          dataset: sum(not region.fixations for region in listed)
          for (_, dataset), listed in regions.items()}}


def categories(
    model: str, dataset: str, rows: Rows, sampled: Sampled
) -> Iterator[tuple]:
  """Yields the rows of `schema.FIGURE7`: means over regions."""
  held = rows.held_out()
  inner, by_chance = rows.inner(), rows.inner_chance()
  for category in rows.categories:
    chosen = rows.labels == category
    means = {
        name: float(values[chosen].mean())
        for name, values in rows.values.items()} | {
            'inner': inner.get(category, np.nan)}
    cells = {_HELD_OUT: held.get(category, np.nan), **means, **{
        f'inner_chance_{end}': x for end, x in by_chance.get(
            category, chance.NONE)._asdict().items()}}
    for name, of in sampled.items():
      low, high = inference.around(
          means[name], of.get(category, np.array([])),
          cells[_HELD_OUT] if name == 'inner' else np.nan)
      cells |= {f'{name}_low': low, f'{name}_high': high}
    yield (
        model, dataset, category, int(chosen.sum()),
        *(cells[name] for name in schema.FIGURE7.names[4:]))
