"""What an evaluation shows of labelled regions: Figure 7 and its tests."""

import numpy as np
import pandas as pd

from saliency_jax.report import charts, matrices, paper
from saliency_jax.report.chapter import Chart, Site, Table
from saliency_jax.report.numbers import f_value, number, probability, signed
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
  """Returns what the template shows of one data set's regions."""
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
  """Categories by inner saliency and by what the output makes of them."""
  dataset, model = rows['dataset'].iloc[0], rows['model'].iloc[0]
  series = {_OTHERS: charts.css('run'), _HEADS: charts.css('other')}
  heads = rows['category'].isin(paper.facts()['heads'])
  rows = rows.assign(name=rows['category'], who=np.where(heads, _HEADS, _OTHERS))[rows['inner'].notna()]
  specs = []
  for name, (_, label) in _MEASURES.items():
    test = results.statistics[dataset, model][f'inner_{name}']
    title = 'too few categories for a correlation'
    if test:
      title = f'\N{GREEK SMALL LETTER RHO} = {coefficient(test)}, {probability(test["p"])}'
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
    ('Bias: the model less people', 'bias', 'bias (SD)'),
  ):
    of = rows.pivot(index='model', columns='category', values=key)
    of = of.reindex(index=rows['model'].unique(), columns=first.index)
    if key == 'output':
      of.loc['people'] = first['human']
    how = {'label': label, 'corner': 'model', 'differences': key == 'bias', 'regions': first['regions']}
    made.append(matrices.matrix(caption, list(of.index), list(first.index), of.to_numpy(float), **how))
  return made


def _tests(results: Evaluated, site: Site, dataset: str, models: list[str]) -> dict[str, Table]:
  """Returns the tests of all models, each a table with the template's caption."""
  of = {model: results.statistics[dataset, model] for model in models}
  tests = {
    'spearman': [_correlations(model, x) for model, x in of.items() if x['inner_output'] or x['inner_difference']],
    'anova': [
      _analysis(model, label, x[name]) for model, x in of.items() for name, (label, _) in _MEASURES.items() if x[name]
    ],
    'paper_anova': [
      _effect(model, term, x['paper_anova'][term])
      for model, x in of.items()
      for term in x['paper_anova'] or ()
      if term in _TERMS
    ],
    'heads': [_heads(model, x['heads']) for model, x in of.items() if x['heads']],
  }
  if tests['paper_anova'] and results.ours(dataset):
    p = probability(paper.facts()['figure7']['anova_p'])
    values = 'the paper', 'not said which', _NONE, p, None
    tests['paper_anova'].append(dict(zip(tests['paper_anova'][0], values, strict=True)))
  return {name: site.table(f'{name}_{plain(dataset)}', rows) for name, rows in tests.items() if rows}


def _correlations(model: str, tests: dict) -> dict:
  output, difference = (
    f'{coefficient(x)} ({probability(x["p"])}; of all {probability(x["p_holm"])})' if x else _NONE
    for x in (tests['inner_output'], tests['inner_difference'])
  )
  return {
    'network': model,
    'inner and output saliency, \u03c1': output,
    'inner saliency and difference, \u03c1': difference,
  }


def _analysis(model: str, measure: str, comparison: dict) -> dict:
  welch, clustered, pairs = comparison['welch'], comparison['clustered'], comparison['pairs']
  return {
    'model': model,
    'measure': measure,
    "Welch's F": f_value(welch),
    'p': probability(welch['p']),
    'F, photographs as clusters': f_value(clustered) if clustered else _NONE,
    'p, clustered': probability(clustered['p']) if clustered else _NONE,
    'p, clustered and corrected (Holm)': probability(comparison['p_holm']),
    '\u03b7\u00b2': number(comparison['eta_squared'], 3),
    '\u03c9\u00b2': number(comparison['omega_squared'], 3),
    'pairs that differ': f'{sum(pair["p"] < 0.05 for pair in pairs)} of {len(pairs)}',
  }


def _effect(model: str, term: str, effect: dict) -> dict:
  return {
    'network': model,
    'term': term,
    'F': f'F({effect["df"]:.0f}, {effect["df_residual"]:.0f}) = {number(effect["f"])}',
    'p': probability(effect['p']),
    'partial \u03b7\u00b2': effect['partial_eta_squared'],
  }


def _heads(model: str, test: dict) -> dict:
  return {
    'model': model,
    'heads': test['heads'],
    'others': test['others'],
    'difference': signed(test['difference']),
    '95 % interval': f'{number(test["low"])} to {number(test["high"])}',
    'p': probability(test['p']),
    'Hedges\u2019 g': signed(test['hedges_g']),
    '95 % interval of g': f'{number(test["g_low"])} to {number(test["g_high"])}',
  }


def _pairs(results: Evaluated, site: Site, dataset: str, model: str, name: str) -> dict | None:
  """Returns the matrix and the table of all pairs of categories."""
  comparison = results.statistics[dataset, model][name]
  if not comparison or len(comparison['groups']) < 3:
    return None
  names = [group['name'] for group in comparison['groups']]
  # The last column and the first row have no pair below the diagonal.
  pairs = pd.DataFrame(comparison['pairs']).set_index(['second', 'first'])
  difference, p = (
    pairs[x].unstack().reindex(index=names[1:], columns=names[:-1]).to_numpy(float) for x in ('difference', 'p')
  )
  matrix = matrices.matrix(
    'Row less column',
    names[1:],
    names[:-1],
    -difference,
    label='row \N{MINUS SIGN} column (SD)',
    differences=True,
    mark=lambda i, j: '*' if p[i, j] < 0.05 else '',
  )
  rows = [
    {
      'pair': f'{x["first"]} \N{MINUS SIGN} {x["second"]}',
      'difference': signed(x['difference']),
      'interval': f'{number(x["low"])} to {number(x["high"])}',
      'p': probability(x['p']),
      'p, clustered and corrected (Holm)': probability(x['p_holm']),
      "Hedges' g": signed(x['hedges_g']),
      'interval of g': f'{number(x["g_low"])} to {number(x["g_high"])}',
    }
    for x in sorted(comparison['pairs'], key=lambda x: x['p'])
  ]
  stem = f'pairs_{name}_{plain(dataset)}_{plain(model)}'
  return {'matrix': matrix, 'figure': site.paper(stem, [matrix]), 'table': site.table(stem, rows)}
