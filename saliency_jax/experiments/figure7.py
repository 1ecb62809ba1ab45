"""Figure 7: is what the output rates high what the units respond to?

He et al. 2019, Section 6: categories by inner saliency, the mean NSS of the
best units of the top layer as in Tables 2 and 3, and by output saliency;
whether the output's difference from people depends on the category, with what
speaks for and against these analyses.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax import schema
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.experiments import anova, bootstrap, clusters, comparisons, measurement, output, table_values
from saliency_jax.experiments.forward import Probe, Settings
from saliency_jax.experiments.output import Region
from saliency_jax.experiments.table_values import Value
from saliency_jax.ledger import Ledger
from saliency_jax.networks.network import Network
from saliency_jax.ops import inference
from saliency_jax.workdir import Folder

# The cluster whose difference from people is largest in the paper's Figure 7.
HEADS = ('person head', 'animal head')
MEASURES = ('output', 'difference')
# measure -> category -> its mean in every sample of photographs, `[B]`
Sampled = Mapping[str, Mapping[str, np.ndarray]]
Best = Mapping[str, Value]  # by category; {} of no network
Key = tuple[str, str]  # model, data set


class Rows(NamedTuple):
  """T regions with fixations, as columns."""

  images: np.ndarray  # str `[T]`
  labels: np.ndarray  # str `[T]`
  values: dict[str, np.ndarray]  # output, human, difference, bias: `[T]`
  units: np.ndarray | None  # float `[T, C]`, of networks; NaN: not measured
  top: int = 10  # how many of the best units are averaged

  @property
  def categories(self) -> list[str]:
    """The categories that have a region, the paper's first."""
    return list(ordered_categories(self.labels))


class UnitScores(NamedTuple):
  """What a tap's units score on T regions with fixations."""

  scores: np.ndarray  # float32 `[T, C]`, standard deviations
  images: np.ndarray  # str `[T]`
  ids: np.ndarray  # int `[T]`, the annotation's own numbers
  top: int = 10  # how many of the best units are averaged, as in the paper


def unit_scores(
  source: Source, network: Network, choose: Chooser, *, top: int, settings: Settings, ledger: Ledger, title: str
) -> UnitScores | None:
  """Measures the units of the tap that a network's map is made of.

  Of several processes each one measures its share; the first returns the whole,
  the others None.

  Raises:
    InputError: if an image cannot be read and is not to be skipped.
  """
  tap = network.top_tap
  measured = measurement.measure(Probe(network, (tap,), settings), source, choose, ledger=ledger, title=title)
  if not measured:
    return None
  rows = measured.rows
  fixated = rows.counts > 0
  return UnitScores(rows.scores[tap][fixated], np.array(source.image_ids)[rows.index[fixated]], rows.ids[fixated], top)


def write(
  folder: Folder, regions: Mapping[Key, Sequence[Region]], inner: Mapping[Key, UnitScores], *, resamples: int
) -> dict:
  """Writes `output.csv`, `figure7.csv` and `statistics.json`.

  Returns:
    What `summary.json` says of it: how many regions have no fixation.
  """
  folder.table(schema.OUTPUT, (row for key, listed in regions.items() for row in output.rows(*key, listed)))
  rows = {key: _rows(listed, inner.get(key)) for key, listed in regions.items()}
  lines, tests = [], []
  for key, of in rows.items():
    draws = bootstrap.draw(of.images, resamples)
    best = (
      {}
      if of.units is None
      else table_values.by_category(of.units, of.labels, of.images, top=of.top, threshold=np.inf, draws=draws)
    )
    sampled = {name: bootstrap.category_means(of.values[name], of.labels, of.images, draws) for name in MEASURES}
    lines += categories(*key, of, best, sampled)
    tests.append(statistics(*key, of, best, sampled))
  folder.table(schema.FIGURE7, lines)
  folder.json(schema.STATISTICS.path, corrected(tests))
  return {
    'regions_without_fixations': {
      dataset: sum(not region.fixations for region in listed) for (_, dataset), listed in regions.items()
    }
  }


def categories(model: str, dataset: str, rows: Rows, best: Best, sampled: Sampled) -> Iterator[tuple]:
  """Yields the rows of `schema.FIGURE7`: means over regions."""
  for category in rows.categories:
    chosen = rows.labels == category
    mean = {name: float(values[chosen].mean()) for name, values in rows.values.items()}
    output_, difference = ((mean[name], *inference.around(mean[name], sampled[name][category])) for name in MEASURES)
    yield (
      model,
      dataset,
      category,
      int(chosen.sum()),
      *best.get(category, table_values.NOTHING).cells,
      *output_,
      mean['human'],
      *difference,
      mean['bias'],
    )


