"""Any folder of images with a table of fixations: image, subject, x, y, t.

A file in UTF-8 with a header and one row for each fixation, its columns apart
by commas, semicolons or tabs. `image` is the file's name in the folder, or its
stem; `x` and `y` are pixels, counted from 0 at the top left pixel's centre (or
as `Coordinates` says); `subject` is any name, `t` the time in ms at which the
fixation began and `duration` its ms. The last three may be missing: one subject
then stands for all, and the order is the file's. Names of columns are found
whatever their case, or are given; other columns are ignored.
"""

import csv
import difflib
import math
import os
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from absl import logging

from saliency_jax.data import csv_rows, fixations
from saliency_jax.data.coordinates import PIXELS, Coordinates
from saliency_jax.data.images import list_images, normal
from saliency_jax.data.photographs import FixationReader, Photographs
from saliency_jax.errors import InputError

_NEEDED = ('image', 'x', 'y')
_OPTIONAL = ('subject', 't', 'duration')
# What other programs call the columns.
_OTHERS = {
    'image': ('stimulus', 'filename', 'file', 'image_name', 'picture'),
    'x': ('fpogx', 'fix_x', 'fixation_x', 'gaze_x', 'current_fix_x'),
    'y': ('fpogy', 'fix_y', 'fixation_y', 'gaze_y', 'current_fix_y'),
    'subject': ('participant', 'observer', 'subjects', 'subj', 'user',
                'worker', 'recording', 'participant_id', 'subject_id'),
    't': ('time', 'timestamp', 'start', 'onset', 'current_fix_start'),
    'duration': ('dur', 'fix_duration', 'fpogd', 'current_fix_duration')}


class Table(Photographs):
  """A `Source` of a folder of images and a table; see the module.

  Subjects are numbered in the order in which the file names them.
  """

  def __init__(
      self, images: str | os.PathLike, fixations: str | os.PathLike,
      regions: str | os.PathLike | None = None,
      recorded: Coordinates = PIXELS, columns: str = ''):
    """Reads the table, and the images' sizes from their headers.

    Args:
      images: folder of the images.
      fixations: the table.
      regions: a folder that `open_regions` knows, or None for no regions.
      recorded: how the fixations were recorded.
      columns: what the table calls its columns, e.g. 'image=stimulus,x=FPOGX'.

    Raises:
      InputError: the folder or the table is at fault, a fixation lies outside
        its image, or images and table do not belong together.
    """
    files = list_images(images)
    looked = _Rows(
        pathlib.Path(fixations), files, recorded, _named(columns, recorded))
    super().__init__(files, looked, regions, recorded)


class _Row(NamedTuple):
  number: int  # in the file; the header is row 1
  x: float
  y: float
  subject: int
  time: float
  duration: float


class _Rows(FixationReader):
  """A table that has been read; a `FixationReader`."""

  def __init__(
      self, path: pathlib.Path, files: dict[str, pathlib.Path],
      recorded: Coordinates, columns: dict[str, str]):
    self.place = path
    # A stem that is another image's file name gives way.
    known = {image_id: image_id for image_id in files} | {
        normal(file.name): image_id
        for image_id, file in files.items()}
    # 'a.jpg' of a table may be a.JPG.
    known = {
        _with_lower_ending(file.name): image_id
        for image_id, file in files.items()} | known
    rows: dict[str, list[_Row]] = {}
    self.names, subjects = {}, {}
    for number, fields in _read(path, columns, recorded):
      name = normal(fields['image'])
      last = name.replace('\\', '/').rpartition('/')[2]
      image_id = known.get(name) or known.get(last) or known.get(
          _with_lower_ending(last), name)
      self.names[image_id] = fields['image']
      x, y, t, duration = (
          _number(fields.get(key, ''), key, path, number, recorded.missing)
          for key in ('x', 'y', 't', 'duration'))
      subject = subjects.setdefault(fields.get('subject', ''), len(subjects))
      rows.setdefault(image_id, []).append(
          _Row(number, x, y, subject, t, duration))
    self._rows = {
        image_id: np.array(found) for image_id, found in rows.items()}

  def recorded(
      self, image_id: str, height: int, width: int) -> fixations.Fixations:
    del height, width
    _, x, y, subjects, times, durations = self._sorted(image_id).T
    return fixations.make(
        np.stack([y, x], axis=1), subjects, durations, times)

  def where(self, image_id: str, wrong: np.ndarray) -> tuple[int, str]:
    numbers = np.where(wrong, self._sorted(image_id)[:, 0], np.inf)
    first = int(np.argmin(numbers))
    return first, f'{self.place}, row {numbers[first]:.0f}'

  def _sorted(self, image_id: str) -> np.ndarray:
    """Returns the rows of an image by subject and time."""
    rows = self._rows[image_id]
    return rows[np.lexsort(rows[:, [4, 3]].T)]


