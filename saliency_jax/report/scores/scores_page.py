"""The chapter of an evaluation: models by where people look and by search.
"""

import re
import textwrap

import numpy as np
import pandas as pd

from saliency_jax.report import charts, matrices, paper, terminal
from saliency_jax.report.chapter import (
    Chapter,
    Chart,
    Picture,
    Site,
    Table,
    as_jpeg,
)
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import counted, number, probability
from saliency_jax.report.scores import evaluated, region_tests
from saliency_jax.report.scores.evaluated import METRICS, Evaluated, plain
from saliency_jax.report.scores.score_findings import findings

_COLOURS = {kind: charts.css(role) for kind, role in (
    ('network', 'run'), ('classical', 'fourth'), ('centre', 'paper'),
    ('folder', 'third'))}
_PAPER = {'paper': charts.css('other')}
_NOTES = {
    'scores': 'Means over images, and below them their 95 % bootstrap '
    'intervals. KL: lower is better. Information gain: bits over the centre '
    'prior.',
    'search': 'Means over arrays, and below them their 95 % bootstrap '
    'intervals. MSR, background and fixations: lower is better.'}
_OBSERVERS = (
    'observers: each against the others, the ceiling of NSS, the AUCs and '
    "information gain; CC, SIM and KL compare with one observer's map and are "
    'no ceiling.')


def text(results: Evaluated) -> str:
  """Returns the tables of an evaluation, its findings and its warnings."""
  parts = []
  for name, note in _NOTES.items():
    table = getattr(results, name)
    if name == 'search':
      table = table[table['kind'] == evaluated.ALL]
    for dataset, rows in table.groupby('dataset', sort=False):
      parts.append(
          f'{dataset}: {int(rows["images"].max())} images\n\n{_lines(rows)}')
    if len(table):
      parts.append(textwrap.fill(note, 80))
      if (table['model'] == evaluated.OBSERVERS).any():
        parts.append(textwrap.fill(_OBSERVERS, 80))
  parts += ['\n'.join(terminal.items(findings(results)))]
  parts += [textwrap.fill(f'Note: {each}', 80)
            for each in results.summary['warnings']]
  return '\n\n'.join(filter(None, parts))


def _lines(rows: pd.DataFrame) -> str:
  """Returns models by metrics for the terminal."""
  names = list(rows['metric'].unique())
  digits = [METRICS[x].digits + (2 if METRICS[x].unit == '%' else 0)
            for x in names]
  lines = [['', *(METRICS[x].label if x in METRICS else x for x in names)]]
  for model, of in rows.groupby('model', sort=False):
    of = of.set_index('metric').reindex(names)
    mean, low, high = ([
        '' if np.isnan(x) else f'{x:.{d}f}'
        for x, d in zip(of[key], digits, strict=True)]
        for key in ('mean', 'low', 'high'))
    lines.append([model, *(x or '-' for x in mean)])
    if any(low):
      lines.append(['', *(x and f'{x}..{y}' for x, y in zip(
          low, high, strict=True))])
  return '\n'.join(terminal.aligned(lines, left=1, gap=2))


def chapters(results: Evaluated, site: Site) -> list[Chapter]:
  """Returns the one chapter of an evaluation."""
  examples = [_example(results, site, k)
              for k in range(len(results.examples))]
  return [Chapter('scores', 'Scores', 'scores/scores.html.j2', {
      'results': results, 'found': findings(results),
      'facts': [*_facts(results).items()], 'first': _first(results, site),
      'photographs': [
          sheet | {'apart': _differences(results, site, x, 'nss', list(
              evaluated.ranked(results.scores[
                  results.scores['dataset'] == x], 'nss').index))}
          for x in results.scores['dataset'].unique()
          if (sheet := _sheet(results, site, results.scores, x, 'scores'))],
      'not_run': _not_run(results, site),
      'arrays': [_arrays(results, site, x)
                 for x in results.search['dataset'].unique()],
      'regions': [region_tests.context(results, site, x)
                  for x in results.categories['dataset'].unique()],
      'examples': [
          (f'{x.dataset}, {x.image_id}', tiles)
          for x, tiles in zip(results.examples, examples, strict=True)],
      'example_files': site.paper('examples', [
          each._replace(text=x.image_id) if each is tiles[0] else each
          for x, tiles in zip(results.examples, examples, strict=True)
          for each in tiles]) if examples else []})]


