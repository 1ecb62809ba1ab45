"""The chapter `scores`: models by what people look at, and by the odd one out.
"""

import functools
from typing import NamedTuple

import numpy as np

from saliency_jax.report import (
    example_grid,
    facts,
    matrix,
    metrics,
    paper,
    score_categories,
    score_figures,
    score_findings,
)
from saliency_jax.report import figures as matrices
from saliency_jax.report.chapter import Chapter, Site, Table
from saliency_jax.report.evaluated import ALL, Results, Scores, Value, plain
from saliency_jax.report.metrics import METRICS, Metric
from saliency_jax.report.numbers import counted, number
from saliency_jax.report.pictures import Figure

# The measures of search arrays beside NMM, which has a section of its own.
_SEARCH = (
    'gsi', 'msr_target', 'msr_background', 'stands_out', 'first', 'found',
    'fixations')


class Cell(NamedTuple):
  """A model's value of a metric."""
  text: str
  interval: str  # '' for none
  best: bool  # of all models
  order: str  # by which the table sorts; '' for no value


class Sheet(NamedTuple):
  """Models down, metrics across."""
  metrics: list[Metric]
  rows: list[tuple[str, list[Cell]]]  # a model and its cells
  ceiling: list[Cell]  # empty if there is none
  figure: Figure
  table: Table  # to download


def chapter(results: Results, site: Site) -> Chapter:
  """Returns the chapter of an evaluation."""
  context = {
      'results': results, 'summary': results.summary,
      'found': score_findings.findings(results),
      'facts': _facts(results),
      'photographs': [
          _photographs(results, site, dataset) for dataset in results.scores],
      'arrays': [
          _arrays(results, site, dataset) for dataset in results.search],
      'regions': [
          score_categories.context(results, site, dataset)
          for dataset in results.categories],
      'grid': site.figure(
          'examples', functools.partial(
              example_grid.grid, results.examples, results.models),
          f'{len(results.examples)} images, each with the map of '
          f"{', '.join(results.models)}; brighter is higher.")
      if results.examples else None}
  return Chapter('scores', 'Scores', 'scores.html.j2', context)


def _facts(results: Results) -> dict[str, str]:
  """Returns what was run: models, data sets, and what every job tells."""
  told = {
      f'Model {name}': identity
      for name, identity in results.summary['models'].items()}
  for name, of in results.summary['datasets'].items():
    told[f'Data set {name}'] = ', '.join([
        of['kind'], counted(of['images'], 'image'),
        *([counted(of['fixations'], 'fixation')] if 'fixations' in of else []),
        *([f"human map blurred by {of['sigma']:g} px"] if of.get('sigma')
          else [])])
  common = facts.facts(results.summary, results.config)
  return told | {
      term: text for term, text in common.items()
      if term in ('Seconds', 'Device', 'Versions')}


def _photographs(results: Results, site: Site, dataset: str) -> dict:
  scores = results.scores[dataset]
  names = metrics.known(scores)
  return {
      'name': dataset, 'images': _most(scores),
      'sheet': _sheet(results, site, dataset, scores, names, 'scores')}


def _arrays(results: Results, site: Site, dataset: str) -> dict:
  scores = results.search[dataset]
  values = scores[ALL]['nmm']
  order = metrics.ranked(results.models, values, 'nmm') or results.models
  kinds = [kind for kind in scores if kind != ALL]
  # Without masks of the distractors there are none.
  measured = [
      name for name in metrics.known(scores[ALL]) if name in _SEARCH
      and any(value.images for value in scores[ALL][name].values())]
  found = {
      'name': dataset, 'images': _most(scores[ALL]),
      'notes': results.summary['search'][dataset],
      'table4': site.figure(
          f'table4_{plain(dataset)}', functools.partial(
              score_figures.table4, values,
              {model: results.kind(model) for model in order}, paper.table4()),
          'Dots of the mean NMM: ' + ', '.join(
              f'{model} {number(values[model].mean)}' for model in order)
          + '; in the paper ' + ', '.join(
              f'{model} {published:.2f}'
              for model, published in paper.table4().items())),
      'table4_table': _table4(results, site, dataset, order),
      'sheet': _sheet(results, site, dataset, scores[ALL], measured, 'search')
      if measured else None, 'kinds': []}
  if len(kinds) > 1:
    by_kind = np.array([
        [scores[kind]['nmm'][model].mean for model in order]
        for kind in (*kinds, ALL)])
    norm = matrices.scale(by_kind)
    found |= {
        'kinds': matrix.rows((*kinds, 'all'), by_kind, norm, 2),
        'bar': matrix.bar(norm, 2), 'models': order,
        'counts': [scores[kind]['nmm'][order[0]].images for kind in kinds],
        'kinds_files': site.export(
            f'kinds_{plain(dataset)}', functools.partial(
                score_figures.kinds, by_kind, [*kinds, 'all'], order))}
  return found


def _table4(
    results: Results, site: Site, dataset: str, order: list[str]) -> Table:
  """Returns NMM by kind of target beside the paper's, to download."""
  scores = results.search[dataset]
  rows = [
      (kind, *(scores[kind]['nmm'][model].mean for model in order))
      for kind in scores]
  published = {name.lower(): value for name, value in paper.table4().items()}
  rows.append(
      ('all, in the paper', *(published.get(model.lower()) for model in order)))
  return site.table(f'table4_{plain(dataset)}', ('kind', *order), rows)


def _sheet(
    results: Results, site: Site, dataset: str, scores: Scores,
    names: list[str], stem: str
) -> Sheet:
  """Returns a table of means and intervals, and the figure of it."""
  best = {name: metrics.best(scores[name], name) for name in names}
  first = metrics.known(scores)[0]
  order = metrics.ranked(results.models, scores[first], first)
  order += [model for model in results.models if model not in order]
  rows = [
      (model, [_cell(scores[name].get(model), name, best[name] == model)
               for name in names]) for model in order]
  ceilings = [metrics.ceiling(scores[name], name) for name in names]
  ceiling = [
      _cell(value, name, False)
      for name, value in zip(names, ceilings, strict=True)]
  lines = [(model, *map(_written, cells)) for model, cells in rows]
  if any(ceilings):
    lines.append(('other people', *map(_written, ceiling)))
  titles = [METRICS[name].title for name in names]
  return Sheet(
      [METRICS[name] for name in names], rows,
      ceiling if any(ceilings) else [],
      site.figure(
          f'{stem}_{plain(dataset)}', functools.partial(
              score_figures.dots, scores, names,
              {model: results.kind(model) for model in order}),
          f'Dots with intervals of {len(order)} models by {len(names)} '
          f'metrics; the numbers are in the table below.'),
      site.table(f'{stem}_{plain(dataset)}', ('model', *titles), lines))


def _cell(value: Value | None, name: str, best: bool) -> Cell:
  metric = METRICS[name]
  if value is None or np.isnan(value.mean):
    return Cell(number(float('nan')), '', False, '')
  mean, low, high = (
      number(x * metric.factor, metric.digits) for x in value[:3])
  return Cell(
      mean, '' if np.isnan(value.low) else f'{low} to {high}', best,
      f'{value.mean:.9g}')


def _written(cell: Cell) -> str:
  return f'{cell.text} ({cell.interval})' if cell.interval else cell.text


def _most(scores: Scores) -> int:
  """Returns the number of images that the means are over, at most."""
  return max(
      value.images for values in scores.values() for value in values.values())
