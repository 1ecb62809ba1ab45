"""The chapter `depths`: Tables 3 and 6 and Figure 4, beside the paper's."""

import functools

import numpy as np

from saliency_jax.report import (
    by_depth,
    depth_findings,
    depth_spread,
    facts,
    figures,
    matrix,
    paper,
    sides,
)
from saliency_jax.report.by_depth import Line
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.swept import Regions, Swept, depth_name


def chapter(results: Swept, site: Site) -> Chapter:
  """Returns the first chapter of a sweep."""
  depths = [member.depth for member in results.members]
  context = {
      'results': results, 'found': (
          depth_findings.findings(results) + depth_spread.findings(results)),
      'facts': facts.facts(results.summary, results.config),
      'paper_top': paper.top_units(), 'depths': sorted(set(depths))}
  context['output'] = _output(results, site, depths)
  context['regions'] = (
      _regions(results, site, depths) if results.seen else None)
  context['arrays'] = _arrays(results, site, depths) if results.arrays else None
  return Chapter('depths', 'By depth', 'depths.html.j2', context)


def _output(results: Swept, site: Site, depths: list[int]) -> dict:
  """What the members reach as saliency models."""
  rows = [
      (x.label, x.depth, x.score, x.step) for x in results.members]
  order = sorted(set(depths))
  scores = np.array([
      [np.mean([x.score for x in results.members if x.depth == depth])]
      for depth in order])
  return {
      'table': site.table(
          'validation', ('member', 'stages trained', results.title, 'step'),
          rows),
      'figure': site.figure(
          'validation', functools.partial(
              by_depth.single, list(map(depth_name, order)),
              [Line('this run', 'run', scores)], label=results.title),
          f'{results.title} on the validation images, by depth: '
          + _spoken(list(map(depth_name, order)), scores[:, 0]))}


def _regions(results: Swept, site: Site, depths: list[int]) -> dict:
  """Table 3, how many units exceed T, and Figure 4."""
  seen, unseen = results.seen, results.unseen
  run, published, bar = matrix.beside(seen.means, digits=2, luck=seen.luck)
  made = {
      'run_rows': run, 'bar': bar, 'columns': seen.means.columns,
      'paper_rows': _known(published, seen.means),
      'counted': seen.regions,
      'top': results.config['regions']['analysis']['top_units'],
      'threshold': results.config['regions']['analysis']['threshold'],
      'table': sides.table(
          site, 'table3', seen.means, ('this run', 'paper'), digits=2),
      'files': site.export('table3', functools.partial(
          figures.matrices, seen.means, label='mean NSS (SD)'))}
  count_run, count_paper, count_bar = matrix.beside(seen.counts, digits=0)
  made |= {
      'count_rows': count_run, 'count_bar': count_bar,
      'count_paper_rows': _known(count_paper, seen.counts),
      'count_table': sides.table(
          site, 'table3_counts', seen.counts, ('this run', 'paper'), digits=0)}
  made['unseen'] = _unseen(site, unseen) if unseen else None
  made['figure4'] = made['figure_counts'] = None
  if len(set(depths)) > 1:
    made['figure_counts'] = _panels(
        'units_above', site, depths, {'': seen}, by_depth.merged, 'counts',
        'units above T')
    if 0 in depths:
      made['figure4'] = _panels(
          'figure4', site, depths,
          {'': seen, f'{results.part} photographs': unseen}, _percent, 'means',
          'gain in mean NSS over depth 0 (%)')
  return made


def _panels(
    name: str, site: Site, depths: list[int],
    tables: dict[str, Regions | None], values, field: str, label: str
):
  """Draws a panel for each category: all photographs, the others dashed."""
  lines = []
  for title, regions in tables.items():
    if regions:
      of = getattr(regions, field)
      ends = by_depth.ends(of, depths)
      if ends and values is _percent:
        base = by_depth.merged(of, depths).run[:1]
        ends = tuple(100 * (x / base - 1) for x in ends)
      lines.append(Line(
          title or 'this run', 'other' if title else 'run',
          values(of, depths).run, bool(title), ends))
  table, seen = values(getattr(tables[''], field), depths), tables['']
  lines.append(Line('paper', 'paper', table.paper))
  return site.figure(
      name, functools.partial(
          by_depth.panels, table.layers,
          by_depth.titles(table.columns, seen.regions), by_depth.known(lines),
          label=label),
      f'Lines of the {label} by depth, a panel for each of '
      f'{len(table.columns)} categories; the numbers follow from the tables of '
      f'this chapter.')


def _percent(table: Comparison, depths: list[int]) -> Comparison:
  return by_depth.percent(by_depth.merged(table, depths))


def _unseen(site: Site, unseen: Regions) -> dict:
  run, _, bar = matrix.beside(unseen.means, digits=2, luck=unseen.luck)
  return {
      'rows': run, 'bar': bar, 'counted': unseen.regions,
      'table': sides.table(
          site, 'table3_unseen', unseen.means, ('this run', 'paper'),
          digits=2)}


def _arrays(results: Swept, site: Site, depths: list[int]) -> dict:
  """Table 6."""
  table = by_depth.merged(results.arrays, depths)
  lines = by_depth.known([
      Line('this run', 'run', table.run,
           ends=by_depth.ends(results.arrays, depths)),
      Line('paper', 'paper', table.paper)])
  return {
      'top': results.config['popout']['analysis']['top_units'],
      'table': site.table(
          'table6', ('member', 'mean NMM', 'held out', 'chance, from',
                     'chance, to', 'paper', 'run \N{MINUS SIGN} paper'), [
              (name, float(run), *map(float, beside), float(published),
               float(run - published))
              for name, run, beside, published in zip(
                  results.arrays.layers, results.arrays.run[:, 0],
                  np.hstack(results.arrays_luck), results.arrays.paper[:, 0],
                  strict=True)]),
      'figure': site.figure(
          'table6', functools.partial(
              by_depth.single, table.layers, lines, label='mean NMM (SD)'),
          'Mean NMM by depth: ' + '; '.join(
              f'{line.label}: {_spoken(table.layers, line.values[:, 0])}'
              for line in lines))}


def _known(rows: matrix.Rows, table: Comparison) -> matrix.Rows:
  """Returns the paper's rows that have a number."""
  return [row for row, known in zip(
      rows, np.isfinite(table.paper).any(axis=1), strict=True) if known]


def _spoken(depths, values: np.ndarray) -> str:
  return ', '.join(
      f'depth {depth} {value:.2f}'
      for depth, value in zip(depths, values, strict=True))
