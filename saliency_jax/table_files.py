"""Result files and their columns as values, and tables as CSV files.

`schema` states them all, and has these names as its own.
"""

import collections
import csv
import functools
import pathlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from saliency_jax import csv_cells


class Column(NamedTuple):
  """A column of a table, or an array of a file."""
  name: str
  # 'str', 'int', 'float' (6 decimals), 'ints' (blanks between); an array's has
  # its axes: 'float32 [regions, units]'. No number is '' in a table.
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


@functools.cache
def row(table: File) -> type:
  """Returns the named tuple of a table's rows."""
  return collections.namedtuple('Row', table.names)


def write(file, table: File, rows: Iterable[Sequence[Any]]) -> None:
  """Writes a table into an open text file; NaN and None become ''."""
  writer = csv.writer(file, lineterminator='\n')
  writer.writerow(table.names)
  for values in rows:
    writer.writerow(
        csv_cells.text(column.type, value)
        for column, value in zip(table.columns, values, strict=True))


def read(folder: pathlib.Path, table: File) -> list[Any]:
  """Reads a table that `write` wrote; '' becomes NaN or None."""
  return [row(table)(*(
      csv_cells.value(column.type, line[column.name])
      for column in table.columns))
      for line in csv_cells.rows(folder / table.path, table.columns)]