def _with_lower_ending(name: str) -> str:
  stem, ending = os.path.splitext(normal(name))
  return stem + ending.lower()


def _named(columns: str, recorded: Coordinates) -> dict[str, str]:
  """Returns what a table calls its columns, by what they are called here."""
  pairs = [part.partition('=') for part in columns.split(',') if part.strip()]
  named = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
  if len(named) < len(pairs) or not all(
      ours in _NEEDED + _OPTIONAL and theirs
      for ours, theirs in named.items()):
    raise InputError(
        f'{recorded.flag("columns")} is {columns!r}; name columns of the table '
        f'as in image=stimulus,x=FPOGX, for {", ".join(_NEEDED + _OPTIONAL)}.')
  return named


def _read(
    path: pathlib.Path, columns: dict[str, str], recorded: Coordinates
) -> Iterator[tuple[int, dict[str, str]]]:
  """Yields every row's number and its fields by column, stripped."""
  try:
    with path.open(newline='', encoding='utf-8-sig') as file:
      separator = _separator(file.readline())
      file.seek(0)
      rows = csv.reader(file, delimiter=separator)
      header = [name.strip() for name in next(rows, [])]
      places = _places(header, path, columns, recorded)
      for number, row in csv_rows.numbered(rows, header, path):
        fields = {name: row[place].strip() for name, place in places.items()}
        if separator != ',':  # where a comma may be a decimal one
          fields |= {
              name: fields[name].replace(',', '.') for name in fields
              if name not in ('image', 'subject')}
        yield number, fields
  except OSError as error:
    raise InputError(
        f'The table {path} cannot be read ({error.strerror}).') from error
  except (UnicodeDecodeError, csv.Error) as error:
    raise InputError(
        f'{path} is no CSV file in UTF-8 ({error}); save it as one.'
    ) from error


def _separator(header: str) -> str:
  return max(',;\t', key=lambda each: len(next(
      csv.reader([header], delimiter=each), [])))


def _places(
    header: list[str], path: pathlib.Path, columns: dict[str, str],
    recorded: Coordinates
) -> dict[str, int]:
  """Returns which column is which: by its name, then by any case of it."""
  places, absent = {}, {}
  for name in _NEEDED + _OPTIONAL:
    asked = columns.get(name, name)
    found = [i for i, each in enumerate(header) if each == asked] or [
        i for i, each in enumerate(header)
        if each.casefold() == asked.casefold()]
    if len(found) > 1:
      raise InputError(f'{path} has the column {asked} twice; rename one.')
    if found:
      places[name] = found[0]
    else:
      absent[name] = asked
  meant = dict(columns)
  for name, asked in absent.items():
    if near := _near(name, asked, [
        each for i, each in enumerate(header)
        if i not in places.values() and each not in meant.values()]):
      meant[name] = near
  missing = [
      asked for name, asked in absent.items()
      if name in _NEEDED or name in columns]
  if meant == columns and not missing:
    return places
  hint = recorded.flag('columns', ','.join(map('='.join, meant.items())))
  if missing:
    give = f'give {hint}, or ' if meant != columns else ''
    raise InputError(
        f'{path} has no column {", ".join(missing)} (it '
        f'has {", ".join(header) or "none"}); {give}name '
        f'{", ".join(_NEEDED)} and perhaps {", ".join(_OPTIONAL)} in its first '
        'row.')
  for name in meant.keys() - columns.keys():
    logging.warning(
        '%s has no column %s; if %r is meant, give %s.', path, name,
        meant[name], hint)
  return places


def _near(name: str, asked: str, header: list[str]) -> str:
  """Returns the column that may be meant, or ''."""
  folded = {
      each.casefold().replace(' ', '_'): each for each in reversed(header)}
  for other in _OTHERS[name]:
    if other in folded:
      return folded[other]
  near = difflib.get_close_matches(
      asked.casefold(), folded, 1, cutoff=.75) if len(asked) > 2 else []
  return folded[near[0]] if near else ''


def _number(
    text: str, column: str, path: pathlib.Path, row: int, missing: str
) -> float:
  if text == missing != '' or not text and column in _OPTIONAL:
    return math.nan
  try:
    # Python takes 1_0 for 10.
    value = float(text.replace('_', '?'))
  except ValueError:
    value = math.nan
  if not math.isfinite(value):
    raise InputError(
        f'{path}, row {row}: {column} is {text!r}; give a finite number.')
  return value
