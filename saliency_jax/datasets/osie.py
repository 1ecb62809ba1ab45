"""OSIE: 700 photographs, 800 x 600, looked at by 15 people for 3 s each.

Xu et al., "Predicting human gaze beyond pixels", Journal of Vision 14(1), 2014.
Read from the layout of its repository (NUS-VIP/predicting-human-gaze-
beyond-pixels): `stimuli/*.jpg` and `eye/fixations.mat`, in a folder or its
`data/`. Any other data set in this layout is read as well.
"""

import hashlib
import os
import pathlib
from typing import NamedTuple

from saliency_jax.datasets.fixations import (
    Fixations,
    on_pixels,
    read_fixations,
)
from saliency_jax.datasets.images import image_size, read_image
from saliency_jax.datasets.records import Record
from saliency_jax.datasets.regions import open_regions
from saliency_jax.errors import InputError


class Fingerprint(NamedTuple):
  """What tells one set of fixations from another."""
  images: int
  fixations: int  # of all observers, repeated pixels included
  sha256: str  # over every image_id and its fixated pixels


class Osie:
  """A `Source` of the photographs in one folder; see the module.

  A record's fixations are those of all observers, pixels fixated twice
  included twice.

  Attributes:
    image_ids: the stems of the photographs, sorted.
  """

  def __init__(
      self, folder: str | os.PathLike,
      regions: str | os.PathLike | None = None):
    """Lists the photographs and reads all fixations; photographs come later.

    Args:
      folder: holds `stimuli/` and `eye/`, or `data/` with both.
      regions: a folder that `open_regions` knows, or None for the annotation of
        OSIE in this package.

    Raises:
      InputError: a folder or file is missing or damaged, or photographs,
        fixations and regions do not belong together.
    """
    folder = _data_folder(pathlib.Path(folder))
    self._photographs = {
        path.stem: path for path in sorted((folder / 'stimuli').glob('*.jpg'))}
    if not self._photographs:
      raise InputError(
          f'{folder / "stimuli"} holds no .jpg photograph; give a folder in '
          "OSIE's layout.")
    self.image_ids = tuple(self._photographs)
    self._file = folder / 'eye' / 'fixations.mat'
    self._fixations = read_fixations(self._file)
    self._check_names()
    self._regions = open_regions(regions)
    if regions is not None and not (
        self._photographs.keys() & set(self._regions.image_ids)):
      raise InputError(
          f'{regions} names none of the photographs in {folder / "stimuli"}; '
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
        image_id, image, self._on_pixels(image_id, height, width).points,
        self._regions.regions(image_id, height, width))

  def photograph(self, index: int) -> pathlib.Path:
    """Returns the file of `self[index]`."""
    return self._photographs[self.image_ids[index]]

  def scanpaths(self, index: int) -> Fixations:
    """Returns the fixations of `self[index]` with their observers.

    Args:
      index: the image's place in `image_ids`.

    Returns:
      `Fixations` on int32 pixels, in the order of the record's.

    Raises:
      IndexError: there is no such photograph.
      InputError: the photograph cannot be opened, or is too small.
    """
    return self._on_pixels(
        self.image_ids[index], *image_size(self.photograph(index)))

  def _on_pixels(self, image_id: str, height: int, width: int) -> Fixations:
    return on_pixels(
        self._fixations[image_id], height, width,
        f'{self._file}, image {self._photographs[image_id].name}')

  def _check_names(self) -> None:
    stimuli = self._file.parent.parent / 'stimuli'
    absent = sorted(self._fixations.keys() - self._photographs.keys())
    if absent:
      raise InputError(
          f'{self._file} names {len(absent)} of {len(self._fixations)} images '
          f'that are not in {stimuli}, the first is {absent[0]}.jpg; add the '
          'photographs or take them out of the file.')
    unseen = sorted(self._photographs.keys() - self._fixations.keys())
    if unseen:
      raise InputError(
          f'{self._file} has no fixations for {len(unseen)} of '
          f'{len(self._photographs)} photographs in {stimuli}, the first is '
          f'{unseen[0]}.jpg; add the fixations or remove the photographs.')


def fingerprint(source: Osie) -> Fingerprint:
  """Digests the fixations of all images, in the order of `image_ids`.

  The digest is over `<image_id>:<y>,<x>;<y>,<x>;...` and a newline for each.

  Args:
    source: the data set, raw or built.

  Raises:
    InputError: as `Osie.scanpaths`.
  """
  digest, total = hashlib.sha256(), 0
  for index, image_id in enumerate(source.image_ids):
    points = source.scanpaths(index).points.tolist()
    line = ';'.join(f'{y},{x}' for y, x in points)
    digest.update(f'{image_id}:{line}\n'.encode())
    total += len(points)
  return Fingerprint(len(source), total, digest.hexdigest())


def _data_folder(folder: pathlib.Path) -> pathlib.Path:
  if not folder.is_dir():
    raise InputError(f'There is no folder {folder}.')
  for place in (folder, folder / 'data'):
    if (place / 'stimuli').is_dir():
      return place
  raise InputError(
      f'{folder} holds neither stimuli/ nor data/stimuli/; give a folder in '
      "OSIE's layout.")
