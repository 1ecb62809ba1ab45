"""The chapter of an evaluation: models on photographs and on search arrays."""

import re
import textwrap

import numpy as np
import pandas as pd

from saliency_jax.report import matrices, paper, terminal
from saliency_jax.report.chapter import Chapter, Chart, Picture, Site, Table, as_jpeg
from saliency_jax.report.numbers import counted, number
from saliency_jax.report.scores import evaluated, region_tests, score_tables
from saliency_jax.report.scores.evaluated import METRICS, Evaluated, plain
from saliency_jax.report.scores.score_findings import findings

_NOTES = {
  'scores': 'Means over images, and below them their 95 % bootstrap intervals. KL: lower is better. Information '
  'gain: bits over the centre prior.',
  'search': 'Means over arrays, and below them their 95 % intervals. MSR, background and fixations: lower is better. '
  'Fixations are counted on arrays whose target was found; no best is marked where models found different numbers.',
}
_OBSERVERS = (
  'observers: each observer is scored against the others. This is the ceiling of NSS, the AUCs and information gain; '
  "CC, SIM and KL compare with one observer's map and are no ceiling."
)


def text(results: Evaluated) -> str:
  """Returns the tables of an evaluation, its findings and its warnings."""
  parts = []
  for name, note in _NOTES.items():
    table = getattr(results, name)
    if name == 'search':
      table = table[table['kind'] == evaluated.ALL]
    for dataset, rows in table.groupby('dataset', sort=False):
      parts.append(f'{dataset}: {counted(int(rows["images"].max()), "image")}\n\n{_lines(rows)}')
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
  photographs = []
  for name, rows in results.scores.groupby('dataset', sort=False):
    if sheet := score_tables.sheet(results, site, results.scores, name, 'scores'):
      models = list(evaluated.ranked(rows, 'nss').index)
      photographs.append(sheet | {'apart': score_tables.differences(results, site, name, 'nss', models)})
  examples, panels = [], []
  for k, x in enumerate(results.examples):
    image, *maps = _example(results, site, k)
    examples.append((f'{x.dataset}, {x.image_id}', [image, *maps]))
    panels += [image._replace(text=x.image_id), *maps]
  context = {
    'results': results,
    'found': findings(results),
    'first': _first(results, site),
    'photographs': photographs,
    'not_run': _not_run(results, site),
    'arrays': [_arrays(results, site, x) for x in results.search['dataset'].unique()],
    'regions': [region_tests.context(results, site, x) for x in results.categories['dataset'].unique()],
    'examples': examples,
    'example_files': site.paper('examples', panels) if panels else [],
  }
  return [Chapter('scores', 'Scores', 'scores/scores.html.j2', context)]


def _not_run(results: Evaluated, site: Site) -> Table | None:
  """Returns the paper's models that are compared with nothing here."""
  if not any(map(results.ours, results.summary['datasets'])):
    return None
  known = ' '.join(results.models)  # deepgaze2, sam_vgg
  rows = [
    {'model': name, 'table': title, 'the paper': value}
    for key, title in (('table1', 'Table 1, NSS on MIT300'), ('table4', 'Table 4, NMM'))
    for name, value in paper.facts()[key].items()
    if key == 'table1' or not re.search(rf'\b{name.replace(" II", "2")}(\b|_)', known, re.I)
  ]
  return site.table('not_run', rows)


def _first(results: Evaluated, site: Site) -> Chart | None:
  """The main metric of every data set, the best model first."""
  specs, legend = [], score_tables.legend(results)
  size = {'width': 380} if len(results.summary['datasets']) == 1 else {}
  for rows, metric in ((results.scores, 'nss'), (results.search[results.search['kind'] == evaluated.ALL], 'nmm')):
    for dataset, of in rows.groupby('dataset', sort=False):
      published = {}
      if metric == 'nmm' and results.ours(dataset):
        published = dict(sorted(paper.facts()['table4'].items(), key=lambda x: -x[1]))
        legend |= score_tables.PAPER
      models = list(evaluated.ranked(of, metric).index)
      title = f'{dataset}: {METRICS[metric].title}'
      specs.append(score_tables.dots(results, of, metric, models, title, published, **size))
  return site.chart('best', specs, 'Dots of the models with 95 % intervals:', legend) if specs else None


def _arrays(results: Evaluated, site: Site, dataset: str) -> dict:
  """Search arrays: NMM by kind of target, and the search measures."""
  search = results.search[results.search['dataset'] == dataset]
  nmm, whole = search[search['metric'] == 'nmm'], search[search['kind'] == evaluated.ALL]
  models = list(evaluated.ranked(whole, 'nmm').index)
  by_kind = nmm.pivot(index='kind', columns='model', values='mean').reindex(index=nmm['kind'].unique(), columns=models)
  means, kinds = by_kind.to_numpy(float), list(by_kind.index)
  published = {name.lower(): value for name, value in paper.facts()['table4'].items() if results.ours(dataset)}
  rows = [(kind, *x) for kind, x in zip(kinds, means.tolist(), strict=True)]
  if published:
    rows.append(('all, in the paper', *(published.get(model.lower()) for model in models)))
  matrix = matrices.matrix(
    'Mean NMM by kind of target', kinds, models, means, label='mean NMM (SD)', corner='kind of target'
  )
  counts = nmm[nmm['kind'] != evaluated.ALL]['images']
  return {
    'name': dataset,
    'matrix': matrix if len(kinds) > 2 else None,
    'counts': (int(counts.min()), int(counts.max())) if len(counts) else (),
    'figure': site.paper(f'kinds_{plain(dataset)}', [matrix]),
    'table': site.table(f'table4_{plain(dataset)}', rows, ('kind', *models)),
    'apart': score_tables.differences(results, site, dataset, 'nmm', models),
    'sheet': score_tables.sheet(results, site, whole[whole['metric'] != 'nmm'], dataset, 'search'),
  }


def _example(results: Evaluated, site: Site, k: int) -> list[Picture]:
  """An image, people's map and every model's map, as in Figure 8."""
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
  for model, cells, score in zip(results.models, x.maps, x.scores, strict=True):
    maps[f'{model}: {METRICS[x.metric].label} {number(float(score), 1)}'] = cells
  under = image._replace(points=None)
  return [image, *(under._replace(text=of, label=f'{of}, {x.image_id}', cells=cells) for of, cells in maps.items())]
