"""The tables on the terminal: plain characters, at most 100 columns."""

import textwrap
from collections.abc import Sequence

import numpy as np

from saliency_jax.report import comparison, findings, paper
from saliency_jax.report.comparison import Comparison, Luck
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
  means, name = comparison.means(results), _name(results)
  if results.job == 'popout':
    lines = [
        f'{name}: mean NMM of {best} of each layer', '',
        *one_column(means, comparison.of_run(results))]
  else:
    threshold = results.config['analysis']['threshold']
    regions = [cell.sets for cell in results.table[results.layers[0]].values()]
    lines = [
        f'{name}: mean NSS of {best} for each category', '',
        *by_category(means, regions, 2, comparison.of_run(results)), '',
        f'{name}: number of units whose mean NSS exceeds {threshold:g}', '',
        *by_category(comparison.counts(results), regions, 0)]
  return '\n'.join(
      [*lines, '', *(x for s in findings.sentences(results) for x in item(s))])


def _name(results: Results) -> str:
  """Returns the name of the paper's table that stands beside, or whose it is.
  """
  name = comparison.paper_table(results) or results.network
  depth = '' if results.depth is None else f', depth {results.depth}'
  return name + depth


def one_column(
    means: Comparison, luck: Luck, corner: str = 'layer') -> list[str]:
  """Returns the lines of a table with one column: Table 5 or 6."""
  rows = [[corner, 'run', 'held out', 'chance from', 'to', 'paper',
           'run - paper']]
  for layer, run, published, *beside in zip(
      means.layers, means.run[:, 0], means.paper[:, 0],
      *(x[:, 0] for x in luck), strict=True):
    rows.append([
        layer, _plain(run), *map(_plain, beside), _plain(published),
        _plain(run - published)])
  return _aligned(rows, left=1, gap=3)


def by_category(
    table: Comparison, regions: Sequence[int], digits: int,
    luck: Luck | None = None
) -> list[str]:
  """Returns the lines of a table with a column per category: Table 2 or 3."""
  heads = [['', *name.rsplit(' ', 1)][-2:] for name in table.columns]
  rows = [['', '', *line] for line in zip(*heads, strict=True) if any(line)]
  rows.append(['regions', '', *map(str, regions)])
  for i, (layer, run, published) in enumerate(zip(
      table.layers, table.run, table.paper, strict=True)):
    rows.append([layer, 'run', *(_plain(x, digits) for x in run)])
    for label, values in zip(
        ('held out', 'chance from', 'to'), luck or (), strict=False):
      if np.isfinite(values[i]).any():
        rows.append(['', label, *(_plain(x, digits) for x in values[i])])
    if np.isfinite(published).any():
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


def item(sentence: str) -> list[str]:
  """Returns the lines of an item of a list."""
  return textwrap.wrap(
      sentence, 98, initial_indent='- ', subsequent_indent='  ')
