"""What a run keeps for the page: pictures, masks, fixations and unit maps."""

import functools
import pathlib
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from saliency_jax import schema
from saliency_jax.report.reading import Reader

_PICTURE = re.compile(r'pictures/\d+\.jpg', re.ASCII)


class Image(NamedTuple):
  """An image that the page can show."""
  image_id: str
  picture: pathlib.Path  # a smaller JPEG
  height: int  # of the original, pixels
  width: int


class Maps(NamedTuple):
  """M maps of a layer in cells, standardised over the original image."""
  units: np.ndarray  # int32 `[M]`, counted from 0
  images: np.ndarray  # int32 `[M]`, positions in `Kept.images`
  cells: np.ndarray  # float16 `[M, h, w]`, standard deviations


class Kept:
  """What is kept of N images. Files are read, and checked, when asked for."""

  def __init__(self, reader: Reader, layers: Iterable[str]):
    """Reads images.csv and fixations.npz.

    Args:
      reader: of the folder.
      layers: of the run.

    Raises:
      InputError: if a file is missing or not as the job writes it.
    """
    self._reader, self._layers = reader, tuple(layers)
    rows = reader.table(schema.IMAGES)
    with reader.checking('images.csv'):
      self.images = tuple(
          Image(row['image_id'], self._picture(row['picture']),
                int(row['height']), int(row['width'])) for row in rows)
      reader.expect(
          all(x.height > 0 and x.width > 0 for x in self.images)
          and len({x.picture for x in self.images}) == len(rows)
          and len({x.image_id for x in self.images}) == len(rows),
          'images.csv', 'has an image without a size or twice')

  @functools.cached_property
  def points(self) -> tuple[np.ndarray, ...]:
    """int32 `[n, 2]` of every image: its fixations (y, x), original pixels."""
    name, count = 'fixations.npz', len(self.images)
    if not count:
      return ()
    arrays = self._reader.arrays(name)
    with self._reader.checking(name):
      points, offsets = arrays['points'], arrays['offsets']
    self._reader.expect(
        points.ndim == 2 and points.shape[1] == 2
        and offsets.shape == (count + 1,) and offsets[0] == 0
        and offsets[-1] == len(points) and bool((np.diff(offsets) >= 0).all()),
        name, 'does not fit the images in images.csv')
    return tuple(np.split(points, offsets[1:-1]))

  def pixels(self, image: int) -> np.ndarray:
    """Returns an image's picture, uint8 `[h, w, 3]`."""
    picture = self.images[image].picture
    return self._reader.picture(f'{picture.parent.name}/{picture.name}')

  def mask(self, image: int) -> np.ndarray:
    """Returns where an image's sets are.

    Args:
      image: position in `images`.

    Returns:
      int32 `[H, W]`: 0, or 1 + the row of the set among the image's rows.
    """
    name = f'masks/{image:05d}.png'
    mask = self._reader.mask(name)
    known = self.images[image]
    self._reader.expect(
        mask.shape == (known.height, known.width), name,
        'does not have the size that images.csv says')
    return mask

  def maps(self, layer: str) -> Maps:
    """Returns a layer's maps, sorted by unit, then image."""
    name = f'maps/{layer}.npz'
    arrays = self._reader.arrays(name)
    with self._reader.checking(name):
      maps = Maps(arrays['units'], arrays['images'], arrays['maps'])
      fits = (
          maps.cells.ndim == 3 and maps.cells.dtype.kind == 'f'
          and maps.units.shape == maps.images.shape == maps.cells.shape[:1]
          and bool((maps.images < len(self.images)).all()))
    self._reader.expect(fits, name, 'does not fit the images in images.csv')
    return maps

  @functools.cached_property
  def saliency(self) -> np.ndarray | None:
    """float16 `[N, h, w]`: the model's output; None without a readout."""
    name = 'saliency.npz'
    if not self._reader.has(name):
      return None
    arrays = self._reader.arrays(name)
    with self._reader.checking(name):
      maps = arrays['maps']
    self._reader.expect(
        maps.ndim == 3 and len(maps) == len(self.images), name,
        'does not fit the images in images.csv')
    return maps

  def _picture(self, name: str) -> pathlib.Path:
    # The page takes the file along: it must be one of this folder's.
    self._reader.expect(
        _PICTURE.fullmatch(name) is not None, 'images.csv',
        f'names the picture {name!r}, which is none of pictures/')
    return self._reader.file(name)
