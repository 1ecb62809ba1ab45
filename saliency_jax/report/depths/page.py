"""The chapters of a sweep: depths, before and after, and training."""

import numpy as np
import pandas as pd

from saliency_jax.ops import overlays
from saliency_jax.report import charts, matrices, paper, tables
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.depths import before_after
from saliency_jax.report.depths.findings import findings, notes
from saliency_jax.report.depths.swept import (
    Swept,
    by_depth,
    depth_name,
)
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import number

_RUN, _OTHER, _PAPER = map(charts.css, ('run', 'other', 'paper'))


def chapters(swept: Swept, site: Site) -> list[Chapter | None]:
  """Returns all chapters of a sweep, or that of a training run."""
  if swept.job == 'train':
    return [training(swept, site)]
  return [depths(swept, site), before_after.chapter(swept, site),
          training(swept, site)]


def depths(swept: Swept, site: Site) -> Chapter:
  """Returns the first chapter of a sweep: Tables 3 and 6 and Figure 4."""
  analysis = (swept.config.get('regions') or swept.config.get('popout', {})
              ).get('analysis', {})
  context = {
      'swept': swept, 'found': findings(swept), 'notes': notes(swept),
      'analysis': analysis,
      'paper_top': paper.top_units(),
      'facts': [*facts(swept.summary, swept.config).items()],
      'first': _first(swept, site), 'validation': site.table(
          'validation', ('member', 'stages trained', swept.title, 'step'),
          [(x.label, x.depth, x.score, x.step) for x in swept.members])}
  for name in ('seen', 'unseen', 'arrays'):
    table = getattr(swept, name)
    context[name] = None if table is None else _measured(
        swept, site, table, name)
  context['gains'] = context['above'] = None
  if swept.seen is not None and len(swept.depths) > 1:
    context['above'] = _panels(swept, site, 'units_above', 'units above T')
    if 0 in swept.depths:
      context['gains'] = _panels(
          swept, site, 'figure4', 'gain in mean NSS over depth 0 (%)')
  return Chapter('depths', 'By depth', 'depths/depths.html.j2', context)


def _first(swept: Swept, site: Site):
  """The curves over depths: all categories, search arrays, and the output."""
  specs = []
  parts = [('seen', 'best units, mean over categories', 'mean NSS (SD)'),
           ('arrays', 'best units on search arrays', 'mean NMM (SD)')]
  series = {'this run': _RUN, 'paper': _PAPER}
  for name, title, label in parts:
    table = getattr(swept, name)
    if table is None:
      continue
    merged = by_depth(table)
    whole = merged.groupby('category')['mean'].transform(
        lambda x: x.notna().all())
    merged = merged[whole]
    has_paper = merged.groupby('category')['paper'].transform(
        lambda x: x.notna().any())
    mean = merged.groupby('depth').mean(numeric_only=True)
    published = merged[has_paper].groupby('depth')['paper'].mean()
    single = merged['category'].nunique() == 1
    rows = [{'x': depth_name(depth), 'y': x['mean'], 'who': 'this run',
             **({'low': x['low'], 'high': x['high']} if single else {})}
            for depth, x in mean.iterrows()]
    rows += [{'x': depth_name(depth), 'y': x, 'who': 'paper'}
             for depth, x in published.items() if np.isfinite(x)]
    specs.append(charts.lines(
        rows, series, x='stages trained', label=label, title=title))
  scores = pd.DataFrame(swept.members).groupby('depth')['score']
  low, high = scores.min(), scores.max()
  specs.append(charts.lines(
      [{'x': depth_name(depth), 'y': x, 'who': 'this run',
        **({'low': low[depth], 'high': high[depth]}
           if low[depth] < high[depth] else {})}
       for depth, x in scores.mean().items()], series, x='stages trained',
      label=swept.title, title='output, validation images'))
  return site.chart(
      'by_depth', specs, 'By the number of stages trained: '
      + ', '.join(f'{member.label} {swept.title} {number(member.score)}'
                  for member in swept.members), series)


