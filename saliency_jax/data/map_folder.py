"""A folder of saliency maps that some program has made, one for each image.

A map is told by the image's name: `<image_id>.png` (or .jpg, .jpeg, .tif,
.tiff, .npy, .mat), in subfolders where the ids have a '/'. It may be of any
size and in any scale. Colours are refused; a .npy file holds one array
`[h, w]`, a .mat file one variable that is a matrix of numbers.
"""

import collections
import os
import pathlib
from collections.abc import Iterable

import numpy as np
from absl import logging

from saliency_jax import files, schema
from saliency_jax.data import images, matlab, value_images
from saliency_jax.errors import InputError
from saliency_jax.numpy_files import read_npy

SUFFIXES = ('.jpeg', '.jpg', '.mat', '.npy', '.png', '.tif', '.tiff')
_NAMED = 3  # in an error


class MapFolder:
  """The maps of one folder, listed at once and read when asked for.

  Attributes:
    path: the folder.
  """

  def __init__(self, folder: str | os.PathLike):
    """Lists the folder.

    Raises:
      InputError: the folder is missing or holds no map.
    """
    self.path = pathlib.Path(folder).expanduser()
    if not self.path.is_dir():
      raise InputError(f'There is no folder of saliency maps {folder}.')
    # What launch/predict.py wrote has pictures beside its maps.
    predicted = (self.path / schema.PREDICTED.path).is_file()
    suffixes = ('.npy',) if predicted else SUFFIXES
    self._files: dict[str, list[pathlib.Path]] = {}
    for path in sorted(self.path.rglob('*')):
      name = path.relative_to(self.path)
      if (path.suffix.lower() in suffixes
          and not any(part.startswith('.') for part in name.parts)):
        image_id = images.normal(name.with_suffix('').as_posix())
        self._files.setdefault(image_id, []).append(path)
    if not self._files:
      raise InputError(
          f'{folder} holds no saliency map; put one per image there that ends '
          f'in {", ".join(SUFFIXES)}.')

  def check(self, image_ids: Iterable[str]) -> None:
    """Checks that every image has a map of its own; decodes none.

    Raises:
      InputError: maps are missing, or an image has two.
    """
    image_ids = tuple(image_ids)
    absent = [each for each in image_ids if each not in self._files]
    if absent:
      more = ', ...' if len(absent) > _NAMED else ''
      raise InputError(
          f'{self.path} lacks the maps of {len(absent)} of {len(image_ids)} '
          f'images ({", ".join(absent[:_NAMED])}{more}); add them, or score '
          f'a data set without these images.')
    for image_id in image_ids:
      if len(self._files[image_id]) > 1:
        one, other = self._files[image_id][:2]
        raise InputError(
            f'{one} and {other.name} are maps of one image; remove one of '
            f'them.')
    if same := self._same(image_ids):
      logging.warning(
          '%s: the maps of %d of %d images are one and the same file.',
          self.path, same, len(image_ids))

  def _same(self, image_ids: tuple[str, ...]) -> int:
    """Returns how many images have one map, where most have; else 0."""
    paths = [self._files[image_id][0] for image_id in image_ids]
    try:
      sizes = collections.Counter(path.stat().st_size for path in paths)
      if max(sizes.values(), default=0) * 2 <= len(paths):
        return 0  # nothing has to be read
      digests = collections.Counter(map(files.digest, paths))
    except OSError:
      return 0  # raised when the map's turn comes
    most = max(digests.values())
    return most if most * 2 > len(paths) > 2 else 0

  def read(
      self, image_id: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """Reads one map.

    Args:
      image_id: an image that `check` has found the map of.
      size: (H, W) of the image, to tell a map of exchanged sides.

    Returns:
      float32 `[h, w]`, as large and in the scale as it was saved.

    Raises:
      InputError: the file cannot be read, is no `[h, w]`, of another shape than
        the image, or holds a value that is not finite.
    """
    path = self._files[image_id][0]
    read = {'.npy': read_npy, '.mat': matlab.read_matrix}.get(
        path.suffix.lower(), value_images.read_grey)
    saliency = read(path)
    if saliency.ndim != 2 or not saliency.size:
      raise InputError(
          f'{path} holds an array of the shape {list(saliency.shape)}; save '
          'one value for each pixel, [height, width].')
    if saliency.size > images.MAX_PIXELS:
      raise InputError(
          f'{path} has more than {images.MAX_PIXELS} pixels; scale it down.')
    if size and _exchanged(saliency.shape, size):
      raise InputError(
          f'{path} is {saliency.shape[1]} x {saliency.shape[0]} and its image '
          f'{size[1]} x {size[0]}; exchange its width and height.')
    # What is too large for float32 becomes infinite, and is told below.
    with np.errstate(over='ignore'):
      saliency = saliency.astype(np.float32)
    wrong = saliency.size - int(np.isfinite(saliency).sum())
    if wrong:
      kind = 'NaN' if np.isnan(saliency).any() else 'infinite'
      raise InputError(
          f'{path} is {kind} at {wrong} of {saliency.size} pixels; save finite '
          'numbers alone.')
    return saliency


def _exchanged(shape: tuple[int, int], size: tuple[int, int]) -> bool:
  """Tells whether a map stands where its image lies, or the other way round."""
  one, other = shape[0] / shape[1], size[0] / size[1]
  return (one - 1) * (other - 1) < 0 and max(one / other, other / one) > 1.4
