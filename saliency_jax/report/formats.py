"""A table as CSV, Markdown and LaTeX, each with its own escaping.

White space within a name, line breaks included, becomes a single space.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Sequence

from saliency_jax import schema
from saliency_jax.report.numbers import fixed

Value = str | int | float | None  # None and NaN: no number
Rows = Sequence[Sequence[Value]]

# Characters with a meaning within a line of Markdown, also GitHub's.
_MARKDOWN = re.compile(r'([\\`*_{}\[\]<>()#+!|~&$])')
_NAMED = {'\\': 'backslash', '~': 'asciitilde', '^': 'asciicircum', '<': 'less', '>': 'greater', '|': 'bar'}
_LATEX = str.maketrans(
  {x: f'\\{x}' for x in '&%$#_{}'}
  | {x: f'\\text{name}{{}}' for x, name in (_NAMED | {'`': 'asciigrave'}).items()}
  | {'[': '{[}', ']': '{]}'}
)


def csv_text(header: Sequence[str], rows: Rows) -> str:
  """Returns a CSV file (RFC 4180, but lines end in a line feed).

  Numbers keep six significant digits; a missing one is empty.
  """

  def cell(x: Value) -> str | int:
    if isinstance(x, str):
      return schema.protected(_one_line(x))
    return '' if _missing(x) else f'{x:.6g}' if isinstance(x, float) else x

  file = io.StringIO()
  csv.writer(file, lineterminator='\n').writerows(map(cell, row) for row in (header, *rows))
  return file.getvalue()


def markdown(header: Sequence[str], rows: Rows, *, digits: int) -> str:
  """Returns a table in GitHub's Markdown, with fixed digits."""
  head, *lines = written(header, rows, lambda text: _MARKDOWN.sub(r'\\\1', _one_line(text)), digits, '\N{EN DASH}')
  line = ['--:' if x else '---' for x in are_numbers(header, rows)]
  return ''.join(f'| {" | ".join(x)} |\n' for x in (head, line, *lines))


def latex(header: Sequence[str], rows: Rows, *, digits: int) -> str:
  """Returns a LaTeX tabular for booktabs, with fixed digits."""

  def escaped(text: str) -> str:
    text = _one_line(text).translate(_LATEX)
    return text.replace('--', '-{}-')  # otherwise they would become one dash

  head, *lines = (
    f'{" & ".join(x)} \\\\\n'
    for x in written(header, rows, escaped, digits, '--', lambda x: f'${x}$' if x[0] == '-' else x)
  )
  columns = ''.join('r' if x else 'l' for x in are_numbers(header, rows))
  return (
    f'% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{columns}}}\n'
    f'\\toprule\n{head}\\midrule\n{"".join(lines)}\\bottomrule\n'
    '\\end{tabular}\n'
  )


def written(
  header: Sequence[str],
  rows: Rows,
  text: Callable[[str], str],
  digits: int,
  missing: str,
  number: Callable[[str], str] = str,
) -> list[list[str]]:
  """Returns a table's cells as text, the header first.

  Args:
    text: writes a text.
    digits: of floats.
    missing: stands for a missing number.
    number: writes a number that has fixed digits.
  """

  def cell(x: Value) -> str:
    if isinstance(x, str):
      return text(x)
    return missing if _missing(x) else number(fixed(x, digits))

  return [[*map(cell, row)] for row in (header, *rows)]


def are_numbers(header: Sequence[str], rows: Rows) -> list[bool]:
  """Returns which columns have no text."""
  return [not any(isinstance(row[i], str) for row in rows) for i in range(len(header))]


def _missing(value: Value) -> bool:
  return value is None or isinstance(value, float) and math.isnan(value)


def _one_line(text: str) -> str:
  return ' '.join(text.split())