def _measured(swept: Swept, site: Site, table: pd.DataFrame, name: str) -> dict:
  """A table beside the paper's: as matrices, and to download."""
  names = [member.label for member in swept.members]
  made = tables.beside(table, names, label='mean NSS (SD)')
  if name == 'arrays':
    made = tables.beside(
        table.assign(category=names), ['NMM'], label='mean NMM (SD)',
        counted='')
  stem = {'seen': 'table3', 'unseen': 'table3_unseen', 'arrays': 'table6'}[name]
  found = {
      'matrices': made, 'regions': int(tables.values(table, 'sets')[0].sum()),
      'figure': site.paper(stem, [x.spec() for x in made]),
      'table': tables.download(site, stem, names, table, row='member')}
  if name == 'seen':
    found |= {
        'counts': tables.beside(
            table, names, label='units above T', key='above'),
        'count_table': tables.download(
            site, 'table3_counts', names, table,
            {'this run': 'above', 'paper': 'paper_above'}, digits=0,
            row='member')}
  return found


def _panels(swept: Swept, site: Site, name: str, label: str):
  """A panel for each category: all photographs, the others, the paper's."""
  gain = name == 'figure4'
  series = {'this run': (swept.seen, 'mean' if gain else 'above', _RUN)}
  other = f'{swept.part} photographs'
  if gain and swept.unseen is not None:
    series[other] = (swept.unseen, 'mean', _OTHER)
  series['paper'] = (swept.seen, 'paper' if gain else 'paper_above', _PAPER)
  rows = []
  for who, (table, key, _) in series.items():
    merged = by_depth(table)
    zero = merged[merged['depth'] == 0].set_index('category')
    for x in merged.to_dict('records'):
      y, ends = x[key], {}
      if key == 'mean' and x['runs'] > 1:
        ends = {'low': x['low'], 'high': x['high']}
      if gain:
        base = zero[key][x['category']]
        y, ends = 100 * (y / base - 1), {
            end: 100 * (value / base - 1) for end, value in ends.items()}
      if np.isfinite(y):
        rows.append({'x': depth_name(x['depth']), 'y': y, 'who': who,
                     'category': x['category'], **ends})
  known = {row['who'] for row in rows}
  legend = {who: x[2] for who, x in series.items() if who in known}
  ends = matrices.domain(np.array([row['y'] for row in rows]))
  counts = dict(zip(swept.seen['category'], swept.seen['sets'], strict=False))
  specs = [charts.lines(
      [row for row in rows if row['category'] == category], legend,
      x='stages trained', label='', title=f'{category} ({count:.0f})',
      width=150, height=105, domain=ends, dashed=[other])
           for category, count in counts.items() if count]
  return specs and site.chart(
      name, specs, f'Lines of the {label} by depth:', legend)


def training(swept: Swept, site: Site) -> Chapter:
  """Returns the chapter on how a sweep or a single run was trained."""
  trained, validated = (
      [line for line in swept.lines if line['kind'] == kind]
      for kind in ('train', 'validate'))
  window = validated[0]['step'] if validated else 1
  series, rows = {}, {'train': [], 'validate': []}
  shades = overlays.colours('values', np.linspace(.1, .9, len(swept.depths)))
  for member in swept.members:
    series[member.label] = _RUN if len(swept.members) == 1 else overlays.hexed(
        shades[swept.depths.index(member.depth)])
    scores = pd.Series([x[swept.watched][member.name] for x in trained])
    smooth = scores.rolling(window, min_periods=1).mean()
    step = max(1, len(smooth) // 300)
    rows['train'] += [
        {'x': trained[i]['step'], 'y': smooth[i], 'who': member.label}
        for i in range(step - 1, len(smooth), step)]
    rows['validate'] += [
        {'x': str(x['epoch']), 'y': x[swept.watched][member.name],
         'who': member.label} for x in validated]
  last = validated[-1][swept.watched] if validated else {}
  return Chapter('training', 'Training', 'depths/training.html.j2', {
      'swept': swept, 'epochs': len(validated),
      'facts': [*facts(swept.summary, swept.config).items()],
      'curves': site.chart('training', [
          charts.lines(rows['train'], series, x='step', label=swept.title,
                       title='training images', continuous=True, width=400),
          charts.lines(rows['validate'], series, x='epoch', label=swept.title,
                       title='validation images', width=400)],
          f'Curves of {swept.title}; the best on the validation images: '
          + ', '.join(f'{x.label} {number(x.score)}' for x in swept.members),
          series),
      'table': site.table(
          'training', (
              'member', 'stages trained', f'best {swept.title}', 'at step',
              f'last {swept.title}', 'rate of the trunk', 'rate of the head',
              'seed'), [
              (x.label, x.depth, x.score, x.step, last.get(x.name),
               f'{x.trunk_rate:g}' if x.depth else '\N{EN DASH}',
               f'{x.readout_rate:g}', x.seed) for x in swept.members])})
