"""Photographs in files, with what was read of the fixations on them.

What the data sets of photographs share; they differ in where fixations are kept
and how.
"""

import difflib
import os
import pathlib
import unicodedata
from collections.abc import Mapping
from typing import Protocol

from saliency_jax.data.fixations import Fixations
from saliency_jax.data.images import SUFFIXES, image_size, read_image
from saliency_jax.data.regions import RegionAnnotation, open_regions
from saliency_jax.data.types import Record, no_regions
from saliency_jax.errors import InputError


class FixationReader(Protocol):
  """Who looked where; read one photograph at a time."""

  place: pathlib.Path  # the file or folder, for errors
  names: Mapping[str, str]  # what `place` calls the photograph, by image_id

  def fixations(self, image_id: str, height: int, width: int) -> Fixations:
    """Reads the fixations on one photograph.

    Args:
      image_id: one of `names`.
      height, width: the photograph's size in pixels.

    Returns:
      `Fixations` on int32 pixels inside the photograph.

    Raises:
      InputError: what `place` holds is damaged, or is of another photograph.
    """
    ...


class Photographs:
  """A `Source` of photographs, their fixations and perhaps their regions.

  A record's fixations are those of all observers, pixels fixated twice
  included twice.

  Attributes:
    image_ids: in the order of the files.
    gives: 'fixations', and 'regions' where an annotation is given.
    unused: what the fixations call images that are in no file.
  """

  # Whether fixations may be of more images than there are files.
  _takes_more = True

  def __init__(
      self, files: Mapping[str, pathlib.Path], looked: FixationReader,
      regions: str | os.PathLike | None = None):
    """Checks that all names belong together; opens no photograph.

    Args:
      files: the photographs' files by image_id, one or more.
      looked: the fixations.
      regions: a folder that `open_regions` knows, or None for no regions.

    Raises:
      InputError: photographs, fixations and regions do not belong together, or
        the folder of regions is at fault.
    """
    self.image_ids = tuple(files)
    self._files = dict(files)
    self._looked = looked
    self.gives = frozenset({'fixations'})
    self.unused = self._check_names()
    self._regions: RegionAnnotation | None = None
    if regions is not None:
      self.gives |= {'regions'}
      self._regions = open_regions(regions)
      if not self._files.keys() & set(self._regions.image_ids):
        raise InputError(
            f'{regions} names none of the photographs in {self._folder()}; '
            'give the regions of these photographs.')

  def __len__(self) -> int:
    return len(self.image_ids)

  def __getitem__(self, index: int) -> Record:
    """Reads one photograph with its fixations and regions.

    Raises:
      IndexError: there is no such photograph.
      InputError: the photograph is damaged, or its fixations or regions are of
        an image of another size.
    """
    image_id = self.image_ids[index]
    image = read_image(self.photograph(index))
    height, width = image.shape[:2]
    return Record(
        image_id, image,
        self._looked.fixations(image_id, height, width).points,
        no_regions(height, width) if self._regions is None
        else self._regions.regions(image_id, height, width))

  def photograph(self, index: int) -> pathlib.Path:
    """Returns the file of `self[index]`."""
    return self._files[self.image_ids[index]]

  def size(self, index: int) -> tuple[int, int]:
    """Returns (height, width) of `self[index]` in pixels.

    Raises:
      IndexError: there is no such photograph.
      InputError: the photograph cannot be opened.
    """
    return image_size(self.photograph(index))

  def scanpaths(self, index: int) -> Fixations:
    """Returns the fixations of `self[index]` with their observers.

    Args:
      index: the image's place in `image_ids`.

    Returns:
      `Fixations` on int32 pixels, in the order of the record's.

    Raises:
      IndexError: there is no such photograph.
      InputError: the photograph cannot be opened, or its fixations are at
        fault.
    """
    return self._looked.fixations(
        self.image_ids[index], *self.size(index))

  def _folder(self) -> pathlib.Path:
    return self.photograph(0).parent

  def _check_names(self) -> tuple[str, ...]:
    """Returns what the fixations call images that are in no file."""
    place, names = self._looked.place, self._looked.names
    absent = sorted(names.keys() - self._files.keys())
    unseen = sorted(self._files.keys() - names.keys())
    if absent and not self._takes_more or len(absent) == len(names) > 0:
      raise InputError(
          f'{place} names {len(absent)} of {len(names)} images that are not in '
          f'{self._folder()}, the first is {names[absent[0]]}; add the '
          'photographs or take them out of the file.')
    if unseen:
      near = _nearest(unseen[0], absent)
      meant = f' (is it {names[near]} there?)' if near else ''
      raise InputError(
          f'{place} has no fixations for {len(unseen)} of {len(self._files)} '
          f'photographs in {self._folder()}, the first is '
          f'{self._files[unseen[0]].name}{meant}; add the fixations or remove '
          'the photographs.')
    spelt = {_spelt(image_id): path for image_id, path in self._files.items()}
    for each in absent:
      if path := spelt.get(_spelt(each)):
        raise InputError(
            f'{place} names {names[each]}, and the photograph is {path.name}; '
            'write both alike.')
    return tuple(names[each] for each in absent)


def _spelt(name: str) -> str:
  """Returns what two spellings of one image's name have in common."""
  spelt = pathlib.PurePath(
      unicodedata.normalize('NFC', name.strip()).casefold())
  return spelt.stem if spelt.suffix in SUFFIXES else spelt.name


def _nearest(name: str, names: list[str]) -> str:
  """Returns the one of some names that is most like `name`, or ''."""
  spelt = {_spelt(each): each for each in names}
  near = difflib.get_close_matches(_spelt(name), spelt, 1, cutoff=.8)
  return spelt[near[0]] if near else ''
