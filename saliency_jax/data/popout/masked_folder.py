"""Search arrays in a folder: a user's own, or drawn ones to look at and edit.

    images/<image_id>.png (or another image)
    targets/<image_id>.png        a mask: what is not black is the target
    distractors/<image_id>.png    a mask, for none, some or all of the images
    patterns.csv                  image_id, kind, background, set_size; optional

The connected components of a mask of distractors are its items. If their number
disagrees with set_size, items of several parts are told apart by grey values.
"""

import os
import pathlib
import zlib

import numpy as np
from PIL import Image
from scipy import ndimage

from saliency_jax import files
from saliency_jax.data.images import SUFFIXES, check_same_size, files_by_stem, image_size, read_image
from saliency_jax.data.popout import patterns
from saliency_jax.data.popout.search_arrays import DISTRACTORS, TARGET
from saliency_jax.data.types import Record, Regions, Source
from saliency_jax.data.value_images import read_labels, read_mask
from saliency_jax.errors import InputError

_MASK_FOLDERS = {TARGET: 'targets', DISTRACTORS: 'distractors'}
# The largest share of an image that a mask may cover; beyond it, the mask is
# probably inverted.
_MOST = {TARGET: 0.5, DISTRACTORS: 0.9}
_MOST_ITEMS = 127  # saved with a grey value each, all near white


class MaskedFolder(Source):
  """A `Source` of images with a marked target; see the module.

  Images are in the order of patterns.csv; those not listed there come last.
  """

  gives = frozenset({'targets'})

  def __init__(self, folder: str | os.PathLike):
    """Lists the folder and reads patterns.csv; opens no image.

    Raises:
      InputError: the folder or its images are missing, an image has no target
        mask, a mask or a row of patterns.csv has no image, or the table is
        invalid.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
      raise InputError(f'There is no folder of search arrays {folder}.')
    self._images = files_by_stem(folder / 'images', SUFFIXES)
    if not self._images:
      raise InputError(f'{folder / "images"} holds no images; put PNG or JPEG files there.')
    self._masks = {category: files_by_stem(folder / name, SUFFIXES) for category, name in _MASK_FOLDERS.items()}
    for masks in self._masks.values():
      for image_id, path in masks.items():
        if image_id not in self._images:
          raise InputError(f'{path} is the mask of no image in {folder / "images"}; add the image or remove the mask.')
    for image_id, path in self._images.items():
      if image_id not in self._masks[TARGET]:
        raise InputError(f'{path} has no target mask; add {folder / _MASK_FOLDERS[TARGET] / image_id}.png.')
    table = folder / 'patterns.csv'
    named = patterns.read(table) if table.exists() else {}
    for image_id in named:
      if image_id not in self._images:
        raise InputError(
          f'{table} names {image_id!r}, which is not in {folder / "images"}; add the image or remove the row.'
        )
    unnamed = sorted(set(self._images) - set(named))
    self.image_ids = (*named, *unnamed)
    self.patterns = (*named.values(), *map(patterns.Pattern, unnamed))

  def check_size(self, index: int) -> None:
    path = self._images[self.image_ids[index]]
    for masks in self._masks.values():
      if self.image_ids[index] in masks:
        mask = masks[self.image_ids[index]]
        check_same_size(mask, image_size(mask), image_size(path), 'mask')

  def __getitem__(self, index: int) -> Record:
    """Reads an image; its regions are the target and any distractors.

    Raises:
      InputError: a file is damaged, a mask is empty or of another size, or the
        masks overlap.
    """
    image_id = self.image_ids[index]
    image = read_image(self._images[image_id])
    found = {category: paths[image_id] for category, paths in self._masks.items() if image_id in paths}
    masks = [_mask(path, image.shape[:2], _MOST[category]) for category, path in found.items()]
    if len(masks) > 1 and (shared := int((masks[0] & masks[1]).sum())):
      raise InputError(
        f'{found[DISTRACTORS]} shares {shared} pixels with the target mask; clear them in one of the two.'
      )
    return Record(
      image_id,
      image,
      np.zeros((0, 2), np.int32),
      Regions(np.arange(1, 1 + len(masks), dtype=np.int32), tuple(found), np.stack(masks)),
    )

  def items(self, image_id: str, count: int) -> np.ndarray:
    """Returns some distractors, bool `[K, H, W]`; see `SearchArrays.items`.

    K is 0 if they cannot be told apart.

    Raises:
      InputError: the mask is damaged.
    """
    path = self._masks[DISTRACTORS].get(image_id)
    if path is None:
      return np.zeros((0, 1, 1), bool)
    mask = read_mask(path)
    labels, parts = ndimage.label(mask, np.ones((3, 3)))
    values = np.arange(1, parts + 1)
    size = self.patterns[self.image_ids.index(image_id)].set_size
    if size not in ('', parts + 1):
      try:
        labels = read_labels(path, distinct=True)
      except InputError:  # a JPEG
        return np.zeros((0, 1, 1), bool)
      values = np.unique(labels[mask])
      if len(values) != size - 1:
        values = values[:0]
    drawn = np.random.default_rng(zlib.crc32(image_id.encode())).permutation(values)[:count]
    return labels == drawn[:, None, None]


def save(source: Source, folder: str | os.PathLike) -> None:
  """Writes a source with `patterns` as a folder that `MaskedFolder` reads.

  Files of the same names are replaced.
  """
  folder = pathlib.Path(folder)
  for record in source:
    name = f'{record.image_id}.png'
    _write(folder / 'images' / name, record.image)
    for category, mask in zip(record.regions.categories, record.regions.masks, strict=True):
      white = np.where(mask, np.uint8(255), np.uint8(0))
      if category == DISTRACTORS and source.items is not None:
        for value, item in enumerate(source.items(record.image_id, _MOST_ITEMS)):
          white[item] -= value
      _write(folder / _MASK_FOLDERS[category] / name, white)
  patterns.write(source.patterns, folder / 'patterns.csv')


def _write(path: pathlib.Path, pixels: np.ndarray) -> None:
  with files.replacing(path) as temporary:
    Image.fromarray(pixels).save(temporary)


def _mask(path: pathlib.Path, size: tuple[int, int], most: float) -> np.ndarray:
  mask = read_mask(path)
  check_same_size(path, mask.shape, size, 'mask')
  if not mask.any():
    raise InputError(f'{path} is empty; give every item a value above 0.')
  if mask.mean() > most:
    raise InputError(
      f'{path} is not black on {mask.mean():.0%} of its pixels; a mask shows items in white on black, so invert it.'
    )
  return mask
