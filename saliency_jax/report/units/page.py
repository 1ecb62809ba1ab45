"""The chapters of a dissection or a pop-out run: the overview and the layers.
"""

import math
from collections.abc import Mapping

import numpy as np

from saliency_jax import schema
from saliency_jax.report import charts, matrices, paper
from saliency_jax.report.chapter import Chapter, Site, Table
from saliency_jax.report.facts import facts
from saliency_jax.report.matrices import Matrix
from saliency_jax.report.numbers import counted, number, signed
from saliency_jax.report.units import arrays, findings, grid, images, shown
from saliency_jax.report.units.run import DISSECT, Run

COLOURS = {role: charts.css(role) for role in ('run', 'other', 'paper')}


def overview(run: Run, site: Site) -> Chapter:
  """Returns the first chapter: what came out, as a picture and in sentences."""
  other = site.compare
  own, others = (facts(x.summary, x.config) if x else {} for x in (run, other))
  tables = _tables(run)
  context = {
      'run': run, 'other': other, 'tables': tables,
      'found': findings.findings(run, other, site.labels[1]),
      'facts': [(term, own.get(term, ''), others.get(term, ''))
                for term in dict.fromkeys([*own, *others])],
      'paper_top': paper.top_units(), 'example': shown.strongest(run, site),
      'missing': [x for x, n in zip(run.columns, run.counts(), strict=True)
                  if not n],
      'figure': site.paper('table', [x.spec() for x in tables]),
      'table': _sides(run, site, 'table', {
          'this run': run.values('mean'), 'held out': run.values('held_out'),
          'chance, from': run.values('chance_low'),
          'chance, to': run.values('chance_high'),
          'paper': run.values('paper')}, digits=2),
      'by_layer': _by_layer(run, site) if run.kind is not DISSECT else None,
      'files': [run.kind.scores.of(x) for x in run.layers] + [
          schema.MAPS.of(x) for x in run.layers if run.kept.images]}
  return Chapter('overview', 'Overview', 'units/overview.html.j2', context)


def layers(run: Run, site: Site) -> Chapter:
  """Returns the chapter on layers, and on how two runs differ."""
  counts = _counts(run)
  return Chapter('layers', 'Layers', 'units/layers.html.j2', {
      'run': run, 'by_layer': _by_layer(run, site),
      'panels': _panels(run, site), 'counts': counts,
      'count_figure': site.paper('counts', [x.spec() for x in counts]),
      'count_table': _sides(run, site, 'counts', {
          'this run': run.values('above'),
          'paper': run.values('paper_above')}, digits=0),
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


def _tables(run: Run) -> list[Matrix]:
  """Table 2, 3, 5 or 6 beside the paper's; of targets one line for each."""
  means, published = run.values('mean'), run.values('paper')
  known = np.isfinite(published).any(axis=1)
  ends = matrices.domain(means, published)

  def hint(i: int, j: int) -> str:
    cell = run.table.iloc[i * len(run.columns) + j]
    said = ['95 % interval ' + ' to '.join(map(number, (cell.low, cell.high)))
            if math.isfinite(cell.low) else '', findings.luck(cell)]
    if math.isfinite(cell.paper) and math.isfinite(cell['mean']):
      said.append(f'the paper {number(cell.paper)}, difference '
                  f'{signed(cell["mean"] - cell.paper)}')
    return '; '.join(filter(None, said))

  def mark(i: int, j: int) -> str:
    cell = run.table.iloc[i * len(run.columns) + j]
    return ('\N{UPWARDS ARROW}' if cell['mean'] > cell.chance_high else
            '\N{DOWNWARDS ARROW}' if cell['mean'] < cell.chance_low else '')

  label = run.kind.label
  if run.kind is not DISSECT:
    names = ['this run'] + ['paper'] * bool(known.any())
    return [matrices.matrix(
        label, names, run.layers,
        np.hstack([means, published]).T[:len(names)], label=label, ends=ends,
        hint=lambda i, j: '' if i else hint(j, 0),
        mark=lambda i, j: '' if i else mark(j, 0))]
  made = [matrices.matrix(
      'This run', run.layers, run.columns, means, label=label, ends=ends,
      hint=hint, mark=mark, corner='layer', counts=run.counts(),
      counted='regions')]
  if known.any():
    made.append(matrices.matrix(
        f'Paper, {run.published}', np.array(run.layers)[known].tolist(),
        run.columns, published[known], label=label, ends=ends, corner='layer'))
  return made


def _counts(run: Run) -> list[Matrix]:
  """Units above T, beside the paper's."""
  above, published = run.values('above'), run.values('paper_above')
  known = np.isfinite(published).any(axis=1)
  ends, label = matrices.domain(above, published), 'units above T'

  def hint(i: int, j: int) -> str:
    cell = run.table.iloc[i * len(run.columns) + j]
    high = cell.above_chance_high
    return '' if high is None or math.isnan(high) else (
        f'chance {cell.above_chance_low:.0f} to {high:.0f}')

  made = [matrices.matrix(
      'This run', run.layers, run.columns, above, label=label, ends=ends,
      digits=0, hint=hint, corner='layer', counts=run.counts(),
      counted='regions')]
  if known.any():
    made.append(matrices.matrix(
        f'Paper, {run.published}', np.array(run.layers)[known].tolist(),
        run.columns, published[known], label=label, ends=ends, digits=0,
        corner='layer'))
  return made


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
        'table': _sides(run, site, f'difference_{name}', dict(zip(
            site.labels, (own, other), strict=True)), digits=digits)})
  return made


def _sides(
    run: Run, site: Site, name: str, sources: Mapping[str, np.ndarray], *,
    digits: int
) -> Table:
  """Writes matrices, a line for each layer and source that has a number."""
  def value(x: float) -> float | int | None:
    return None if np.isnan(x) else float(x) if digits else int(x)

  return site.table(name, ('layer', 'source', *run.columns), [
      (layer, source, *map(value, values[i]))
      for i, layer in enumerate(run.layers)
      for source, values in sources.items()
      if np.isfinite(values[i]).any()], digits=digits)
