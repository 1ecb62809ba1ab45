"""The chapter of an evaluation: models by where people look and by search.
"""

import numpy as np
import pandas as pd

from saliency_jax.ops import overlays
from saliency_jax.report import charts, matrices, outlines, paper
from saliency_jax.report.chapter import (
    Chapter,
    Chart,
    Site,
    as_jpeg,
    as_url,
)
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import counted, number
from saliency_jax.report.scores import metrics, tests
from saliency_jax.report.scores.evaluated import (
    KINDS,
    Evaluated,
    Example,
    plain,
)
from saliency_jax.report.scores.findings import findings
from saliency_jax.report.scores.metrics import ALL, METRICS

COLOURS = {
    'network': charts.css('run'), 'classical': charts.css('fourth'),
    'centre': charts.css('paper'), 'folder': charts.css('third')}
_PAPER = 'paper'


def chapters(results: Evaluated, site: Site) -> list[Chapter]:
  """Returns the one chapter of an evaluation."""
  looked = list(results.scores['dataset'].unique())
  searched = list(results.search['dataset'].unique())
  return [Chapter('scores', 'Scores', 'scores/scores.html.j2', {
      'results': results, 'found': findings(results),
      'facts': [*_facts(results).items()], 'first': _first(results, site),
      'photographs': [_sheet(results, site, results.scores, x, 'scores')
                      for x in looked],
      'arrays': [_arrays(results, site, x) for x in searched],
      'regions': [tests.context(results, site, x)
                  for x in results.categories['dataset'].unique()],
      'examples': [_example(results, site, k)
                   for k in range(len(results.examples))],
      'example_files': site.paper('examples', [
          spec for x in results.examples for spec in _paper(results, x)])
      if results.examples else []})]


def _facts(results: Evaluated) -> dict[str, str]:
  """Returns what was run: models, data sets, and what every job tells."""
  said = {f'Model {name}': identity
          for name, identity in results.summary['models'].items()}
  for name, of in results.summary['datasets'].items():
    said[f'Data set {name}'] = ', '.join(filter(None, [
        of['kind'], counted(of['images'], 'image'),
        counted(of['fixations'], 'fixation') if 'fixations' in of else '',
        f"human map blurred by {of['sigma']:g} px" if of.get('sigma') else '']))
  common = facts(results.summary, results.config)
  return said | {term: text for term, text in common.items()
                 if term in ('Seconds', 'Device', 'Versions')}


def _legend(results: Evaluated) -> dict[str, str]:
  kinds = {results.kind(model) for model in results.models}
  return {KINDS[kind]: colour for kind, colour in COLOURS.items()
          if kind in kinds}


def _dots(
    results: Evaluated, rows: pd.DataFrame, metric: str, models: list[str],
    title: str = '', published: dict[str, float] | None = None
) -> charts.Spec:
  """Every model's mean and interval by one metric, and the paper's models."""
  one, values = METRICS[metric], metrics.ranked(rows, metric)
  people = metrics.ceiling(rows, metric)
  drawn = [
      {'name': model, 'x': one.factor * values['mean'][model],
       'who': KINDS[results.kind(model)], **({
           end: one.factor * values[end][model] for end in ('low', 'high')}
           if np.isfinite(values['low'][model]) else {})}
      for model in models if model in values.index]
  drawn += [{'name': f'{name}, paper', 'x': value, 'who': _PAPER}
            for name, value in (published or {}).items()]
  legend = _legend(results) | (
      {_PAPER: charts.css('other')} if published else {})
  return charts.dots(
      drawn, legend, label='', title=title or one.title,
      ceiling=None if people is None else one.factor * people['mean'])


def _first(results: Evaluated, site: Site) -> Chart:
  """The metric that counts of every data set, the best model first."""
  specs, legend = [], _legend(results)
  for rows, metric in ((results.scores, 'nss'), (
      results.search[results.search['kind'] == ALL], 'nmm')):
    for dataset in rows['dataset'].unique():
      of = rows[rows['dataset'] == dataset]
      published = paper.table4() if metric == 'nmm' and results.ours(
          dataset) else {}
      if published:
        legend[_PAPER] = charts.css('other')
      specs.append(_dots(
          results, of, metric, list(metrics.ranked(of, metric).index),
          f'{dataset}: {METRICS[metric].title}', dict(sorted(
              published.items(), key=lambda x: -x[1]))))
  return specs and site.chart(
      'best', specs, 'Dots of the models with 95 % intervals:', legend)


