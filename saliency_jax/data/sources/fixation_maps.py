"""Fixations drawn as images: a folder with one map per photograph.

`<stem of the photograph>.png` (or .npy, or .mat with one matrix; or MIT1003's
`<stem>_fixPts.jpg`), of the photograph's size; every pixel that is not 0 was
fixated. Smoothed maps and JPEGs of points are refused, or replaced by their
maxima on request. A map does not say who looked, in which order and how often:
one subject stands for all, and every pixel counts once.
"""

import os
import pathlib

import numpy as np

from saliency_jax.data import fixations
from saliency_jax.data.coordinates import PIXELS, Coordinates
from saliency_jax.data.images import check_same_size, files_by_stem, list_images
from saliency_jax.data.photographs import Photographs
from saliency_jax.data.value_images import MAP_SUFFIXES, map_size, read_map
from saliency_jax.errors import InputError

# 15 people leave 160 points on OSIE's 480,000 pixels; a map that is non-zero on
# more than this share of an image is the smoothed one.
_MOST = 0.25
# From _ENOUGH points on, at most _CROWDED of them may have _NEIGHBOURS
# neighbours, or _CROWDED_LEVELS in a map of _LEVELS grey levels or more. Of
# people's points, 0.3 have so many on 200 x 150 pixels and 0.01 on 800 x 600;
# of a smoothed map nearly all; of a JPEG, which has many levels, 0.5.
_ENOUGH, _NEIGHBOURS, _CROWDED = 20, 3, 0.5
_LEVELS, _CROWDED_LEVELS = 6, 0.2
# MIT1003 has smoothed maps beside its maps of points.
POINTS = '_fixPts'


class FixationMaps(fixations.FixationReader):
  """A `FixationReader` of a folder of maps, read when they are used."""

  lazy = points_are_pixels = True

  def __init__(self, folder: str | os.PathLike, recorded: Coordinates = PIXELS):
    """Lists the folder.

    Raises:
      InputError: the folder is missing or holds no map.
    """
    folder, self._recorded = pathlib.Path(folder), recorded
    if not folder.is_dir():
      raise InputError(f'There is no folder of fixation maps {folder}.')
    self._files = files_by_stem(folder, MAP_SUFFIXES, marked=POINTS)
    if not self._files:
      raise InputError(
        f'{folder} holds no fixation map; put one per photograph there, as .npy, .mat or .png, made from the fixations.'
      )
    super().__init__(folder, self._files.names())

  def recorded(self, image_id: str, height: int, width: int) -> fixations.Fixations:
    """See `FixationReader`; the points are in the order of the rows."""
    path = self._files[image_id]
    values = read_map(path)
    check_same_size(path, values.shape, (height, width), 'map')
    places = np.flatnonzero(values != 0)
    if message := _fault(places, values):
      if not self._recorded.maxima:
        raise InputError(
          f'{path} {message}: give the points themselves, as they were made, or '
          f'{self._recorded.flag("maxima")} to take its maxima.'
        )
      if (values >= values.max() / 2).mean() > 0.5:
        raise InputError(f'{path} is bright on most of its pixels, as black points on white are; invert it.')
      places = np.flatnonzero(_maxima(values))
    return fixations.make(np.stack(np.divmod(places, width), axis=1).astype(np.int32))

  def check_size(self, image_id: str, height: int, width: int) -> None:
    path = self._files[image_id]
    if size := map_size(path):
      check_same_size(path, size, (height, width), 'map')


class MappedPhotographs(Photographs):
  """A `Source` of a folder of photographs and one of fixation maps."""

  def _open(self, images, fixations, recorded):
    return list_images(images), FixationMaps(fixations, recorded), recorded


def _fault(places: np.ndarray, values: np.ndarray) -> str:
  """Returns why non-zero pixels, given by flat indices, are no points, or ''."""
  count, share = len(places), len(places) / values.size
  if share > _MOST:
    return f'is not 0 on {share:.0%} of its pixels, which a smoothed map is, or one of black points on white'
  # A fast bound: three neighbours need a pair of points within two columns of a
  # row, and a pair serves six points at most.
  pairs = (places[1:] - places[:-1] <= 2).tobytes().count(1)
  if count < _ENOUGH or 6 * pairs <= _CROWDED_LEVELS * count:
    return ''
  levels = len(set(values.ravel()[places].tolist()))
  most = _CROWDED if levels < _LEVELS else _CROWDED_LEVELS
  if 6 * pairs <= most * count:
    return ''
  from scipy import ndimage  # slow to import and rarely needed

  points = (values != 0).astype(np.uint8)
  neighbours = ndimage.convolve(points, np.ones((3, 3), np.uint8), mode='constant').ravel()[places] - 1
  crowded = np.count_nonzero(neighbours >= _NEIGHBOURS) / count
  if crowded <= most:
    return ''
  return (
    f'has {count:,} pixels that are not 0, in {levels} grey levels, {crowded:.0%} of them beside others, so it is no '
    'map of points but smoothed, resized or from a JPEG'
  )


def _maxima(values: np.ndarray) -> np.ndarray:
  """Returns the maxima of at least half the largest value, bool `[H, W]`.

  All pixels that high if they are points, as after JPEG; otherwise the centres
  of local maxima.
  """
  from scipy import ndimage  # slow to import and rarely needed

  high = values >= values.max() / 2
  if not _fault(np.flatnonzero(high), high):
    return high
  around = np.ones((3, 3))
  areas, count = ndimage.label(high & (values == ndimage.maximum_filter(values, footprint=around)), around)
  middles = np.rint(ndimage.center_of_mass(areas, areas, range(1, count + 1))).astype(int)
  maxima = np.zeros(values.shape, bool)
  maxima[tuple(middles.T)] = True
  return maxima