def _differences(
    results: Evaluated, site: Site, dataset: str, metric: str,
    models: list[str]) -> dict:
  """Returns every two models, the better one first, on the same images."""
  rows = results.differences[results.differences['dataset'] == dataset]
  if not len(rows):
    return {}
  found = {(i, j): results.difference(dataset, metric, row, column)
           for i, row in enumerate(models) for j, column in enumerate(models)}
  label = METRICS[metric].label

  def hint(i: int, j: int) -> str:
    x = found[i, j]
    return '' if x is None else (
        f'95 % interval {number(x[1])} to {number(x[2])}, '
        f'{probability(x[3])} corrected')

  matrix = matrices.matrix(
      'Row less column', models[:-1], models[1:], np.array([
          [np.nan if i > j or found[i, j + 1] is None else found[i, j + 1][0]
           for j in range(len(models) - 1)] for i in range(len(models) - 1)]),
      label=f'{label}, row \N{MINUS SIGN} column', differences=True,
      hint=lambda i, j: hint(i, j + 1) if i <= j else '',
      mark=lambda i, j: '*' if found[i, j + 1][3] < 0.05 else '')
  stem = f'differences_{plain(dataset)}'
  columns = [x for x in rows.columns if x != 'dataset']
  return {
      'label': label, 'matrix': matrix, 'figure': site.paper(stem, [matrix]),
      'table': site.table(stem, columns, [
          tuple(x) for x in rows[columns].astype(object).to_numpy()])}


def _not_run(results: Evaluated, site: Site) -> Table | None:
  """Returns the paper's models that stand beside nothing."""
  if not any(map(results.ours, results.summary['datasets'])):
    return None
  known = ' '.join(results.models)  # deepgaze2, sam_vgg
  return site.table('not_run', ('model', 'table', 'the paper'), [
      (name, title, value) for key, title in (
          ('table1', 'Table 1, NSS on MIT300'), ('table4', 'Table 4, NMM'))
      for name, value in paper.facts()[key].items()
      if key == 'table1' or not re.search(
          rf"\b{name.replace(' II', '2')}(\b|_)", known, re.I)])


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
  return {evaluated.KINDS[kind]: colour for kind, colour in _COLOURS.items()
          if kind in kinds}


def _dots(
    results: Evaluated, rows: pd.DataFrame, metric: str, models: list[str],
    title: str = '', published: dict[str, float] | None = None
) -> charts.Spec:
  """Draws models by a metric, and the paper's models."""
  one, values = METRICS[metric], evaluated.ranked(rows, metric)
  people = evaluated.ceiling(rows, metric)
  drawn = [
      {'name': model, 'x': one.factor * values['mean'][model],
       'who': evaluated.KINDS[results.kind(model)],
       **{end: one.factor * values[end][model] for end in ('low', 'high')}}
      for model in models if model in values.index]
  drawn += [{'name': f'{name}, paper', 'x': value, 'who': 'paper'}
            for name, value in (published or {}).items()]
  return charts.dots(
      drawn, _legend(results) | (_PAPER if published else {}), label='',
      title=title or one.title,
      ceiling=None if people is None else one.factor * people['mean'])


def _first(results: Evaluated, site: Site) -> Chart | None:
  """The metric that counts of every data set, the best model first."""
  specs, legend = [], _legend(results)
  for rows, metric in ((results.scores, 'nss'), (
      results.search[results.search['kind'] == evaluated.ALL], 'nmm')):
    for dataset in rows['dataset'].unique():
      of = rows[rows['dataset'] == dataset]
      published = dict(sorted(
          paper.facts()['table4'].items(), key=lambda x: -x[1])
          ) if metric == 'nmm' and results.ours(dataset) else {}
      legend |= _PAPER if published else {}
      specs.append(_dots(
          results, of, metric, list(evaluated.ranked(of, metric).index),
          f'{dataset}: {METRICS[metric].title}', published))
  return site.chart('best', specs, 'Dots of the models with 95 % intervals:',
                    legend) if specs else None


