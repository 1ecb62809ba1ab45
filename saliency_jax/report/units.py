"""The chapter of units: a grid of all of them, and a page of each."""

from collections.abc import Sequence

import numpy as np

from saliency_jax.report import packing, selectivity
from saliency_jax.report.chapter import Chapter, Site, Table
from saliency_jax.report.folder import Results
from saliency_jax.report.selectivity import Scores
from saliency_jax.report.sets import Sets, sets

_GROUP = 64  # units whose scores are one file
_BROAD = 9  # letters that a column of the grid has room for
# Share of all values that the colours leave out at either end, so that a single
# odd one does not take all the contrast.
_OUTSIDE = 0.001


def chapter(results: Results, site: Site) -> Chapter:
  """Returns the chapter, and keeps the data that its scripts show."""
  runs = [results, *filter(None, [site.compare])]
  rows = [sets(run) for run in runs]
  categories = rows[0].categories
  tables = [
      _summary(run, of_run, categories)
      for run, of_run in zip(runs, rows, strict=True)]
  paired = len(runs) > 1 and _paired(*runs)
  score = 'NSS' if results.job == 'dissect' else 'NMM'
  site.data('units', {
      'score': score, 'runs': list(site.labels[:len(runs)]), 'paired': paired,
      'kind': 'category' if results.job == 'dissect' else 'kind',
      'rowName': 'regions' if results.job == 'dissect' else 'arrays',
      'layers': [[x, results.scores[x].shape[1]] for x in results.layers],
      'categories': list(categories), 'group': _GROUP,
      'images': len(results.kept.images),
      'range': _range(np.concatenate([x.means[:, 1:] for x in tables])),
      'change': _change(tables),
      'tables': [_packed(table) for table in (
          *tables, *_differences(runs, rows, tables, paired))]})
  for number, (run, of_run) in enumerate(zip(runs, rows, strict=True)):
    site.data(f'rows/{number}', {
        'category': packing.integers(_among(of_run, categories)),
        'image': packing.integers(_same_images(of_run, run, results)),
        'kept': _kept_pairs(run, results)})
    _keep_scores(site, number, run, results.layers)
  return Chapter('units', 'Units', 'units.html.j2', {
      'files': _table(site, results, tables[0], categories).files,
      'results': results, 'labels': site.labels, 'score': score,
      'dissect': results.job == 'dissect', 'categories': categories,
      'counts': tables[0].counts.tolist(), 'total': len(tables[0].best),
      'compared': len(runs) > 1,
      'upright': max(map(len, ' '.join(categories).split())) > _BROAD})


def _summary(run: Results, rows: Sets, categories: Sequence[str]) -> Scores:
  """Returns the scores of the units of all layers, one after another."""
  parts = [
      selectivity.summarise(run.scores[layer], rows.labels, categories)
      for layer in run.layers]
  return Scores(parts[0].counts, *(
      np.concatenate(values) for values in list(zip(*parts, strict=True))[1:]))


def _packed(table: Scores) -> dict:
  return {
      'counts': table.counts.tolist(),
      'factors': [
          None if np.isnan(x) else float(x)
          for x in selectivity.factors(table.counts)],
      'means': packing.scores(table.means),
      'halves': packing.scores(table.halves),
      'best': packing.integers(table.best),
      'selectivity': packing.scores(table.selectivity)}


def _table(
    site: Site, results: Results, scores: Scores, categories: Sequence[str]
) -> Table:
  """Keeps the grid as a table to download."""
  names = ('all', *categories)
  units = [
      f'{layer}:{unit}' for layer in results.layers
      for unit in range(results.scores[layer].shape[1])]
  rows = []
  for i, unit in enumerate(units):
    best = int(scores.best[i])
    values = np.stack([scores.means[i], scores.halves[i]], axis=1)
    rows.append([
        unit, *((None, None) if best == selectivity.NONE else
                (categories[best], int(scores.counts[best + 1]))),
        float(scores.selectivity[i]), *values.ravel().tolist()])
  return site.table('units', [
      'unit', 'answers most', 'regions' if results.job == 'dissect' else
      'arrays', "d'", *(x for name in names for x in (
          f'{name} mean', f'{name} half of the 95 % interval'))], rows)


def _range(values: np.ndarray) -> list[float]:
  """Returns the ends of the colour scale, to one digit."""
  values = values[np.isfinite(values)]
  if not len(values):
    return [0., 1.]
  low = np.floor(np.quantile(values, _OUTSIDE) * 10) / 10
  high = np.ceil(np.quantile(values, 1 - _OUTSIDE) * 10) / 10
  return [float(low), float(max(high, low + 0.1))]


def _change(tables: Sequence[Scores]) -> float:
  """Returns the end of the colour scale of differences; 0 for one run."""
  if len(tables) < 2:
    return 0.
  low, high = _range(tables[0].means - tables[1].means)
  return max(abs(low), abs(high))


def _differences(
    runs: Sequence[Results], rows: Sequence[Sets], tables: Sequence[Scores],
    paired: bool
) -> list[Scores]:
  """Returns this run's scores minus the other's, if there is another.

  Where both measured the same rows, with the intervals of the mean differences.
  """
  if len(runs) < 2:
    return []
  if paired:
    run, other = runs
    return [_summary(run._replace(scores={
        layer: run.scores[layer] - other.scores[layer]
        for layer in run.layers}), rows[0], rows[0].categories)]
  own, other = tables
  return [own._replace(
      means=own.means - other.means, halves=np.full_like(own.halves, np.nan))]


def _among(rows: Sets, categories: Sequence[str]) -> np.ndarray:
  """Returns every row's position in `categories`, -1 for another one."""
  numbers = {name: i for i, name in enumerate(categories)}
  return np.array([numbers.get(x, -1) for x in rows.categories])[rows.category]


def _places(run: Results, results: Results) -> np.ndarray:
  """Returns where the images that `run` shows are shown by `results`, or -1."""
  shown = {x.image_id: k for k, x in enumerate(results.kept.images)}
  return np.array(
      [shown.get(x.image_id, -1) for x in run.kept.images] + [-1], int)


def _same_images(rows: Sets, run: Results, results: Results) -> np.ndarray:
  return _places(run, results)[rows.image]


def _paired(run: Results, other: Results) -> bool:
  """Whether the two runs measured the same rows."""
  def names(x: Results) -> list[tuple[str, str | None]]:
    return [(row['image_id'], row.get('region_id')) for row in x.rows]

  return names(run) == names(other) and all(
      np.array_equal(np.isnan(run.scores[layer]).any(axis=1),
                     np.isnan(other.scores[layer]).any(axis=1))
      for layer in run.layers)


def _kept_pairs(run: Results, results: Results) -> dict:
  """Returns which units have a map of which image, layer after layer."""
  if not run.kept.images:
    return {'counts': [0] * len(results.layers), 'units': '', 'images': ''}
  pairs = [run.kept.maps(layer) for layer in results.layers]
  return {
      'counts': [len(x.units) for x in pairs],
      'units': packing.integers(np.concatenate([x.units for x in pairs])),
      'images': packing.integers(_places(run, results)[
          np.concatenate([x.images for x in pairs])])}


def _keep_scores(
    site: Site, number: int, run: Results, layers: Sequence[str]
) -> None:
  for i, layer in enumerate(layers):
    by_unit = run.scores[layer].T
    for group in range(-(-len(by_unit) // _GROUP)):
      chosen = by_unit[group * _GROUP:(group + 1) * _GROUP]
      site.data(f'scores/{number}/{i}/{group}', packing.scores(chosen))
