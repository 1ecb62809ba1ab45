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
# File -> caption and header.
_TABLES = {
  'spearman': (
    'Inner saliency against the output\u2019s',
    ('network', 'inner and output saliency, \u03c1', 'inner saliency and difference, \u03c1'),
  ),
  'anova': (
    'Analysis of variance over categories; pairs that differ by the test of Games and Howell at 5 %',
    (
      'model',
      'measure',
      "Welch's F",
      'p',
      'F, photographs as clusters',
      'p, clustered',
      'p, clustered and corrected (Holm)',
      '\u03b7\u00b2',
      '\u03c9\u00b2',
      'pairs that differ',
    ),
  ),
  'paper_anova': (
    'The paper\u2019s analysis as reconstructed: category means by '
    'measurement (inner saliency, difference) and cluster (heads, other '
    'categories). It has two heads against the others, which were named '
    'after looking, and two quantities of different kinds: weak evidence',
    ('network', 'term', 'F', 'p', 'partial \u03b7\u00b2'),
  ),
  'heads': (
    'The difference on heads\u2019 regions less that on all others, photographs as clusters; SD',
    ('model', 'heads', 'others', 'difference', '95 % interval', 'p', 'Hedges\u2019 g', '95 % interval of g'),
  ),
}
_HEADS, _OTHERS = 'heads', 'other categories'


def context(results: Evaluated, site: Site, dataset: str) -> dict:
  """Returns what the template shows of one data set's regions."""
  rows = results.categories[results.categories['dataset'] == dataset]
  first = leading(results, dataset)
  shown = first or rows['model'].iloc[0]
  networks = list(rows['model'][rows['inner'].notna()].unique())
  columns = [x for x in rows.columns if x not in ('dataset', 'top_units')]
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
    'table': site.table(
      f'figure7_{plain(dataset)}', columns, [tuple(x) for x in rows[columns].astype(object).to_numpy()]
    ),
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
  rows = rows[rows['inner'].notna()].assign(
    name=rows['category'], who=np.where(rows['category'].isin(paper.facts()['heads']), _HEADS, _OTHERS)
  )
  specs = []
  for name, (_, label) in _MEASURES.items():
    test = results.statistics[dataset, model][f'inner_{name}']
    specs.append(
      charts.scatter(
        rows.rename(
          columns={
            f'{of}{end}': f'{axis}{end}' for end in ('', '_low', '_high') for axis, of in (('x', 'inner'), ('y', name))
          }
        ).to_dict('records'),
        series,
        x='inner saliency (SD)',
        label=label,
        from_zero=name == 'difference',
        title=(
          f'\N{GREEK SMALL LETTER RHO} = {coefficient(test)}, {probability(test["p"])}'
          if test
          else 'too few categories for a correlation'
        ),
      )
    )
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
    of = rows.pivot(index='model', columns='category', values=key).reindex(
      index=rows['model'].unique(), columns=first.index
    )
    if key == 'output':
      of.loc['people'] = first['human']
    made.append(
      matrices.matrix(
        caption,
        list(of.index),
        list(first.index),
        of.to_numpy(float),
        label=label,
        corner='model',
        differences=key == 'bias',
        counted='regions',
        counts=first['regions'].astype(int).tolist(),
      )
    )
  return made


def _tests(results: Evaluated, site: Site, dataset: str, models: list[str]) -> list[tuple[str, Table]]:
  """Returns the tests of all models: captions and tables."""
  correlations, analyses, published, heads = [], [], [], []
  for model in models:
    of = results.statistics[dataset, model]
    found = [of[f'inner_{name}'] for name in _MEASURES]
    if any(found):
      correlations.append(
        (
          model,
          *(
            f'{coefficient(x)} ({probability(x["p"])}; of all {probability(x["p_holm"])})' if x else _NONE
            for x in found
          ),
        )
      )
    analyses += [(model, label, *_analysis(of[name])) for name, (label, _) in _MEASURES.items() if of[name]]
    published += [
      (
        model,
        term,
        f'F({x["df"]:.0f}, {x["df_residual"]:.0f}) = {number(x["f"])}',
        probability(x['p']),
        x['partial_eta_squared'],
      )
      for term, x in (of['paper_anova'] or {}).items()
      if term in _TERMS
    ]
    if x := of['heads']:
      heads.append(
        (
          model,
          x['heads'],
          x['others'],
          signed(x['difference']),
          f'{number(x["low"])} to {number(x["high"])}',
          probability(x['p']),
          signed(x['hedges_g']),
          f'{number(x["g_low"])} to {number(x["g_high"])}',
        )
      )
  if published and results.ours(dataset):
    published.append(('the paper', 'not said which', _NONE, probability(paper.facts()['figure7']['anova_p']), None))
  return [
    (caption, site.table(f'{name}_{plain(dataset)}', header, lines))
    for (name, (caption, header)), lines in zip(
      _TABLES.items(), (correlations, analyses, published, heads), strict=True
    )
    if lines
  ]


def _analysis(comparison: dict) -> tuple[str, ...]:
  pairs, clustered = comparison['pairs'], comparison['clustered']
  return (
    f_value(comparison['welch']),
    probability(comparison['welch']['p']),
    f_value(clustered) if clustered else _NONE,
    probability(clustered['p']) if clustered else _NONE,
    probability(comparison['p_holm']),
    number(comparison['eta_squared'], 3),
    number(comparison['omega_squared'], 3),
    f'{sum(pair["p"] < 0.05 for pair in pairs)} of {len(pairs)}',
  )


def _pairs(results: Evaluated, site: Site, dataset: str, model: str, name: str) -> dict | None:
  """Returns the matrix and the table of all pairs of categories."""
  comparison = results.statistics[dataset, model][name]
  if not comparison or len(comparison['groups']) < 3:
    return None
  names = [group['name'] for group in comparison['groups']]
  # The last column and the first row have no pair below the diagonal.
  table = (
    pd.DataFrame(comparison['pairs'])
    .pivot(index='second', columns='first', values=['difference', 'p'])
    .reindex(index=names[1:])
  )
  of = {x: table[x].reindex(columns=names[:-1]).to_numpy(float) for x in ('difference', 'p')}
  matrix = matrices.matrix(
    'Row less column',
    names[1:],
    names[:-1],
    -of['difference'],
    label='row \N{MINUS SIGN} column (SD)',
    differences=True,
    mark=lambda i, j: '*' if of['p'][i, j] < 0.05 else '',
  )
  stem = f'pairs_{name}_{plain(dataset)}_{plain(model)}'
  return {
    'matrix': matrix,
    'figure': site.paper(stem, [matrix]),
    'table': site.table(
      stem,
      ('pair', 'difference', 'interval', 'p', 'p, clustered and corrected (Holm)', "Hedges' g", 'interval of g'),
      [
        (
          f'{x["first"]} \N{MINUS SIGN} {x["second"]}',
          signed(x['difference']),
          f'{number(x["low"])} to {number(x["high"])}',
          probability(x['p']),
          probability(x['p_holm']),
          signed(x['hedges_g']),
          f'{number(x["g_low"])} to {number(x["g_high"])}',
        )
        for x in sorted(comparison['pairs'], key=lambda x: x['p'])
      ],
    ),
  }
