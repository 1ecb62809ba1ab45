"""The rows of a CSV file, each of as many fields as its header."""

import pathlib
from collections.abc import Iterable, Iterator, Sequence

from saliency_jax.errors import InputError


def numbered(
    rows: Iterable[Sequence[str]], header: Sequence[str], path: pathlib.Path
) -> Iterator[tuple[int, Sequence[str]]]:
  """Yields the rows after the header with their numbers; empty ones are none.

  Args:
    rows: those after the header, of which the first has number 2.
    header: the names of the columns.
    path: the file, as it is named in what is raised.

  Raises:
    InputError: a row has more or fewer fields than the header.
  """
  for number, row in enumerate(rows, start=2):
    if not row:
      continue
    if len(row) != len(header):
      raise InputError(
          f'{path}, row {number} has {len(row)} fields; give it '
          f'{len(header)}, as the header has.')
    yield number, row
