"""Figure 7: is what the output rates high what the units respond to?

He et al. 2019, Section 6: categories by inner and by output saliency, and
whether the output's difference from people depends on the category.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from saliency_jax import schema
from saliency_jax.experiments import (
    bootstrap,
    category_tests,
    output,
    table_values,
)
from saliency_jax.experiments.category_tests import MEASURES, Rows, Sampled
from saliency_jax.experiments.inner import UnitScores
from saliency_jax.experiments.output import Region
from saliency_jax.ops import inference
from saliency_jax.workdir import Folder

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
  lines, tests = [], []
  for key, of in rows.items():
    draws = bootstrap.draw(of.images, resamples)
    best = {} if of.units is None else table_values.by_category(
        of.units, of.labels, of.images, top=of.top, threshold=np.inf,
        draws=draws)
    sampled = {name: bootstrap.category_means(
        of.values[name], of.labels, of.images, draws) for name in MEASURES}
    lines += categories(*key, of, best, sampled)
    tests.append(category_tests.statistics(*key, of, best, sampled))
  folder.table(schema.FIGURE7, lines)
  folder.json(schema.STATISTICS.path, category_tests.corrected(tests))
  return {
      'regions_without_fixations': {
          dataset: sum(not region.fixations for region in listed)
          for (_, dataset), listed in regions.items()}}


def categories(
    model: str, dataset: str, rows: Rows, best: category_tests.Inner,
    sampled: Sampled
) -> Iterator[tuple]:
  """Yields the rows of `schema.FIGURE7`: means over regions."""
  for category in rows.categories:
    chosen = rows.labels == category
    mean = {name: float(values[chosen].mean())
            for name, values in rows.values.items()}
    output_, difference = (
        (mean[name], *inference.around(mean[name], sampled[name][category]))
        for name in MEASURES)
    yield (
        model, dataset, category, int(chosen.sum()),
        *best.get(category, table_values.NOTHING).cells, *output_,
        mean['human'], *difference, mean['bias'])
