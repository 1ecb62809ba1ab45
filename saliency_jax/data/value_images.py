"""Images of values: masks, label images and maps of numbers.

A palette is read by its colours: programs order palettes freely. Where the
colours are those of PASCAL VOC's palette or greys, a colour is its number.
"""

import os
import warnings

import numpy as np
from absl import logging
from PIL import Image

from saliency_jax.data.images import FORMATS, damaged, decoded, opened
from saliency_jax.errors import InputError

# Beside photographs' formats, maps are kept as TIFFs of floating numbers.
_MAP_FORMATS = (*FORMATS, 'TIFF')
_LABEL_MODES = ('1', 'L', 'P', 'I', 'I;16')
_GREY_MODES = ('1', 'L', 'I', 'F')
# Numbered items are flat: of their pixels so many have an equal neighbour. Of
# JPEG's noise and of smoothed edges many have none; then so many pixels may be
# neither black nor white.
_FLAT, _BETWEEN = 0.95, 0.1


def read_labels(
    file: str | os.PathLike | bytes, name: str | None = None, *,
    distinct: bool = False
) -> np.ndarray:
  """Decodes a label image: grey values, or the numbers of a palette's colours.

  Args:
    file: a path, or the file's bytes.
    name: how to call the file in an error; the path itself if None.
    distinct: whether colours without a number may have any, as long as they
      differ and black is 0.

  Returns:
    uint8, uint16 or int32 `[H, W]`.

  Raises:
    InputError: as `read_image`, or the image has several channels, or colours
      without a number.
  """
  name = name or str(file)
  with opened(file, name) as image:
    if image.mode not in _LABEL_MODES:
      raise InputError(
          f'{name} is a label image in mode {image.mode}; save it with one '
          'channel (grey values or palette indices).')
    labels = np.array(decoded(image, name, image.mode))
    palette = image.getpalette('RGB') if image.mode == 'P' else None
  if palette is not None:
    return _numbered(labels, palette, name, distinct)
  return labels.astype(np.uint8) if labels.dtype == bool else labels


def read_mask(file: str | os.PathLike) -> np.ndarray:
  """Decodes a mask: what is not black. Of a JPEG, what is half white or more.

  Args:
    file: a path. Transparency does not count: programs that save masks with an
      alpha channel differ in what they mean by it.

  Returns:
    bool `[H, W]`.

  Raises:
    InputError: as `read_image`, or the mask has too many grey pixels to tell.
  """
  name = str(file)
  with opened(file, name) as image:
    if image.mode in _LABEL_MODES and image.mode != 'P':
      grey = np.array(decoded(image, name, image.mode))
    else:
      grey = np.array(decoded(image, name, 'RGB')).max(axis=2)
    lossy = image.format == 'JPEG'
  if not lossy and not _is_shaded(grey):
    return grey != 0
  between = ((grey > 63) & (grey < 192)).mean()
  if between > _BETWEEN:
    raise InputError(
        f'{name} is grey on {between:.0%} of its pixels; give a mask of black '
        'and white.')
  logging.warning(
      '%s has grey levels; its pixels of 128 and more are taken.', name)
  return grey >= 128


def read_grey(file: str | os.PathLike) -> np.ndarray:
  """Decodes a map of numbers in one channel, or in three that are equal.

  Args:
    file: a path; TIFFs may hold floating numbers, PNGs and TIFFs 16 bits.
      Transparency does not count.

  Returns:
    float32 `[H, W]`, in the file's own units.

  Raises:
    InputError: as `read_image`, but for the bits of one channel; or there are
      several images, or colours.
  """
  name = str(file)
  with warnings.catch_warnings():
    # A TIFF's notes may be damaged; damaged pixels are errors of their own.
    warnings.filterwarnings('ignore', 'Corrupt EXIF data')
    with opened(file, name, _MAP_FORMATS) as image:
      return _grey(image, name)


def _is_shaded(grey: np.ndarray) -> bool:
  """Tells whether a mask has shades, by noise or smoothing, beside white."""
  between = (grey > 0) & (grey < 255)
  if grey.dtype != np.uint8 or grey.max() < 192 or len(
      np.unique(grey[between])) < 4:
    return False
  padded = np.pad(grey.astype(np.int16), 1, constant_values=-1)
  equal = (
      (padded[:-2, 1:-1] == grey) | (padded[2:, 1:-1] == grey)
      | (padded[1:-1, :-2] == grey) | (padded[1:-1, 2:] == grey))
  return equal[between].mean() < _FLAT


def _grey(image: Image.Image, name: str) -> np.ndarray:
  try:
    several = getattr(image, 'n_frames', 1) > 1
  except Exception as error:
    raise damaged(name, _MAP_FORMATS) from error
  if several:
    raise InputError(f'{name} holds several images; save one alone.')
  if image.mode in _GREY_MODES or image.mode.startswith('I;'):
    return np.asarray(decoded(image, name, image.mode), np.float32)
  if image.mode == 'LA':
    return np.asarray(decoded(image, name, 'LA'), np.float32)[:, :, 0]
  # A JPEG's channels may differ by rounding.
  slack = 4 if image.format == 'JPEG' else 0
  channels = np.asarray(decoded(image, name, 'RGB'), np.float32)
  coloured = (np.ptp(channels, axis=2) > slack).mean()
  if coloured:
    raise InputError(
        f'{name} has colours on {coloured:.0%} of its pixels, which do not '
        'rise with the values that they show; save the values in grey.')
  return channels.mean(axis=2)


def _numbered(
    labels: np.ndarray, palette: list[int], name: str, distinct: bool
) -> np.ndarray:
  """Returns the numbers of a palette's colours."""
  used = np.unique(labels)
  colours = np.zeros((256, 3), np.uint8)
  colours[:len(palette) // 3] = np.reshape(palette, (-1, 3))
  colours = colours[used]
  voc = _voc_palette()
  by_colour = {tuple(colour): number for number, colour in enumerate(voc)}
  if (colours == voc[used]).all() or (colours == used[:, None]).all():
    numbers = used
  elif (colours == colours[:, :1]).all():
    numbers = colours[:, 0]
  elif all(tuple(colour) in by_colour for colour in colours):
    numbers = [by_colour[tuple(colour)] for colour in colours]
  elif distinct:
    _, numbers = np.unique(
        np.vstack([[0, 0, 0], colours]), axis=0, return_inverse=True)
    numbers = numbers.ravel()[1:]
  else:
    unknown = next(each for each in colours.tolist()
                   if tuple(each) not in by_colour)
    raise InputError(
        f'{name} has the colour {unknown} in its palette, which is no number; '
        "save the numbers as grey values, or with PASCAL VOC's palette.")
  table = np.zeros(256, np.uint8)
  table[used] = numbers
  return table[labels]


def _voc_palette() -> np.ndarray:
  """Returns the palette of PASCAL VOC's label images, uint8 `[256, 3]`.

  The bits of a number, three at a time, are the highest bits of R, G and B.
  """
  numbers = np.arange(256)[:, None]
  palette = np.zeros((256, 3), np.int64)
  for bit in range(8):
    palette |= (numbers >> np.arange(3) & 1) << 7 - bit
    numbers = numbers >> 3
  return palette.astype(np.uint8)
