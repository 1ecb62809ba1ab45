"""The tables of a run on the terminal, and its findings."""

from saliency_jax.report import paper, terminal
from saliency_jax.report.units import findings
from saliency_jax.report.units.run import DISSECT, Run


def text(run: Run) -> str:
  """Returns the run's table beside the paper's, and the findings."""
  top = run.top
  note = (
      '' if top == paper.top_units() else f' (the paper: {paper.top_units()})')
  best = f'the {top} best units{note}'
  name = run.published or run.network + (
      '' if run.depth is None else f', depth {run.depth}')
  beside = [run.values(x) for x in ('held_out', 'chance_low', 'chance_high')]
  means, published = run.values('mean'), run.values('paper')
  if run.kind is not DISSECT:
    lines = [f'{name}: mean NMM of {best} of each layer', '',
             *terminal.one_column('layer', run.layers, means[:, 0], [
                 x[:, 0] for x in beside], published[:, 0])]
  else:
    threshold = run.config['analysis']['threshold']
    lines = [
        f'{name}: mean NSS of {best} for each category', '',
        *terminal.by_category(
            run.layers, run.columns, run.counts(), means, published, beside),
        '', f'{name}: number of units whose mean NSS exceeds {threshold:g}',
        '', *terminal.by_category(
            run.layers, run.columns, run.counts(), run.values('above'),
            run.values('paper_above'), digits=0)]
  return '\n'.join([*lines, '', *terminal.items(
      x.text for x in findings.findings(run))])
