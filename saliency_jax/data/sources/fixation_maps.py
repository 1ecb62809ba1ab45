"""Fixations drawn as images: a folder with one per photograph.

`<stem of the photograph>.png` (or .npy, or .mat with one matrix), of the
photograph's size; every pixel that is not 0 was fixated. Points are isolated: a
smoothed map, and points that went through JPEG, are refused. Who looked, in
which order and how often is not in a map: one subject stands for all, and every
pixel counts once.
"""

import os
import pathlib

import numpy as np

from saliency_jax.data import fixations
from saliency_jax.data.images import files_by_stem, list_images
from saliency_jax.data.matlab import read_matrix
from saliency_jax.data.photographs import FixationReader, Photographs
from saliency_jax.data.value_images import read_grey
from saliency_jax.errors import InputError
from saliency_jax.numpy_files import read_npy

_SUFFIXES = ('.png', '.npy', '.mat')
# 15 people leave 160 points on OSIE's 480,000 pixels; what is non-zero on more
# than this share of an image is the smoothed map that lies beside the points.
_MOST = 0.25
# Of so many pixels or more, the largest share that may have 3 neighbours: of
# people's points it is up to .3 on 200 x 150 pixels and .01 on 800 x 600, of
# what was smoothed nearly all, and of JPEG, which leaves many levels, .5.
_ENOUGH, _NEIGHBOURS, _CROWDED = 20, 3, 0.5
_LEVELS, _CROWDED_LEVELS = 6, 0.2


class FixationMaps(FixationReader):
  """A `FixationReader` of a folder of maps, read when asked for."""

  lazy = points_are_pixels = True

  def __init__(self, folder: str | os.PathLike):
    """Lists the folder.

    Raises:
      InputError: the folder is missing or holds no map.
    """
    self.place = pathlib.Path(folder)
    if not self.place.is_dir():
      raise InputError(f'There is no folder of fixation maps {folder}.')
    self._files = files_by_stem(self.place, _SUFFIXES)
    if not self._files:
      raise InputError(
          f'{folder} holds no fixation map; put a PNG per photograph there.')
    self.names = {
        image_id: path.name for image_id, path in self._files.items()}

  def recorded(
      self, image_id: str, height: int, width: int) -> fixations.Fixations:
    """See `FixationReader`; the points are in the order of the rows."""
    path = self._files[image_id]
    values = _values(path)
    if values.shape != (height, width):
      raise InputError(
          f'{path} is {values.shape[1]} x {values.shape[0]} pixels and its '
          f'photograph {width} x {height}; give the map of this photograph.')
    _check_points(values, path)
    return fixations.make(np.argwhere(values != 0).astype(np.int32))


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


def _values(path: pathlib.Path) -> np.ndarray:
  """Reads a map, bool or numbers `[H, W]`."""
  read = {'.npy': read_npy, '.mat': read_matrix}.get(
      path.suffix.lower(), read_grey)
  return np.asarray(read(path))


def _check_points(values: np.ndarray, path: pathlib.Path) -> None:
  """Raises an `InputError` if a map holds something else than points."""
  if values.ndim != 2 or not np.isfinite(values).all():
    raise InputError(f'{path} is no map of finite numbers, [height, width].')
  fixated = values != 0
  if fixated.mean() > _MOST:
    raise InputError(
        f'{path} is not 0 on {fixated.mean():.0%} of its pixels; give the '
        'fixations as points, not the smoothed map.')
  count = int(fixated.sum())
  padded = np.pad(fixated.astype(np.int8), 1)
  height, width = fixated.shape
  neighbours = sum(
      padded[y:y + height, x:x + width] for y in range(3) for x in range(3)
      if (y, x) != (1, 1))
  crowded = (neighbours[fixated] >= _NEIGHBOURS).mean() if count else 0
  levels = len(np.unique(values[fixated]))
  most = _CROWDED if levels < _LEVELS else _CROWDED_LEVELS
  if count >= _ENOUGH and crowded > most:
    raise InputError(
        f'{path} has {count:,} pixels that are not 0, in {levels} grey levels, '
        f'{crowded:.0%} of them beside others; these are no points but a '
        'smoothed, resized or JPEG-compressed map: give the points themselves.')
