"""Result files and their columns as values, and tables as CSV files.

`schema` states them all, and has these names as its own. What begins with '=',
'+', '-' or '@' and is no number is computed when a spreadsheet opens the file,
and names come from anybody: such a text has an apostrophe in front, as
spreadsheets write a text that is none.
"""

import collections
import csv
import functools
import pathlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from saliency_jax import outside

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r'[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?', re.I | re.ASCII)


class Column(NamedTuple):
  """A column of a table, or an array of a file."""

  name: str
  # 'str', 'int', 'float' (6 decimals), 'p' (3 digits), 'ints' (blanks
  # between); an array's has its axes: 'float32 [regions, units]'. No number is
  # '' in a table.
  type: str
  meaning: str
  unit: str = ''


class File(NamedTuple):
  """A result file: a table (.csv), arrays (.npy, .npz, .h5), or another."""

  path: str
  meaning: str
  columns: tuple[Column, ...] = ()

  @property
  def names(self) -> tuple[str, ...]:
    """The header of a table."""
    return tuple(column.name for column in self.columns)

  def of(self, *names: object) -> str:
    """Returns the path with names in the places of its `<...>`."""
    return re.sub('<[^>]*>', '{}', self.path).format(*names)


def protected(text: str) -> str:
  """Returns a text as it is written into a cell."""
  if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
    return f"'{text}"
  return text


def restored(cell: str) -> str:
  """Returns the text of which `protected` made a cell."""
  return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def text(type_: str, value: Any) -> Any:
  """Returns what is written for a value of a `Column`'s type."""
  if type_ == 'ints':
    return ' '.join(map(str, value))
  if value is None or value != value or value == '':
    return ''
  if isinstance(value, str):
    return protected(value)
  digits = {'float': '.6f', 'p': '.3g'}
  return f'{value:{digits[type_]}}' if type_ in digits else value


def value(type_: str, text: str) -> Any:
  """Returns the value of which `text` made a cell; '' is NaN or None."""
  if type_ in ('float', 'p'):
    return float(text or 'nan')
  if type_ == 'ints':
    return [int(x) for x in text.split()]
  return (int(text) if text else None) if type_ == 'int' else text


@functools.cache
def row(table: File) -> type:
  """Returns the named tuple of a table's rows."""
  return collections.namedtuple('Row', table.names)


def write(file, table: File, rows: Iterable[Sequence[Any]]) -> None:
  """Writes a table into an open text file; NaN and None become ''."""
  writer = csv.writer(file, lineterminator='\n')
  writer.writerow(table.names)
  for values in rows:
    writer.writerow(text(column.type, value) for column, value in zip(table.columns, values, strict=True))


def read(folder: pathlib.Path, table: File) -> list[Any]:
  """Returns the rows of a table that `write` wrote.

  Raises:
    InputError: it cannot be read, has other columns, or a cell is of another
      type.
  """
  path = folder / table.path
  with (
    outside.reading(path, 'table of this version', 'start the job again'),
    open(path, newline='', encoding='utf-8') as file,
  ):
    header, *lines = csv.reader(file, strict=True)
    if header != [*table.names]:
      raise ValueError(f'it does not have the columns {", ".join(table.names)}')
    return [row(table)(*(_cell(*x) for x in zip(table.columns, line, strict=True))) for line in lines if line]


def _cell(column: Column, cell: str) -> Any:
  found = value(column.type, restored(cell))
  if column.type in ('int', 'float') and found and abs(found) >= 2**63:
    raise ValueError(f'its {column.name} is {found}')
  return found
