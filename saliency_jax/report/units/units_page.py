"""The chapters of a dissection or a pop-out run: the overview and the layers."""

from collections.abc import Mapping

import numpy as np

from saliency_jax import schema
from saliency_jax.report import best_units, charts, matrices, terminal
from saliency_jax.report.chapter import Chapter, Chart, Site
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import counted, number, probability
from saliency_jax.report.units import arrays, gallery, grid, shown
from saliency_jax.report.units.run import DISSECT, Run, differences
from saliency_jax.report.units.unit_findings import findings, layer_means

_COLOURS = {role: charts.css(role) for role in ('run', 'other', 'third', 'paper')}


def chapters(run: Run, site: Site) -> list[Chapter | None]:
  """Returns all chapters of a run."""
  middle = layers if run.kind is DISSECT else arrays.chapter
  return [overview(run, site), middle(run, site), grid.chapter(run, site), gallery.chapter(run, site)]


def text(run: Run) -> str:
  """Returns the run's table beside the paper's, and the findings."""
  name = run.published or run.network + ('' if run.depth is None else f', depth {run.depth}')
  best = terminal.best(run.top)
  lines = (
    terminal.by_category(name, f'{best} for each category', run.layers, run.table, run.config['analysis']['threshold'])
    if run.kind is DISSECT
    else [f'{name}: mean NMM of {best} of each layer', '', *terminal.one_column('layer', run.layers, run.table)]
  )
  return '\n'.join([*lines, '', *terminal.items(findings(run))])


def overview(run: Run, site: Site) -> Chapter:
  """Returns the first chapter: what came out, as a picture and in sentences."""
  other, dissected = site.compare, run.kind is DISSECT
  own, others = (facts(x.summary, x.config) if x else {} for x in (run, other))
  return Chapter(
    'overview',
    'Overview',
    'units/overview.html.j2',
    {
      'run': run,
      'other': other,
      'measured': best_units.measured(
        site,
        'table',
        run.table,
        run.layers,
        score=run.kind.score,
        published=run.published,
        corner='layer' if dissected else '',
      ),
      'found': findings(run, other, site.labels[1]),
      'facts': [(term, own.get(term, ''), others.get(term, '')) for term in dict.fromkeys([*own, *others])],
      'example': shown.strongest(run, site),
      'missing': [x for x, n in zip(run.columns, run.counts(), strict=True) if not n],
      'unbanded': run.summary.get('chance', {}).get('without_band', {}),
      'by_layer': None if dissected else _by_layer(run, site),
      'files': [run.kind.scores.of(x) for x in run.layers] + [schema.MAPS.of(x) for x in run.layers if run.kept.images],
    },
  )


def layers(run: Run, site: Site) -> Chapter:
  """Returns the chapter on layers, and on how two runs differ."""
  return Chapter(
    'layers',
    'Layers',
    'units/layers.html.j2',
    {
      'run': run,
      'by_layer': _by_layer(run, site),
      'panels': _panels(run, site),
      'counts': best_units.measured(
        site, 'counts', run.table, run.layers, key='above', corner='layer', published=run.published
      ),
      'best': site.table(
        'best_units',
        ('layer', 'category', 'regions', 'mean NSS', 'held out', 'chance from', 'to', 'units above T', 'best units'),
        [
          (
            x.layer,
            x.category,
            int(x.sets),
            x.mean,
            x.held_out,
            x.chance_low,
            x.chance_high,
            None if np.isnan(x.above) else int(x.above),
            ' '.join(f'{x.layer}:{unit}' for unit in x.units),
          )
          for x in run.table.itertuples()
        ],
      ),
    },
  )


def _bars(names, sources: Mapping[str, tuple[str, np.ndarray, np.ndarray | None]], **how) -> charts.Spec:
  """Returns bars of sources: name -> colour, values, ends of intervals."""
  return charts.bars(
    [
      {
        'x': name,
        'y': float(values[i]),
        'who': who,
        **(
          {}
          if ends is None or np.isnan(ends[0, i])
          else dict(zip(('low', 'high'), map(float, ends[:, i]), strict=True))
        ),
      }
      for i, name in enumerate(names)
      for who, (_, values, ends) in sources.items()
      if np.isfinite(values[i])
    ],
    _series(sources),
    **how,
  )


