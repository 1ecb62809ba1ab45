"""Stimuli and fixations from the HDF5 files of pysaliency.

pysaliency (https://github.com/matthias-k/pysaliency) keeps a data set in two
files: the stimuli's names, relative to their file, and the fixations, as trains
or scanpaths (one per person and image) or one by one. Coordinates count from 0,
and fractions are cut off: 3.9 is pixel 3.

The format has no unit of time. As in pysaliency's MIT1003, times and durations
are read and written in seconds; in files that number fixations instead, as
pysaliency's OSIE does, only their order has a meaning. `pysaliency_export`
writes such files.
"""

import dataclasses
import itertools
import os
import pathlib

import numpy as np

from saliency_jax import hdf5
from saliency_jax.data import fixations, gaze_rows
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.images import normal
from saliency_jax.data.photographs import Photographs
from saliency_jax.errors import InputError

STIMULI, TRAINS, SINGLE = 'FileStimuli', 'FixationTrains', 'Fixations'
SCANPATHS = 'ScanpathFixations'
# Versions that can be read, by type; the first one is written.
VERSIONS = {STIMULI: ('2.1', '2.0', '1.0'), TRAINS: ('1.2', '1.3', '1.1', '1.0'), SINGLE: ('1.0',), SCANPATHS: ('1.0',)}
DURATIONS = 'scanpath_fixation_attributes/durations'
_ALONE = ('y', 'x', 't', 'n', 'subjects')  # datasets of `SINGLE`
# Each type's names of y, x, t, images, subjects, lengths and durations; version
# 1.1 kept durations elsewhere.
_COLUMNS = {
  TRAINS: (
    *(f'train_{name}' for name in ('ys', 'xs', 'ts', 'ns', 'subjects', 'lengths')),
    DURATIONS,
    'scanpath_attributes/train_durations',
  ),
  SCANPATHS: tuple(
    f'scanpaths/{name}'
    for name in (
      'ys',
      'xs',
      'fixation_attributes/ts',
      'n',
      'scanpath_attributes/subject',
      'lengths',
      'fixation_attributes/durations',
    )
  ),
}


class Pysaliency(Photographs):
  """A `Source` of the images of one file and the fixations of another.

  Ids are the images' stems; if two images share one, as in CAT2000, they are
  paths below the images' common folder, with '-' for '/'.
  """

  def _open(self, images, fixations, recorded):
    """Reads both files; opens no image."""
    paths, sizes = _read_stimuli(images)
    ids = _ids(paths, images)
    reader = _Trains(fixations, ids, paths, sizes, recorded)
    return dict(zip(ids, paths, strict=True)), reader, dataclasses.replace(recorded, cut=True)

  def size(self, index: int) -> tuple[int, int]:
    """Returns (height, width) in pixels as the file states; opens no image."""
    return self._reader.sizes[self.image_ids[index]]


class _Trains(fixations.FixationReader):
  """The fixations of a file, read at once; a `FixationReader`."""

  def __init__(
    self, path: pathlib.Path, ids: list[str], paths: list[pathlib.Path], sizes: np.ndarray, recorded: Coordinates
  ):
    images, subjects, points, durations, times = _read_fixations(path)
    wrong = (images < 0) | (images >= len(ids))
    if wrong.any():
      raise InputError(
        f'{path} has a fixation on image {images[wrong][0]:g}, but there '
        f'are {len(ids)} stimuli; give the stimuli of these fixations.'
      )
    images = images.astype(np.int64)
    order = np.lexsort((subjects, images))  # stable, so the order within trains is kept
    starts = np.searchsorted(images[order], np.arange(len(ids) + 1))
    super().__init__(path, {}, {})
    self.sizes = {}
    for number, image_id in enumerate(ids):
      chosen = order[starts[number] : starts[number + 1]]
      if len(chosen):
        self.names[image_id] = paths[number].name
        self.sizes[image_id] = tuple(map(int, sizes[number]))
        self._fixations[image_id] = fixations.make(
          points[chosen], subjects[chosen], durations[chosen] * 1000, times[chosen] * 1000
        )
    gaze_rows.refuse(gaze_rows.repeated(self._fixations.values()), str(path), 'keep each once', recorded)


