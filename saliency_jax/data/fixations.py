"""Fixations on images (who, where, when, how long), and OSIE's file of them.

Xu et al., "Predicting human gaze beyond pixels", Journal of Vision 14(1), 2014.
Their file has a cell `fixations{i}` with the file name `.img` and one cell
`.subjects{j}` per observer with `.fix_x`, `.fix_y` (pixels, counted from 1) and
`.fix_duration` (ms).
"""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from saliency_jax.data import matlab
from saliency_jax.data.images import normal
from saliency_jax.errors import InputError


class Fixations(NamedTuple):
  """All N fixations on one image, by subject, in the order they were made."""

  points: np.ndarray  # float64 `[N, 2]` (y, x) as recorded, or int32 pixels
  subjects: np.ndarray  # int32 `[N]`, the subject's index in the file
  durations: np.ndarray  # float32 `[N]`, ms; NaN if unknown
  times: np.ndarray  # float32 `[N]`, ms, when each began; NaN if unknown
  idle: int = 0  # subjects who saw the image and fixated nothing
  outside: int = 0  # fixations left out because they lie outside the image


class FixationReader:
  """Recorded fixations, one photograph at a time; the base of all readers.

  Attributes:
    place: the file or folder, for errors.
    names: what `place` calls the photographs, by image_id.
    sizes: (height, width) of the photographs whose size `place` states.
    lazy: whether `recorded` reads a file.
    points_are_pixels: whether there is nothing to convert, as in maps.
  """

  sizes: Mapping[str, tuple[int, int]] = {}
  lazy = points_are_pixels = False

  def __init__(self, place: pathlib.Path, names: Mapping[str, str], fixations: Mapping[str, Fixations] | None = None):
    """Takes fixations that are already read, by image_id, if there are any."""
    self.place, self.names, self._fixations = place, names, fixations

  def recorded(self, image_id: str, height: int, width: int) -> Fixations:
    """Returns the fixations on one photograph, with points as recorded.

    `height` and `width` are the photograph's, in pixels.

    Raises:
      InputError: the data are damaged, or are of another photograph.
    """
    self.check_size(image_id, height, width)
    return self._fixations[image_id]

  def check_size(self, image_id: str, height: int, width: int) -> None:
    """Raises an `InputError` if a header states another size."""
    rows, columns = self.sizes.get(image_id, (height, width))
    if (rows, columns) != (height, width):
      raise InputError(
        f'The fixations of {self.place} are on a {self.names[image_id]} of {columns} x {rows} pixels, and it has '
        f'{width} x {height}; give the photographs that they were recorded on.'
      )

  def where(self, image_id: str, wrong: np.ndarray) -> tuple[int, str]:
    """Returns the first fixation at fault, bool `[N]`, and where it is."""
    first = int(np.argmax(wrong))
    return first, f'{self.place}, image {self.names[image_id]}'


def make(
  points: np.ndarray,
  subjects: ArrayLike = 0,
  durations: ArrayLike = np.nan,
  times: ArrayLike = np.nan,
  *,
  idle: int = 0,
) -> Fixations:
  """Returns `Fixations` of the right types; a single value holds for all.

  By default all are of one subject, and durations and times are unknown.
  """

  def column(values: ArrayLike, dtype: type) -> np.ndarray:
    return np.array(values, dtype) if np.ndim(values) else np.full(len(points), values, dtype)

  return Fixations(points, column(subjects, np.int32), column(durations, np.float32), column(times, np.float32), idle)


def concatenate(people: Sequence[tuple[int, np.ndarray]]) -> Fixations:
  """Returns the fixations of several subjects on one image.

  For each subject, `people` has the number and `[n, 2]` (y, x), or `[n, 3]`
  with durations, or `[n, 4]` with times too, both in ms.
  """
  rows = np.concatenate([each for _, each in people] or [np.zeros((0, 2))]).astype(float)
  subjects = [np.full(len(each), number) for number, each in people]
  return make(
    rows[:, :2], np.concatenate([np.zeros(0), *subjects]), *rows.T[2:], idle=sum(not len(each) for _, each in people)
  )


def read_fixations(path: str | os.PathLike) -> dict[str, Fixations]:
  """Reads a whole `fixations.mat` into `Fixations` by image file name.

  They are in the file's order, with points (y, x) in fractional pixels from 1.

  Raises:
    InputError: the file is missing, not in this layout, names an image twice,
      or holds a value that is not finite.
  """
  entries = matlab.load(path, 'fixations')
  if not isinstance(entries, list):
    raise InputError(f"{path} has no cell 'fixations'; is it OSIE's file?")

  by_image, stems = {}, set()
  for place, entry in enumerate(entries, start=1):
    name = matlab.field(entry, 'img', str, f'{path}, entry {place}')
    where = f'{path}, image {name}'
    stem = normal(pathlib.PurePath(name).stem)
    if not stem or stem in stems:
      raise InputError(f'{where}, entry {place}: the name is empty or occurs twice; keep one entry for each image.')
    stems.add(stem)
    by_image[name] = _image(matlab.field(entry, 'subjects', list, where), where)
  return by_image


def select(fixations: Fixations, which: np.ndarray) -> Fixations:
  """Returns the fixations where bool `[N]` is true."""
  of_each = fixations.points, fixations.subjects, fixations.durations, fixations.times
  return Fixations(*(values[which] for values in of_each), fixations.idle, fixations.outside)


def keep_inside(fixations: Fixations, inside: np.ndarray) -> Fixations:
  """Returns the fixations where bool `[N]` is true; the others are `outside`."""
  remaining = select(fixations, inside)
  lost = np.setdiff1d(fixations.subjects, remaining.subjects)
  return remaining._replace(idle=fixations.idle + len(lost), outside=fixations.outside + int((~inside).sum()))


def _image(subjects: list, where: str) -> Fixations:
  people = []
  for number, subject in enumerate(subjects):
    whose = f'{where}, subject {number + 1}'
    x, y, duration = (
      matlab.field(subject, name, np.ndarray, whose).ravel().astype(float)
      for name in ('fix_x', 'fix_y', 'fix_duration')
    )
    if not len(x) == len(y) == len(duration):
      raise InputError(
        f'{whose}: fix_x, fix_y and fix_duration have {len(x)}, {len(y)} '
        f'and {len(duration)} values; they must have equally many.'
      )
    rows = np.stack([y, x, duration], axis=1)
    if not np.isfinite(rows).all():
      raise InputError(f'{whose} has a fixation that is not a number.')
    people.append((number, rows))
  return concatenate(people)
