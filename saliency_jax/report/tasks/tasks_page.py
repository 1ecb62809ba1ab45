"""The page of a comparison of tasks: Tables 7 and 8 and Figure 11.

He et al. 2019, Section 8, beside the paper's numbers.
"""

import math

import pandas as pd

from saliency_jax import schema
from saliency_jax.ops.resize import TILING
from saliency_jax.report import best_units, charts, paper, terminal
from saliency_jax.report.chapter import Chapter, Picture, Site, as_jpeg
from saliency_jax.report.depths import swept
from saliency_jax.report.numbers import Finding, number, signed
from saliency_jax.report.tasks.compared import SHOWN, Compared

_COLOURS = {'sp': charts.css('other'), 'sr': charts.css('run'), 'sr_shuffled': charts.css('third')}

_DISTANCES = 'distance', 'r of means', 'r of all units'
_GROUPS = (
  f'{x}{end}' for x in ('images classified right', 'classified wrong') for end in ('', ': NSS', ', from', ', to')
)
_TABLE8 = 'trunk', *_GROUPS, 'difference', 'from', 'to'


def findings(found: Compared) -> list[Finding]:
  """Returns the findings, one sentence each."""
  own = ' (paper: 12 of 12)' if found.trunks['paper'].notna().any() else ''
  changes = [
    f'{run} is {word} than pt in {_changed(found.changes(run), sign, own)} SD.'
    for run, word, sign in (('sp', 'higher', 1), ('sr', 'lower', -1))
  ]
  return [Finding(x, (schema.TASK_DIFFERENCES.path,)) for x in (*changes, *_shuffled(found))]


def _changed(rows: pd.DataFrame, sign: int, own: str) -> str:
  """Returns in how many categories a trunk lies above pt, or below it."""
  there, ends = sign * rows['change'] > 0, sign * rows[['change_low', 'change_high']]
  corrected = (there & (rows['p_corrected'] < 0.05)).sum()
  always = (rows['seeds_higher'] == (rows['seeds'] if sign > 0 else 0)).sum()
  return (
    f'{there.sum()} of {len(rows)} categories{own}: the interval excludes 0 in {(ends.min(axis=1) > 0).sum()}, '
    f'p corrected for all categories and trunks is below 0.05 in {corrected}, and all {rows["seeds"].iloc[0]} seeds '
    f'agree in {always}; the mean change is {signed(rows["change"].mean())}'
  )


def _shuffled(found: Compared) -> list[str]:
  """Returns whether scenes are what lowers units, if that control was run."""
  table = found.tables[schema.TASK_DIFFERENCES.path]
  gaps = table[(table['trunk'] == 'sr') & (table['other'] == 'sr_shuffled')]
  if gaps.empty:
    return []
  true, drawn = (found.changes(x)['change'].mean() for x in gaps.iloc[0, :2])
  clear = (gaps['change_high'] < 0).sum()
  further = ' further' if drawn < 0 else ''
  lower = f'true labels lower the mean{further}; the interval excludes 0 in {clear} of {len(gaps)} categories.'
  return [
    f'With shuffled labels, from which no scene can be learnt, the mean change is {signed(drawn)} SD; with true labels '
    f'it is {signed(true)} SD: {lower if true < min(drawn, 0) else "learning scenes is not shown to lower the mean."}'
  ]


def _pair(run: str, other: str) -> str:
  """Returns the names of a pair for a sentence."""
  if run != other:
    return f'{run} and {other}'
  return f'{run} on two samples of photographs' if run == SHOWN[0] else f'two seeds of {run}'


def text(found: Compared) -> str:
  """Returns Table 7 and the findings for the terminal."""
  best = f'the best units of {found.summary["network"]["readout_tap"]} by trunk, mean over seeds'
  threshold = found.config['regions']['analysis']['threshold']
  table = terminal.by_category('Table 7', best, found.names, found.trunks, threshold)
  return '\n'.join([*table, '', *terminal.items(findings(found))])


