"""Labelled regions of photographs, from three kinds of annotation.

- labelme files, one JSON per photograph (a folder of them, or `labelme/`);
- label images, `SegmentationObject/` and `SegmentationClass/`, the layout in
  which the authors of He et al. 2019 drew theirs;
- the annotation of OSIE that comes with this package, labelme files in a zip
  (`annotations/OSIE_SR.md` says what it is).

A photograph that an annotation does not name has no regions.
"""

import os
import pathlib
import zipfile
from collections.abc import Collection, Iterable
from typing import Protocol

import numpy as np

from saliency_jax.data import labelme
from saliency_jax.data.images import read_labels
from saliency_jax.data.types import Regions, no_regions
from saliency_jax.errors import InputError

PACKAGED = pathlib.Path(__file__).parent / 'annotations' / 'osie_sr.zip'

# The values of the authors' class images; the names are `CATEGORIES`.
CLASS_VALUES = {
    1: 'person head', 10: 'person part', 16: 'animal head', 22: 'animal part',
    27: 'object', 37: 'text', 46: 'symbol', 51: 'vehicle', 57: 'food',
    63: 'plant', 68: 'drink', 73: 'other'}

# The most memory that the masks of one image may take: 1 GB.
MAX_MASKS = 2**30


class RegionAnnotation(Protocol):
  """Who labelled what; read one photograph at a time."""

  image_ids: tuple[str, ...]  # sorted

  def regions(self, image_id: str, height: int, width: int) -> Regions:
    """Reads the regions of one photograph.

    Args:
      image_id: the stem of the photograph's file.
      height, width: the photograph's size in pixels.

    Returns:
      Its `Regions`, masks bool `[R, height, width]`; none if it is not named.

    Raises:
      InputError: the annotation is damaged, or of an image of another size.
    """
    ...


def open_packaged(image_ids: Collection[str] | None = None) -> 'Labelme':
  """Opens the annotation of OSIE in this package.

  Args:
    image_ids: of which photographs; of all that are labelled by default.
  """
  with zipfile.ZipFile(PACKAGED) as archive:
    files = {pathlib.PurePath(name).stem: name for name in archive.namelist()}
    return Labelme({
        image_id: archive.read(name) for image_id, name in files.items()
        if image_ids is None or image_id in image_ids}, PACKAGED)


def open_regions(folder: str | os.PathLike) -> RegionAnnotation:
  """Finds out which kind of annotation a folder holds.

  A folder that holds label images and labelme files is read from the label
  images: they are exact, where polygons may have been simplified.

  Args:
    folder: the folder.

  Returns:
    The `RegionAnnotation`. No region has been read yet.

  Raises:
    InputError: the folder is missing or holds neither kind.
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise InputError(f'There is no folder of regions {folder}.')
  if (folder / 'SegmentationObject').is_dir():
    return LabelImages(folder)
  for place in (folder / 'labelme', folder):
    files = {path.stem: path for path in sorted(place.glob('[!.]*.json'))}
    if files:
      return Labelme(files, place)
  raise InputError(
      f'{folder} holds no regions; give a folder with SegmentationObject/ and '
      'SegmentationClass/, with labelme/, or of labelme JSON files.')


class Labelme:
  """Regions from labelme files, which are parsed when they are asked for."""

  def __init__(
      self, files: dict[str, pathlib.Path | bytes], place: pathlib.Path):
    """Takes the files.

    Args:
      files: a path, or a file's content, for each image_id.
      place: the folder or archive that holds them, for errors.
    """
    self.image_ids = tuple(sorted(files))
    self._files = files
    self._place = place

  def regions(self, image_id: str, height: int, width: int) -> Regions:
    """See `RegionAnnotation`."""
    if image_id not in self._files:
      return no_regions(height, width)
    where = f'{self._place / image_id}.json'
    outlines = labelme.parse(
        labelme.content(self._files[image_id], where), height, width, where)
    masks = _masks(len(outlines), height, width, where)
    for mask, outline in zip(masks, outlines, strict=True):
      mask[:] = outline.fill(height, width)
      if not mask.any():
        raise InputError(
            f'{where}: region {outline.region_id} covers no pixel of the '
            'image; draw it again or remove it.')
    return Regions(
        np.array([outline.region_id for outline in outlines], np.int32),
        tuple(outline.category for outline in outlines), masks)


class LabelImages:
  """Regions from pairs of images: which object, and which class, a pixel is."""

  def __init__(self, folder: pathlib.Path):
    """Lists `folder/SegmentationObject/*.png`.

    Raises:
      InputError: there is no such image, or no folder of classes.
    """
    self._objects = folder / 'SegmentationObject'
    self._classes = folder / 'SegmentationClass'
    self.image_ids = tuple(sorted(
        path.stem for path in self._objects.glob('[!.]*.png')))
    if not self.image_ids:
      raise InputError(f'{self._objects} holds no PNG image.')
    if not self._classes.is_dir():
      raise InputError(
          f'There is no folder {self._classes}, which must tell the classes of '
          f'the objects in {self._objects}.')
    self._known = frozenset(self.image_ids)

  def regions(self, image_id: str, height: int, width: int) -> Regions:
    """See `RegionAnnotation`; regions come in the order of their numbers."""
    if image_id not in self._known:
      return no_regions(height, width)
    objects, classes = (
        _sized_labels(folder / f'{image_id}.png', height, width)
        for folder in (self._objects, self._classes))
    labelled = objects != 0
    pairs = np.unique(
        objects[labelled].astype(np.int64) << 32 | classes[labelled])
    ids, values = (pairs >> 32).astype(np.int32), pairs & (2**32 - 1)
    for number, value in zip(ids, values, strict=True):
      if value not in CLASS_VALUES or (ids == number).sum() > 1:
        raise InputError(
            f'{self._classes / image_id}.png: object {number} has the class '
            f'{_listed(values[ids == number])}; each object must have one of '
            f'{_listed(CLASS_VALUES)}.')
    masks = _masks(len(ids), height, width, f'{self._objects / image_id}.png')
    for mask, number in zip(masks, ids, strict=True):
      np.equal(objects, number, out=mask)
    return Regions(ids, tuple(CLASS_VALUES[value] for value in values), masks)


def _sized_labels(path: pathlib.Path, height: int, width: int) -> np.ndarray:
  labels = read_labels(path)
  if labels.shape != (height, width):
    raise InputError(
        f'{path} is {labels.shape[1]} x {labels.shape[0]}, its photograph '
        f'{width} x {height}; give the regions of this photograph.')
  if labels.min() < 0:
    raise InputError(f'{path} has negative values; number objects from 1.')
  return labels


def _masks(count: int, height: int, width: int, where: str) -> np.ndarray:
  if count * height * width > MAX_MASKS:
    raise InputError(
        f'{where} has {count} regions, too many for one image; keep fewer.')
  return np.zeros((count, height, width), bool)


def _listed(values: Iterable[int]) -> str:
  return ', '.join(str(value) for value in values)
