"""Any folder of images with a table of fixations: image, subject, x, y, t.

A CSV file in UTF-8 with a header and one row for each fixation. `image` is the
file's name in the folder, or its stem; `x` and `y` are pixels, counted from 0
at the top left pixel's centre (or from 1, as MATLAB does); `subject` is any
name and `t` the time in ms at which the fixation began. Both may be missing:
one subject then stands for all, and the order is the file's. Other columns are
ignored.
"""

import csv
import math
import os
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from saliency_jax.data import fixations
from saliency_jax.data.images import list_images
from saliency_jax.data.photographs import Photographs
from saliency_jax.errors import InputError

_NEEDED = ('image', 'x', 'y')
_OPTIONAL = ('subject', 't')


class Table(Photographs):
  """A `Source` of a folder of images and a CSV file; see the module.

  Subjects are numbered in the order in which the file names them.
  """

  def __init__(
      self, images: str | os.PathLike, fixations: str | os.PathLike, *,
      regions: str | os.PathLike | None = None, origin: int = 0,
      drop_outside: bool = False):
    """Reads the table, and the images' sizes from their headers.

    Args:
      images: folder of the images.
      fixations: the CSV file.
      regions: a folder that `open_regions` knows, or None for no regions.
      origin: the coordinate of the top left pixel's centre, 0 or 1.
      drop_outside: whether fixations outside their image are left out, and
        counted; otherwise they are an error.

    Raises:
      InputError: the folder or the table is at fault, a fixation lies outside
        its image, or images and table do not belong together.
    """
    if origin not in (0, 1):
      raise InputError(
          f'The coordinates of {fixations} cannot count from {origin}; give 0 '
          'or 1.')
    files = list_images(images)
    looked = _Rows(pathlib.Path(fixations), files, origin, drop_outside)
    super().__init__(files, looked, regions)
    for index in range(len(self)):
      self.scanpaths(index)  # What lies outside should be known at once.


class _Row(NamedTuple):
  number: int  # in the file; the header is row 1
  x: float
  y: float
  subject: int
  time: float


class _Rows:
  """A table that has been read; a `FixationReader`."""

  def __init__(
      self, path: pathlib.Path, files: dict[str, pathlib.Path], origin: int,
      drop_outside: bool):
    self.place, self._origin = path, origin
    self._drop_outside = drop_outside
    # A stem that is another image's file name gives way.
    known = {image_id: image_id for image_id in files} | {
        file.name: image_id for image_id, file in files.items()}
    rows: dict[str, list[_Row]] = {}
    self.names, subjects = {}, {}
    for number, fields in _read(path):
      name = fields['image']
      image_id = known.get(name, name)
      self.names[image_id] = name
      x, y = (_number(fields[key], key, path, number) for key in 'xy')
      t = fields.get('t', '')
      rows.setdefault(image_id, []).append(_Row(
          number, x, y,
          subjects.setdefault(fields.get('subject', ''), len(subjects)),
          _number(t, 't', path, number) if t else np.nan))
    self._rows = {
        image_id: np.array(found) for image_id, found in rows.items()}

  def fixations(
      self, image_id: str, height: int, width: int) -> fixations.Fixations:
    rows = self._rows[image_id]
    numbers, x, y, subjects, times = rows[np.lexsort(rows[:, [4, 3]].T)].T
    pixels = np.floor(np.stack([y, x], axis=1) - self._origin + 0.5)
    outside = ((pixels < 0) | (pixels >= (height, width))).any(axis=1)
    if outside.any() and not self._drop_outside:
      first = int(np.argmin(np.where(outside, numbers, np.inf)))
      raise InputError(
          f'{self.place}, row {numbers[first]:.0f}: the fixation at '
          f'x = {x[first]:g}, y = {y[first]:g} lies outside the '
          f'{width} x {height} image {self.names[image_id]}, whose pixels '
          f'count from {self._origin}; correct the row or take it out.')
    found = fixations.chosen(
        fixations.make(pixels, subjects, times=times), ~outside)
    return found._replace(points=found.points.astype(np.int32))


def _read(path: pathlib.Path) -> Iterator[tuple[int, dict[str, str]]]:
  """Yields every row's number and its fields by column, stripped."""
  try:
    with path.open(newline='', encoding='utf-8-sig') as file:
      rows = csv.reader(file)
      header = [name.strip() for name in next(rows, [])]
      _check(header, path)
      for number, row in enumerate(rows, start=2):
        if not row:
          continue
        if len(row) != len(header):
          raise InputError(
              f'{path}, row {number} has {len(row)} fields; give it '
              f'{len(header)}, as the header has.')
        yield number, {
            name: value.strip()
            for name, value in zip(header, row, strict=True)}
  except OSError as error:
    raise InputError(
        f'The table {path} cannot be read ({error.strerror}).') from error
  except (UnicodeDecodeError, csv.Error) as error:
    raise InputError(
        f'{path} is no CSV file in UTF-8 ({error}); save it as one.'
    ) from error


def _check(header: list[str], path: pathlib.Path) -> None:
  found = ', '.join(header) or 'none'
  missing = [name for name in _NEEDED if name not in header]
  if missing:
    raise InputError(
        f'{path} has no column {", ".join(missing)} (it has {found}); name '
        f'{", ".join(_NEEDED)} and perhaps {" and ".join(_OPTIONAL)} in its '
        'first row.')
  for name in (*_NEEDED, *_OPTIONAL):
    if header.count(name) > 1:
      raise InputError(f'{path} has the column {name} twice; rename one.')


def _number(text: str, column: str, path: pathlib.Path, row: int) -> float:
  try:
    # Python takes 1_0 for 10.
    value = float(text.replace('_', '?'))
  except ValueError:
    value = math.nan
  if not math.isfinite(value):
    raise InputError(
        f'{path}, row {row}: {column} is {text!r}; give a finite number.')
  return value
