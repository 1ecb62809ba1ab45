"""A folder of saliency maps from any program, one for each image.

An image's map is `<image_id>.png` (or another of `MAP_SUFFIXES`), in subfolders
if ids have a '/'. It may have any size and scale, but no colours; a .npy file
holds one array `[h, w]`, a .mat file one numeric matrix.
"""

import os
import pathlib
from collections.abc import Iterable

import numpy as np

from saliency_jax import schema
from saliency_jax.data.images import files_by_stem
from saliency_jax.data.value_images import MAP_SUFFIXES, map_size, read_map
from saliency_jax.errors import InputError

_NAMED = 3  # in an error


class MapFolder:
  """The maps of one folder, listed at once and read when they are used."""

  def __init__(self, folder: str | os.PathLike):
    """Lists the folder.

    Raises:
      InputError: the folder is missing or holds no map.
    """
    self.path = pathlib.Path(folder).expanduser()
    if not self.path.is_dir():
      raise InputError(f'There is no folder of saliency maps {folder}.')
    # The output of launch/predict.py has pictures beside its maps.
    predicted = (self.path / schema.PREDICTED.path).is_file()
    suffixes = ('.npy',) if predicted else MAP_SUFFIXES
    self._files = files_by_stem(self.path, suffixes, below=True)
    if not self._files:
      raise InputError(
        f'{folder} holds no saliency map; put one per image there that ends in {", ".join(MAP_SUFFIXES)}.'
      )

  def check(self, image_ids: Iterable[str]) -> None:
    """Checks that every image has exactly one map, without decoding any.

    Raises:
      InputError: maps are missing, or an image has two.
    """
    image_ids = tuple(image_ids)
    absent = [each for each in image_ids if each not in self._files]
    if absent:
      more = ', ...' if len(absent) > _NAMED else ''
      raise InputError(
        f'{self.path} lacks the maps of {len(absent)} of {len(image_ids)} images ({", ".join(absent[:_NAMED])}{more}), '
        f'and has {next(iter(self._files.values())).relative_to(self.path)} for example; add them, or score a data '
        'set without these images.'
      )
    for image_id in image_ids:
      self._files[image_id]  # raises where there are two

  def read(self, image_id: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """Returns one map, float32 `[h, w]`, in its own size and scale.

    With `size`, the image's (H, W), a transposed map is detected.

    Raises:
      InputError: the file cannot be read, is no `[h, w]`, is transposed, or
        holds a value that is not finite.
    """
    saliency = read_map(self._files[image_id])
    if size:
      self.check_size(image_id, size, saliency.shape)
    return saliency

  def check_size(self, image_id: str, size: tuple[int, int], own: tuple[int, ...] | None = None) -> None:
    """Compares a map's shape, by default from its header, with its image's.

    Raises:
      InputError: the map is transposed or cannot be opened.
    """
    path = self._files[image_id]
    own = own or map_size(path)
    if own and len(own) == 2 and all(own) and _exchanged(own, size):
      raise InputError(
        f'{path} is {own[1]} x {own[0]} and its image {size[1]} x {size[0]}; exchange its width and height.'
      )


def _exchanged(shape: tuple[int, int], size: tuple[int, int]) -> bool:
  """Returns whether one of map and image is upright and the other wide."""
  one, other = shape[0] / shape[1], size[0] / size[1]
  return (one - 1) * (other - 1) < 0 and max(one / other, other / one) > 1.4
