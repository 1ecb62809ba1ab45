"""The tables of a run on the terminal, and its findings."""

from saliency_jax.report import terminal
from saliency_jax.report.units import findings
from saliency_jax.report.units.run import DISSECT, Run


def text(run: Run) -> str:
  """Returns the run's table beside the paper's, and the findings."""
  name = run.published or run.network + (
      '' if run.depth is None else f', depth {run.depth}')
  start = f'{name}: mean {run.kind.score} of {terminal.best(run.top)}'
  if run.kind is DISSECT:
    threshold = run.config['analysis']['threshold']
    lines = [
        f'{start} for each category', '',
        *terminal.by_category(run.layers, run.table), '',
        f'{name}: number of units whose mean NSS exceeds {threshold:g}', '',
        *terminal.by_category(run.layers, run.table, 'above')]
  else:
    lines = [f'{start} of each layer', '',
             *terminal.one_column('layer', run.layers, run.table)]
  return '\n'.join([*lines, '', *terminal.items(
      x.text for x in findings.findings(run))])
