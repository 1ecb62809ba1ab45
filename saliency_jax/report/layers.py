"""The chapter `layers`: what each layer does, and how two runs differ."""

import functools

import numpy as np
from matplotlib.figure import Figure

from saliency_jax.report import (
    best_units,
    comparison,
    figures,
    matrix,
    sides,
    small_multiples,
)
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.figures import Series
from saliency_jax.report.folder import Results
from saliency_jax.report.numbers import number

_LABEL = {'dissect': 'mean NSS (SD)', 'popout': 'mean NMM (SD)'}


def chapter(results: Results, site: Site) -> Chapter:
  """Returns the chapter on layers of a dissection or a pop-out run."""
  other, label = site.compare, _LABEL[results.job]
  means = comparison.means(results)
  both = comparison.of_runs(results, other) if other else None
  averaged = comparison.averaged_columns(means)
  if both:
    averaged &= np.isfinite(both.paper).all(axis=0)
  bars = _bars(results, site, means, both, averaged)
  table = site.table(
      'layers', ('layer', *(x.label for x in bars)), [
          (layer, *(float(x.values[i]) for x in bars))
          for i, layer in enumerate(results.layers)])
  context = {
      'results': results, 'averaged': int(averaged.sum()), 'label': label,
      'paper_table': comparison.paper_table(results), 'table': table,
      'threshold': results.config['analysis'].get('threshold'),
      'bars': site.figure(
          'layers', functools.partial(
              figures.bars, results.layers, bars, label=label),
          f'Bars of the {label} by layer: '
          + '; '.join(_spoken(results.layers, x) for x in bars))}
  if results.job == 'dissect':
    context |= _categories(results, site, means, both)
  if other:
    context |= _differences(results, site, both)
  return Chapter('layers', 'Layers', 'layers.html.j2', context)


def _bars(
    results: Results, site: Site, means: Comparison, both: Comparison | None,
    averaged: np.ndarray
) -> list[Series]:
  """Returns the bars of this run, the other and the paper, where they are."""
  bars = [Series(
      site.labels[0], 'run', comparison.layer_means(means, averaged).run[:, 0],
      best_units.standard_errors(results, averaged))]
  if both:
    bars.append(Series(
        site.labels[1], 'other',
        comparison.layer_means(both, averaged).paper[:, 0],
        _reordered(
            best_units.standard_errors(
                site.compare, _in_order(site.compare, results, averaged)),
            site.compare, results)))
  published = comparison.layer_means(means, averaged).paper[:, 0]
  if np.isfinite(published).any():
    bars.append(Series('paper', 'paper', published))
  return bars


def _in_order(
    other: Results, results: Results, averaged: np.ndarray
) -> np.ndarray:
  """Returns which of another run's columns are averaged."""
  used = dict(zip(results.columns, averaged, strict=True))
  return np.array([used[column] for column in other.columns])


def _reordered(
    values: np.ndarray, other: Results, results: Results
) -> np.ndarray:
  """Returns another run's values in the order of this run's layers."""
  return np.array([
      values[other.layers.index(layer)] for layer in results.layers])


def _spoken(layers: tuple[str, ...], series: Series) -> str:
  return f'{series.label}: ' + ', '.join(
      f'{layer} {number(float(value))}'
      for layer, value in zip(layers, series.values, strict=True))


def _categories(
    results: Results, site: Site, means: Comparison, both: Comparison | None
) -> dict:
  """What only a dissection has: categories, and counts of units above T."""
  counts = comparison.counts(results)
  run, published, bar = matrix.beside(counts, digits=0)
  regions = [cell.sets for cell in results.table[results.layers[0]].values()]

  def draw(theme, narrow=False) -> Figure:
    return small_multiples.by_column(
        means, regions, both.paper if both else None, theme, narrow=narrow,
        labels=site.labels, label=_LABEL['dissect'])

  return {
      'categories': site.figure(
          'layers_categories', draw,
          f'Bars of the mean NSS by layer for each of {len(regions)} '
          f'categories; the numbers are in the table of the overview.'),
      'count_rows': run, 'count_bar': bar, 'regions': regions,
      'paper_count_rows': (
          [row for row, known in zip(
              published, np.isfinite(counts.paper).any(axis=1), strict=True)
           if known]),
      'count_files': site.export('counts', functools.partial(
          figures.matrices, counts, label='units above T', digits=0)),
      'counts': sides.table(
          site, 'counts', counts, ('this run', 'paper'), digits=0),
      'best': site.table(
          'best_units', ('layer', 'category', 'regions', 'mean NSS',
                         'units above T', 'best units'), [
              (layer, column, cell.sets, cell.mean,
               cell.above if len(cell.units) else None,
               ' '.join(f'{layer}:{unit}' for unit in cell.units))
              for layer, cells in results.table.items()
              for column, cell in cells.items()])}


def _differences(results: Results, site: Site, both: Comparison) -> dict:
  """This run less the other: means and, of a dissection, counts."""
  shown = {'means': (both, 2)}
  if results.job == 'dissect':
    shown['counts'] = (
        comparison.counts_of_runs(results, site.compare), 0)
  made = {}
  for name, (table, digits) in shown.items():
    if not table.shared.any():
      continue  # another T

    def hint(row: int, column: int, table=table, digits=digits) -> str:
      return ', '.join(
          f'{label} {number(float(values[row, column]), digits)}'
          for label, values in zip(
              site.labels, (table.run, table.paper), strict=True))

    rows, bar = matrix.differences(
        table.layers, table.run - table.paper, digits, hint)
    made[name] = {
        'rows': rows, 'bar': bar,
        'files': site.export(f'difference_{name}', functools.partial(
            figures.differences, table, digits=digits,
            label='difference of ' + (
                'units above T' if name == 'counts' else
                _LABEL[results.job]))),
        'table': sides.table(
            site, f'difference_{name}', table, site.labels, digits=digits)}
  return {'differences': made}
