"""Text tables in files: CSV and its variants, with columns found by name."""

import csv
import difflib
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from absl import logging

from saliency_jax import outside
from saliency_jax.errors import InputError

_LARGEST = 1 << 32  # bytes of a file


class Columns(NamedTuple):
  """The columns of a kind of table; others are ignored."""

  needed: tuple[str, ...]
  optional: tuple[str, ...] = ()
  # The file's own names of columns, and the flag with which a user gives them.
  named: Mapping[str, str] = {}
  flag: str = ''
  # Names that other programs use: lower-case letters and digits only, separated
  # by blanks.
  others: Mapping[str, str] = {}
  # Columns for which all columns with a name in `others` are read.
  known: tuple[str, ...] = ()

  def places(self, header: Sequence[str], path: pathlib.Path) -> dict[str, int]:
    """Returns the columns' indices in a header, whatever their case.

    Raises:
      InputError: a needed or named column is absent, or occurs twice.
    """
    places, absent = {}, {}
    for name in (*self.needed, *self.optional):
      wanted = self.named.get(name, name)
      indices = [i for i, each in enumerate(header) if each == wanted] or [
        i for i, each in enumerate(header) if _folded(each) == _folded(wanted)
      ]
      if len(indices) > 1:
        raise InputError(f'{path} has the column {wanted} twice; rename one.')
      if indices:
        places[name] = indices[0]
      elif name not in self.known or name in self.named:
        absent[name] = wanted
    bare = {
      _bare(each): i for i, each in enumerate(header) if i not in places.values() and each not in self.named.values()
    }
    places = {
      other: bare[other] for name in self.known for other in self.others[name].split() if other in bare
    } | places
    free = [each for i, each in enumerate(header) if i not in places.values()]
    meant = dict(self.named)
    for name, wanted in absent.items():
      if near := self._near(name, wanted, [each for each in free if each not in meant.values()]):
        meant[name] = near
    guessed = {name: meant[name] for name in meant if name not in self.named}
    hint = 'give ' + self.flag + '=' + ','.join(map('='.join, meant.items())) if self.flag else 'rename it'
    if missing := [wanted for name, wanted in absent.items() if name in self.needed or name in self.named]:
      perhaps = ' and perhaps ' * bool(self.optional) + ', '.join(self.optional)
      raise InputError(
        f'{path} has no column {", ".join(missing)} (it has {", ".join(header) or "none"}); '
        f'{hint + ", or " if guessed and self.flag else ""}name {", ".join(self.needed)}{perhaps} in its first row.'
      )
    for name, theirs in guessed.items():
      logging.warning('%s has no column %s; if %r is meant, %s.', path, name, theirs, hint)
    return places

  def _near(self, name: str, wanted: str, header: Sequence[str]) -> str:
    """Returns the column that is probably meant, or ''."""
    bare = {_bare(each): each for each in reversed(header)}
    for other in (_bare(wanted), *self.others.get(name, '').split()):
      if other in bare:
        return bare[other]
    folded = {_folded(each): each for each in reversed(header)}
    near = difflib.get_close_matches(_folded(wanted), folded, 1, cutoff=0.75) if len(wanted) > 2 else []
    return folded[near[0]] if near else ''


def rows(path: pathlib.Path, columns: Columns) -> Iterator[tuple[int, dict[str, str]]]:
  """Yields every row's number and its fields by column, stripped.

  The file is UTF-8 with a header; columns are separated by commas, semicolons
  or tabs. The header is row 1, or row 2 after Excel's 'sep=;'. Empty rows are
  skipped.

  Raises:
    InputError: the file cannot be read, its columns are at fault, or a row has
      more or fewer fields than the header.
  """
  with outside.reading(path, 'table in UTF-8', 'save it as one'):
    if path.stat().st_size > _LARGEST:
      raise InputError(f'{path} is too large for a table.')
    with path.open(newline='', encoding='utf-8-sig') as file:
      first = file.readline()
      begins = file.tell() if first.startswith('sep=') else 0  # Excel's separator row, before the header
      separator = max(',;\t', key=first.count)
      file.seek(begins)
      reader = csv.reader(file, delimiter=separator)
      header = [name.strip() for name in next(reader, [])]
      places = columns.places(header, path)
      for number, row in enumerate(reader, start=2 + bool(begins)):
        if not row:
          continue
        if len(row) != len(header):
          raise InputError(f'{path}, row {number} has {len(row)} fields; give it {len(header)}, as the header has.')
        fields = {name: row[place].strip() for name, place in places.items()}
        if separator != ',':  # so a comma may be a decimal one
          fields = {name: _point(value) for name, value in fields.items()}
        yield number, fields


def _folded(name: str) -> str:
  return name.casefold().replace(' ', '_')


def _bare(name: str) -> str:
  """Returns the letters and digits of a name, without a unit in brackets."""
  return re.sub(r'\(.*?\)|\[.*?\]|[^a-z0-9]', '', name.casefold())


def _point(text: str) -> str:
  """Returns a number with its decimal comma as a point; other texts unchanged."""
  whole, comma, part = text.partition(',')
  digits = whole.lstrip('+-') + part
  return f'{whole}.{part}' if comma and digits.isdigit() else text