def _sheet(
    results: Evaluated, site: Site, table: pd.DataFrame, dataset: str,
    stem: str, only: tuple[str, ...] = tuple(METRICS)
) -> dict:
  """Returns models by metrics with intervals: figure, table and downloads."""
  rows = table[table['dataset'] == dataset]
  names = [x for x in metrics.known(rows) if x in only
           and (rows['images'][rows['metric'] == x] > 0).any()]
  if not names:
    return {}
  first = list(metrics.ranked(rows, names[0]).index)
  models = first + [x for x in results.models if x not in first]
  by_metric = {x: metrics.ranked(rows, x) for x in names}
  people = {x: metrics.ceiling(rows, x) for x in names}

  def cell(row: pd.Series | None, name: str, best: bool = False) -> dict:
    one = METRICS[name]
    if row is None:
      return {'text': number(float('nan')), 'interval': '', 'order': ''}
    mean, low, high = (
        number(row[x] * one.factor, one.digits)
        for x in ('mean', 'low', 'high'))
    return {'text': mean, 'best': best, 'order': f'{row["mean"]:.9g}',
            'interval': '' if np.isnan(row['low']) else f'{low} to {high}'}

  lines = [(model, [
      cell(of.loc[model] if model in of.index else None, name,
           model == next(iter(of.index), ''))
      for name, of in by_metric.items()]) for model in models]
  ceiling = [cell(people[name], name) for name in names] if any(
      x is not None for x in people.values()) else []

  def written(cells: list[dict]) -> list[str]:
    return [f'{x["text"]} ({x["interval"]})' if x['interval'] else x['text']
            for x in cells]

  return {
      'name': dataset, 'images': int(rows['images'].max()),
      'metrics': [METRICS[x] for x in names], 'rows': lines,
      'ceiling': ceiling, 'figure': site.chart(
          f'{stem}_{plain(dataset)}',
          [_dots(results, rows, name, models) for name in names],
          f'Dots of {len(models)} models with 95 % intervals:',
          _legend(results)),
      'table': site.table(
          f'{stem}_{plain(dataset)}',
          ('model', *(METRICS[x].title for x in names)),
          [(model, *written(cells)) for model, cells in [
              *lines, *([('other people', ceiling)] if ceiling else [])]])}


def _arrays(results: Evaluated, site: Site, dataset: str) -> dict:
  """Search arrays: NMM by kind of target, and the measures of search."""
  search = results.search[results.search['dataset'] == dataset]
  nmm = search[search['metric'] == 'nmm']
  models = list(metrics.ranked(nmm[nmm['kind'] == ALL], 'nmm').index)
  by_kind = nmm.pivot(index='kind', columns='model', values='mean').reindex(
      index=nmm['kind'].unique(), columns=models)
  published = {name.lower(): value for name, value in paper.table4().items()
               if results.ours(dataset)}
  rows = [(kind, *map(float, x)) for kind, x in zip(
      by_kind.index, by_kind.to_numpy(float), strict=True)]
  if published:
    rows.append(('all, in the paper', *(
        published.get(model.lower()) for model in models)))
  matrix = matrices.matrix(
      'Mean NMM by kind of target', list(by_kind.index), models,
      by_kind.to_numpy(float), label='mean NMM (SD)', corner='kind of target')
  counts = nmm[nmm['kind'] != ALL]['images']
  return {
      'name': dataset, 'images': int(nmm['images'].max()),
      'notes': results.summary['search'][dataset],
      'matrix': matrix if len(by_kind) > 2 else None,
      'counts': (int(counts.min()), int(counts.max())) if len(counts) else (),
      'figure': site.paper(f'kinds_{plain(dataset)}', [matrix.spec()]),
      'table': site.table(
          f'table4_{plain(dataset)}', ('kind', *models), rows),
      'sheet': _sheet(
          results, site, search[search['kind'] == ALL], dataset, 'search',
          tuple(x for x in METRICS if x != 'nmm'))}


def _example(results: Evaluated, site: Site, k: int) -> dict:
  """An image, what people do, and every model's map, as Figure 8."""
  x = results.examples[k]
  url = site.picture(f'examples/{k:05d}.jpg', as_jpeg(x.picture))
  down = np.array(x.size) / x.picture.shape[:2]
  shape = [] if x.target is None else [outlines.outline(np.kron(
      x.target, np.ones(np.ceil(down).astype(int), bool))[
          :x.size[0], :x.size[1]], 0.02)['d']]

  def tile(text: str, **over) -> dict:
    return {'text': text, 'place': site.place(
        url, x.size, f'{text}, {x.image_id}', outlines=shape, **over)}

  return {'title': f'{x.dataset}, {x.image_id}', 'tiles': [
      tile('the image', points=x.fixations),
      *([tile('people', cells=x.human)] if x.human is not None else []),
      *(tile(f'{model}: {METRICS[x.metric].label} {number(float(score), 1)}',
             cells=cells) for model, cells, score in zip(
                 results.models, x.maps, x.scores, strict=True))]}


def _paper(results: Evaluated, x: Example) -> list[charts.Spec]:
  """Returns the same as panels for a paper."""
  shown = [('', x.picture)]
  if x.human is not None:
    shown.append(('people', overlays.under_map(x.picture, x.human)))
  shown += [
      (f'{model}: {METRICS[x.metric].label} {number(float(score), 1)}',
       overlays.under_map(x.picture, cells, coloured=x.target is not None))
      for model, cells, score in zip(
          results.models, x.maps, x.scores, strict=True)]
  edge = np.zeros(x.picture.shape[:2], bool) if x.target is None else (
      outlines.edge(x.target, x.picture.shape[:2], 0.02))
  return [charts.picture(
      as_url(np.where(edge[..., None], 255, pixels).astype(np.uint8)),
      x.size, text or x.image_id) for text, pixels in shown]
