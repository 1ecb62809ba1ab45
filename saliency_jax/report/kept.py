"""What a run exports for the page: pictures, masks, fixations and unit maps."""

import functools
import pathlib
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from saliency_jax import schema
from saliency_jax.ops.resize import TILING, Placement
from saliency_jax.report import packing
from saliency_jax.report.reading import Reader

_PICTURE = re.compile(r'pictures/\d+\.jpg', re.ASCII)
_FITS = 'does not fit the images in images.csv'


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
  placement: Placement = TILING  # of the cells on the image


class Kept:
  """The exports of N images. Files are read and checked when they are used."""

  def __init__(self, reader: Reader, layers: Iterable[str]):
    """Reads images.csv.

    Raises:
      InputError: a file is missing or invalid.
    """
    self._reader, self._layers = reader, tuple(layers)
    self._maps: dict[str, Maps] = {}
    rows = reader.frame(schema.IMAGES)
    with reader.checking('images.csv'):
      self.images = tuple(
        Image(x.image_id, self._picture(x.picture), int(x.height), int(x.width)) for x in rows.itertuples()
      )
      self.numbers = {x.image_id: k for k, x in enumerate(self.images)}
      single = len({x.picture for x in self.images}) == len(self.numbers) == len(rows)
      sized = all(x.height > 0 and x.width > 0 for x in self.images)
      reader.expect(single and sized, 'images.csv', 'has an image twice, or without a size')

  @functools.cached_property
  def points(self) -> tuple[np.ndarray, ...]:
    """int32 `[n, 2]` for every image: fixations (y, x), in original pixels."""
    if not self.images:
      return ()

    def fit(points: np.ndarray, offsets: np.ndarray) -> bool:
      return (
        points.ndim == 2
        and points.shape[1] == 2
        and offsets.dtype.kind in 'iu'
        and offsets.shape == (len(self.images) + 1,)
        and (offsets[0], offsets[-1]) == (0, len(points))
        and (np.diff(offsets) >= 0).all()
      )

    points, offsets = self._arrays('fixations.npz', ('points', 'offsets'), fit)
    return tuple(np.split(points, offsets[1:-1]))

  def pixels(self, image: int) -> np.ndarray:
    """Returns an image's picture, uint8 `[h, w, 3]`."""
    picture = self.images[image].picture
    return self._reader.picture(f'{picture.parent.name}/{picture.name}')

  def mask(self, image: int) -> np.ndarray:
    """Returns the sets of an image of `images` as int32 `[H, W]`.

    Values are 0, or 1 + the number of the set among the image's rows.
    """
    name = f'masks/{image:05d}.png'
    mask = self._reader.mask(name)
    self._reader.expect(mask.shape == self.images[image][2:], name, 'does not have the size that images.csv says')
    return mask

  def maps(self, layer: str) -> Maps:
    """Returns a layer's maps, sorted by unit, then image."""

    def fit(units: np.ndarray, images: np.ndarray, cells: np.ndarray) -> bool:
      return (
        (cells.ndim, cells.dtype.kind) == (3, 'f')
        and units.shape == images.shape == cells.shape[:1]
        and all(x.dtype.kind in 'iu' and (x >= 0).all() for x in (units, images))
        and (images < len(self.images)).all()
      )

    if layer not in self._maps:
      name = f'maps/{layer}.npz'
      arrays = self._reader.arrays(name)
      found = self._checked(name, arrays, ('units', 'images', 'maps'), fit)
      self._maps[layer] = Maps(*found, self._reader.placement(name, arrays))
    return self._maps[layer]

  @functools.cached_property
  def saliency(self) -> np.ndarray | None:
    """float16 `[N, h, w]`: the model's output; None without a readout."""
    if not self._reader.has('saliency.npz'):
      return None
    return self._arrays('saliency.npz', ('maps',), lambda maps: maps.ndim == 3 and len(maps) == len(self.images))[0]

  def map_of(self, layer: str, unit: int, image: int) -> np.ndarray | None:
    """Returns a unit's map of an image, `[h, w]`; None if not exported."""
    maps = self.maps(layer)
    at = np.flatnonzero((maps.units == unit) & (maps.images == image))
    return maps.cells[at[0]].astype(np.float32) if len(at) else None

  def packed(self, image_id: str) -> dict | None:
    """Returns an image's maps for the page's scripts; None if it has none.

    Returns:
      `sizes`: h and w of every layer, and how its cells are `packing.placed`;
      `counts` and `units`: which units are in
      `cells`, layer by layer; `saliency`: the output, if the run has one.
    """
    if image_id not in self.numbers:
      return None
    k = self.numbers[image_id]
    chosen = [(units[places[k]], cells[places[k]]) for units, cells, places in self._by_image]
    placements = [self.maps(layer).placement for layer in self._layers]
    return {
      'sizes': [
        dict(zip('hw', cells.shape[1:], strict=True)) | packing.placed(placement)
        for (_, cells), placement in zip(chosen, placements, strict=True)
      ],
      'counts': [len(units) for units, _ in chosen],
      'units': np.concatenate([units for units, _ in chosen]).tolist(),
      'cells': packing.integers(np.concatenate([cells.ravel() for _, cells in chosen]), 'u1'),
      'saliency': None if self.saliency is None else packing.grid(packing.cells(self.saliency[k])),
    }

  @functools.cached_property
  def _by_image(self) -> list[tuple]:
    """Every layer's units and maps in bytes, and each image's positions."""
    found = []
    for maps in map(self.maps, self._layers):
      order = np.argsort(maps.images, kind='stable')
      ends = np.searchsorted(maps.images[order], np.arange(1, len(self.images)))
      found.append((maps.units, packing.cells(maps.cells), np.split(order, ends)))
    return found

  def _arrays(self, name: str, keys: Iterable[str], fit) -> list[np.ndarray]:
    return self._checked(name, self._reader.arrays(name), keys, fit)

  def _checked(self, name: str, arrays: Mapping[str, np.ndarray], keys: Iterable[str], fit) -> list[np.ndarray]:
    with self._reader.checking(name):
      found = [arrays[key] for key in keys]
      self._reader.expect(bool(fit(*found)), name, _FITS)
    return found

  def _picture(self, name: str) -> pathlib.Path:
    # The page copies the file, so it must be one of this folder.
    self._reader.expect(
      _PICTURE.fullmatch(name) is not None, 'images.csv', f'names the picture {name!r}, which is none of pictures/'
    )
    return self._reader.file(name)
