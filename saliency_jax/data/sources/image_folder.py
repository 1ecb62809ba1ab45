"""A folder of images without fixations, to predict maps for."""

import pathlib

import numpy as np
from absl import logging

from saliency_jax.data import fixations
from saliency_jax.data.images import SUFFIXES, list_images
from saliency_jax.data.photographs import Photographs
from saliency_jax.errors import InputError


class ImageFolder(Photographs):
  """A `Source` of the images in one folder."""

  _gives = frozenset()

  def _open(self, images, _, recorded):
    """Lists the folder, and warns about what is left out."""
    others = _others(images)
    try:
      files = list_images(images)
    except InputError as error:
      raise InputError(f'{error} It holds {others[0]}, for example.' if others else str(error)) from error
    if others:
      logging.warning(
        'Left out of %s: %d files that are not images or lie in subfolders, e.g. %s.', images, len(others), others[0]
      )
    nothing = fixations.make(np.zeros((0, 2), np.int32))
    reader = fixations.FixationReader(
      images, {image_id: path.name for image_id, path in files.items()}, dict.fromkeys(files, nothing)
    )
    reader.points_are_pixels = True
    return files, reader, recorded


def _others(folder: pathlib.Path) -> list[str]:
  """Returns the files that are not listed, except hidden ones."""
  below = [
    path.relative_to(folder).as_posix()
    for path in sorted(folder.glob('[!.]*/[!.]*'))
    if path.suffix.lower() in SUFFIXES
  ]
  return below + [
    path.name for path in sorted(folder.glob('[!.]*')) if path.is_file() and path.suffix.lower() not in SUFFIXES
  ]
