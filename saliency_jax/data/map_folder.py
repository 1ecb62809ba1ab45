"""A folder of saliency maps that some program has made, one for each image.

A map is told by the image's name: `<image_id>.png` (or .jpg, .jpeg, .tif,
.tiff, .npy, .mat), in subfolders where the ids have a '/'. It may be of any
size and in any scale. Colours are averaged; a .npy file holds one array
`[h, w]`, a .mat file one variable that is a matrix of numbers.
"""

import os
import pathlib
from collections.abc import Iterable

import numpy as np

from saliency_jax import schema
from saliency_jax.data import images, matlab
from saliency_jax.errors import InputError

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
        self._files.setdefault(name.with_suffix('').as_posix(), []).append(path)
    if not self._files:
      raise InputError(
          f'{folder} holds no saliency map; put one per image there that ends '
          f'in {", ".join(SUFFIXES)}.')

  def check(self, image_ids: Iterable[str]) -> None:
    """Checks that every image has one map; opens none.

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

  def read(self, image_id: str) -> np.ndarray:
    """Reads one map.

    Args:
      image_id: an image that `check` has found the map of.

    Returns:
      float32 `[h, w]`, as large and in the scale as it was saved.

    Raises:
      InputError: the file cannot be read, is no `[h, w]`, or holds a value that
        is not finite.
    """
    path = self._files[image_id][0]
    read = {'.npy': _numpy, '.mat': _matlab}.get(
        path.suffix.lower(), images.read_grey)
    try:
      saliency = read(path)
    except OSError as error:
      raise InputError(
          f'The saliency map {path} cannot be read ({error.strerror}).'
      ) from error
    if saliency.ndim != 2 or not saliency.size:
      raise InputError(
          f'{path} holds an array of the shape {list(saliency.shape)}; save '
          'one value for each pixel, [height, width].')
    if saliency.size > images.MAX_PIXELS:
      raise InputError(
          f'{path} has more than {images.MAX_PIXELS} pixels; scale it down.')
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


def _numpy(path: pathlib.Path) -> np.ndarray:
  try:
    # Mapped, so that nothing is read before the size is known.
    array = np.lib.format.open_memmap(path, mode='r')
  except (ValueError, EOFError, SyntaxError, TypeError, OverflowError) as error:
    raise InputError(
        f'{path} is no usable .npy file of numbers; save it with numpy.save.'
    ) from error
  if array.dtype.kind not in 'biuf':
    raise InputError(
        f'{path} holds {array.dtype}, no real numbers; save float32.')
  return array


def _matlab(path: pathlib.Path) -> np.ndarray:
  data = path.read_bytes()
  found = {}
  try:
    for name in matlab.names(data):
      try:
        value = matlab.parse(data, name)
      except matlab.FormatError:  # A class that is no matrix of numbers.
        continue
      # A single number, or a list, is something else beside the map.
      if isinstance(value, np.ndarray) and min(value.shape) > 1:
        found[name] = value
  except matlab.FormatError as error:
    raise InputError(
        f'{path} is no usable MATLAB file: {error}.') from error
  if len(found) != 1:
    raise InputError(
        f'{path} holds {len(found)} matrices of numbers '
        f'({", ".join(found) or "none"}); save the map alone.')
  return next(iter(found.values()))