def chapters(found: Compared, site: Site) -> list[Chapter]:
  """Returns the chapter of the comparison."""
  accuracies = found.tables[schema.SCENE_ACCURACY.path]
  accuracies = accuracies[accuracies['part'] == found.part]
  distances = [(_pair(*row[:2]), *row[2:]) for row in found.tables[schema.TASK_DISTANCES.path].itertuples(index=False)]
  if len(published := found.trunks.set_index(['trunk', 'category'])['paper'].dropna()):
    apart = (published['sp'] - published['sr']).abs().mean()
    distances.append(('sp and sr, the paper', None, apart, *[math.nan] * 8))
  accuracy = [
    (row.head, None if row.seed != row.seed else int(row.seed), *row[4:]) for row in accuracies.itertuples(index=False)
  ]
  shared = {'row': 'trunk', 'published': 'Table 7'}
  context = {
    'found': found,
    'findings_of': findings(found),
    'means': best_units.measured(site, 'table7', found.trunks, found.names, **shared),
    'counts': best_units.measured(site, 'table7_counts', found.trunks, found.names, key='above', **shared),
    'table8': paper.facts()['table8'],
    'changes': _changes(found, site),
    'distances': site.table('task_distances', distances, _header('trunks', 'pairs', of=_DISTANCES)),
    'accuracy': site.table('scene_accuracy', accuracy, _header('head', 'seed', of=('accuracy', 'balanced'))),
    'share': _attention(found)['share'].iloc[0],
    'attention': site.table('table8', _table8(found), _TABLE8),
    'views': [_view(i, view, found, site) for i, view in enumerate(found.views)],
  }
  return [Chapter('tasks', 'Task or data', 'tasks/tasks.html.j2', context)]


def _header(*names: str, of: tuple[str, ...]) -> tuple[str, ...]:
  """Returns column names; those of `of` have intervals."""
  return *names, *(f'{x}{end}' for x in of for end in ('', ' from', ' to'))


def _attention(found: Compared) -> pd.DataFrame:
  """Returns Table 8 on held-out images, as means over seeds."""
  table = found.tables[schema.TABLE8.path]
  return (
    table[table['part'] == found.part]
    .groupby(['trunk', 'group'], sort=False)[['share', 'images', 'nss', 'nss_low', 'nss_high']]
    .mean()
  )


def _table8(found: Compared) -> list[tuple]:
  """Returns the rows of Table 8, with the paper's last."""
  mean, nothing = _attention(found), [math.nan] * 2
  lines = []
  for trunk in mean.index.unique(0):
    groups = [x for group in ('right', 'wrong') for x in mean.loc[trunk, group].iloc[1:]]
    lines.append((trunk, *map(float, [*groups, *mean.loc[trunk, 'difference'].iloc[2:]])))
  right, wrong = paper.facts()['table8']
  return [*lines, ('sr, the paper', math.nan, right, *nothing, math.nan, wrong, *nothing, right - wrong, *nothing)]


def _changes(found: Compared, site: Site):
  """Draws the changes from the pretrained trunk, by task and category."""
  rows = {
    run: [
      {'name': x.category, 'x': x.change, 'low': x.change_low, 'high': x.change_high, 'who': run}
      for x in found.changes(run).itertuples()
    ]
    for run in _COLOURS
  }
  series = {run: x for run, x in _COLOURS.items() if rows[run]}
  ends = [0.0, *(x[key] for of in rows.values() for x in of for key in ('x', 'low', 'high') if x[key] == x[key])]
  shared = {'label': 'mean NSS minus that of pt (SD)', 'width': 175, 'ceiling': 0.0, 'domain': (min(ends), max(ends))}
  return site.chart(
    'changes',
    [charts.dots(rows[run], series, title=run, **shared) for run in series],
    f'Changes from the pretrained trunk, by task and category; the numbers are in {schema.TASK_DIFFERENCES.path}.',
    series,
  )


def _view(i: int, view: swept.View, found: Compared, site: Site) -> dict:
  """Returns a photograph, people's map, and the unit in every trunk."""
  pixels, mask = view.read()
  photograph = Picture(site.picture(f'figure11/{i}.jpg', as_jpeg(pixels)), pixels, mask.shape, '', '', mask=mask)
  maps = {'photograph': None, 'people': found.people.get(f'maps_{i}')}
  maps |= {f'{x}: NSS {number(view.scores[x], 1)}': view.maps[x] for x in SHOWN}
  return {
    'title': f'{view.label}, {view.unit}',
    'tiles': [
      photograph._replace(
        text=name,
        label=f'{name}: {view.label} in photograph {view.image_id}',
        cells=cells,
        placement=TILING if name == 'people' else view.placement,
      )
      for name, cells in maps.items()
    ],
  }