def _series(sources: Mapping[str, tuple]) -> dict[str, str]:
  return {who: _COLOURS[x[0]] for who, x in sources.items()}


def _by_layer(run: Run, site: Site) -> dict:
  """The mean of every layer beside the other run's and the paper's."""
  other = site.compare
  only = other and np.isfinite(other.values('mean')).all(axis=0)
  means, ends, used = layer_means(run, only=only)
  sources = {site.labels[0]: ('run', means, ends)}
  if other:
    sources[site.labels[1]] = ('other', other.values('mean')[:, used].mean(axis=1) if used.any() else means, None)
  for name, role, key in (('held out', 'third', 'held_out'), ('paper', 'paper', 'paper')):
    if np.isfinite(values := layer_means(run, key, only)[0]).any():
      sources[name] = role, values, None
  return {
    'used': int(used.sum()),
    'differences': _differences(run, site) if other else [],
    'chart': site.chart(
      'layers',
      [_bars(run.layers, sources, label=run.kind.label, width=max(320, 26 * len(run.layers) * len(sources)))],
      f'Bars of the {run.kind.label} by layer: '
      + '; '.join(
        f'{who}: ' + ', '.join(f'{layer} {number(float(x))}' for layer, x in zip(run.layers, values, strict=True))
        for who, (_, values, _) in sources.items()
      ),
      _series(sources),
    ),
    'table': site.table(
      'layers',
      ('layer', *sources),
      [(layer, *(float(values[i]) for _, values, _ in sources.values())) for i, layer in enumerate(run.layers)],
    ),
  }


def _panels(run: Run, site: Site) -> Chart | None:
  """Bars by layer for each category, on one scale."""
  sides = {site.labels[0]: ('run', run.values('mean'), np.stack([run.values('low'), run.values('high')]))}
  if site.compare:
    sides[site.labels[1]] = 'other', site.compare.values('mean'), None
  if run.published:
    sides['paper'] = 'paper', run.values('paper'), None
  specs = [
    _bars(
      run.layers,
      {who: (role, x[:, j], None if ends is None else ends[..., j]) for who, (role, x, ends) in sides.items()},
      label='',
      title=f'{name} ({counted(count, "region")})',
      width=170,
      height=110,
      domain=matrices.domain(*(x for _, x, _ in sides.values())),
    )
    for j, (name, count) in enumerate(zip(run.columns, run.counts(), strict=True))
    if count
  ]
  return site.chart('layers_categories', specs, 'Bars of the mean NSS by layer:', _series(sides)) if specs else None


def _differences(run: Run, site: Site) -> list[dict]:
  """This run less the other: means and, of a dissection, counts above T."""
  keys = {'means': 'mean'}
  if run.kind is DISSECT and (run.config['analysis']['threshold'] == site.compare.config['analysis']['threshold']):
    keys['counts'] = 'above'
  made = []
  for name, key in keys.items():
    both, of = [x.values(key) for x in (run, site.compare)], (best_units.KEYS[key])

    sure = differences(run, site.compare) if key == 'mean' else None

    def hint(i: int, j: int, both=both, digits=of.digits, sure=sure) -> str:
      said = [f'{who} {number(float(x[i, j]), digits)}' for who, x in zip(site.labels, both, strict=True)]
      if sure and np.isfinite(sure.p[i, j]):
        said.append(
          f'95 % interval of the difference {number(sure.low[i, j])} '
          f'to {number(sure.high[i, j])}, '
          f'{probability(sure.p[i, j])} corrected'
        )
      return ', '.join(said)

    def mark(i: int, j: int, sure=sure) -> str:
      return '*' if sure and sure.p[i, j] < 0.05 else ''

    label = of.label.format(score=run.kind.score)
    one = matrices.matrix(
      f'Difference of {label}',
      run.layers,
      run.columns,
      both[0] - both[1],
      label=label,
      digits=of.digits,
      differences=True,
      hint=hint,
      mark=mark,
      corner='layer',
    )
    made.append(
      best_units.Measured(
        [one],
        site.paper(f'difference_{name}', [one]),
        best_units.sides(
          site,
          f'difference_{name}',
          run.layers,
          run.columns,
          dict(zip(site.labels, both, strict=True)),
          digits=of.digits,
        ),
        0,
      )
    )
  return made
