"""Models by metrics, and every two models: tables and figures."""

import numpy as np
import pandas as pd

from saliency_jax.report import charts, matrices
from saliency_jax.report.chapter import Site
from saliency_jax.report.numbers import number, probability
from saliency_jax.report.scores import evaluated
from saliency_jax.report.scores.evaluated import METRICS, Evaluated, plain

_COLOURS = {
  kind: charts.css(role)
  for kind, role in (('network', 'run'), ('classical', 'fourth'), ('centre', 'paper'), ('folder', 'third'))
}


def differences(results: Evaluated, site: Site, dataset: str, metric: str, models: list[str]) -> dict:
  """Returns every two models, the better one first, on the same images."""
  rows = results.differences[results.differences['dataset'] == dataset]
  if not len(rows):
    return {}
  found = {
    (i, j): results.difference(dataset, metric, row, column)
    for i, row in enumerate(models)
    for j, column in enumerate(models)
  }
  label = METRICS[metric].label

  def hint(i: int, j: int) -> str:
    x = found[i, j]
    return '' if x is None else (f'95 % interval {number(x[1])} to {number(x[2])}, {probability(x[3])} corrected')

  matrix = matrices.matrix(
    'Row less column',
    models[:-1],
    models[1:],
    np.array(
      [
        [np.nan if i > j or found[i, j + 1] is None else found[i, j + 1][0] for j in range(len(models) - 1)]
        for i in range(len(models) - 1)
      ]
    ),
    label=f'{label}, row \N{MINUS SIGN} column',
    differences=True,
    hint=lambda i, j: hint(i, j + 1) if i <= j else '',
    mark=lambda i, j: '*' if found[i, j + 1][3] < 0.05 else '',
  )
  stem = f'differences_{plain(dataset)}'
  columns = [x for x in rows.columns if x != 'dataset']
  return {
    'label': label,
    'matrix': matrix,
    'figure': site.paper(stem, [matrix]),
    'table': site.table(stem, columns, [tuple(x) for x in rows[columns].astype(object).to_numpy()]),
  }


def legend(results: Evaluated) -> dict[str, str]:
  kinds = {results.kind(model) for model in results.models}
  return {evaluated.KINDS[kind]: colour for kind, colour in _COLOURS.items() if kind in kinds}


def dots(
  results: Evaluated,
  rows: pd.DataFrame,
  metric: str,
  models: list[str],
  title: str = '',
  published: dict[str, float] | None = None,
) -> charts.Spec:
  """Draws models by a metric, and the paper's models."""
  one, values = METRICS[metric], evaluated.ranked(rows, metric)
  people = evaluated.ceiling(rows, metric)
  drawn = [
    {
      'name': model,
      'x': one.factor * values['mean'][model],
      'who': evaluated.KINDS[results.kind(model)],
      **{end: one.factor * values[end][model] for end in ('low', 'high')},
    }
    for model in models
    if model in values.index
  ]
  drawn += [{'name': f'{name}, paper', 'x': value, 'who': 'paper'} for name, value in (published or {}).items()]
  return charts.dots(
    drawn,
    legend(results) | (PAPER if published else {}),
    label='',
    title=title or one.title,
    ceiling=None if people is None else one.factor * people['mean'],
  )


def sheet(results: Evaluated, site: Site, table: pd.DataFrame, dataset: str, stem: str) -> dict:
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
    return {'text': text, 'interval': interval, 'best': best, 'order': '' if row is None else f'{row["mean"]:.9g}'}

  lines = [
    (
      model,
      [
        cell(of.loc[model] if model in of.index else None, name, model == next(iter(of.index), ''))
        for name, of in by_metric.items()
      ],
    )
    for model in models
  ]
  people = [evaluated.ceiling(rows, x) for x in names]
  ceiling = [cell(x, name) for x, name in zip(people, names, strict=True)] if any(x is not None for x in people) else []
  return {
    'name': dataset,
    'images': int(rows['images'].max()),
    'metrics': [METRICS[x] for x in names],
    'rows': lines,
    'ceiling': ceiling,
    'figure': site.chart(
      f'{stem}_{plain(dataset)}',
      [dots(results, rows, name, models) for name in names],
      f'Dots of {len(models)} models with 95 % intervals:',
      legend(results),
    ),
    'table': site.table(
      f'{stem}_{plain(dataset)}',
      ('model', *(METRICS[x].title for x in names)),
      [
        (model, *(f'{x["text"]} ({x["interval"]})' if x['interval'] else x['text'] for x in cells))
        for model, cells in [*lines, ('other people', ceiling)]
        if cells
      ],
    ),
  }


PAPER = {'paper': charts.css('other')}
