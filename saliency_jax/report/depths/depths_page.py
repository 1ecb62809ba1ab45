"""The chapters of a sweep: depths, before and after, and training."""

import numpy as np
import pandas as pd

from saliency_jax.ops import overlays
from saliency_jax.report import best_units, charts, matrices, terminal
from saliency_jax.report.chapter import Chapter, Chart, Site, Table
from saliency_jax.report.depths import before_after, category_tests, training_chapter
from saliency_jax.report.depths.depth_findings import findings, notes
from saliency_jax.report.depths.swept import Swept, by_depth, depth_name
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import number

_RUN, _OTHER, _PAPER = map(charts.css, ('run', 'other', 'paper'))
# What is measured: its files' name, the score.
_TABLES = {'seen': ('table3', 'NSS'), 'unseen': ('table3_unseen', 'NSS'), 'arrays': ('table6', 'NMM')}


def chapters(swept: Swept, site: Site) -> list[Chapter | None]:
  """Returns all chapters of a sweep, or that of a training run."""
  if swept.job == 'train':
    return [training_chapter.chapter(swept, site)]
  return [depths(swept, site), before_after.chapter(swept, site), training_chapter.chapter(swept, site)]


def text(swept: Swept) -> str:
  """Returns what the members reached, Tables 3 and 6, and the findings."""
  parts = [[f'{member.name}: {swept.title} {member.score:.3f} after step {member.step}' for member in swept.members]]
  names = [member.label for member in swept.members]
  top = {kind: terminal.best(swept.config[kind]['analysis']['top_units']) for kind in swept.summary.get('measured', ())}
  if swept.seen is not None:
    parts.append(
      terminal.by_category(
        'Table 3',
        f'{top["regions"]} of {swept.layer} for each category',
        names,
        swept.seen,
        swept.config['regions']['analysis']['threshold'],
      )
    )
  if swept.arrays is not None:
    parts.append(
      [
        f'Table 6: mean NMM of {top["popout"]} of {swept.layer}',
        '',
        *terminal.one_column('member', names, swept.arrays),
      ]
    )
  parts.append(terminal.items([*findings(swept), *notes(swept)]))
  return '\n\n'.join('\n'.join(x) for x in parts if x)


def depths(swept: Swept, site: Site) -> Chapter:
  """Returns the first chapter of a sweep: Tables 3 and 6 and Figure 4."""
  names = [member.label for member in swept.members]
  context = {
    'swept': swept,
    'found': findings(swept),
    'notes': notes(swept),
    'analysis': (swept.config.get('regions') or swept.config.get('popout', {})).get('analysis', {}),
    'facts': [*facts(swept.summary, swept.config).items()],
    'first': _first(swept, site),
    'validation': site.table(
      'validation',
      ('member', 'stages trained', swept.title, 'step'),
      [(x.label, x.depth, x.score, x.step) for x in swept.members],
    ),
    **dict.fromkeys(('gains', 'figure4', 'above', 'counts', 'differ')),
  }
  for name, (stem, score) in _TABLES.items():
    table = getattr(swept, name)
    context[name] = None if table is None else best_units.measured(site, stem, table, names, score=score, row='member')
  if swept.seen is not None:
    context['counts'] = best_units.measured(site, 'table3_counts', swept.seen, names, key='above', row='member')
    if len(swept.depths) > 1:
      context['above'] = _panels(swept, site, 'units_above', 'units above T')
      if 0 in swept.depths:
        label = 'gain in mean NSS over depth 0 (%)'
        context['gains'] = _panels(swept, site, 'gains', label)
        context['figure4'] = _figure4(swept, site, label)
    context['differ'] = category_tests.table(swept, site)
  return Chapter('depths', 'By depth', 'depths/depths.html.j2', context)


def _points(who: str, values: pd.Series, low: pd.Series | None = None, high: pd.Series | None = None) -> list[dict]:
  """Returns the points of a curve over depths, with intervals if there are."""
  return [
    {
      'x': depth_name(depth),
      'y': x,
      'who': who,
      **({} if low is None or not low[depth] < high[depth] else {'low': low[depth], 'high': high[depth]}),
    }
    for depth, x in values.items()
    if np.isfinite(x)
  ]


