"""The chapter of an evaluation: models by where people look and by search."""

import re
import textwrap

import numpy as np
import pandas as pd

from saliency_jax.report import matrices, paper, terminal
from saliency_jax.report.chapter import Chapter, Chart, Picture, Site, Table, as_jpeg
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import counted, number
from saliency_jax.report.scores import evaluated, region_tests, score_tables
from saliency_jax.report.scores.evaluated import METRICS, Evaluated, plain
from saliency_jax.report.scores.score_findings import findings

_NOTES = {
  'scores': 'Means over images, and below them their 95 % bootstrap '
  'intervals. KL: lower is better. Information gain: bits over the centre '
  'prior.',
  'search': 'Means over arrays, and below them their 95 % bootstrap '
  'intervals. MSR, background and fixations: lower is better.',
}
_OBSERVERS = (
  'observers: each against the others, the ceiling of NSS, the AUCs and '
  "information gain; CC, SIM and KL compare with one observer's map and are "
  'no ceiling.'
)


def text(results: Evaluated) -> str:
  """Returns the tables of an evaluation, its findings and its warnings."""
  parts = []
  for name, note in _NOTES.items():
    table = getattr(results, name)
    if name == 'search':
      table = table[table['kind'] == evaluated.ALL]
    for dataset, rows in table.groupby('dataset', sort=False):
      parts.append(f'{dataset}: {int(rows["images"].max())} images\n\n{_lines(rows)}')
    if len(table):
      parts.append(textwrap.fill(note, 80))
      if (table['model'] == evaluated.OBSERVERS).any():
        parts.append(textwrap.fill(_OBSERVERS, 80))
  parts += ['\n'.join(terminal.items(findings(results)))]
  parts += [textwrap.fill(f'Note: {each}', 80) for each in results.summary['warnings']]
  return '\n\n'.join(filter(None, parts))


def _lines(rows: pd.DataFrame) -> str:
  """Returns models by metrics for the terminal."""
  names = list(rows['metric'].unique())
  digits = [METRICS[x].digits + (2 if METRICS[x].unit == '%' else 0) for x in names]
  lines = [['', *(METRICS[x].label if x in METRICS else x for x in names)]]
  for model, of in rows.groupby('model', sort=False):
    of = of.set_index('metric').reindex(names)
    mean, low, high = (
      ['' if np.isnan(x) else f'{x:.{d}f}' for x, d in zip(of[key], digits, strict=True)]
      for key in ('mean', 'low', 'high')
    )
    lines.append([model, *(x or '-' for x in mean)])
    if any(low):
      lines.append(['', *(x and f'{x}..{y}' for x, y in zip(low, high, strict=True))])
  return '\n'.join(terminal.aligned(lines, left=1, gap=2))


def chapters(results: Evaluated, site: Site) -> list[Chapter]:
  """Returns the one chapter of an evaluation."""
  examples = [_example(results, site, k) for k in range(len(results.examples))]
  return [
    Chapter(
      'scores',
      'Scores',
      'scores/scores.html.j2',
      {
        'results': results,
        'found': findings(results),
        'facts': [*_facts(results).items()],
        'first': _first(results, site),
        'photographs': [
          sheet
          | {
            'apart': score_tables.differences(
              results,
              site,
              x,
              'nss',
              list(evaluated.ranked(results.scores[results.scores['dataset'] == x], 'nss').index),
            )
          }
          for x in results.scores['dataset'].unique()
          if (sheet := score_tables.sheet(results, site, results.scores, x, 'scores'))
        ],
        'not_run': _not_run(results, site),
        'arrays': [_arrays(results, site, x) for x in results.search['dataset'].unique()],
        'regions': [region_tests.context(results, site, x) for x in results.categories['dataset'].unique()],
        'examples': [
          (f'{x.dataset}, {x.image_id}', tiles) for x, tiles in zip(results.examples, examples, strict=True)
        ],
        'example_files': site.paper(
          'examples',
          [
            each._replace(text=x.image_id) if each is tiles[0] else each
            for x, tiles in zip(results.examples, examples, strict=True)
            for each in tiles
          ],
        )
        if examples
        else [],
      },
    )
  ]


def _not_run(results: Evaluated, site: Site) -> Table | None:
  """Returns the paper's models that stand beside nothing."""
  if not any(map(results.ours, results.summary['datasets'])):
    return None
  known = ' '.join(results.models)  # deepgaze2, sam_vgg
  return site.table(
    'not_run',
    ('model', 'table', 'the paper'),
    [
      (name, title, value)
      for key, title in (('table1', 'Table 1, NSS on MIT300'), ('table4', 'Table 4, NMM'))
      for name, value in paper.facts()[key].items()
      if key == 'table1' or not re.search(rf'\b{name.replace(" II", "2")}(\b|_)', known, re.I)
    ],
  )


