"""Figure 7: does a model's output favour what its units respond to?

He et al. 2019, Section 6: categories by inner saliency (the mean NSS of the top
layer's best units, as in Tables 2 and 3) and by output saliency; whether the
output's difference from people depends on the category; and evidence on how far
these analyses can be trusted.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.experiments import bootstrap, clusters, comparisons, measurement, output, table_values
from saliency_jax.experiments.forward import Probe
from saliency_jax.experiments.output import Region
from saliency_jax.ops import inference
from saliency_jax.workdir import Folder

# The cluster with the largest difference from people in the paper's Figure 7.
HEADS = ('person head', 'animal head')
MEASURES = ('output', 'difference')
Key = tuple[str, str]  # model, data set
_REGION = [*Region._fields[:2]]


def unit_scores(source: Source, probe: Probe, choose: Chooser, **options) -> pd.DataFrame | None:
  """Measures the units of a probe's one tap; see `measurement.measure`.

  Returns:
    float32 `[T, C]`, standard deviations, of T regions with fixations, indexed
    by image_id and region_id.

  Raises:
    InputError: an image cannot be read and is not to be skipped.
  """
  measured = measurement.measure(probe, source, choose, **options)
  if not measured:
    return None
  rows = measured.rows.only(measured.rows.counts > 0)
  return pd.DataFrame(
    rows.scores[probe.taps[0]],
    pd.MultiIndex.from_arrays([np.array(source.image_ids)[rows.index], rows.ids], names=_REGION),
  )


def write(
  folder: Folder,
  regions: Mapping[Key, Sequence[Region]],
  inner: Mapping[Key, pd.DataFrame],
  *,
  top: int,
  resamples: int,
) -> dict:
  """Writes `output.csv`, `figure7.csv` and `statistics.json`.

  Returns the number of regions without fixations, for `summary.json`.
  """
  folder.table(schema.OUTPUT, (row for key, listed in regions.items() for row in output.rows(*key, listed)))
  found = [Categories(key, listed, inner.get(key), top, resamples) for key, listed in regions.items()]
  folder.table(schema.FIGURE7, (line for each in found for line in each.lines()))
  folder.json(schema.STATISTICS.path, corrected([each.tests() for each in found]))
  return {
    'regions_without_fixations': {
      dataset: sum(not region.fixations for region in listed) for (_, dataset), listed in regions.items()
    }
  }


class Categories:
  """The categories of one data set as one model rates them.

  Attributes:
    key: the model and the data set.
    regions: those with fixations: image_id, region_id, category, fixations,
      output, human, difference and bias in standard deviations.
    units: float64 `[T, C]`, of a network; NaN where nothing was measured.
    names: the categories that have a region, the paper's first.
    best: their `table_values.Value`s; {} without a network.
    sampled: measure -> category -> its mean in every sample of photographs.
  """

  def __init__(self, key: Key, regions: Sequence[Region], inner: pd.DataFrame | None, top: int, resamples: int):
    """Takes every region of the data set, with or without fixations."""
    self.key = key
    columns = [*Region._fields[:4], 'output', 'human', 'difference', 'bias']
    self.regions = pd.DataFrame([(*x, x.difference, x.bias) for x in regions if x.fixations], columns=columns)
    self._labels, self._images = (self.regions[x].to_numpy(str) for x in ('category', 'image_id'))
    self.names = list(ordered_categories(self._labels))
    self._of = {x: self._labels == x for x in self.names}
    draws = bootstrap.draw(self._images, resamples)
    self.sampled = {
      x: bootstrap.category_means(self.regions[x].to_numpy(), self._labels, self._images, draws) for x in MEASURES
    }
    self.units, self.best, self._top = None, {}, top
    if inner is not None:
      wanted = pd.MultiIndex.from_frame(self.regions[_REGION])
      self.units = inner.reindex(wanted).to_numpy(float)
      self.best = table_values.by_category(
        self.units, self._labels, self._images, top=top, threshold=np.inf, draws=draws
      )

  def _mean(self, measure: str, category: str) -> float:
    return float(self.regions[measure].to_numpy()[self._of[category]].mean())

  def lines(self) -> Iterator[tuple]:
    """Yields the rows of `schema.FIGURE7`: means over regions."""
    for category in self.names:
      mean = {x: self._mean(x, category) for x in ('output', 'human', 'difference', 'bias')}
      on = len(np.unique(self._images[self._of[category]]))
      output_, difference = (
        (mean[x], *inference.around(mean[x], self.sampled[x][category], photographs=on)) for x in MEASURES
      )
      inner = self.best.get(category, table_values.NOTHING).cells
      count = int(self._of[category].sum())
      yield (*self.key, category, count, *inner, *output_, mean['human'], *difference, mean['bias'])

  def tests(self) -> dict:
    """Returns the tests as JSON values.

    - `inner_output`, `inner_difference`: Spearman's correlation over categories
      with its bootstrap interval, and `halves`, see `bootstrap.halves`; or
      null.
    - `output`, `difference`: `comparisons.compare` of the categories' regions.
    - `paper_anova`: the paper's analysis as reconstructed, of category means
      with the factors measurement (inner, difference) and cluster (heads,
      others).
    - `heads`: the difference of the heads' regions minus that of all others.
    """
    found = {'model': self.key[0], 'dataset': self.key[1]}
    found |= {f'inner_{x}': self._correlation(x) for x in MEASURES}
    for measure in MEASURES:
      values, images = (
        {name: x[rows] for name, rows in self._of.items()} for x in (self.regions[measure].to_numpy(), self._images)
      )
      found[measure] = comparisons.compare(values, images)
    return found | comparisons.plain({'paper_anova': self._paper_anova(), 'heads': self._heads()})

  def _correlation(self, measure: str) -> dict | None:
    inner = [self.best.get(x, table_values.NOTHING) for x in self.names]
    means = np.array([self._mean(measure, x) for x in self.names])
    correlation = comparisons.spearman(np.array([x.mean for x in inner]), means)
    if not correlation:
      return None
    outputs = np.stack([self.sampled[measure][x] for x in self.names], axis=1)
    inners = np.full(outputs.shape, np.nan)
    for i, category in enumerate(self.names):
      if category in self.best:
        inners[:, i] = self.best[category].samples
    known = np.isfinite(self.units).all(axis=1)
    values = (self.units, self.regions[measure].to_numpy(), self._labels, self._images)
    return comparisons.plain(
      {
        **correlation,
        **inference.of_r(correlation['rho'], bootstrap.spearman(inners, outputs))._asdict(),
        'halves': bootstrap.halves(*(x[known] for x in values), top=self._top),
      }
    )

  def _paper_anova(self) -> dict | None:
    """Figure 7's analysis of variance as reconstructed; None without heads."""
    names = [x for x in self.names if x in self.best]
    heads = np.array([x in HEADS for x in names])
    if not heads.any() or heads.all():
      return None
    values = np.array([*(self.best[x].mean for x in names), *(self._mean('difference', x) for x in names)])
    factors = {'measurement': np.repeat([0, 1], len(names)), 'cluster': np.tile(heads, 2).astype(int)}
    found = comparisons.effects(values, factors, 'measurement * cluster')
    return found and {
      'categories': len(names),
      'measurement': found['measurement'],
      'cluster': found['cluster'],
      'interaction': found['measurement:cluster'],
    }

  def _heads(self) -> dict | None:
    """Returns the difference of heads' regions minus that of all others.

    It is None if either group lies on a single photograph.
    """
    heads = np.isin(self._labels, HEADS)
    values = self.regions['difference'].to_numpy()
    if min(heads.sum(), (~heads).sum()) < 2 or not np.ptp(values):
      return None
    found = clusters.Means(values, heads.astype(int), self._images).difference(1, 0)
    if np.isnan(found.p):
      return None
    g = comparisons.hedges(values[heads], values[~heads])
    return {
      'heads': int(heads.sum()),
      'others': int((~heads).sum()),
      **found._asdict(),
      **dict(zip(('hedges_g', 'g_low', 'g_high'), g, strict=True)),
    }


def corrected(found: list[dict]) -> list[dict]:
  """Adds `p_holm`, corrected over all models, measures and data sets.

  There are three families: the clustered tests of categories, their pairs, and
  the correlations.
  """
  tests = [one[name] for one in found for name in MEASURES if one[name]]
  pairs = [pair for test in tests for pair in test['pairs']]
  correlations = [one[f'inner_{name}'] for one in found for name in MEASURES if one[f'inner_{name}']]
  comparisons.correct(tests, [(test['clustered'] or test['welch'])['p'] for test in tests])
  comparisons.correct(pairs, [pair['p_clustered'] for pair in pairs])
  comparisons.correct(correlations, [x['p'] for x in correlations])
  return found
