"""The page of a comparison of tasks: Tables 7 and 8 and Figure 11.

He et al. 2019, Section 8, beside the paper's numbers.
"""

import math

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.report import best_units, charts, paper, terminal
from saliency_jax.report.chapter import Chapter, Picture, Site, as_jpeg
from saliency_jax.report.depths import swept
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import Finding, number, signed
from saliency_jax.report.tasks.compared import SHOWN, Compared

_COLOURS = {'sp': charts.css('other'), 'sr': charts.css('run'), 'sr_shuffled': charts.css('third')}


def findings(found: Compared) -> list[Finding]:
  """Returns what came out, a sentence each."""
  made = []
  published = found.trunks.set_index(['trunk', 'category'])['paper'].dropna()
  own = beside = ''
  if len(published):
    own = ' (the paper: 12 of 12)'
    apart = (published['sp'] - published['sr']).abs().mean()
    beside = f' (the paper: {number(apart)})'
  for run, word, sign in (('sp', 'higher', 1), ('sr', 'lower', -1)):
    rows = found.changes(run)
    ends = sign * rows[['change_low', 'change_high']]
    always = rows['seeds_higher'] == (rows['seeds'] if sign > 0 else 0)
    made.append(
      Finding(
        f'{run} is {word} than pt in {(sign * rows["change"] > 0).sum()} of '
        f'{len(rows)} categories{own}, in {(ends.min(axis=1) > 0).sum()} with '
        f'an interval clear of 0 ({_found(rows, sign)} where p is corrected '
        f'for all categories and trunks), in {always.sum()} with every one of '
        f'{rows["seeds"].iloc[0]} seeds; the mean change is '
        f'{signed(rows["change"].mean())} SD.',
        (schema.TASK_DIFFERENCES.path,),
      )
    )
  made += _shuffled(found)
  between = ', '.join(
    f'{_pair(x.trunk, x.other)} {number(x.distance)}' + (beside if (x.trunk, x.other) == ('sp', 'sr') else '')
    for x in found.tables[schema.TASK_DISTANCES.path].itertuples()
  )
  told = found.tables[schema.SCENE_ACCURACY.path]
  told = told[told['part'] == found.part].groupby('head', sort=False)['balanced']
  return [
    *made,
    Finding(f'Mean distance over categories in SD: {between}.', (schema.TASK_DISTANCES.path,)),
    Finding(
      f'Balanced accuracy of scenes on {found.part} images: '
      + ', '.join(f'{head} {number(x)}' for head, x in told.mean().items())
      + '.',
      (schema.SCENE_ACCURACY.path,),
    ),
  ]


def _shuffled(found: Compared) -> list[Finding]:
  """Returns whether it is the scenes that lower units, where it was tried."""
  table = found.tables[schema.TASK_DIFFERENCES.path]
  gaps = table[(table['trunk'] == 'sr') & (table['other'] == 'sr_shuffled')]
  if gaps.empty:
    return []
  true, drawn = (found.changes(x)['change'].mean() for x in gaps.iloc[0, :2])
  clear = (gaps['change_high'] < 0).sum()
  return [
    Finding(
      'With labels shuffled, so that no scene can be learnt, the mean change '
      f'is {signed(drawn)} SD, with true ones {signed(true)}: '
      + (
        f'true labels lower it further, in {clear} of {len(gaps)} categories with an interval clear of 0.'
        if true < drawn
        else 'that learning scenes lowers it is not shown.'
      ),
      (schema.TASK_DIFFERENCES.path,),
    )
  ]


def _found(rows: pd.DataFrame, sign: int) -> int:
  """Returns in how many categories a change is there after correction."""
  return int(((sign * rows['change'] > 0) & (rows['p_corrected'] < 0.05)).sum())


def _pair(run: str, other: str) -> str:
  """Returns what lies apart, as a sentence says it."""
  return (
    f'{run} and {other}'
    if run != other
    else f'{run} on two samples of photographs'
    if run == SHOWN[0]
    else f'two seeds of {run}'
  )


def text(found: Compared) -> str:
  """Returns Table 7 and the findings for the terminal."""
  return '\n'.join(
    [
      *terminal.by_category(
        'Table 7',
        f'the best units of {found.summary["network"]["readout_tap"]} by trunk, mean over seeds',
        found.names,
        found.trunks,
        found.config['regions']['analysis']['threshold'],
      ),
      '',
      *terminal.items(findings(found)),
    ]
  )


