"""The tables on the terminal: plain characters, at most 100 columns."""

import textwrap
from collections.abc import Sequence

import numpy as np

from saliency_jax.report import comparison, findings, paper
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.folder import Results
from saliency_jax.report.numbers import number

# Typographic signs, as a terminal of any encoding can show them.
_PLAIN = {ord('\N{MINUS SIGN}'): '-', ord('\N{EN DASH}'): '-'}


def text(results: Results) -> str:
  """Returns the run's table beside the paper's, and the findings.

  Args:
    results: a finished run, `folder.read`.

  Returns:
    Lines of at most 100 characters for layers named as VGG's; '-' stands where
    there is no number.
  """
  top = results.config['analysis']['top_units']
  note = (
      '' if top == paper.top_units() else f' (the paper: {paper.top_units()})')
  best = f'the {top} best units{note}'
  means = comparison.means(results)
  if results.job == 'popout':
    lines = [f'Table 5: mean NMM of {best} of each layer', '', *_table5(means)]
  else:
    threshold = results.config['analysis']['threshold']
    regions = [cell.sets for cell in results.table[results.layers[0]].values()]
    lines = [
        f'Table 2: mean NSS of {best} for each category', '',
        *_table2(means, regions, 2), '',
        f'Table 2: number of units whose mean NSS exceeds {threshold:g}', '',
        *_table2(comparison.counts(results), regions, 0)]
  return '\n'.join(
      [*lines, '', *(x for s in findings.sentences(results) for x in _item(s))])


def _table5(means: Comparison) -> list[str]:
  rows = [['layer', 'run', 'paper', 'run - paper']]
  for layer, run, published in zip(
      means.layers, means.run[:, 0], means.paper[:, 0], strict=True):
    rows.append([
        layer, _plain(run), _plain(published), _plain(run - published)])
  return _aligned(rows, left=1, gap=3)


def _table2(table: Comparison, regions: Sequence[int], digits: int):
  heads = [['', *name.rsplit(' ', 1)][-2:] for name in table.columns]
  rows = [
      ['', '', *(upper for upper, _ in heads)],
      ['', '', *(lower for _, lower in heads)],
      ['regions', '', *map(str, regions)]]
  for layer, run, published in zip(
      table.layers, table.run, table.paper, strict=True):
    rows.append([layer, 'run', *(_plain(x, digits) for x in run)])
    rows.append(['', 'paper', *(_plain(x, digits) for x in published)])
  return _aligned(rows, left=2, gap=1)


def _plain(value: float, digits: int = 2) -> str:
  return number(float(value), digits).translate(_PLAIN)


def _aligned(rows: list[list[str]], *, left: int, gap: int) -> list[str]:
  """Lines up columns: the first `left` to the left, the others to the right."""
  widths = np.array([[len(x) for x in row] for row in rows]).max(axis=0)
  return [
      (' ' * gap).join(
          x.ljust(width) if i < left else x.rjust(width)
          for i, (x, width) in enumerate(zip(row, widths, strict=True))
      ).rstrip()
      for row in rows]


def _item(sentence: str) -> list[str]:
  return textwrap.wrap(
      sentence, 98, initial_indent='- ', subsequent_indent='  ')
