"""Photographs in files, with recorded fixations: what all layouts share.

A layout's `_open` says where images and fixations are and how they are stored.
"""

import copy
import difflib
import hashlib
import os
import pathlib
from collections.abc import Iterator

import numpy as np
from absl import logging

from saliency_jax import files
from saliency_jax.data.coordinate_faults import Survey
from saliency_jax.data.coordinates import PIXELS, Coordinates
from saliency_jax.data.fixations import FixationReader, Fixations, keep_inside, select
from saliency_jax.data.images import SUFFIXES, image_size, read_image, read_square
from saliency_jax.data.regions import RegionAnnotation, open_regions
from saliency_jax.data.types import Record, Source, no_regions, unread
from saliency_jax.errors import InputError

# Photographs whose fixations are read to check coordinates, if they are lazy.
_SAMPLED = 16
# Fixations checked in advance; the others are checked when they are used.
_SURVEYED = 2_000_000


class Photographs(Source):
  """Photographs, their fixations and perhaps their regions.

  A record's fixations are those of all observers, repeated pixels included.
  """

  # Whether there may be fixations of images that are not in the folder.
  _takes_more = True
  _gives = frozenset({'fixations'})

  def __init__(
    self,
    images: str | os.PathLike,
    fixations: str | os.PathLike = '',
    regions: str | os.PathLike | None = None,
    recorded: Coordinates = PIXELS,
    **options: str,
  ):
    """Checks that names match, and the coordinates; decodes no photograph.

    Args:
      images: the folder of the photographs, or the file that names them.
      fixations: a file or folder, depending on the layout.
      regions: a folder for `open_regions`, or None for no regions.
      recorded: how the fixations were recorded.
      **options: options of a layout.

    Raises:
      InputError: a file or folder is at fault, or photographs, fixations,
        regions or coordinates do not belong together.
    """
    self._files, self._reader, self._coordinates = self._open(
      pathlib.Path(images), pathlib.Path(fixations), recorded, **options
    )
    self.image_ids = tuple(self._files)
    self._sizes: dict[int, tuple[int, int]] = {}
    self.gives = self._gives
    self._check_names()
    self._regions: RegionAnnotation | None = None
    if regions is not None:
      self.gives |= {'regions'}
      self._regions = open_regions(regions)
      if not self._files.keys() & set(self._regions.image_ids):
        raise InputError(
          f'{regions} names none of the photographs in {self._folder()}; give the regions of these photographs.'
        )
    self._check_coordinates()

  def _open(
    self, images: pathlib.Path, fixations: pathlib.Path, recorded: Coordinates
  ) -> tuple[dict[str, pathlib.Path], FixationReader, Coordinates]:
    """Returns files by image_id, the reader of fixations, and the coordinates."""
    raise NotImplementedError

  def __getitem__(self, index: int) -> Record:
    return self._record(index, read_image(self.photograph(index)))

  def squared(self, index: int, side: int, resample: str) -> tuple[Record, np.ndarray]:
    size, image = read_square(self.photograph(index), side, resample)
    return self._record(index, unread(*size)), image

  def _record(self, index: int, image: np.ndarray) -> Record:
    image_id, size = self.image_ids[index], image.shape[:2]
    regions = no_regions(*size) if self._regions is None else self._regions.regions(image_id, *size)
    return Record(image_id, image, self._fixations(image_id, size).points, regions)

  def without_regions(self) -> 'Photographs':
    other = copy.copy(self)
    other._regions, other.gives = None, self.gives - {'regions'}
    return other

  def described(self, index: int) -> Record:
    return self._record(index, unread(*self.size(index)))

  def photograph(self, index: int) -> pathlib.Path:
    """Returns the file of `self[index]`."""
    return self._files[self.image_ids[index]]

  def size(self, index: int) -> tuple[int, int]:
    if index not in self._sizes:  # headers are read once
      self._sizes[index] = image_size(self.photograph(index))
    return self._sizes[index]

  def content(self, index: int, most: int = -1) -> bytes:
    with self.photograph(index).open('rb') as file:
      return file.read(most)

  def file_size(self, index: int) -> int:
    return self.photograph(index).stat().st_size

  def check_size(self, index: int) -> None:
    image_id, size = self.image_ids[index], Photographs.size(self, index)
    self._reader.check_size(image_id, *size)
    if self._regions is not None:
      self._regions.check_size(image_id, *size)

  def scanpaths(self, index: int) -> Fixations:
    return self._fixations(self.image_ids[index], self.size(index))

  def fixations_digest(self) -> str:
    place = self._reader.place
    if place.is_file():
      return files.digest(place)
    listed = sorted((x.relative_to(place).as_posix(), x.stat().st_size) for x in place.rglob('*') if x.is_file())
    return hashlib.sha256(repr(listed).encode()).hexdigest()

  def _folder(self) -> pathlib.Path:
    return self.photograph(0).parent

  def _fixations(self, image_id: str, size: tuple[int, int]) -> Fixations:
    """Returns the fixations on a photograph as int32 pixels."""
    recorded = self._reader.recorded(image_id, *size)
    if self._reader.points_are_pixels:
      return recorded
    lost, outside, pixels = self._in_pixels(recorded, size)
    if outside.any() and not self._coordinates.drop_outside:
      raise self._outside(image_id, size, f'{self._coordinates.flag("drop_outside")} leaves it out')
    return keep_inside(select(recorded._replace(points=pixels), ~lost), ~outside[~lost])

  def _in_pixels(self, recorded: Fixations, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns which points are lost gaze, which lie outside, and their pixels."""
    lost = self._coordinates.lost(recorded.points)
    pixels, outside = self._coordinates.pixels(recorded.points, size)
    return lost, outside & ~lost, pixels

  def _check_coordinates(self) -> None:
    """Raises an `InputError` if coordinates are not the photographs'."""
    if self._reader.points_are_pixels:
      return
    sampled = list(self._sampled())
    if not sampled:
      return
    seen, shapes, recorded = zip(*sampled, strict=True)
    counts = [len(each) for each in recorded]
    points = np.concatenate(recorded)
    sizes = np.repeat(np.array(shapes, float), counts, axis=0)
    images = np.repeat(seen, counts)
    lost = self._coordinates.lost(points)
    if lost.any():
      logging.warning('%s: %d values for lost gaze are left out.', self._reader.place, lost.sum())
      points, sizes, images = points[~lost], sizes[~lost], images[~lost]
    survey = Survey(self._coordinates, points, sizes)
    fault = survey.fault()
    if not fault:
      if message := survey.doubt():
        logging.warning('%s: %s.', self._reader.place, message)
      return
    first, message = fault
    if first < 0:
      raise InputError(f'{self._reader.place}: {message}.')
    raise self._outside(self.image_ids[images[first]], self.size(images[first]), message)

  def _sampled(self) -> Iterator[tuple[int, tuple[int, int], np.ndarray]]:
    """Yields indices and sizes of photographs, and the points as recorded."""
    step, count = -(-len(self) // _SAMPLED) if self._reader.lazy else 1, 0
    for index in range(0, len(self), step):
      if count > _SURVEYED:
        return
      try:
        shape = self.size(index)
        points = self._reader.recorded(self.image_ids[index], *shape).points
      except InputError:
        continue  # raised, or skipped, when the image is used
      count += len(points)
      yield index, shape, points

  def _outside(self, image_id: str, size: tuple[int, int], message: str) -> InputError:
    """Returns the error for a photograph's fixations outside it."""
    recorded = self._reader.recorded(image_id, *size)
    _, outside, _ = self._in_pixels(recorded, size)
    first, where = self._reader.where(image_id, outside)
    (y, x), (height, width) = recorded.points[first], size
    return InputError(
      f'{where}: the fixation at x = {x:g}, y = {y:g} lies outside the {width} x {height} image '
      f'{self._reader.names[image_id]}, whose pixels count from {self._coordinates.origin:g}; {message}.'
    )

  def _check_names(self) -> None:
    """Refuses names that do not match, and warns about superfluous ones."""
    place, names = self._reader.place, self._reader.names
    absent = sorted(names.keys() - self._files.keys())
    unseen = sorted(self._files.keys() - names.keys())
    if absent and not self._takes_more or len(absent) == len(names) > 0:
      raise InputError(
        f'{place} names {len(absent)} of {len(names)} images that are not in {self._folder()}, the first is '
        f'{names[absent[0]]}; add the photographs or take them out of the file.'
      )
    if unseen:
      near = _nearest(unseen[0], absent)
      meant = f' (is it {names[near]} there?)' if near else ''
      raise InputError(
        f'{place} has no fixations for {len(unseen)} of {len(self._files)} photographs in {self._folder()}, the first '
        f'is {self._files[unseen[0]].name}{meant}; add the fixations or remove the photographs.'
      )
    spelt = {_spelt(image_id): path for image_id, path in self._files.items()}
    for each in absent:
      if path := spelt.get(_spelt(each)):
        raise InputError(f'{place} names {names[each]}, but the photograph is {path.name}; use the same name.')
    if absent:
      logging.warning(
        '%s: fixations of %d images that are not in %s are left out; the first is %s.',
        place,
        len(absent),
        self._folder(),
        names[absent[0]],
      )


def _spelt(name: str) -> str:
  """Returns the part of an image's name that is common to all its spellings."""
  spelt = pathlib.PurePath(name.strip().casefold())
  return spelt.stem if spelt.suffix in SUFFIXES else spelt.name


def _nearest(name: str, names: list[str]) -> str:
  """Returns the name most similar to `name`, or ''."""
  spelt = {_spelt(each): each for each in names}
  near = difflib.get_close_matches(_spelt(name), spelt, 1, cutoff=0.8)
  return spelt[near[0]] if near else ''
