"""Tables on the terminal: plain characters, at most 100 columns."""

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np

from saliency_jax.report.numbers import number

# Typographic signs, as a terminal of any encoding can show them.
_PLAIN = str.maketrans({'\N{MINUS SIGN}': '-', '\N{EN DASH}': '-',
                        '\N{RIGHT SINGLE QUOTATION MARK}': "'"})


def one_column(
    corner: str, names: Sequence[str], run: np.ndarray,
    beside: Sequence[np.ndarray], published: np.ndarray
) -> list[str]:
  """Returns the lines of a table with one column: Table 5 or 6.

  Args:
    corner: what the names are.
    names: of the L lines.
    run: `[L]`.
    beside: held out, chance from, chance to, each `[L]`.
    published: `[L]`, of the paper.
  """
  head = (corner, 'run', 'held out', 'chance from', 'to', 'paper',
          'run - paper')
  columns = [run, *beside, published, run - published]
  return aligned([head, *(
      (name, *(_plain(x[i]) for x in columns))
      for i, name in enumerate(names))], left=1, gap=3)


def by_category(
    names: Sequence[str], columns: Sequence[str], regions: Sequence[int],
    run: np.ndarray, published: np.ndarray,
    beside: Sequence[np.ndarray] = (), digits: int = 2
) -> list[str]:
  """Returns the lines of a table with a column per category: Table 2 or 3."""
  heads = [['', *name.rsplit(' ', 1)][-2:] for name in columns]
  rows = [['', '', *line] for line in zip(*heads, strict=True) if any(line)]
  rows.append(['regions', '', *map(str, regions)])
  sources = [('run', run), *zip(
      ('held out', 'chance from', 'to'), beside, strict=False),
             ('paper', published)]
  for i, name in enumerate(names):
    rows += [
        [name if label == 'run' else '', label,
         *(_plain(x, digits) for x in values[i])]
        for label, values in sources
        if label == 'run' or np.isfinite(values[i]).any()]
  return aligned(rows, left=2, gap=1)


def items(sentences: Iterable[str]) -> list[str]:
  """Returns the lines of a list."""
  return [line for x in sentences for line in textwrap.wrap(
      x.translate(_PLAIN), 98, initial_indent='- ', subsequent_indent='  ')]


def aligned(
    rows: Sequence[Sequence[str]], *, left: int, gap: int) -> list[str]:
  """Lines up columns: the first `left` to the left, the others to the right."""
  widths = np.array([[len(x) for x in row] for row in rows]).max(axis=0)
  return [
      (' ' * gap).join(
          x.ljust(width) if i < left else x.rjust(width)
          for i, (x, width) in enumerate(zip(row, widths, strict=True))
      ).rstrip() for row in rows]


def _plain(value: float, digits: int = 2) -> str:
  return number(float(value), digits).translate(_PLAIN)
