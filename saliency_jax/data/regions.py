"""Labelled regions of photographs, from three kinds of annotation:

- labelme files, one JSON per photograph (a folder of them, or `labelme/`);
- label images, `SegmentationObject/` and `SegmentationClass/`, as drawn by the
  authors of He et al. 2019;
- the packaged annotation of OSIE, labelme files in a zip (see
  `annotations/OSIE_SR.md`).

A photograph without an annotation has no regions.
"""

import os
import pathlib
import zipfile
from collections.abc import Collection
from typing import Protocol

import numpy as np

from saliency_jax.data import labelme
from saliency_jax.data.images import files_by_stem
from saliency_jax.data.label_images import LabelImages, empty_masks
from saliency_jax.data.types import Regions, no_regions
from saliency_jax.errors import InputError

_SHORT = 1 << 16  # bytes of a file that contains no image
_KEPT = 1 << 26  # bytes of files whose checked outlines are kept
PACKAGED = pathlib.Path(__file__).parent / 'annotations' / 'osie_sr.zip'


class RegionAnnotation(Protocol):
  """Labelled regions, read one photograph at a time."""

  image_ids: tuple[str, ...]  # sorted

  def regions(self, image_id: str, height: int, width: int) -> Regions:
    """Returns a photograph's regions, masks bool `[R, height, width]`.

    R is 0 for photographs without annotation.

    Raises:
      InputError: the annotation is damaged, or of an image of another size.
    """
    ...

  def check_size(self, image_id: str, height: int, width: int) -> None:
    """Raises an `InputError` if a header states another size."""
    ...


def open_packaged(image_ids: Collection[str] | None = None) -> 'Labelme':
  """Opens the packaged annotation of OSIE, by default of all photographs."""
  with zipfile.ZipFile(PACKAGED) as archive:
    files = {pathlib.PurePath(name).stem: name for name in archive.namelist()}
    return Labelme(
      {image_id: archive.read(name) for image_id, name in files.items() if image_ids is None or image_id in image_ids},
      PACKAGED,
    )


def open_regions(folder: str | os.PathLike) -> RegionAnnotation:
  """Opens the annotation in a folder; no region is read yet.

  Label images take precedence over labelme files: they are exact, where
  polygons may have been simplified.

  Raises:
    InputError: the folder is missing or holds neither kind.
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise InputError(f'There is no folder of regions {folder}.')
  if (folder / 'SegmentationObject').is_dir():
    return LabelImages(folder)
  for place in (folder / 'labelme', folder):
    files = files_by_stem(place, ('.json',))
    if files:
      return Labelme(files, place)
  raise InputError(
    f'{folder} holds no regions; give a folder with SegmentationObject/ and '
    'SegmentationClass/, with labelme/, or of labelme JSON files.'
  )


class Labelme:
  """Regions from labelme files, parsed when they are used."""

  def __init__(self, files: dict[str, pathlib.Path | bytes], place: pathlib.Path):
    """Takes a path or the file's content for each image_id.

    `place` is the folder or archive that holds them, for errors.
    """
    self.image_ids = tuple(sorted(files))
    self._files = files
    self._place = place
    self._checked: dict[tuple[str, int, int], list[labelme.Outline]] = {}
    self._left = _KEPT

  def check_size(self, image_id: str, height: int, width: int) -> None:
    """See `RegionAnnotation`; only short files are checked."""
    file = self._files.get(image_id)
    if isinstance(file, pathlib.Path) and file.stat().st_size < _SHORT:
      content = labelme.content(file, str(file))
      outlines = labelme.parse(content, height, width, str(file))
      if self._left >= len(content):  # not parsed a second time
        self._left -= len(content)
        self._checked[image_id, height, width] = outlines

  def regions(self, image_id: str, height: int, width: int) -> Regions:
    """See `RegionAnnotation`."""
    if image_id not in self._files:
      return no_regions(height, width)
    where = f'{self._place / image_id}.json'
    outlines = self._checked.pop((image_id, height, width), None) or labelme.parse(
      labelme.content(self._files[image_id], where), height, width, where
    )
    categories = {each.region_id: each.category for each in outlines}
    masks = empty_masks(len(categories), height, width, where)
    by_number = dict(zip(categories, masks, strict=True))
    for outline in outlines:
      outline.fill(by_number[outline.region_id])
    for number, mask in by_number.items():
      if not mask.any():
        raise InputError(f'{where}: region {number} covers no pixel of the image; draw it again or remove it.')
    return Regions(np.array(list(categories), np.int32), tuple(categories.values()), masks)
