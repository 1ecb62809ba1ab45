"""The cells of result tables, whose texts spreadsheets take for formulas.

What begins with '=', '+', '-' or '@' and is no number is computed when a
spreadsheet opens the file, and names come from anybody. Such a text has an
apostrophe in front, as spreadsheets write a text that is none.
"""

import csv
import pathlib
import re
from collections.abc import Sequence
from typing import Any

from saliency_jax import outside

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r'[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?', re.I | re.ASCII)


def protected(text: str) -> str:
  """Returns a text as it is written into a cell."""
  if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
    return f"'{text}"
  return text


def restored(cell: str) -> str:
  """Returns the text of which `protected` made a cell."""
  return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def rows(
    path: pathlib.Path, columns: Sequence[Any]) -> list[dict[str, str]]:
  """Returns a table's rows as they stand in its file.

  Args:
    columns: `schema.Column`s that it has, of which every cell has the type.

  Raises:
    InputError: it cannot be read, has other columns, or a cell is of another
      type.
  """
  names = [column.name for column in columns]
  with outside.reading(
      path, 'table of this version', 'start the job again'), open(
      path, newline='', encoding='utf-8') as file:
    header, *lines = csv.reader(file, strict=True)
    if header != names:
      raise ValueError(f"it does not have the columns {', '.join(names)}")
    found = [
        dict(zip(header, map(restored, line), strict=True))
        for line in lines if line]
    for line in found:
      for column in columns:
        number = value(column.type, line[column.name])
        if column.type in ('int', 'float') and number and abs(number) >= 2**63:
          raise ValueError(f'its {column.name} is {number}')
  return found


def text(type_: str, value: Any) -> Any:
  """Returns what is written for a value of a `schema.Column`'s type."""
  if type_ == 'ints':
    return ' '.join(map(str, value))
  if value is None or value != value or value == '':
    return ''
  if isinstance(value, str):
    return protected(value)
  return f'{value:.6f}' if type_ == 'float' else value


def value(type_: str, text: str) -> Any:
  """Returns the value of which `text` made a cell; '' is NaN or None."""
  if type_ == 'float':
    return float(text or 'nan')
  if type_ == 'ints':
    return [int(x) for x in text.split()]
  return (int(text) if text else None) if type_ == 'int' else text
