"""What the chapter `scores` shows of labelled regions: Figure 7 and its tests.
"""

import functools

import numpy as np

from saliency_jax.report import (
    category_figures,
    figures,
    matrix,
    score_findings,
)
from saliency_jax.report.category_figures import coefficient, probability
from saliency_jax.report.chapter import Site, Table
from saliency_jax.report.evaluated import Category, Results, plain
from saliency_jax.report.numbers import number, signed

_MEASURES = {
    'output': 'output saliency', 'difference': 'output saliency difference'}
_PEOPLE = 'people'
_NONE = '\N{EN DASH}'


def context(results: Results, site: Site, dataset: str) -> dict:
  """Returns what the template shows of one data set's regions."""
  of_models = results.categories[dataset]
  leading = score_findings.leading(results, dataset)
  networks = [
      model for model in of_models
      if any(np.isfinite(category.inner) for category in of_models[model])]
  shown = leading or next(iter(of_models))
  return {
      'name': dataset, 'leading': leading, 'shown': shown,
      'idle': results.summary['output']['regions_without_fixations'][dataset],
      'regions': sum(category.regions for category in of_models[shown]),
      'figure7': [
          (model, _figure7(results, site, dataset, model))
          for model in sorted(networks, key=lambda model: model != leading)],
      'figure7_table': _table(results, site, dataset),
      **_matrices(results, site, dataset),
      'tests': _tests(results, site, dataset),
      'pairs': [
          (label, pairs) for name, label in _MEASURES.items()
          if (pairs := _pairs(results, site, dataset, shown, name))],
      'left_out': _left_out(results, dataset, shown)}


def _figure7(results: Results, site: Site, dataset: str, model: str):
  categories = results.categories[dataset][model]
  return site.figure(
      f'figure7_{plain(dataset)}_{plain(model)}', functools.partial(
          category_figures.scatter, categories,
          results.statistics[dataset, model]),
      f'Categories by inner and by output saliency of {model}: ' + '; '.join(
          f'{x.name} {number(x.inner)}, {number(x.output)}, difference '
          f'{number(x.difference)}' for x in categories))


def _table(results: Results, site: Site, dataset: str) -> Table:
  return site.table(
      f'figure7_{plain(dataset)}',
      ('model', 'category', *Category._fields[1:]),
      [(model, *category)
       for model, categories in results.categories[dataset].items()
       for category in categories])


def _matrices(results: Results, site: Site, dataset: str) -> dict:
  """Returns models by categories: output saliency, difference and bias."""
  of_models = results.categories[dataset]
  first = next(iter(of_models.values()))
  names = [category.name for category in first]

  def values(key: str, categories: tuple[Category, ...]) -> list[float]:
    known = {x.name: getattr(x, key) for x in categories}
    return [known.get(name, np.nan) for name in names]

  output = np.array([
      *(values('output', x) for x in of_models.values()),
      values('human', first)])
  difference, bias = (
      np.array([values(key, x) for x in of_models.values()])
      for key in ('difference', 'bias'))
  norm, apart = figures.scale(output), figures.scale(difference)
  signed_rows, signed_bar = matrix.differences(
      list(of_models), bias, 2, lambda row, column: '')
  return {
      'columns': names, 'counts': [category.regions for category in first],
      'output_rows': matrix.rows([*of_models, _PEOPLE], output, norm, 2),
      'output_bar': matrix.bar(norm, 2),
      'difference_rows': matrix.rows(list(of_models), difference, apart, 2),
      'difference_bar': matrix.bar(apart, 2), 'bias_rows': signed_rows,
      'bias_bar': signed_bar}


def _tests(results: Results, site: Site, dataset: str) -> list[Table]:
  """Returns the correlations and the analyses of variance of all models."""
  of_models = results.categories[dataset]
  correlations, analyses = [], []
  for model in of_models:
    tests = results.statistics[dataset, model]
    found = [tests[f'inner_{name}'] for name in _MEASURES]
    if any(found):
      correlations.append((model, *(
          f"{coefficient(one)} ({probability(one['p'])}; of all "
          f"{probability(one['p_holm'])})" if one
          else _NONE for one in found)))
    for name, label in _MEASURES.items():
      if tests[name]:
        analyses.append((model, label, *_analysis(tests[name])))
  stem = plain(dataset)
  return [table for table in (
      site.table(
          f'spearman_{stem}',
          ('network', 'inner and output saliency, \u03c1',
           'inner saliency and difference, \u03c1'), correlations)
      if correlations else None,
      site.table(
          f'anova_{stem}',
          ('model', 'measure', "Welch's F", 'p', 'F, photographs as clusters',
           'p, clustered', 'p, clustered and corrected (Holm)',
           '\u03b7\u00b2', '\u03c9\u00b2', 'pairs that differ'),
          analyses)
      if analyses else None) if table]


def _analysis(comparison: dict) -> tuple[str, ...]:
  def test(one: dict | None) -> tuple[str, str]:
    if not one:
      return _NONE, _NONE
    return (
        f"F({one['df_between']:.0f}, {one['df_within']:.0f}) = "
        f"{number(one['f'])}", probability(one['p']))

  pairs = comparison['pairs']
  return (
      *test(comparison['welch']), *test(comparison['clustered']),
      probability(comparison['p_holm']),
      number(comparison['eta_squared'], 3),
      number(comparison['omega_squared'], 3),
      f"{sum(pair['p'] < 0.05 for pair in pairs)} of {len(pairs)}")


def _pairs(
    results: Results, site: Site, dataset: str, model: str, name: str
) -> dict | None:
  """Returns the figure and the table of all pairs of categories."""
  comparison = results.statistics[dataset, model][name]
  if not comparison or len(comparison['groups']) < 3:
    return None
  stem = f'pairs_{name}_{plain(dataset)}_{plain(model)}'
  return {
      'figure': site.figure(
          stem, functools.partial(category_figures.pairs, comparison),
          f'Differences of the {_MEASURES[name]} of {model} between '
          f'categories; the numbers are in the table below.'),
      'table': site.table(
          stem,
          ('pair', 'difference', 'interval', 'p',
           'p, clustered and corrected (Holm)', "Hedges' g", 'interval of g'),
          [_pair(pair) for pair in sorted(
              comparison['pairs'], key=lambda pair: pair['p'])])}


def _pair(pair: dict) -> tuple[str, ...]:
  return (
      f"{pair['first']} \N{MINUS SIGN} {pair['second']}",
      signed(pair['difference']),
      f"{number(pair['low'])} to {number(pair['high'])}",
      probability(pair['p']), probability(pair['p_holm']),
      signed(pair['hedges_g']),
      f"{number(pair['g_low'])} to {number(pair['g_high'])}")


def _left_out(results: Results, dataset: str, model: str) -> list[str]:
  """Returns the categories with too few regions to take part in the tests."""
  comparison = results.statistics[dataset, model]['output']
  return list(comparison['left_out']) if comparison else []
