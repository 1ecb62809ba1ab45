"""The chapter `overview`: what was run, what came out, and the table."""

import functools

import numpy as np

from saliency_jax.report import (
    best_units,
    comparison,
    facts,
    figures,
    findings,
    matrix,
    paper,
    sides,
)
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.folder import TARGET, Results

_SCORE = {'dissect': 'NSS', 'popout': 'NMM'}


def chapter(results: Results, site: Site) -> Chapter:
  """Returns the first chapter of a dissection or a pop-out run."""
  other = site.compare
  own = facts.facts(results.summary, results.config)
  others = facts.facts(other.summary, other.config) if other else {}
  found = findings.findings(results)
  if other:
    found += findings.compared(results, other, site.labels[1])
  context = {
      'results': results, 'config': results.config, 'summary': results.summary,
      'found': found, 'other': other, 'facts': [
          (term, own.get(term, ''), others.get(term, ''))
          for term in dict.fromkeys([*own, *others])],
      'paper_table': comparison.paper_table(results),
      'paper_top': paper.top_units(), 'score': _SCORE[results.job]}
  draw = _categories if results.job == 'dissect' else _targets
  return Chapter(
      'overview', 'Overview', 'overview.html.j2',
      context | draw(results, site))


def _categories(results: Results, site: Site) -> dict:
  """Table 2 or 3 beside the paper's."""
  means = comparison.means(results)
  run, published, bar = matrix.beside(
      means, digits=2, luck=comparison.of_run(results))
  known = np.isfinite(means.paper).any(axis=1)
  few = known.any() and known.sum() < len(known) / 2
  if few:
    # Of trained models the paper shows one layer: a second matrix would be
    # empty but for that.
    run = [
        row for own, other, shown in zip(run, published, known, strict=True)
        for row in (own, (f'{other[0]}, paper', other[1]))[:1 + shown]]
  return {
      'run_rows': run, 'bar': bar,
      'paper_rows': published if known.any() and not few else [],
      'regions': [
          cell.sets for cell in results.table[results.layers[0]].values()],
      'figure_files': site.export('table', functools.partial(
          figures.matrices, _stacked(means, known) if few else means,
          label='mean NSS (SD)')),
      'table': sides.table(
          site, 'table', means, ('this run', 'paper'), digits=2)}


def _stacked(table: Comparison, known: np.ndarray) -> Comparison:
  """Puts the paper's lines below the run's, all on one side."""
  lines = [
      line for i, layer in enumerate(table.layers)
      for line in ((layer, table.run[i]),
                   (f'{layer}, paper', table.paper[i]))[:1 + known[i]]]
  values = np.array([values for _, values in lines])
  return table._replace(
      layers=tuple(name for name, _ in lines), run=values,
      paper=np.full_like(values, np.nan))


def _targets(results: Results, site: Site) -> dict:
  """Table 5 or 6 beside the paper's."""
  means = comparison.means(results)
  errors = best_units.standard_errors(results)
  across = means._replace(
      layers=('',), columns=means.layers, run=means.run.T, paper=means.paper.T)
  luck = comparison.of_run(results)
  run, published, bar = matrix.beside(
      across, digits=2, luck=comparison.Luck(*(x.T for x in luck)))
  rows = [('this run', run[0][1])]
  if np.isfinite(means.paper).any():
    rows.append(('paper', published[0][1]))
  return {
      'run_rows': rows, 'bar': bar,
      'table': site.table(
          'table', ('layer', 'mean NMM', 'standard error', 'held out',
                    'chance, from', 'chance, to', 'paper',
                    'run \N{MINUS SIGN} paper', 'best units'), [
              (layer, float(value), float(error), *map(float, beside),
               float(printed), float(value - printed), ' '.join(
                   f'{layer}:{unit}'
                   for unit in results.table[layer][TARGET].units))
              for layer, value, error, beside, printed in zip(
                  means.layers, means.run[:, 0], errors, np.hstack(luck),
                  means.paper[:, 0], strict=True)])}
