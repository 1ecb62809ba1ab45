"""A folder of images of which no fixation is known, to predict maps for."""

import os
import pathlib

import numpy as np
from absl import logging

from saliency_jax.data import fixations
from saliency_jax.data.fixation_reader import FixationReader
from saliency_jax.data.images import SUFFIXES, list_images
from saliency_jax.data.photographs import Photographs
from saliency_jax.errors import InputError


class ImageFolder(Photographs):
  """A `Source` of the images in one folder."""

  def __init__(self, images: str | os.PathLike, regions: str | os.PathLike | None = None):
    """Lists the folder, says what is left out; see `source.open_source`."""
    folder = pathlib.Path(images)
    others = _others(folder)
    try:
      files = list_images(folder)
    except InputError as error:
      raise InputError(f'{error} It holds {others[0]}, for example.' if others else str(error)) from error
    if others:
      logging.warning(
        'Left out of %s: %d files that are no images, or lie in sub-folders, e.g. %s.', folder, len(others), others[0]
      )
    super().__init__(files, _NoFixations(folder, files), regions)
    self.gives -= {'fixations'}


class _NoFixations(FixationReader):
  """A `FixationReader` that has none for any image."""

  points_are_pixels = True

  def __init__(self, folder: pathlib.Path, files: dict[str, pathlib.Path]):
    self.place = folder
    self.names = {image_id: path.name for image_id, path in files.items()}

  def recorded(self, image_id: str, height: int, width: int) -> fixations.Fixations:
    del image_id, height, width
    return fixations.make(np.zeros((0, 2), np.int32))


def _others(folder: pathlib.Path) -> list[str]:
  """Returns files of a folder that are not listed; hidden ones are nobody's."""
  below = [
    path.relative_to(folder).as_posix()
    for path in sorted(folder.glob('[!.]*/[!.]*'))
    if path.suffix.lower() in SUFFIXES
  ]
  return below + [
    path.name for path in sorted(folder.glob('[!.]*')) if path.is_file() and path.suffix.lower() not in SUFFIXES
  ]
