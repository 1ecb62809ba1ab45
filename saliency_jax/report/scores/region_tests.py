"""Labelled regions in an evaluation: Figure 7 and its tests."""

import numpy as np
import pandas as pd

from saliency_jax.report import charts, matrices, paper
from saliency_jax.report.chapter import Chart, Site, Table
from saliency_jax.report.numbers import analysis, f_value, number, probability, signed
from saliency_jax.report.scores.evaluated import Evaluated, plain
from saliency_jax.report.scores.score_findings import coefficient, leading

_MEASURES = {
  'output': ('output saliency', 'output saliency (SD)'),
  'difference': ('output saliency difference', '|output \N{MINUS SIGN} human saliency| (SD)'),
}
_NONE = '\N{EN DASH}'
_TERMS = ('measurement', 'cluster', 'interaction')
_HEADS, _OTHERS = 'heads', 'other categories'


def context(results: Evaluated, site: Site, dataset: str) -> dict:
  """Returns the template's variables for one data set's regions."""
  rows = results.categories[results.categories['dataset'] == dataset]
  first = leading(results, dataset)
  shown = first or rows['model'].iloc[0]
  networks = list(rows['model'][rows['inner'].notna()].unique())
  columns = rows.drop(columns=['dataset', 'top_units'], errors='ignore')
  compared = results.statistics[dataset, shown]['output']
  return {
    'name': dataset,
    'leading': first,
    'shown': shown,
    'idle': results.summary['output']['regions_without_fixations'][dataset],
    'regions': int(rows['regions'][rows['model'] == shown].sum()),
    'figure7': [
      (model, _scatter(results, site, rows[rows['model'] == model]))
      for model in sorted(networks, key=lambda x: x != first)
    ],
    'table': site.table(f'figure7_{plain(dataset)}', columns.astype(object).to_dict('records')),
    'matrices': _matrices(rows),
    'tests': _tests(results, site, dataset, list(rows['model'].unique())),
    'pairs': [
      (label, pairs) for name, (label, _) in _MEASURES.items() if (pairs := _pairs(results, site, dataset, shown, name))
    ],
    'left_out': list(compared['left_out']) if compared else [],
  }


def _scatter(results: Evaluated, site: Site, rows: pd.DataFrame) -> Chart:
  """Categories by inner saliency and by output saliency or its difference."""
  dataset, model = rows['dataset'].iloc[0], rows['model'].iloc[0]
  series = {_OTHERS: charts.css('run'), _HEADS: charts.css('other')}
  heads = rows['category'].isin(paper.facts()['heads'])
  rows = rows.assign(name=rows['category'], who=np.where(heads, _HEADS, _OTHERS))[rows['inner'].notna()]
  specs = []
  for name, (_, label) in _MEASURES.items():
    test = results.statistics[dataset, model][f'inner_{name}']
    title = 'too few categories for a correlation'
    if test:
      title = f'\N{GREEK SMALL LETTER RHO} = {coefficient(test)}, {probability(test["p_holm"])} corrected'
    axes = {f'{of}{end}': f'{x}{end}' for end in ('', '_low', '_high') for x, of in (('x', 'inner'), ('y', name))}
    points = rows.rename(columns=axes).to_dict('records')
    zero = name == 'difference'
    specs.append(charts.scatter(points, series, x='inner saliency (SD)', label=label, from_zero=zero, title=title))
  return site.chart(
    f'figure7_{plain(dataset)}_{plain(model)}', specs, f'Categories by inner and by output saliency of {model}:', series
  )


def _matrices(rows: pd.DataFrame) -> list[matrices.Matrix]:
  """Returns models by categories: output saliency, difference and bias."""
  first = rows.drop_duplicates('category').set_index('category')
  made = []
  for caption, key, label in (
    ('Output saliency', 'output', 'output saliency (SD)'),
    ('Output saliency difference', 'difference', 'difference (SD)'),
    ('Bias: the model minus people', 'bias', 'bias (SD)'),
  ):
    of = rows.pivot(index='model', columns='category', values=key)
    of = of.reindex(index=rows['model'].unique(), columns=first.index)
    if key == 'output':
      of.loc['people'] = first['human']
    how = {'label': label, 'corner': 'model', 'differences': key == 'bias', 'regions': first['regions']}
    made.append(matrices.matrix(caption, list(of.index), list(first.index), of.to_numpy(float), **how))
  return made


def _tests(results: Evaluated, site: Site, dataset: str, models: list[str]) -> dict[str, Table]:
  """Returns the tests of all models, a table for each caption."""
  of = {model: results.statistics[dataset, model] for model in models}
  tests = {
    'anova': [
      {
        'model': model,
        'measure': label,
        **analysis(x[name]),
        '\u03b7\u00b2': number(x[name]['eta_squared'], 3),
        '\u03c9\u00b2': number(x[name]['omega_squared'], 3),
      }
      for model, x in of.items()
      for name, (label, _) in _MEASURES.items()
      if x[name]
    ],
    'paper_anova': [
      {'network': model, 'term': term, **_effect(x['paper_anova'][term])}
      for model, x in of.items()
      for term in (_TERMS if x['paper_anova'] else ())
    ],
    'heads': [{'model': model, **_heads(x['heads'])} for model, x in of.items() if x['heads']],
  }
  if tests['paper_anova'] and results.ours(dataset):
    p = probability(paper.facts()['figure7']['anova_p'])
    values = 'the paper', 'not said which', _NONE, p, None
    tests['paper_anova'].append(dict(zip(tests['paper_anova'][0], values, strict=True)))
  return {name: site.table(f'{name}_{plain(dataset)}', rows) for name, rows in tests.items() if rows}


def _effect(effect: dict) -> dict:
  return {'F': f_value(effect), 'p': probability(effect['p']), 'partial \u03b7\u00b2': effect['partial_eta_squared']}


def _heads(test: dict) -> dict:
  return {
    'heads': test['heads'],
    'others': test['others'],
    'difference': signed(test['difference']),
    '95 % interval': _interval(test, 'low', 'high'),
    'p': probability(test['p']),
    'Hedges\u2019 g': signed(test['hedges_g']),
    '95 % interval of g': _interval(test, 'g_low', 'g_high'),
  }


def _interval(test: dict, low: str, high: str) -> str:
  return f'{number(test[low])} to {number(test[high])}'


def _pairs(results: Evaluated, site: Site, dataset: str, model: str, name: str) -> dict | None:
  """Returns the matrix of all pairs of categories, and its figure."""
  comparison = results.statistics[dataset, model][name]
  if not comparison or len(comparison['groups']) < 3:
    return None
  found = {}
  for x in comparison['pairs']:
    hint = (
      f'interval {_interval(x, "low", "high")}, {probability(x["p"])}, clustered and corrected '
      f"{probability(x['p_holm'])}, Hedges' g {signed(x['hedges_g'])} ({_interval(x, 'g_low', 'g_high')})"
    )
    found[x['first'], x['second']] = x['difference'], x['p'], hint
  matrix = matrices.pairs([group['name'] for group in comparison['groups']], found, 'SD')
  return {'matrix': matrix, 'figure': site.paper(f'pairs_{name}_{plain(dataset)}_{plain(model)}', [matrix])}