def _first(swept: Swept, site: Site) -> Chart:
  """The curves over depths: all categories, search arrays, and the output."""
  specs = []
  series = {'this run': _RUN, 'paper': _PAPER}
  for table, title, label in (
    (swept.seen, 'best units, mean over categories', 'mean NSS (SD)'),
    (swept.arrays, 'best units on search arrays', 'mean NMM (SD)'),
  ):
    if table is None:
      continue
    merged = by_depth(table)
    of = merged['category']
    merged = merged[merged['mean'].notna().groupby(of).transform('all')]
    published = merged[merged['paper'].notna().groupby(of).transform('any')]
    mean = merged.groupby('depth').mean(numeric_only=True)
    ends = (mean['low'], mean['high']) if of.nunique() == 1 else ()
    specs.append(
      charts.lines(
        _points('this run', mean['mean'], *ends) + _points('paper', published.groupby('depth')['paper'].mean()),
        series,
        x='stages trained',
        label=label,
        title=title,
      )
    )
  scores = pd.DataFrame(swept.members).groupby('depth')['score']
  specs.append(
    charts.lines(
      _points('this run', scores.mean(), scores.min(), scores.max()),
      series,
      x='stages trained',
      label=swept.title,
      title='output, validation images',
    )
  )
  return site.chart(
    'by_depth',
    specs,
    'By the number of stages trained: '
    + ', '.join(f'{member.label} {swept.title} {number(member.score)}' for member in swept.members),
    series,
  )


def _panels(swept: Swept, site: Site, name: str, label: str) -> tuple[Chart, Table] | None:
  """A panel for each category: all photographs, the others, the paper's.

  Returns:
    The chart, and its numbers.
  """
  gain = name == 'gains'
  other = f'{swept.part} photographs'
  series = {
    'this run': (swept.seen, 'mean' if gain else 'above', _RUN),
    other: (swept.unseen if gain else None, 'mean', _OTHER),
    'paper': (swept.seen, 'paper' if gain else 'paper_above', _PAPER),
  }
  curves: dict[str, list[dict]] = {}
  legend = {}
  for who, (table, key, colour) in series.items():
    if table is None:
      continue
    for category, x in by_depth(table).set_index('depth').groupby('category'):
      values = [x[key]] if key != 'mean' else [x[key], *(x[end].where(x['runs'] > 1) for end in ('low', 'high'))]
      if gain:
        values = [100 * (of / x[key][0] - 1) for of in values]
      if gain and key == 'mean' and (x['runs'] == 1).all():
        values[1:] = _over_photographs(swept, 'gains_unseen' if who == other else 'gains', table, x)
      points = _points(who, *values)
      curves.setdefault(category, []).extend(points)
      if points:
        legend[who] = colour
  ends = matrices.domain(
    np.array(
      [point[end] for points in curves.values() for point in points for end in ('y', 'low', 'high') if end in point]
    )
  )
  counts = dict(zip(swept.seen['category'], swept.seen['sets'], strict=False))
  specs = [
    charts.lines(
      curves[category],
      legend,
      x='stages trained',
      label='',
      title=f'{category} ({count:.0f})',
      width=150,
      height=105,
      domain=ends,
      dashed=[other],
    )
    for category, count in counts.items()
    if count
  ]
  return (
    (
      site.chart(name, specs, f'Lines of the {label} by depth:', legend),
      site.table(
        'figure4' if gain else name,
        ('category', 'of', 'stages trained', label, 'from', 'to'),
        [
          (category, point['who'], point['x'], point['y'], point.get('low'), point.get('high'))
          for category, points in curves.items()
          for point in points
        ],
      ),
    )
    if specs
    else None
  )


def _figure4(swept: Swept, site: Site, label: str) -> Chart:
  """All categories in one panel, in percent of depth 0, beside the paper's."""
  table = by_depth(swept.seen)
  panels = {}
  for who, key in (('this run', 'mean'), ('paper', 'paper')):
    values = table.pivot(index='depth', columns='category', values=key)
    panels[who] = (100 * (values / values.loc[0] - 1)).dropna(axis=1)
  # In the order of the lines' right ends.
  names = panels['this run'].iloc[-1].sort_values(ascending=False).index
  shades = overlays.colours('values', np.linspace(0.1, 0.95, len(names)))
  legend = {name: overlays.hexed(x) for name, x in zip(names, shades, strict=True)}
  ends = matrices.domain(*(x.to_numpy() for x in panels.values()))
  return site.chart(
    'figure4',
    [
      charts.lines(
        [row for name in names if name in of for row in _points(name, of[name])],
        legend,
        x='stages trained',
        label=label,
        title=who,
        width=300,
        height=320,
        domain=ends,
      )
      for who, of in panels.items()
      if of.size
    ],
    f'Lines of the {label} by depth, a line for each category:',
    legend,
  )


def _over_photographs(swept: Swept, key: str, table: pd.DataFrame, of: pd.DataFrame) -> list[pd.Series]:
  """Returns the ends of the intervals of gains in percent, by depth.

  Args:
    key: of depth_tests.json.
    table: Table 3.
    of: its lines of one category, by depth, of one run each.
  """
  gained = (swept.tests or {}).get(key, {})
  member = dict(zip(table['depth'], table['member'], strict=True))
  ends = [gained.get(member[depth], {}).get(category, {}) for depth, category in of['category'].items()]
  return [100 / of['mean'][0] * pd.Series([x.get(end) for x in ends], of.index, float) for end in ('low', 'high')]
