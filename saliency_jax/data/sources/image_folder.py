"""A folder of images of which no fixation is known, to predict maps for."""

import os
import pathlib

import numpy as np

from saliency_jax.data import fixations
from saliency_jax.data.images import list_images
from saliency_jax.data.photographs import Photographs


class ImageFolder(Photographs):
  """A `Source` of the images in one folder."""

  def __init__(
      self, images: str | os.PathLike,
      regions: str | os.PathLike | None = None):
    """Lists the folder.

    Args:
      images: the folder.
      regions: a folder that `open_regions` knows, or None for no regions.

    Raises:
      InputError: a folder is at fault, or the names do not belong together.
    """
    files = list_images(images)
    super().__init__(files, _NoFixations(pathlib.Path(images), files), regions)
    self.gives -= {'fixations'}


class _NoFixations:
  """A `FixationReader` that has none for any image."""

  def __init__(self, folder: pathlib.Path, files: dict[str, pathlib.Path]):
    self.place = folder
    self.names = {image_id: path.name for image_id, path in files.items()}

  def fixations(
      self, image_id: str, height: int, width: int) -> fixations.Fixations:
    del image_id, height, width
    return fixations.make(np.zeros((0, 2), np.int32))
