"""The chapters of a dissection or a pop-out run: overview and layers."""

import numpy as np

from saliency_jax import schema
from saliency_jax.report import best_units, charts, matrices, terminal
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.numbers import number, probability
from saliency_jax.report.units import arrays, gallery, grid, shown
from saliency_jax.report.units.run import DISSECT, Differences, Run, differences
from saliency_jax.report.units.unit_findings import findings, layer_means


def chapters(run: Run, site: Site) -> list[Chapter | None]:
  """Returns all chapters of a run."""
  middle = layers if run.kind is DISSECT else arrays.chapter
  return [overview(run, site), middle(run, site), grid.chapter(run, site), gallery.chapter(run, site)]


def text(run: Run, other: Run | None = None, label: str = '') -> str:
  """Returns the table beside those compared with, and the findings."""
  table = run.table
  if other:
    counts = other.table['above'] if _same_threshold(run, other) else np.nan
    table = table.assign(compared=other.table['mean'], compared_above=counts)
  name = run.published or run.network + ('' if run.depth is None else f', depth {run.depth}')
  best = terminal.best(run.top, [*run.summary['units'].values()], table)
  lines = (
    terminal.by_category(name, f'{best} for each category', run.layers, table, run.config['analysis']['threshold'])
    if run.kind is DISSECT
    else [f'{name}: mean NMM of {best} of each layer', '', *terminal.one_column('layer', run.layers, table)]
  )
  beside = ['', f'compared: {label}'] if other else []
  return '\n'.join([*lines, *beside, '', *terminal.items(findings(run, other, label))])


def overview(run: Run, site: Site) -> Chapter:
  """Returns the first chapter: the results as a picture and in sentences."""
  kind, dissected = run.kind, run.kind is DISSECT
  files = [kind.scores, schema.MAPS] if run.kept.images else [kind.scores]
  context = {
    'run': run,
    'measured': best_units.measured(
      site,
      'table',
      run.table,
      run.layers,
      score=kind.score,
      published=run.published,
      corner='layer' if dissected else '',
    ),
    'found': findings(run, site.compare, site.labels[1]),
    'example': shown.strongest(run, site),
    'by_layer': None if dissected else _by_layer(run, site),
    'files': [file.of(x) for file in files for x in run.layers],
  }
  return Chapter('overview', 'Overview', 'units/overview.html.j2', context)


def layers(run: Run, site: Site) -> Chapter:
  """Returns the chapter on layers, and on how two runs differ."""
  best = [
    {
      'layer': x.layer,
      'category': x.category,
      'regions': int(x.sets),
      'mean NSS': x.mean,
      'held out': x.held_out,
      'chance from': x.chance_low,
      'to': x.chance_high,
      'units above T': None if np.isnan(x.above) else int(x.above),
      'best units': ' '.join(f'{x.layer}:{unit}' for unit in x.units),
    }
    for x in run.table.itertuples()
  ]
  context = {
    'run': run,
    'by_layer': _by_layer(run, site),
    'counts': best_units.measured(
      site, 'counts', run.table, run.layers, key='above', corner='layer', published=run.published
    ),
    'best': site.table('best_units', best),
  }
  return Chapter('layers', 'Layers', 'units/layers.html.j2', context)


def _by_layer(run: Run, site: Site) -> dict:
  """Every layer's mean beside the other run's and the paper's."""
  other = site.compare
  only = other and np.isfinite(other.values('mean')).all(axis=0)
  means, ends, used = layer_means(run, only=only)
  sources = {site.labels[0]: ('run', means)}
  if other:
    others = other.values('mean')[:, used].mean(axis=1) if used.any() else means
    sources[site.labels[1]] = 'other', others
  for name, role, key in (('held out', 'third', 'held_out'), ('paper', 'paper', 'paper')):
    if np.isfinite(values := layer_means(run, key, only)[0]).any():
      sources[name] = role, values
  series = {who: charts.css(role) for who, (role, _) in sources.items()}
  rows = [
    {'x': layer, 'y': float(of[i]), 'who': who}
    | ({'low': float(ends[0, i]), 'high': float(ends[1, i])} if of is means else {})
    for i, layer in enumerate(run.layers)
    for who, (_, of) in sources.items()
    if np.isfinite(of[i])
  ]
  said = (
    f'{who}: ' + ', '.join(f'{layer} {number(float(x))}' for layer, x in zip(run.layers, of, strict=True))
    for who, (_, of) in sources.items()
  )
  width = max(320, 26 * len(run.layers) * len(sources))
  return {
    'used': int(used.sum()),
    'differences': _differences(run, site) if other else [],
    'chart': site.chart(
      'layers',
      [charts.bars(rows, series, label=run.kind.label, width=width)],
      f'Bars of the {run.kind.label} by layer: {"; ".join(said)}',
      series,
    ),
    'table': site.table(
      'layers',
      [(layer, *(float(of[i]) for _, of in sources.values())) for i, layer in enumerate(run.layers)],
      ('layer', *sources),
    ),
  }


def _differences(run: Run, site: Site) -> list[best_units.Measured]:
  """This run minus the other: means and, for dissections, counts above T."""
  made = [_difference(run, site, 'difference_means', 'mean', differences(run, site.compare))]
  if run.kind is DISSECT and _same_threshold(run, site.compare):
    made.append(_difference(run, site, 'difference_counts', 'above', None))
  return made


def _same_threshold(run: Run, other: Run) -> bool:
  """Returns whether counts of units above T can be compared."""
  return run.config['analysis'].get('threshold') == other.config['analysis'].get('threshold')


def _difference(run: Run, site: Site, stem: str, key: str, sure: Differences | None) -> best_units.Measured:
  """Returns the differences of a column; `sure` are those of the means."""
  both, of = [x.values(key) for x in (run, site.compare)], best_units.KEYS[key]

  def hint(i: int, j: int) -> str:
    said = [f'{who} {number(float(x[i, j]), of.digits)}' for who, x in zip(site.labels, both, strict=True)]
    if sure and np.isfinite(sure.p[i, j]):
      ends = f'{number(sure.low[i, j])} to {number(sure.high[i, j])}'
      said.append(f'95 % interval of the difference {ends}, {probability(sure.p[i, j])} corrected')
    return ', '.join(said)

  label = of.label.format(score=run.kind.score)
  matrix = matrices.matrix(
    f'Difference of {label}',
    run.layers,
    run.columns,
    both[0] - both[1],
    label=label,
    digits=of.digits,
    differences=True,
    hint=hint,
    mark=lambda i, j: '*' if sure and sure.p[i, j] < 0.05 else '',
    corner='layer',
  )
  sources = dict(zip(site.labels, both, strict=True))
  table = best_units.sides(site, stem, run.layers, run.columns, sources, digits=of.digits)
  return best_units.Measured([matrix], site.paper(stem, [matrix]), table, 0)