def _sheet(
    results: Evaluated, site: Site, table: pd.DataFrame, dataset: str,
    stem: str
) -> dict:
  """Returns models by metrics with intervals: figure, table and downloads."""
  rows = table[(table['dataset'] == dataset) & (table['images'] > 0)]
  names = [x for x in METRICS if (rows['metric'] == x).any()]
  if not names:
    return {}
  by_metric = {x: evaluated.ranked(rows, x) for x in names}
  first = list(by_metric[names[0]].index)
  models = first + [x for x in results.models if x not in first]

  def cell(row: pd.Series | None, name: str, best: bool = False) -> dict:
    text, interval = METRICS[name].written(row)
    return {'text': text, 'interval': interval, 'best': best,
            'order': '' if row is None else f'{row["mean"]:.9g}'}

  lines = [(model, [
      cell(of.loc[model] if model in of.index else None, name,
           model == next(iter(of.index), ''))
      for name, of in by_metric.items()]) for model in models]
  people = [evaluated.ceiling(rows, x) for x in names]
  ceiling = [cell(x, name) for x, name in zip(people, names, strict=True)
             ] if any(x is not None for x in people) else []
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
          ('model', *(METRICS[x].title for x in names)), [
              (model, *(f'{x["text"]} ({x["interval"]})' if x['interval']
                        else x['text'] for x in cells))
              for model, cells in [*lines, ('other people', ceiling)]
              if cells])}


def _arrays(results: Evaluated, site: Site, dataset: str) -> dict:
  """Search arrays: NMM by kind of target, and the measures of search."""
  search = results.search[results.search['dataset'] == dataset]
  nmm = search[search['metric'] == 'nmm']
  whole = search[search['kind'] == evaluated.ALL]
  models = list(evaluated.ranked(whole, 'nmm').index)
  by_kind = nmm.pivot(index='kind', columns='model', values='mean').reindex(
      index=nmm['kind'].unique(), columns=models)
  published = {name.lower(): value for name, value in
               paper.facts()['table4'].items() if results.ours(dataset)}
  rows = [(kind, *map(float, x)) for kind, x in zip(
      by_kind.index, by_kind.to_numpy(float), strict=True)]
  if published:
    rows.append(('all, in the paper', *(
        published.get(model.lower()) for model in models)))
  matrix = matrices.matrix(
      'Mean NMM by kind of target', list(by_kind.index), models,
      by_kind.to_numpy(float), label='mean NMM (SD)', corner='kind of target')
  counts = nmm[nmm['kind'] != evaluated.ALL]['images']
  return {
      'name': dataset, 'images': int(nmm['images'].max()),
      'notes': results.summary['search'][dataset],
      'matrix': matrix if len(by_kind) > 2 else None,
      'counts': (int(counts.min()), int(counts.max())) if len(counts) else (),
      'figure': site.paper(f'kinds_{plain(dataset)}', [matrix]),
      'table': site.table(
          f'table4_{plain(dataset)}', ('kind', *models), rows),
      'apart': _differences(results, site, dataset, 'nmm', models),
      'sheet': _sheet(
          results, site, whole[whole['metric'] != 'nmm'], dataset, 'search')}


def _example(results: Evaluated, site: Site, k: int) -> list[Picture]:
  """An image, what people do, and every model's map, as Figure 8."""
  x = results.examples[k]
  image = Picture(
      site.picture(f'examples/{k:05d}.jpg', as_jpeg(x.picture)), x.picture,
      x.size, 'the image', f'the image, {x.image_id}', mask=x.target,
      margin=0.02, points=x.fixations, coloured=x.target is not None)
  maps = {} if x.human is None else {'people': x.human}
  maps |= {
      f'{model}: {METRICS[x.metric].label} {number(float(score), 1)}': cells
      for model, cells, score in zip(
          results.models, x.maps, x.scores, strict=True)}
  return [image, *(
      image._replace(text=text, label=f'{text}, {x.image_id}', cells=cells,
                         points=None) for text, cells in maps.items())]
