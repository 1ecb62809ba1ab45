"""Models by metrics, and pairs of models: tables and figures."""

import itertools

import pandas as pd

from saliency_jax.report import charts, matrices
from saliency_jax.report.chapter import Site
from saliency_jax.report.numbers import number, probability
from saliency_jax.report.scores import evaluated
from saliency_jax.report.scores.evaluated import METRICS, Evaluated, plain

PAPER = {'paper': charts.css('other')}
_COLOURS = {
  kind: charts.css(role)
  for kind, role in (('network', 'run'), ('classical', 'fourth'), ('centre', 'paper'), ('folder', 'third'))
}


def differences(results: Evaluated, site: Site, dataset: str, metric: str, models: list[str]) -> dict:
  """Returns the differences of all pairs of models, the better one first."""
  rows = results.differences[results.differences['dataset'] == dataset].drop(columns='dataset')
  if not len(rows):
    return {}
  found = {}
  for one, other in itertools.combinations(models, 2):
    if x := results.difference(dataset, metric, one, other):
      hint = f'95 % interval {number(x[1])} to {number(x[2])}, {probability(x[3])} corrected'
      found[one, other] = x[0], x[3], hint
  label, stem = METRICS[metric].label, f'differences_{plain(dataset)}'
  matrix = matrices.pairs(models, found, label)
  return {
    'label': label,
    'matrix': matrix,
    'figure': site.paper(stem, [matrix]),
    'table': site.table(stem, rows.astype(object).to_dict('records')),
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
  **size: int,
) -> charts.Spec:
  """Returns a chart of models by a metric, and the paper's models."""
  one, people = METRICS[metric], evaluated.ceiling(rows, metric)
  values = evaluated.ranked(rows, metric)[['mean', 'low', 'high']] * one.factor
  drawn = [
    {'name': model, 'who': evaluated.KINDS[results.kind(model)], 'x': mean, 'low': low, 'high': high}
    for model, mean, low, high in values.reindex(models).dropna(subset='mean').itertuples()
  ]
  drawn += [{'name': f'{name}, paper', 'x': value, 'who': 'paper'} for name, value in (published or {}).items()]
  ceiling = None if people is None else one.factor * people['mean']
  series = legend(results) | (PAPER if published else {})
  return charts.dots(drawn, series, label='', title=title or one.title, ceiling=ceiling, **size)


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

  def line(model: str) -> list[dict]:
    return [
      cell(of.loc[model], name, best.get(name) == of['mean'][model]) if model in of.index else cell(None, name)
      for name, of in by_metric.items()
    ]

  # Means over different images cannot be ranked: a model that finds only easy
  # targets needs few fixations.
  best = {name: of['mean'].iloc[0] for name, of in by_metric.items() if of['images'].nunique() == 1}
  lines = [(model, line(model)) for model in models]
  people = [evaluated.ceiling(rows, x) for x in names]
  ceiling = [cell(x, name) for x, name in zip(people, names, strict=True)] if any(x is not None for x in people) else []
  written = [
    (model, *(f'{x["text"]} ({x["interval"]})' if x['interval'] else x['text'] for x in cells))
    for model, cells in [*lines, ('other people', ceiling)]
    if cells
  ]
  stem = f'{stem}_{plain(dataset)}'
  specs = [dots(results, rows, name, models) for name in names]
  return {
    'name': dataset,
    'images': int(rows['images'].max()),
    'metrics': [METRICS[x] for x in names],
    'rows': lines,
    'ceiling': ceiling,
    'figure': site.chart(stem, specs, f'Dots of {len(models)} models with 95 % intervals:', legend(results)),
    'table': site.table(stem, written, ('model', *(METRICS[x].title for x in names))),
  }