def _facts(results: Evaluated) -> dict[str, str]:
  """Returns what was run: models, data sets, and what every job tells."""
  said = {f'Model {name}': identity for name, identity in results.summary['models'].items()}
  for name, of in results.summary['datasets'].items():
    said[f'Data set {name}'] = ', '.join(
      filter(
        None,
        [
          of['kind'],
          counted(of['images'], 'image'),
          counted(of['fixations'], 'fixation') if 'fixations' in of else '',
          f'human map blurred by {of["sigma"]:g} px' if of.get('sigma') else '',
        ],
      )
    )
  common = facts(results.summary, results.config)
  return said | {term: text for term, text in common.items() if term in ('Seconds', 'Device', 'Versions')}


def _first(results: Evaluated, site: Site) -> Chart | None:
  """The metric that counts of every data set, the best model first."""
  specs, legend = [], score_tables.legend(results)
  for rows, metric in ((results.scores, 'nss'), (results.search[results.search['kind'] == evaluated.ALL], 'nmm')):
    for dataset in rows['dataset'].unique():
      of = rows[rows['dataset'] == dataset]
      published = (
        dict(sorted(paper.facts()['table4'].items(), key=lambda x: -x[1]))
        if metric == 'nmm' and results.ours(dataset)
        else {}
      )
      legend |= score_tables.PAPER if published else {}
      specs.append(
        score_tables.dots(
          results,
          of,
          metric,
          list(evaluated.ranked(of, metric).index),
          f'{dataset}: {METRICS[metric].title}',
          published,
        )
      )
  return site.chart('best', specs, 'Dots of the models with 95 % intervals:', legend) if specs else None


def _arrays(results: Evaluated, site: Site, dataset: str) -> dict:
  """Search arrays: NMM by kind of target, and the measures of search."""
  search = results.search[results.search['dataset'] == dataset]
  nmm = search[search['metric'] == 'nmm']
  whole = search[search['kind'] == evaluated.ALL]
  models = list(evaluated.ranked(whole, 'nmm').index)
  by_kind = nmm.pivot(index='kind', columns='model', values='mean').reindex(index=nmm['kind'].unique(), columns=models)
  published = {name.lower(): value for name, value in paper.facts()['table4'].items() if results.ours(dataset)}
  rows = [(kind, *map(float, x)) for kind, x in zip(by_kind.index, by_kind.to_numpy(float), strict=True)]
  if published:
    rows.append(('all, in the paper', *(published.get(model.lower()) for model in models)))
  matrix = matrices.matrix(
    'Mean NMM by kind of target',
    list(by_kind.index),
    models,
    by_kind.to_numpy(float),
    label='mean NMM (SD)',
    corner='kind of target',
  )
  counts = nmm[nmm['kind'] != evaluated.ALL]['images']
  return {
    'name': dataset,
    'images': int(nmm['images'].max()),
    'notes': results.summary['search'][dataset],
    'matrix': matrix if len(by_kind) > 2 else None,
    'counts': (int(counts.min()), int(counts.max())) if len(counts) else (),
    'figure': site.paper(f'kinds_{plain(dataset)}', [matrix]),
    'table': site.table(f'table4_{plain(dataset)}', ('kind', *models), rows),
    'apart': score_tables.differences(results, site, dataset, 'nmm', models),
    'sheet': score_tables.sheet(results, site, whole[whole['metric'] != 'nmm'], dataset, 'search'),
  }


def _example(results: Evaluated, site: Site, k: int) -> list[Picture]:
  """An image, what people do, and every model's map, as Figure 8."""
  x = results.examples[k]
  image = Picture(
    site.picture(f'examples/{k:05d}.jpg', as_jpeg(x.picture)),
    x.picture,
    x.size,
    'the image',
    f'the image, {x.image_id}',
    mask=x.target,
    margin=0.02,
    points=x.fixations,
    coloured=x.target is not None,
  )
  maps = {} if x.human is None else {'people': x.human}
  maps |= {
    f'{model}: {METRICS[x.metric].label} {number(float(score), 1)}': cells
    for model, cells, score in zip(results.models, x.maps, x.scores, strict=True)
  }
  return [
    image,
    *(
      image._replace(text=text, label=f'{text}, {x.image_id}', cells=cells, points=None) for text, cells in maps.items()
    ),
  ]
