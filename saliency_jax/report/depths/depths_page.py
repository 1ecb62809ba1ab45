"""The chapters of a sweep: depths, before and after, and training."""

import numpy as np
import pandas as pd

from saliency_jax.report import best_units, charts, matrices, terminal
from saliency_jax.report.chapter import Chapter, Chart, Site, Table
from saliency_jax.report.depths import before_after, training_chapter
from saliency_jax.report.depths.depth_findings import findings, notes
from saliency_jax.report.depths.swept import Swept, by_depth
from saliency_jax.report.numbers import analysis, f_value, number, probability

_RUN, _OTHER, _PAPER = map(charts.css, ('run', 'other', 'paper'))
_DEPTH, _GAIN = 'stages trained', 'gain in mean NSS over depth 0 (%)'
# Attribute of `Swept` -> name of the files, score.
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
  if swept.seen is not None:
    analysis = swept.config['regions']['analysis']
    best = f'{terminal.best(analysis["top_units"], swept.units, swept.seen)} of {swept.layer} for each category'
    parts.append(terminal.by_category('Table 3', best, names, swept.seen, analysis['threshold']))
  if swept.arrays is not None:
    best = terminal.best(swept.config['popout']['analysis']['top_units'], swept.units, swept.arrays)
    title = f'Table 6: mean NMM of {best} of {swept.layer}'
    parts.append([title, '', *terminal.one_column('member', names, swept.arrays)])
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
    'first': _first(swept, site),
    **dict.fromkeys(('figure4', 'counts', 'differ')),
  }
  for name, (stem, score) in _TABLES.items():
    table = getattr(swept, name)
    context[name] = None if table is None else best_units.measured(site, stem, table, names, score=score, row='member')
  if swept.seen is not None:
    context['averaged'] = best_units.averaged(context['analysis']['top_units'], swept.units)
    context['counts'] = best_units.measured(site, 'table3_counts', swept.seen, names, key='above', row='member')
    if 0 in swept.depths and len(swept.depths) > 1:
      context['figure4'] = _figure4(swept, site)
    context['differ'] = _differ(swept, site)
  return Chapter('depths', 'By depth', 'depths/depths.html.j2', context)


def _points(
  swept: Swept, who: str, values: pd.Series, low: pd.Series | None = None, high: pd.Series | None = None
) -> list[dict]:
  """Returns the points of a curve over depths, with intervals if given."""
  points = []
  for depth, x in values.items():
    if np.isfinite(x):
      points.append({'x': swept.depth_name(depth), 'y': x, 'who': who})
      if low is not None and low[depth] < high[depth]:
        points[-1] |= {'low': low[depth], 'high': high[depth]}
  return points


def _first(swept: Swept, site: Site) -> Chart:
  """The curves over depths: all categories, search arrays, and the output."""
  specs = []
  compared = any(table is not None and table['paper'].notna().any() for table in (swept.seen, swept.arrays))
  series = {'this run': _RUN} | ({'paper': _PAPER} if compared else {})
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
    points = _points(swept, 'this run', mean['mean'], *ends) + _points(
      swept, 'paper', published.groupby('depth')['paper'].mean()
    )
    specs.append(charts.lines(points, series, x=_DEPTH, label=label, title=title))
  scores = pd.DataFrame(swept.members).groupby('depth')['score']
  points = _points(swept, 'this run', scores.mean(), scores.min(), scores.max())
  specs.append(charts.lines(points, series, x=_DEPTH, label=swept.title, title='output, validation images'))
  reached = ', '.join(f'{member.label} {swept.title} {number(member.score)}' for member in swept.members)
  return site.chart('by_depth', specs, f'By the number of stages trained: {reached}', series)


def _gains(swept: Swept) -> dict[str, list[dict]]:
  """Returns the curves of gains over depth 0, in percent, by category.

  They are those of all photographs, of the unseen or validation ones, and the
  paper's.
  """
  curves: dict[str, list[dict]] = {}
  for who, table, test in (
    ('this run', swept.seen, 'gains'),
    (_others(swept), swept.unseen, 'gains_unseen'),
    ('paper', swept.seen, ''),
  ):
    if table is None:
      continue
    for category, x in by_depth(table).set_index('depth').groupby('category'):
      of = x['mean' if test else 'paper']
      ends = ()
      if test and (x['runs'] == 1).all():
        ends = _over_photographs(swept, test, table, x)
      elif test:
        ends = (_gained(x[end].where(x['runs'] > 1), of) for end in ('low', 'high'))
      curves.setdefault(category, []).extend(_points(swept, who, _gained(of, of), *ends))
  return curves


def _gained(values: pd.Series, start: pd.Series) -> pd.Series:
  return 100 * (values / start[0] - 1)


def _over_photographs(swept: Swept, test: str, table: pd.DataFrame, of: pd.DataFrame) -> list[pd.Series]:
  """Returns the ends of intervals of gains in percent, by depth.

  They come from `test` in depth_tests.json; `of` are one category's rows of the
  table, by depth, with one run each.
  """
  gained = (swept.tests or {}).get(test, {})
  member = dict(zip(table['depth'], table['member'], strict=True))
  ends = [gained.get(member[depth], {}).get(category, {}) for depth, category in of['category'].items()]
  return [100 / of['mean'][0] * pd.Series([x.get(end) for x in ends], of.index, float) for end in ('low', 'high')]


def _others(swept: Swept) -> str:
  return f'{swept.part} photographs'


def _differ(swept: Swept, site: Site) -> Table | None:
  """The analyses of variance of Section 5.2: do categories differ?"""
  tests, rows = swept.tests or {}, []
  for member in swept.members:
    if test := tests.get('members', {}).get(member.name):
      rows.append({'member': member.label, **analysis(test)})
  if blocked := tests.get('blocked'):
    effect, pairs = blocked['effect'], blocked['pairs']
    differ = f'{sum(x["p"] < 0.05 for x in pairs)} of {len(pairs)}'
    blocks = {'F': f_value(effect), 'p': probability(effect['p']), 'pairs that differ': differ}
    rows.append({'member': 'depths as blocks', **blocks})
  return site.table('differ', pd.DataFrame(rows).fillna('').to_dict('records')) if rows else None


def _figure4(swept: Swept, site: Site) -> tuple[Chart, Table] | None:
  """Draws the gains, a panel for each category, and writes them as a table."""
  counts, curves = dict(zip(swept.seen['category'], swept.seen['sets'], strict=False)), _gains(swept)
  points = [(category, x) for category, of in curves.items() for x in of]
  drawn = {x['who'] for _, x in points}
  colours = {'this run': _RUN, _others(swept): _OTHER, 'paper': _PAPER}
  legend = {who: colour for who, colour in colours.items() if who in drawn}
  ends = matrices.domain(np.array([x[end] for _, x in points for end in ('y', 'low', 'high') if end in x]))
  shared = {'x': _DEPTH, 'label': '', 'width': 150, 'height': 105, 'domain': ends, 'dashed': [_others(swept)]}
  specs = [
    charts.lines(curves[category], legend, title=f'{category} ({count:.0f})', **shared)
    for category, count in counts.items()
    if count
  ]
  rows = [
    {'category': category, 'of': x['who'], _DEPTH: x['x'], _GAIN: x['y'], 'from': x.get('low'), 'to': x.get('high')}
    for category, x in points
  ]
  if not specs:
    return None
  return site.chart('figure4', specs, f'Lines of the {_GAIN} by depth:', legend), site.table('figure4', rows)
