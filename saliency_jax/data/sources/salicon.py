"""SALICON: photographs of MS COCO, explored by many people with a mouse.

Jiang et al., "SALICON: Saliency in Context", CVPR 2015. The photographs are 640
x 480 JPEGs in one folder for each part (train, val). The fixations of a part
come in any of three layouts:

- MATLAB files, one per image: a structure array `gaze` with one element per
  person and in it `location` and `timestamp` (of the mouse) and `fixations`,
  `[n, 2]` (x, y), of which the last is read;
- one JSON file in the manner of COCO's: `images` (id, file_name, height, width)
  and `annotations` (image_id, worker_id, fixations), points as [row, column];
- PNGs in which fixated pixels are not 0 (`fixation_maps.py`).

The first two count pixels from 1.
"""

import dataclasses
import functools
import json
import pathlib
from typing import Any

import numpy as np
from absl import logging

from saliency_jax import outside
from saliency_jax.data import fixations, matlab
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.images import Files, files_by_stem, list_images, normal
from saliency_jax.data.photographs import Photographs
from saliency_jax.data.sources.fixation_maps import FixationMaps
from saliency_jax.errors import InputError

_MAPS = ('.png', '.jpg', '.jpeg', '.npy')
_JSON = {'images': [{'id': int, 'file_name': str, 'height': int, 'width': int}], 'annotations': [{'image_id': int}]}
_HELP = "give SALICON's folder of .mat files or of fixation PNGs, or its JSON file"


class Salicon(Photographs):
  """A `Source` of one part of SALICON; see the module.

  In a JSON file a subject is a worker, the same on every image; in MATLAB
  files, an index into `gaze`; maps have one subject.
  """

  def _open(self, images, fixations, recorded):
    """Lists the photographs and reads JSON files, but not yet the others.

    Points half a pixel beyond the edge are moved to it.
    """
    reader = _reader(fixations, recorded)
    return list_images(images, reader.names.values()), reader, dataclasses.replace(recorded, origin=1, slack=0.5)


def _reader(place: pathlib.Path, recorded: Coordinates) -> fixations.FixationReader:
  """Returns the reader for the layout of a file or folder."""
  if place.is_file():
    return _Annotations(place)
  if not place.is_dir():
    raise InputError(f'There are no fixations at {place}; {_HELP}.')
  by_suffix = {
    suffixes[0]: files for suffixes in (('.mat',), ('.json',), _MAPS) if (files := files_by_stem(place, suffixes))
  }
  match by_suffix:
    case {'.mat': files} if len(by_suffix) == 1:
      return _Gaze(place, files)
    case {'.png': _} if len(by_suffix) == 1:
      return FixationMaps(place, recorded)
    case {'.json': files} if len(by_suffix) == len(files) == 1:
      return _Annotations(*files.values())
  counts = ', '.join(f'{len(files)} {suffix}' for suffix, files in by_suffix.items())
  raise InputError(f'{place} holds {counts or "no"} files, so the layout of its fixations is unclear; {_HELP}.')


class _Gaze(fixations.FixationReader):
  """A folder of MATLAB files, read when they are used; a `FixationReader`."""

  lazy = True

  def __init__(self, folder: pathlib.Path, files: Files):
    super().__init__(folder, files.names())
    self._files = files

  def recorded(self, image_id: str, height: int, width: int) -> fixations.Fixations:
    del height, width
    path = self._files[image_id]
    people = matlab.load(path, 'gaze')
    if not isinstance(people, list) or not all(isinstance(person, dict | list) for person in people):
      raise InputError(f"{path} has no structure array 'gaze'; {_HELP}.")
    scanpaths = []
    for number, person in enumerate(people):
      where = f'{path}, person {number + 1}'
      xy = _points(matlab.field(person, 'fixations', np.ndarray, where), where)
      scanpaths.append((number, xy[:, ::-1]))
    return fixations.concatenate(scanpaths)


class _Annotations(fixations.FixationReader):
  """A JSON file, read once; a `FixationReader`."""

  def __init__(self, path: pathlib.Path):
    scanpaths, workers = {}, {}
    with outside.reading(path, 'JSON file of SALICON', _HELP):
      whole = json.loads(path.read_text('utf-8'), object_hook=functools.partial(_packed, f'{path}'))
      outside.check(whole, _JSON)
      images = {x['id']: (x['file_name'], x['height'], x['width']) for x in whole['images']}
      for x in whole['annotations']:
        subject, points = workers.setdefault(x['worker_id'], len(workers)), x['fixations']
        scanpaths.setdefault(x['image_id'], {})[subject, hash(points.tobytes())] = (subject, points)
    if twice := len(whole['annotations']) - sum(map(len, scanpaths.values())):
      logging.warning(
        '%s: %d annotations occur twice (same image, worker and fixations); each counts once.', path, twice
      )
    unknown = scanpaths.keys() - images.keys()
    if unknown:
      raise InputError(
        f'{path} has fixations on {len(unknown)} images that it does not '
        f'describe, the first is {min(unknown)}; {_HELP}.'
      )
    ids = {number: normal(pathlib.PurePath(images[number][0]).stem) for number in scanpaths}
    super().__init__(path, {ids[number]: images[number][0] for number in scanpaths})
    self.sizes = {ids[number]: images[number][1:] for number in scanpaths}
    self._scanpaths = {ids[number]: list(people.values()) for number, people in scanpaths.items()}
    if len(self.names) != len(scanpaths):
      raise InputError(f'{path} gives two images one name; {_HELP}.')

  def recorded(self, image_id: str, height: int, width: int) -> fixations.Fixations:
    self.check_size(image_id, height, width)
    return fixations.concatenate(sorted(self._scanpaths[image_id], key=lambda scanpath: scanpath[0]))


def _packed(place: str, value: dict) -> dict:
  """Returns a parsed object with its points as an array.

  As Python lists, the 75 million points of the training set would take ten
  gigabytes. They are multiples of 1/2, so float32 is exact.
  """
  if 'fixations' in value:
    where = f'{place}, image {value.get("image_id")}'
    value['fixations'] = _points(value['fixations'], where).astype(np.float32)
  return value


def _points(values: Any, where: str) -> np.ndarray:
  """Returns float64 `[n, 2]`; an empty array may have any shape."""
  try:
    points = np.asarray(values, np.float64)
  except (ValueError, TypeError, OverflowError):
    points = np.zeros(1)
  if not points.size:
    return np.zeros((0, 2))
  if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
    raise InputError(f'{where}: the fixations are not an [n, 2] array of finite numbers; {_HELP}.')
  return points
