"""The table of what search arrays show: patterns.csv."""

import csv
import pathlib
from collections.abc import Iterable
from typing import NamedTuple

from saliency_jax import files
from saliency_jax.data import images, tables
from saliency_jax.errors import InputError


class Pattern(NamedTuple):
  """What one array shows; '' if unknown, as in a user's own array."""

  image_id: str
  kind: str = ''  # the feature by which the target differs
  background: str = ''  # 'light', 'grey' or 'dark' for drawn arrays
  set_size: int | str = ''  # number of items, the target included


def write(patterns: Iterable[Pattern], path: pathlib.Path) -> None:
  """Writes the table: a header of `Pattern`'s fields, then a row per array."""
  with files.replacing(path) as temporary, temporary.open('w', newline='', encoding='utf-8') as file:
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(Pattern._fields)
    writer.writerows(patterns)


def read(path: pathlib.Path) -> dict[str, Pattern]:
  """Reads a table into patterns by image_id, in the file's order.

  Only the column image_id is required.

  Raises:
    InputError: the file is not readable as such a table.
  """
  patterns: dict[str, Pattern] = {}
  for number, fields in tables.rows(path, tables.Columns(Pattern._fields[:1], Pattern._fields[1:])):
    pattern = _pattern(fields, path, number)
    if pattern.image_id in patterns:
      raise InputError(f'{path}, row {number} names {pattern.image_id!r} again; keep one row for each image.')
    patterns[pattern.image_id] = pattern
  return patterns


def _pattern(fields: dict[str, str], path: pathlib.Path, number: int) -> Pattern:
  pattern = Pattern(**fields | {'image_id': images.id_of(fields['image_id'])})
  if not pattern.set_size:
    return pattern
  try:
    return pattern._replace(set_size=int(pattern.set_size))
  except ValueError:
    raise InputError(
      f'{path}, row {number} has the set_size {pattern.set_size!r}; give the number of items, or leave it empty.'
    ) from None
