"""What search arrays show, as a table: patterns.csv."""

import csv
import pathlib
from collections.abc import Iterable
from typing import NamedTuple

from saliency_jax import files
from saliency_jax.data import csv_rows
from saliency_jax.errors import InputError


class Pattern(NamedTuple):
  """What one array shows; what is not known of a user's own array is ''."""
  image_id: str
  kind: str  # the feature by which the target differs
  background: str  # 'light', 'grey' or 'dark' for drawn arrays
  set_size: int | str  # number of items, the target included


def write(patterns: Iterable[Pattern], path: pathlib.Path) -> None:
  """Writes `path`: a header of `Pattern`'s fields, then a row per array."""
  with (files.replacing(path) as temporary,
        temporary.open('w', newline='', encoding='utf-8') as file):
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(Pattern._fields)
    writer.writerows(patterns)


def read(path: pathlib.Path) -> dict[str, Pattern]:
  """Reads a table; every column but image_id may be missing.

  Returns:
    The patterns by image_id, in the file's order.

  Raises:
    InputError: the file is not readable as such a table.
  """
  known = ', '.join(Pattern._fields)
  try:
    with path.open(newline='', encoding='utf-8-sig') as file:
      header, *rows = csv.reader(file)
      header = [name.strip() for name in header]
  except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
    raise InputError(
        f'{path} is not a readable CSV file in UTF-8; give it the header '
        f'{known}.') from error
  if ('image_id' not in header or len(set(header)) < len(header)
      or not set(header) <= set(Pattern._fields)):
    raise InputError(
        f'{path} has the header {",".join(header)!r}; name image_id and any of '
        f'the other columns once: {known}.')
  found: dict[str, Pattern] = {}
  for number, row in csv_rows.numbered(rows, header, path):
    pattern = _pattern(dict(zip(header, row, strict=True)), path, number)
    if pattern.image_id in found:
      raise InputError(
          f'{path}, row {number} names {pattern.image_id!r} again; keep one '
          'row for each image.')
    found[pattern.image_id] = pattern
  return found


def _pattern(
    fields: dict[str, str], path: pathlib.Path, number: int) -> Pattern:
  pattern = Pattern(**{
      name: fields.get(name, '').strip() for name in Pattern._fields})
  if not pattern.set_size:
    return pattern
  try:
    return pattern._replace(set_size=int(pattern.set_size))
  except ValueError:
    raise InputError(
        f'{path}, row {number} has the set_size {pattern.set_size!r}; give the '
        'number of items, or leave it empty.') from None