def _rows(regions: Sequence[Region], units: UnitScores | None) -> Rows:
  """Returns the regions with a fixation, and what units scored on them."""
  listed = [region for region in regions if region.fixations]
  scores = None
  if units is not None:
    place = {key: row for row, key in enumerate(zip(units.images.tolist(), units.ids.tolist(), strict=True))}
    scores = np.full((len(listed), units.scores.shape[1]), np.nan)
    for row, region in enumerate(listed):
      found = place.get((region.image_id, region.region_id))
      if found is not None:
        scores[row] = units.scores[found]
  return Rows(
    np.array([region.image_id for region in listed]),
    np.array([region.category for region in listed]),
    {
      'output': np.array([each.output_saliency for each in listed]),
      'human': np.array([each.human_saliency for each in listed]),
      'difference': np.array([each.difference for each in listed]),
      'bias': np.array([each.bias for each in listed]),
    },
    scores,
    units.top if units else 10,
  )


def statistics(model: str, dataset: str, of: Rows, inner: Best, sampled: Sampled) -> dict:
  """Returns the tests of one model on one data set, as JSON values.

  `inner_output` and `inner_difference` are Spearman's correlation over
  categories, or null: with its bootstrap interval, and `halves` as
  `bootstrap.halves` has it. `output` and `difference` compare the categories'
  regions, see `comparisons.Comparison`, or null. `paper_anova` is the paper's
  analysis as reconstructed, of category means with the factors measurement
  (inner, difference) and cluster (heads, others); `heads` compares the
  difference of the heads' regions with that of all others.
  """
  found: dict = {'model': model, 'dataset': dataset}
  for name in MEASURES:
    found[f'inner_{name}'] = _correlation(of, name, inner, sampled)
  for name in MEASURES:
    chosen = {category: of.labels == category for category in of.categories}
    found[name] = comparisons.compare(
      {key: of.values[name][rows] for key, rows in chosen.items()},
      {key: of.images[rows] for key, rows in chosen.items()},
    )
  found['paper_anova'] = _paper_anova(of, inner)
  found['heads'] = _heads(of)
  return comparisons.plain(found)


def corrected(found: list[dict]) -> list[dict]:
  """Adds `p_holm`, corrected over all models, measures and data sets.

  The clustered tests of categories, their pairs, and the correlations are three
  families.
  """
  tests = [one[name] for one in found for name in MEASURES if one[name]]
  families = (
    [(test, (test['clustered'] or test['welch'])['p']) for test in tests],
    [(pair, pair['p_clustered']) for test in tests for pair in test['pairs']],
    [(one[f'inner_{name}'], one[f'inner_{name}']['p']) for one in found for name in MEASURES if one[f'inner_{name}']],
  )
  for family in families:
    comparisons.correct(*zip(*family, strict=True) if family else ((), ()))
  return found


def _correlation(of: Rows, name: str, inner: Best, sampled: Sampled):
  known = np.array([inner.get(x, table_values.NOTHING).mean for x in of.categories])
  means = np.array([of.values[name][of.labels == x].mean() for x in of.categories])
  correlation = comparisons.spearman(known, means)
  if not correlation:
    return None
  outputs = np.stack([sampled[name][x] for x in of.categories], axis=1)
  inners = np.full(outputs.shape, np.nan)
  for i, category in enumerate(of.categories):
    if category in inner:
      inners[:, i] = inner[category].samples
  measured = np.isfinite(of.units).all(axis=1)
  return {
    **correlation._asdict(),
    **inference.of_r(correlation.rho, bootstrap.spearman(inners, outputs))._asdict(),
    'halves': bootstrap.halves(
      of.units[measured], of.values[name][measured], of.labels[measured], of.images[measured], top=of.top
    ),
  }


def _paper_anova(of: Rows, inner: Best) -> dict | None:
  """Figure 7's analysis of variance as reconstructed; None without heads."""
  names = [x for x in of.categories if x in inner]
  heads = np.array([x in HEADS for x in names])
  if not heads.any() or heads.all():
    return None
  values = np.array([*(inner[x].mean for x in names), *(of.values['difference'][of.labels == x].mean() for x in names)])
  found = anova.effects(
    values,
    {'measurement': np.repeat([0, 1], len(names)), 'cluster': np.tile(heads, 2).astype(int)},
    'measurement * cluster',
  )
  return found and {
    'categories': len(names),
    'measurement': found['measurement'],
    'cluster': found['cluster'],
    'interaction': found['measurement:cluster'],
  }


def _heads(of: Rows) -> dict | None:
  """The difference of heads' regions less that of all others."""
  heads = np.isin(of.labels, HEADS)
  values = of.values['difference']
  if min(heads.sum(), (~heads).sum()) < 2 or not np.ptp(values):
    return None
  robust = clusters.means(values, heads.astype(int), of.images)
  value, error, p = robust.contrast(np.array([-1, 1]))
  margin = error * robust.reach
  g, g_low, g_high = comparisons.hedges(values[heads], values[~heads])
  return {
    'heads': int(heads.sum()),
    'others': int((~heads).sum()),
    'difference': value,
    'low': value - margin,
    'high': value + margin,
    'p': p,
    'hedges_g': g,
    'g_low': g_low,
    'g_high': g_high,
  }
