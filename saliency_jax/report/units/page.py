"""The chapters of a dissection or a pop-out run: the overview and the layers.
"""

from collections.abc import Mapping

import numpy as np

from saliency_jax import schema
from saliency_jax.report import charts, matrices, paper, tables
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import counted, number
from saliency_jax.report.units import arrays, findings, grid, images, shown
from saliency_jax.report.units.run import DISSECT, Run

COLOURS = {role: charts.css(role) for role in ('run', 'other', 'paper')}


def overview(run: Run, site: Site) -> Chapter:
  """Returns the first chapter: what came out, as a picture and in sentences."""
  other = site.compare
  own, others = (facts(x.summary, x.config) if x else {} for x in (run, other))
  by_score = run.table if run.kind is DISSECT else run.table.assign(
      category=run.table['layer'])
  made = tables.beside(
      by_score, run.layers if run.kind is DISSECT else [run.kind.score],
      label=run.kind.label, published=run.published,
      **({'corner': 'layer'} if run.kind is DISSECT else {'counted': ''}))
  context = {
      'run': run, 'other': other, 'tables': made,
      'found': findings.findings(run, other, site.labels[1]),
      'facts': [(term, own.get(term, ''), others.get(term, ''))
                for term in dict.fromkeys([*own, *others])],
      'paper_top': paper.top_units(), 'example': shown.strongest(run, site),
      'missing': [x for x, n in zip(run.columns, run.counts(), strict=True)
                  if not n],
      'figure': site.paper('table', [x.spec() for x in made]),
      'table': tables.download(site, 'table', run.layers, run.table),
      'by_layer': _by_layer(run, site) if run.kind is not DISSECT else None,
      'files': [run.kind.scores.of(x) for x in run.layers] + [
          schema.MAPS.of(x) for x in run.layers if run.kept.images]}
  return Chapter('overview', 'Overview', 'units/overview.html.j2', context)


def layers(run: Run, site: Site) -> Chapter:
  """Returns the chapter on layers, and on how two runs differ."""
  counts = tables.beside(
      run.table, run.layers, label='units above T', key='above',
      corner='layer', published=run.published)
  return Chapter('layers', 'Layers', 'units/layers.html.j2', {
      'run': run, 'by_layer': _by_layer(run, site),
      'panels': _panels(run, site), 'counts': counts,
      'count_figure': site.paper('counts', [x.spec() for x in counts]),
      'count_table': tables.download(
          site, 'counts', run.layers, run.table,
          {'this run': 'above', 'paper': 'paper_above'}, digits=0),
      'best': site.table(
          'best_units', ('layer', 'category', 'regions', 'mean NSS',
                         'units above T', 'best units'), [
              (x.layer, x.category, int(x.sets), x.mean,
               None if np.isnan(x.above) else int(x.above),
               ' '.join(f'{x.layer}:{unit}' for unit in x.units))
              for x in run.table.itertuples()])})


def chapters(run: Run, site: Site) -> list[Chapter | None]:
  """Returns all chapters of a run."""
  middle = layers if run.kind is DISSECT else arrays.chapter
  return [overview(run, site), middle(run, site), grid.chapter(run, site),
          images.chapter(run, site)]


def _rows(
    names, sources: Mapping[str, tuple[np.ndarray, np.ndarray | None]]
) -> list[dict]:
  """Returns the rows of a bar chart: name -> values, ends of intervals."""
  return [
      {'x': name, 'y': float(values[i]), 'who': who, **(
          {} if ends is None or np.isnan(ends[0, i]) else dict(zip(
              ('low', 'high'), map(float, ends[:, i]), strict=True)))}
      for i, name in enumerate(names)
      for who, (values, ends) in sources.items() if np.isfinite(values[i])]


def _by_layer(run: Run, site: Site) -> dict:
  """The mean of every layer beside the other run's and the paper's."""
  other = site.compare
  only = other and np.isfinite(other.values('mean')).all(axis=0)
  means, ends, used = findings.layer_means(run, only=only)
  sources, series = {site.labels[0]: (means, ends)}, {
      site.labels[0]: COLOURS['run']}
  if other:
    sources[site.labels[1]] = (
        other.values('mean')[:, used].mean(axis=1) if used.any() else means,
        None)
    series[site.labels[1]] = COLOURS['other']
  published = findings.layer_means(run, 'paper', only)[0]
  if np.isfinite(published).any():
    sources['paper'], series['paper'] = (published, None), COLOURS['paper']
  return {
      'used': int(used.sum()),
      'differences': _differences(run, site) if other else [],
      'chart': site.chart(
          'layers', [charts.bars(
              _rows(run.layers, sources), series, label=run.kind.label,
              width=max(320, 26 * len(run.layers) * len(series)))],
          f'Bars of the {run.kind.label} by layer: ' + '; '.join(
              f'{who}: ' + ', '.join(
                  f'{layer} {number(float(x))}'
                  for layer, x in zip(run.layers, values, strict=True))
              for who, (values, _) in sources.items()), series),
      'table': site.table('layers', ('layer', *sources), [
          (layer, *(float(values[i]) for values, _ in sources.values()))
          for i, layer in enumerate(run.layers)])}


def _panels(run: Run, site: Site):
  """Bars by layer for each category, on one scale."""
  sides = {site.labels[0]: (run, 'mean', 'run')}
  if site.compare:
    sides[site.labels[1]] = (site.compare, 'mean', 'other')
  if run.published:
    sides['paper'] = (run, 'paper', 'paper')
  values = {who: x.values(key) for who, (x, key, _) in sides.items()}
  ends = matrices.domain(*values.values())
  intervals = np.stack([run.values('low'), run.values('high')])
  series = {who: COLOURS[role] for who, (_, _, role) in sides.items()}
  specs = [
      charts.bars(
          _rows(run.layers, {
              who: (x[:, j], intervals[..., j] if who == site.labels[0]
                    else None)
              for who, x in values.items()}), series, domain=ends, label='',
          title=f'{name} ({counted(count, "region")})', width=170, height=110)
      for j, (name, count) in enumerate(
          zip(run.columns, run.counts(), strict=True)) if count]
  return specs and site.chart(
      'layers_categories', specs, 'Bars of the mean NSS by layer:', series)


def _differences(run: Run, site: Site) -> list[dict]:
  """This run less the other: means and, of a dissection, counts above T."""
  shown_keys = {'means': ('mean', 2, run.kind.label)}
  if run.kind is DISSECT and (run.config['analysis']['threshold']
                              == site.compare.config['analysis']['threshold']):
    shown_keys['counts'] = ('above', 0, 'units above T')
  made = []
  for name, (key, digits, label) in shown_keys.items():
    own, other = run.values(key), site.compare.values(key)

    def hint(i: int, j: int, own=own, other=other, digits=digits) -> str:
      return ', '.join(
          f'{who} {number(float(x[i, j]), digits)}'
          for who, x in zip(site.labels, (own, other), strict=True))

    one = matrices.matrix(
        f'Difference of {label}', run.layers, run.columns, own - other,
        label=label, digits=digits, differences=True, hint=hint,
        corner='layer')
    made.append({
        'matrix': one, 'figure': site.paper(f'difference_{name}', [one.spec()]),
        'table': tables.sides(
            site, f'difference_{name}', run.layers, run.columns,
            dict(zip(site.labels, (own, other), strict=True)),
            digits=digits)})
  return made
