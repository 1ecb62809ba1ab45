"""Fixations drawn as images: a folder of PNGs, one per photograph.

`<stem of the photograph>.png`, of the photograph's size; every pixel that is
not 0 was fixated. Who looked, in which order and how often is not in a map: one
subject stands for all, and every pixel counts once.
"""

import os
import pathlib

import numpy as np

from saliency_jax.data import fixations
from saliency_jax.data.images import files_by_stem, list_images, read_mask
from saliency_jax.data.photographs import Photographs
from saliency_jax.errors import InputError

# 15 people leave 160 points on OSIE's 480,000 pixels; what is non-zero on more
# than this share of an image is the smoothed map that lies beside the points.
_MOST = 0.25


class FixationMaps:
  """A `FixationReader` of a folder of maps, read when asked for."""

  def __init__(self, folder: str | os.PathLike):
    """Lists the folder.

    Raises:
      InputError: the folder is missing or holds no PNG.
    """
    self.place = pathlib.Path(folder)
    if not self.place.is_dir():
      raise InputError(f'There is no folder of fixation maps {folder}.')
    self._files = files_by_stem(self.place, ('.png',))
    if not self._files:
      raise InputError(f'{folder} holds no PNG; put one per photograph there.')
    self.names = {
        image_id: path.name for image_id, path in self._files.items()}

  def fixations(
      self, image_id: str, height: int, width: int) -> fixations.Fixations:
    """See `FixationReader`; the points are in the order of the rows."""
    path = self._files[image_id]
    fixated = read_mask(path)
    if fixated.shape != (height, width):
      raise InputError(
          f'{path} is {fixated.shape[1]} x {fixated.shape[0]} pixels and its '
          f'photograph {width} x {height}; give the map of this photograph.')
    if fixated.mean() > _MOST:
      raise InputError(
          f'{path} is not 0 on {fixated.mean():.0%} of its pixels; give the '
          'fixations as points, not the smoothed map.')
    return fixations.make(np.argwhere(fixated).astype(np.int32))


class MappedPhotographs(Photographs):
  """A `Source` of a folder of photographs and one of fixation maps."""

  def __init__(
      self, images: str | os.PathLike, fixations: str | os.PathLike,
      regions: str | os.PathLike | None = None):
    """Lists both folders.

    Args:
      images: folder of the photographs.
      fixations: folder of the maps.
      regions: a folder that `open_regions` knows, or None for no regions.

    Raises:
      InputError: a folder is at fault, or the names do not belong together.
    """
    super().__init__(list_images(images), FixationMaps(fixations), regions)
