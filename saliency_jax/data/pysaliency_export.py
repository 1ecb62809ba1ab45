"""Writes a data set as pysaliency's HDF5 files; see `pysaliency_file`."""

import os
import pathlib

import h5py
import numpy as np

from saliency_jax import hdf5
from saliency_jax.data.images import image_size
from saliency_jax.data.photographs import Photographs
from saliency_jax.data.sources.pysaliency_file import DURATIONS, STIMULI, TRAINS, VERSIONS


def write_stimuli(source: Photographs, path: str | os.PathLike) -> None:
  """Writes the names and sizes of a data set's images as `FileStimuli`.

  File names are relative to the folder of `path`, so both must move together.

  Raises:
    InputError: an image cannot be opened.
  """
  images = [source.photograph(index) for index in range(len(source))]
  folder = pathlib.Path(path).resolve().parent
  names = [os.path.relpath(image.resolve(), folder) for image in images]
  with hdf5.writing(path) as file:
    _mark(file, STIMULI)
    file.create_dataset('filenames', data=names, dtype=h5py.string_dtype())
    shapes = file.create_dataset('shapes', len(images), h5py.vlen_dtype(np.dtype(np.int64)))
    for number, image in enumerate(images):
      shapes[number] = np.array([*image_size(image), 3])
    file.attrs['size'] = len(images)


def write_trains(source: Photographs, path: str | os.PathLike) -> None:
  """Writes fixations as `FixationTrains`: one for each image and subject.

  Raises:
    InputError: as `source.scanpaths`.
  """
  images, subjects, trains = [], [], []
  for index in range(len(source)):
    fixations = source.scanpaths(index)
    seconds = np.column_stack([fixations.times, fixations.durations]).astype(np.float64) / 1000
    rows = np.column_stack([fixations.points, seconds])
    for subject in np.unique(fixations.subjects):
      images.append(index)
      subjects.append(subject)
      trains.append(rows[fixations.subjects == subject])
  padded = np.full((len(trains), max(map(len, trains), default=0), 4), np.nan)
  for row, train in zip(padded, trains, strict=True):
    row[: len(train)] = train
  with hdf5.writing(path) as file:
    _mark(file, TRAINS, '["subjects", "scanpath_index"]')
    for column, name in enumerate(('train_ys', 'train_xs', 'train_ts')):
      file[name] = padded[..., column]
    file['train_ns'] = np.array(images, np.int64)
    file['train_subjects'] = np.array(subjects, np.int64)
    known = not np.isnan(padded[..., 3]).all()
    file.attrs['scanpath_attribute_mapping'] = np.bytes_('{"durations": "duration"}' if known else '{}')
    for group in ('scanpath_attributes', 'scanpath_fixation_attributes'):
      file.create_group(group).attrs['__attributes__'] = np.bytes_('[]')
    if known:
      file[DURATIONS] = padded[..., 3]
      file[DURATIONS].parent.attrs['__attributes__'] = np.bytes_('["durations"]')


def _mark(file: h5py.File, kind: str, attributes: str = '[]') -> None:
  file.attrs['type'] = np.bytes_(kind)
  file.attrs['version'] = np.bytes_(VERSIONS[kind][0])
  file.attrs['__attributes__'] = np.bytes_(attributes)
