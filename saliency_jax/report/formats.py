"""A table as CSV, Markdown and LaTeX, each with its own escaping.

In all of them white space within a name, line breaks too, is a single space.
"""

import csv
import io
import math
import re
from collections.abc import Sequence

from saliency_jax import csv_cells

Value = str | int | float | None  # None and NaN: no number

# Marks that start something in Markdown within a line, also in GitHub's.
_MARKDOWN = re.compile(r'([\\`*_{}\[\]<>()#+!|~&$])')
_LATEX = {
    '\\': r'\textbackslash{}', '&': r'\&', '%': r'\%', '$': r'\$', '#': r'\#',
    '_': r'\_', '{': r'\{', '}': r'\}', '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}', '<': r'\textless{}', '>': r'\textgreater{}',
    '|': r'\textbar{}', '`': r'\textasciigrave{}', '[': '{[}', ']': '{]}'}


def csv_text(header: Sequence[str], rows: Sequence[Sequence[Value]]) -> str:
  """Returns a CSV file (RFC 4180, but lines end in a line feed).

  Numbers keep six significant digits; a missing one is empty.
  """
  file = io.StringIO()
  writer = csv.writer(file, lineterminator='\n')
  writer.writerow(map(_csv, header))
  writer.writerows(map(_csv, row) for row in rows)
  return file.getvalue()


def markdown(
    header: Sequence[str], rows: Sequence[Sequence[Value]], *, digits: int
) -> str:
  """Returns a table in GitHub's Markdown, with fixed digits."""
  def line(cells) -> str:
    return f"| {' | '.join(cells)} |\n"

  return ''.join([
      line(map(_markdown, header)),
      line('---' if left else '--:' for left in _left(header, rows)),
      *(line(
          _markdown(x) if isinstance(x, str) else fixed(x, digits, '\u2013')
          for x in row) for row in rows)])


def latex(
    header: Sequence[str], rows: Sequence[Sequence[Value]], *, digits: int
) -> str:
  """Returns a LaTeX tabular in the manner of booktabs, with fixed digits."""
  def line(cells) -> str:
    return f"{' & '.join(cells)} \\\\\n"

  def cell(x: Value) -> str:
    if isinstance(x, str):
      return _latex(x)
    text = fixed(x, digits, '--')
    return f'${text}$' if text.startswith('-') and text != '--' else text

  columns = ''.join('l' if left else 'r' for left in _left(header, rows))
  return ''.join([
      '% needs \\usepackage{booktabs}\n',
      f'\\begin{{tabular}}{{{columns}}}\n\\toprule\n',
      line(map(_latex, header)), '\\midrule\n',
      *(line(map(cell, row)) for row in rows),
      '\\bottomrule\n\\end{tabular}\n'])


def fixed(value: int | float | None, digits: int, missing: str) -> str:
  """Returns a number with fixed digits, an integer with none."""
  if _missing(value):
    return missing
  if isinstance(value, float):
    # Adding 0 turns -0.0, which rounding makes, into 0.0.
    return f'{round(value, digits) + 0.0:.{digits}f}'
  return str(value)


def _missing(value: Value) -> bool:
  return value is None or isinstance(value, float) and math.isnan(value)


def _left(header: Sequence[str], rows: Sequence[Sequence[Value]]) -> list[bool]:
  """Returns which columns hold text."""
  return [
      any(isinstance(row[i], str) for row in rows) for i in range(len(header))]


def _csv(value: Value) -> str:
  if isinstance(value, str):
    return csv_cells.protected(_one_line(value))
  if _missing(value):
    return ''
  return f'{value:.6g}' if isinstance(value, float) else str(value)


def _one_line(text: str) -> str:
  return ' '.join(text.split())


def _markdown(text: str) -> str:
  return _MARKDOWN.sub(r'\\\1', _one_line(text))


def _latex(text: str) -> str:
  escaped = ''.join(_LATEX.get(x, x) for x in _one_line(text))
  return escaped.replace('--', '-{}-')  # or they would become one dash
