"""Regions from label images: for each pixel, its object and its class.

`SegmentationObject/` and `SegmentationClass/` hold a PNG (or .npy) for each
photograph. The class values are explained by `class_names.txt`, as labelme2voc
writes it, or are those of the authors of He et al. 2019.
"""

import pathlib
import re
from collections.abc import Iterable

import numpy as np
from absl import logging

from saliency_jax import outside
from saliency_jax.data.images import check_same_size, files_by_stem
from saliency_jax.data.types import CATEGORIES, Regions, no_regions
from saliency_jax.data.value_images import map_size, read_labels
from saliency_jax.errors import InputError

# Class values of the authors' images.
CLASS_VALUES = dict(zip((1, 10, 16, 22, 27, 37, 46, 51, 57, 63, 68, 73), CATEGORIES, strict=True))
# Those that may also be indices into a list of twelve.
_AMBIGUOUS = frozenset(value for value in CLASS_VALUES if value <= 12)
_SUFFIXES = ('.png', '.npy')
_IGNORED = 255  # labelme2voc's -1, '__ignore__'
_FIRST = (0, -1, _IGNORED)  # possible first numbers of a numbered list
# '1: text', '1 - text', '1 text': a number, a separator, and a name.
_NUMBERED = re.compile(r'(-?\d+)(?:(\s*(?:[:=)]|\.(?!\d))|\s+-\s|\s*\t)|\s)\s*(.+)')

# The most memory that the masks of one image may take: 1 GB.
MAX_MASKS = 2**30


class LabelImages:
  """A `RegionAnnotation` of label images."""

  def __init__(self, folder: pathlib.Path):
    """Lists the label images and finds out what their class values mean.

    Raises:
      InputError: there is no label image, no folder of classes, or the values
        have two readings.
    """
    self._objects = folder / 'SegmentationObject'
    self._classes = folder / 'SegmentationClass'
    self._object_files = files_by_stem(self._objects, _SUFFIXES)
    self._class_files = files_by_stem(self._classes, _SUFFIXES)
    self.image_ids = tuple(self._object_files)
    if not self.image_ids:
      raise InputError(
        f'{self._objects} holds no {" and no ".join(_SUFFIXES)}; give the '
        'label images as they were made (JPEG compression changes their values).'
      )
    if not self._classes.is_dir():
      raise InputError(
        f'There is no folder {self._classes}, which must hold the classes of the objects in {self._objects}.'
      )
    listed = folder / 'class_names.txt'
    self._warned = False  # about a background, once
    self._names = _class_names(listed) if listed.is_file() else self._authors()

  def regions(self, image_id: str, height: int, width: int) -> Regions:
    """See `RegionAnnotation`; regions are in the order of their numbers."""
    if image_id not in self._object_files:
      return no_regions(height, width)
    if image_id not in self._class_files:
      raise InputError(f'There is no image file {self._classes / image_id}.png.')
    path = self._class_files[image_id]
    objects = _sized(self._object_files[image_id], height, width, distinct=True)
    classes = _sized(path, height, width)
    # Only the first pixel of each run of equal ones, so that few are sorted.
    first = np.ones(objects.shape, bool)
    first[:, 1:] = (objects[:, 1:] != objects[:, :-1]) | (classes[:, 1:] != classes[:, :-1])
    pairs = np.unique(objects[first].astype(np.int64) << 32 | classes[first])
    pairs = pairs[(pairs >> 32 != 0) & (pairs != _IGNORED << 32 | _IGNORED)]
    ids, values = (pairs >> 32).astype(np.int32), pairs & (2**32 - 1)
    for number, value in zip(ids, values, strict=True):
      if value not in self._names or (ids == number).sum() > 1:
        raise InputError(
          f'{path}: object {number} has the class {self._listed(values[ids == number])}; each object must have one of '
          f'{self._listed(self._names)}.'
        )
    masks = empty_masks(len(ids), height, width, str(self._object_files[image_id]))
    for mask, number in zip(masks, ids, strict=True):
      np.equal(objects, number, out=mask)
    around = masks[:, [0, -1]].all(axis=(1, 2)) & masks[:, :, [0, -1]].all(axis=(1, 2))
    if around.any() and not self._warned:
      self._warned = True
      logging.warning(
        '%s: object %d covers the whole edge of the image, as a background would; if it is one, give it the value 0.',
        self._object_files[image_id],
        ids[around][0],
      )
    return Regions(ids, tuple(self._names[value] for value in values), masks)

  def check_size(self, image_id: str, height: int, width: int) -> None:
    for files in (self._object_files, self._class_files):
      if image_id in files:
        check_same_size(files[image_id], map_size(files[image_id]), (height, width), 'regions')

  def _authors(self) -> dict[int, str]:
    """Returns the authors' class values, if these can be no others."""
    seen: set[int] = set()
    for path in self._class_files.values():
      try:
        seen |= set(np.unique(read_labels(path)).tolist()) & CLASS_VALUES.keys()
      except InputError:
        continue  # raised, or skipped, when the image is used
      if seen - _AMBIGUOUS:
        return CLASS_VALUES
    if seen:
      raise InputError(
        f'The images in {self._classes} have the classes {", ".join(map(str, sorted(seen)))}, which may be the numbers '
        "of the paper's authors or positions in a list; put class_names.txt, with a name in each line from 0 on, in "
        f'{self._classes.parent}.'
      )
    return CLASS_VALUES

  def _listed(self, values: Iterable[int]) -> str:
    return ', '.join(f'{value} ({self._names[value]})' if value in self._names else str(value) for value in values)