def _kind(file: hdf5.Reader, *kinds: str) -> str:
  """Returns the type of a file, which must be one of `kinds`."""
  kind, version = (file.attributes.get(name, '') for name in ('type', 'version'))
  if kind not in kinds or version not in VERSIONS[kind]:
    raise ValueError(
      f'it holds {kind or "nothing of pysaliency"} {version}, where {" or ".join(kinds)} of pysaliency should be'
    )
  return kind


def _read_stimuli(path: pathlib.Path) -> tuple[list[pathlib.Path], np.ndarray]:
  """Returns the files and int `[I, 2]` (height, width)."""
  with hdf5.reading(path, 'filenames', 'shapes') as file:
    _kind(file, STIMULI)
    names, shapes = file.texts('filenames'), file.rows('shapes')
    if (
      not names
      or len(names) != len(shapes)
      or not all(len(shape) in (2, 3) for shape in shapes)
      or not all(pathlib.PurePath(name).stem for name in names)
    ):
      raise ValueError('it does not have one shape per file name')
    return ([path.parent / name for name in names], np.array([shape[:2] for shape in shapes], np.int64))


def _read_fixations(path: pathlib.Path) -> tuple[np.ndarray, ...]:
  """Returns images, subjects, points (y, x), durations and times in s."""
  with hdf5.reading(path, *_ALONE, *itertools.chain(*_COLUMNS.values())) as file:
    kind = _kind(file, TRAINS, SINGLE, SCANPATHS)
    if kind == SINGLE:
      y, x, times, images, subjects = (file.numbers(name, 1) for name in _ALONE)
      durations = np.full_like(x, np.nan)
      filled = np.full(x.shape, True)
    else:
      y, x, times, durations, images, subjects, filled = _trains(file, *_COLUMNS[kind])
    if not all(each.shape == x.shape for each in (y, times, durations, images, subjects, filled)):
      raise ValueError('its arrays are of different lengths')
    if not all(((each == np.floor(each)) & (abs(each) < 2**31)).all() for each in (images, subjects)):
      raise ValueError('its images or subjects are not whole numbers')
    return (
      images[filled],
      subjects[filled],
      np.stack([y[filled], x[filled]], axis=1),
      durations[filled],
      times[filled],
    )


def _trains(
  file: hdf5.Reader, ys: str, xs: str, ts: str, ns: str, subjects: str, lengths: str, *durations: str
) -> tuple[np.ndarray, ...]:
  """Reads the named datasets, each `[T, F]`, and which elements are filled."""
  y, x = file.numbers(ys, 2), file.numbers(xs, 2)
  times, duration = (
    next((file.numbers(name, 2) for name in names if file.has(name)), np.full_like(x, np.nan))
    for names in ((ts,), durations)
  )
  whose = (np.repeat(file.numbers(name, 1)[:, None], x.shape[1], 1) for name in (ns, subjects))
  if file.has(lengths):
    filled = np.arange(x.shape[1]) < file.numbers(lengths, 1)[:, None]
  else:  # NaN pads the ends of trains
    filled = np.cumsum(~np.isnan(x[:, ::-1]), axis=1)[:, ::-1] > 0
  return y, x, times, duration, *whose, filled


def _ids(paths: list[pathlib.Path], stimuli: str | os.PathLike) -> list[str]:
  ids = [normal(path.stem) for path in paths]
  if len(set(ids)) < len(ids):
    shared = os.path.commonpath([path.parent for path in paths])
    ids = [normal('-'.join(path.relative_to(shared).with_suffix('').parts)) for path in paths]
  if len(set(ids)) < len(ids):
    raise InputError(f'{stimuli} names an image twice; keep each once.')
  return ids
