"""Tables for the terminal: plain characters, at most 100 columns."""

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from saliency_jax.report import best_units, paper
from saliency_jax.report.best_units import KEYS, values
from saliency_jax.report.numbers import Finding, number

# Typographic characters as any terminal can show them.
_PLAIN = str.maketrans({'\N{MINUS SIGN}': '-', '\N{EN DASH}': '-', '\N{RIGHT SINGLE QUOTATION MARK}': "'"})
_WIDTH = 100
# Short names of a table's sources.
_SHORT = {'this run': 'run', 'chance, from': 'chance from', 'chance, to': 'to'}


def best(top: int, counts: Sequence[int], table: pd.DataFrame) -> str:
  """Returns which units of layers with `counts` units a table is over."""
  known = paper.facts()['top_units']
  beside = f' (paper: {known})' if top != known and table['paper'].notna().any() else ''
  return best_units.averaged(top, counts) + beside


def one_column(corner: str, names: Sequence[str], table: pd.DataFrame) -> list[str]:
  """Returns the lines of a table with one column: Table 5 or 6."""
  columns = {label: table[of] for label, of in _sources('mean', table).items()}
  columns['run - paper'] = table['mean'] - table['paper']
  shown = [label for label, x in columns.items() if label == 'run' or np.isfinite(x).any()]
  rows = zip(names, *(map(_plain, columns[label]) for label in shown), strict=True)
  return aligned([[corner, *shown], *rows], left=1, gap=3)


def by_category(name: str, of: str, names: Sequence[str], table: pd.DataFrame, threshold: float) -> list[str]:
  """Returns two tables with a column for each category: 2, 3 or 7.

  The first has the means `of` the best units, the second counts units above T.
  """
  return [
    *_columns(f'{name}: mean NSS of {of}', names, table, 'mean'),
    '',
    *_columns(f'{name}: number of units whose mean NSS exceeds {threshold:g}', names, table, 'above'),
  ]


def _columns(title: str, names: Sequence[str], table: pd.DataFrame, key: str) -> list[str]:
  sources, digits = _sources(key, table), KEYS[key].digits
  heads = [['', *name.rsplit(' ', 1)][-2:] for name in table['category'].unique()]
  rows = [['', '', *line] for line in zip(*heads, strict=True) if any(line)]
  rows.append(['regions', '', *(f'{x:.0f}' for x in values(table, 'sets')[0])])
  for i, name in enumerate(names):
    rows += [
      [name if label == 'run' else '', label, *(_plain(x, digits) for x in values(table, of)[i])]
      for label, of in sources.items()
      if label == 'run' or np.isfinite(values(table, of)[i]).any()
    ]
  return [title, '', *aligned(rows, left=2, gap=1)]


def items(found: Iterable[Finding]) -> list[str]:
  """Returns findings as lines of a list."""
  return [
    line
    for x in found
    for line in textwrap.wrap(x.text.translate(_PLAIN), _WIDTH - 2, initial_indent='- ', subsequent_indent='  ')
  ]


def aligned(rows: Sequence[Sequence[str]], *, left: int, gap: int) -> list[str]:
  """Aligns columns: the first `left` to the left, the others to the right.

  Columns that do not fit beside each other follow below, after the first ones.
  """
  widths = np.array([[len(x) for x in row] for row in rows]).max(axis=0) + gap
  parts, room = [], 0
  for column in range(left, len(widths)):
    if widths[column] > room:
      parts.append([*range(left)])
      room = max(_WIDTH + gap - sum(widths[:left]), _WIDTH // 2)
    parts[-1].append(column)
    room -= widths[column]

  def line(row: Sequence[str], columns: Sequence[int]) -> str:
    cells = (row[i].ljust(widths[i] - gap) if i < left else row[i].rjust(widths[i] - gap) for i in columns)
    return (' ' * gap).join(cells).rstrip()

  return [x for of in parts for x in ('', *(line(row, of) for row in rows))][1:]


def _sources(key: str, table: pd.DataFrame) -> dict[str, str]:
  """Returns the columns to show; `compared` is another run's."""
  sources = {_SHORT.get(x, x): column for x, column in KEYS[key].sources.items()}
  other = {'mean': 'compared', 'above': 'compared_above'}[key]
  return sources | ({'compared': other} if other in table else {})


def _plain(value: float, digits: int = 2) -> str:
  return number(float(value), digits).translate(_PLAIN)
