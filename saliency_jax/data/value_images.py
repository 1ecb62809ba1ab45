"""Files of values: masks, label images and numeric maps.

Images are turned to their EXIF orientation. Colours are read as colours, not as
palette indices, because programs order palettes freely. Colours of PASCAL VOC's
palette and greys stand for their numbers.
"""

import functools
import os
import pathlib
import warnings

import numpy as np
from absl import logging
from PIL import Image

from saliency_jax.data.images import FORMATS, MAX_PIXELS, damaged, image_size, opened, turned_pixels
from saliency_jax.data.matlab import read_matrix
from saliency_jax.errors import InputError
from saliency_jax.numpy_files import read_npy

# Suffixes of numeric maps; some programs write TIFFs.
MAP_SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.mat', '.npy', '.png', '.tif', '.tiff')
_MAP_FORMATS = (*FORMATS, 'TIFF')
_LABEL_MODES = ('1', 'L', 'I', 'I;16')
_GREY_MODES = ('1', 'L', 'I', 'F')
# In masks of numbered items, at least _FLAT of the grey pixels have an equal
# neighbour; with JPEG noise or smoothed edges fewer do. Of such masks, at most
# _BETWEEN of the pixels may be of medium grey.
_FLAT, _BETWEEN = 0.95, 0.1
_LINE = 64  # longer vectors are no maps
_LEVELS = 256  # distinct levels that a map must keep in float32
_HIDDEN = (
  '{} is transparent where it is not black, so it shows other values than '
  'it holds; save it without transparency, on black.'
)


def read_labels(file: str | os.PathLike, *, distinct: bool = False) -> np.ndarray:
  """Reads a label image: grey values, the numbers of colours, or a .npy.

  If `distinct`, colours that stand for no number may get any, as long as they
  differ and black is 0.

  Returns:
    Whole numbers `[H, W]`.

  Raises:
    InputError: as `read_image`, or the image is a JPEG, a colour stands for no
      number, or an array does not hold whole numbers.
  """
  name = str(file)
  if name.lower().endswith('.npy'):
    labels = read_npy(file)
    if labels.dtype.kind == 'f' and (labels == np.rint(labels)).all():
      labels = labels.astype(np.int64)
    if labels.ndim != 2 or labels.dtype.kind not in 'biu':
      raise InputError(f'{name} does not hold whole numbers, [height, width].')
    return np.array(labels, np.int64)
  with opened(file, name) as image:
    if image.format == 'JPEG':
      raise InputError(f'{name} is a JPEG, which changes numbers; save the original as a PNG.')
    if image.mode in _LABEL_MODES:
      return turned_pixels(image, name, image.mode) + np.uint8(0)
    if image.mode == 'P':
      palette = np.zeros((256, 3), np.uint8)
      known = np.reshape(image.getpalette('RGB'), (-1, 3))
      palette[: len(known)] = known
      labels = turned_pixels(image, name, 'P')
      used = np.flatnonzero(image.histogram())
      numbers = _numbers(palette[used], used, name, distinct)
      if (numbers == used).all():
        return labels
      table = np.zeros(256, np.uint16)
      table[used] = numbers
      return table[labels]
    pixels = _colours(image, name).astype(np.int64)
  packed = pixels @ [1 << 16, 1 << 8, 1]
  used, places = np.unique(packed, return_inverse=True)
  colours = (used[:, None] >> [16, 8, 0] & 255).astype(np.uint8)
  return _numbers(colours, None, name, distinct)[places.reshape(packed.shape)]


def read_mask(file: str | os.PathLike) -> np.ndarray:
  """Reads a mask, bool `[H, W]`: all that is not black.

  If the image has shades, as a JPEG has, values of 128 and more. Transparency
  does not count: programs that save masks with an alpha channel differ in what
  they mean by it.

  Raises:
    InputError: as `read_image`, or too many pixels are grey, or only the
      transparency varies.
  """
  name = str(file)
  with opened(file, name) as image:
    grey = (
      turned_pixels(image, name, image.mode)
      if image.mode in _LABEL_MODES
      else functools.reduce(np.maximum, np.moveaxis(_colours(image, name), 2, 0))
    )
    lossy = image.format == 'JPEG'
  if not lossy and not _is_shaded(grey):
    return grey != 0
  between = ((grey > 63) & (grey < 192)).mean()
  if between > _BETWEEN:
    raise InputError(f'{name} is grey on {between:.0%} of its pixels; give a mask of black and white.')
  logging.warning('%s has grey levels; its pixels of 128 and more are used as the mask.', name)
  return grey >= 128


def read_map(path: pathlib.Path) -> np.ndarray:
  """Reads a numeric map: a .npy, the only matrix of a .mat, or an image.

  Returns:
    float32 `[H, W]`, in the file's own units.

  Raises:
    InputError: the file cannot be read, is no `[H, W]`, has colours or more
      than `MAX_PIXELS`, or holds a value that is not finite or values that
      float32 cannot tell apart.
  """
  values = {'.npy': read_npy, '.mat': read_matrix}.get(path.suffix.lower(), read_grey)(path)
  if values.ndim != 2 or not values.size or (min(values.shape) == 1 and values.size > _LINE):
    raise InputError(
      f'{path} holds an array of shape {list(values.shape)}; save one value for each pixel, [height, width].'
    )
  if values.size > MAX_PIXELS:
    raise InputError(f'{path} has more than {MAX_PIXELS} pixels; scale it down.')
  # Values too large for float32 become infinite and are reported below.
  with np.errstate(over='ignore', invalid='ignore'):
    low, high = float(values.min()), float(values.max())
    step = np.spacing(np.float32(max(abs(low), abs(high))))
    if not np.can_cast(values.dtype, np.float32) and 0 < high - low < _LEVELS * step:
      raise InputError(
        f'{path} has values from {low!r} to {high!r}, which float32 hardly distinguishes; subtract the smallest one.'
      )
    values = values.astype(np.float32)
  wrong = values.size - int(np.isfinite(values).sum())
  if wrong:
    kind = 'NaN' if np.isnan(values).any() else 'infinite'
    raise InputError(f'{path} is {kind} at {wrong} of {values.size} pixels; save only finite numbers.')
  return values