def chapters(found: Compared, site: Site) -> list[Chapter]:
  """Returns the chapter of the comparison."""
  told = found.tables[schema.SCENE_ACCURACY.path]
  return [
    Chapter(
      'tasks',
      'Task or data',
      'tasks/tasks.html.j2',
      {
        'found': found,
        'findings_of': findings(found),
        'facts': [*facts(found.summary, found.config).items()],
        'means': best_units.measured(site, 'table7', found.trunks, found.names, row='trunk', published='Table 7'),
        'counts': best_units.measured(
          site, 'table7_counts', found.trunks, found.names, row='trunk', key='above', published='Table 7'
        ),
        'table8': paper.facts()['table8'],
        'changes': _changes(found, site),
        'distances': site.table(
          'task_distances',
          (
            'trunks',
            'pairs',
            *(f'{x}{end}' for x in ('distance', 'r of means', 'r of all units') for end in ('', ' from', ' to')),
          ),
          [(_pair(*row[:2]), *row[2:]) for row in found.tables[schema.TASK_DISTANCES.path].itertuples(index=False)],
        ),
        'accuracy': site.table(
          'scene_accuracy',
          ('head', 'seed', *(f'{x}{end}' for x in ('accuracy', 'balanced') for end in ('', ' from', ' to'))),
          [
            (row.head, None if row.seed != row.seed else int(row.seed), *row[4:])
            for row in told[told['part'] == found.part].itertuples(index=False)
          ],
        ),
        'share': _attention(found)['share'].iloc[0],
        'attention': site.table(
          'table8',
          (
            'trunk',
            *(f'{x}{end}' for x in ('images told right', 'told wrong') for end in ('', ': NSS', ', from', ', to')),
            'difference',
            'from',
            'to',
          ),
          _table8(found),
        ),
        'views': [_view(i, view, found, site) for i, view in enumerate(found.views)],
      },
    )
  ]


def _attention(found: Compared) -> pd.DataFrame:
  """Returns Table 8 on images not learnt from, means over seeds."""
  table = found.tables[schema.TABLE8.path]
  return (
    table[table['part'] == found.part]
    .groupby(['trunk', 'group'], sort=False)[['share', 'images', 'nss', 'nss_low', 'nss_high']]
    .mean()
  )


def _table8(found: Compared) -> list[tuple]:
  """Returns the lines of Table 8, the paper's last."""
  mean, nothing = _attention(found), [math.nan] * 2
  return [
    (
      trunk,
      *(float(x) for group in ('right', 'wrong') for x in mean.loc[trunk, group].iloc[1:]),
      *map(float, mean.loc[trunk, 'difference'].iloc[2:]),
    )
    for trunk in mean.index.unique(0)
  ] + [
    (
      'sr, the paper',
      *(y for x in paper.facts()['table8'] for y in (math.nan, x, *nothing)),
      -np.subtract.reduce(paper.facts()['table8'][::-1]),
      *nothing,
    )
  ]


def _changes(found: Compared, site: Site):
  """Draws what tasks change over the pretrained trunk, by category."""
  rows = {
    run: [
      {'name': x.category, 'x': x.change, 'low': x.change_low, 'high': x.change_high, 'who': run}
      for x in found.changes(run).itertuples()
    ]
    for run in _COLOURS
  }
  series = {run: x for run, x in _COLOURS.items() if rows[run]}
  ends = [0.0, *(x[key] for of in rows.values() for x in of for key in ('x', 'low', 'high') if x[key] == x[key])]
  return site.chart(
    'changes',
    [
      charts.dots(
        rows[run],
        series,
        label='mean NSS less that of pt (SD)',
        title=run,
        width=175,
        ceiling=0.0,
        domain=(min(ends), max(ends)),
      )
      for run in series
    ],
    'What each task changes over the pretrained trunk in every category; the '
    f'numbers are in {schema.TASK_DIFFERENCES.path}.',
    series,
  )


def _view(i: int, view: swept.View, found: Compared, site: Site) -> dict:
  pixels, mask = view.read()
  url = site.picture(f'figure11/{i}.jpg', as_jpeg(pixels))
  maps = {
    'photograph': None,
    'people': found.people.get(f'maps_{i}'),
    **{f'{x}: NSS {number(view.scores[x], 1)}': view.maps[x] for x in SHOWN},
  }
  return {
    'title': f'{view.label}, {view.unit}',
    'tiles': [
      (
        name,
        site.place(
          Picture(url, pixels, mask.shape, name, f'{name}: {view.label} in photograph {view.image_id}', cells, mask)
        ),
      )
      for name, cells in maps.items()
    ],
  }
