"""Figure 7: is what the output rates high what the units respond to?

He et al. 2019, Section 6: categories by inner and by output saliency, and
whether the output's difference from people depends on the category.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from saliency_jax.experiments import comparisons, output
from saliency_jax.experiments.output import Region
from saliency_jax.workdir import Folder

HEADER = (
    'model', 'dataset', 'category', 'regions', 'inner', 'output', 'human',
    'difference', 'bias')
_DEFINITIONS = {
    'output': 'The mean of the standardised output map at the fixated pixels '
    'of a region (Eq. 2).',
    'difference': 'The mean over regions of the absolute difference of output '
    'saliency and human saliency, which is the same mean of the map of blurred '
    'fixations (Eq. 3). That map is read at the fixations that made it, so it '
    'is an upper bound and depends on the width of the blur.',
    'bias': 'Output less human saliency with its sign: above 0 the model '
    'overrates the region.',
    'inner': 'The mean NSS of the 10 best units of conv5_3, of trained '
    'networks.',
    'tests': 'Tests take regions to be independent; those of one photograph '
    'are not quite.'}

# (model, data set) -> what was measured.
Regions = Mapping[tuple[str, str], Sequence[Region]]
Inner = Mapping[tuple[str, str], Mapping[str, float]]


def write(folder: Folder, regions: Regions, inner: Inner) -> dict:
  """Writes `output.csv`, `figure7.csv` and `statistics.json`.

  Args:
    folder: takes the files.
    regions: of every model on every data set that has regions.
    inner: by category, for the networks among them.

  Returns:
    What `summary.json` says of it: the definitions, and how many regions have
    no fixation.
  """
  folder.table('output.csv', output.HEADER, (
      row for key, listed in regions.items()
      for row in output.rows(*key, listed)))
  folder.table('figure7.csv', HEADER, (
      row for key, listed in regions.items()
      for row in categories(*key, listed, inner.get(key, {}))))
  folder.json('statistics.json', [
      statistics(*key, listed, inner.get(key, {}))
      for key, listed in regions.items()])
  return {
      'definitions': _DEFINITIONS,
      'regions_without_fixations': {
          dataset: sum(not region.fixations for region in listed)
          for (_, dataset), listed in regions.items()}}


def categories(
    model: str, dataset: str, regions: Sequence[Region],
    inner: Mapping[str, float]
) -> Iterator[tuple]:
  """Yields the lines of `figure7.csv`, see `HEADER`: means over regions."""
  for category, means in _means(regions).items():
    known = inner.get(category, np.nan)
    yield (
        model, dataset, category, means.pop('regions'),
        '' if np.isnan(known) else f'{known:.6f}',
        *(f'{value:.6f}' for value in means.values()))


def statistics(
    model: str, dataset: str, regions: Sequence[Region],
    inner: Mapping[str, float]
) -> dict:
  """Returns the tests of one model on one data set, as JSON values.

  `inner_output` and `inner_difference` are Spearman's correlation over
  categories, or null; `output` and `difference` compare the categories'
  regions, see `comparisons.Comparison`, or null.
  """
  means = _means(regions)
  values = {
      name: np.array([of_category[name] for of_category in means.values()])
      for name in ('output', 'difference')}
  known = np.array([inner.get(category, np.nan) for category in means])
  found: dict = {'model': model, 'dataset': dataset}
  for name, of_categories in values.items():
    correlation = comparisons.spearman(known, of_categories)
    found[f'inner_{name}'] = correlation and correlation._asdict()
  for name in values:
    comparison = comparisons.compare({
        category: _values(listed)[name] for category, listed in
        output.by_category(regions).items()})
    found[name] = comparison and _plain(comparison)
  return found


def _means(regions: Sequence[Region]) -> dict[str, dict]:
  return {
      category: {'regions': len(listed)} | {
          name: float(values.mean())
          for name, values in _values(listed).items()}
      for category, listed in output.by_category(regions).items()}


def _values(regions: Sequence[Region]) -> dict[str, np.ndarray]:
  """Returns the saliency of R regions with fixations, float64 `[R]` each."""
  return {
      name: np.array([getattr(region, attribute) for region in regions])
      for name, attribute in (
          ('output', 'output_saliency'), ('human', 'human_saliency'),
          ('difference', 'difference'), ('bias', 'bias'))}


def _plain(value):
  """Returns named tuples as dictionaries, and NaN as None, for JSON."""
  if hasattr(value, '_asdict'):
    return {key: _plain(x) for key, x in value._asdict().items()}
  if isinstance(value, tuple):
    return [_plain(x) for x in value]
  return None if isinstance(value, float) and np.isnan(value) else value