def map_size(path: pathlib.Path) -> tuple[int, ...] | None:
  """Returns the shape of a map or label image from its header.

  None if the whole file would have to be read.

  Raises:
    InputError: it cannot be opened.
  """
  match path.suffix.lower():
    case '.mat':
      return None
    case '.npy':
      return read_npy(path).shape
  return image_size(path, formats=_MAP_FORMATS)


def read_grey(file: str | os.PathLike) -> np.ndarray:
  """Reads an image as a numeric map; see `read_map`.

  TIFFs may hold floats, PNGs and TIFFs 16 bits. Three channels must be equal,
  and all that is not black opaque.
  """
  name = str(file)
  with warnings.catch_warnings():
    # EXIF notes of a TIFF may be damaged; damaged pixels are reported
    # elsewhere.
    warnings.filterwarnings('ignore', 'Corrupt EXIF data')
    with opened(file, name, _MAP_FORMATS) as image:
      return _grey(image, name)


def _colours(image: Image.Image, name: str, *, whole: bool = False) -> np.ndarray:
  """Returns an image's colours, uint8 `[H, W, 3]`, without transparency.

  If `whole`, transparency must not change how they look on black.
  """
  if 'A' not in image.mode and 'transparency' not in image.info:
    return turned_pixels(image, name, 'RGB')
  pixels = turned_pixels(image, name, 'RGBA')
  if not np.ptp(pixels[..., 3]):
    return pixels[..., :3]
  if not np.ptp(pixels[..., :3], axis=(0, 1)).any():
    raise InputError(
      f'{name} has one colour and varies only in its transparency; save it without transparency, on black.'
    )
  if whole and pixels[pixels[..., 3] < 255, :3].any():
    raise InputError(_HIDDEN.format(name))
  return pixels[..., :3]


def _is_shaded(grey: np.ndarray) -> bool:
  """Returns whether a mask has shades from noise or smoothing beside white."""
  between = (grey > 0) & (grey < 255)
  if grey.dtype != np.uint8 or grey.max() < 192 or len(np.unique(grey[between])) < 4:
    return False
  padded = np.pad(grey.astype(np.int16), 1, constant_values=-1)
  equal = (
    (padded[:-2, 1:-1] == grey) | (padded[2:, 1:-1] == grey) | (padded[1:-1, :-2] == grey) | (padded[1:-1, 2:] == grey)
  )
  return equal[between].mean() < _FLAT


def _grey(image: Image.Image, name: str) -> np.ndarray:
  try:
    several = getattr(image, 'n_frames', 1) > 1
  except Exception as error:
    raise damaged(name, _MAP_FORMATS) from error
  if several:
    raise InputError(f'{name} holds several images; save a single one.')
  if image.mode in _GREY_MODES or image.mode.startswith('I;'):
    grey = turned_pixels(image, name, image.mode)
    clear = image.info.get('transparency', 0)  # a single value, in PNGs
    clear = grey == (bool(clear) if image.mode == '1' else clear)
    if grey[clear].any() and not clear.all():
      raise InputError(_HIDDEN.format(name))
    return grey.astype(np.float32)
  # A JPEG's channels may differ by rounding.
  slack = 4 if image.format == 'JPEG' else 0
  pixels = _colours(image, name, whole=True)
  channels = [x.astype(np.int16) for x in np.moveaxis(pixels, 2, 0)]
  coloured = functools.reduce(np.maximum, channels) - functools.reduce(np.minimum, channels) > slack
  if coloured.any():
    raise InputError(
      f'{name} has colours on {coloured.sum():,} of {coloured.size:,} pixels, and colours have no order; '
      'save the values in grey.'
    )
  return sum(channels) / np.float32(3)


def _numbers(colours: np.ndarray, used: np.ndarray | None, name: str, distinct: bool) -> np.ndarray:
  """Returns the numbers of colours `[K, 3]`; `used` are their palette indices."""
  voc = _voc_palette()
  if used is not None and (colours == voc[used]).all():
    return used
  if (colours == colours[:, :1]).all():
    return colours[:, 0].astype(np.int64)
  by_colour = {tuple(colour): number for number, colour in enumerate(voc)}
  if all(tuple(colour) in by_colour for colour in colours):
    return np.array([by_colour[tuple(colour)] for colour in colours])
  if distinct:
    _, numbers = np.unique(np.vstack([[0, 0, 0], colours]), axis=0, return_inverse=True)
    return numbers.ravel()[1:]
  unknown = next(each for each in colours.tolist() if tuple(each) not in by_colour)
  raise InputError(
    f'{name} has the colour {unknown}, which stands for no number; save the numbers '
    "as grey values, or with PASCAL VOC's palette."
  )


@functools.cache
def _voc_palette() -> np.ndarray:
  """Returns the palette of PASCAL VOC's label images, uint8 `[256, 3]`.

  The bits of an index, three at a time, are the highest bits of R, G and B.
  """
  numbers = np.arange(256)[:, None]
  palette = np.zeros((256, 3), np.int64)
  for bit in range(8):
    palette |= (numbers >> np.arange(3) & 1) << 7 - bit
    numbers = numbers >> 3
  return palette.astype(np.uint8)