def empty_masks(count: int, height: int, width: int, where: str) -> np.ndarray:
  """Returns bool `[count, height, width]`, all False.

  Raises:
    InputError: the masks would take more than `MAX_MASKS` bytes.
  """
  if count * height * width > MAX_MASKS:
    raise InputError(f'{where} has {count} regions, too many for one image; keep fewer.')
  return np.zeros((count, height, width), bool)


def _class_names(path: pathlib.Path) -> dict[int, str]:
  """Returns the names by class value; the background, 0, is left out."""
  with outside.reading(path, 'list of names in UTF-8'):
    lines = path.read_text('utf-8-sig').splitlines()
  names = [line.strip() for line in lines if line.strip()]
  parts = [_NUMBERED.fullmatch(name) for name in names]
  # '1 euro coin' is a name, unless the first number starts a numbered list.
  listed = bool(parts and parts[0]) and int(parts[0][1]) in _FIRST
  if names and names[0].endswith('__ignore__'):
    names, parts = names[1:], parts[1:]
    listed |= bool(parts and parts[0]) and int(parts[0][1]) == 0
  if len(names) < 2 or 'background' not in names[0].casefold():
    raise InputError(f'{path} must name the classes line by line: the background first, then those of 1, 2 and so on.')
  classes = dict(enumerate(names[1:], start=1))
  if not all(parts[1:]) or not (listed or all(x[2] for x in parts[1:])):
    return classes
  if len(parts) > 2 and int(parts[-1][1]) in {*_FIRST[1:]} - {len(classes)}:
    del parts[-1], classes[len(classes)]
  if len({each[3] for each in parts[1:]}) < len(classes):
    return classes
  for number, each in enumerate(parts[1:], start=1):
    if int(each[1]) != number:
      raise InputError(
        f'{path} has {classes[number]!r} in the place of class {number}; number the classes in their order from the '
        'background, 0, or leave the numbers out.'
      )
    classes[number] = each[3]
  return classes


def _sized(path: pathlib.Path, height: int, width: int, *, distinct: bool = False) -> np.ndarray:
  labels = read_labels(path, distinct=distinct)
  check_same_size(path, labels.shape, (height, width), 'regions')
  if labels.dtype.kind == 'i':
    # labelme2voc writes -1 for '__ignore__'.
    labels = np.where(labels == -1, _IGNORED, labels)
    if labels.min() < 0:
      raise InputError(f'{path} has negative values; number objects from 1.')
  return labels
