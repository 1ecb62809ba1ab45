"""Photographs from files or bytes, decoded with Pillow, whole or not at all.

The pixels are taken as stored: an EXIF orientation is not applied. Fixations
and label images count the stored pixels, because the programs that recorded and
drew them (MATLAB's imread, label images as arrays) do not turn photographs; a
region file that was drawn on the turned photograph has another height and width
and is refused by `regions.py`.
"""

import io
import os
import pathlib
import struct
import warnings
import zlib

import numpy as np
from PIL import Image

from saliency_jax.errors import InputError

# 8192 x 8192: above any photograph of the field, and 200 MB once decoded.
MAX_PIXELS = 2**26

# Pillow knows dozens more, some of which start other programs.
_FORMATS = ('BMP', 'GIF', 'JPEG', 'PNG', 'PPM')

SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.ppm')

# Beside these, saliency maps are kept as TIFFs of floating numbers.
_MAP_FORMATS = (*_FORMATS, 'TIFF')

# One channel: grey values, or a palette's indices.
_LABEL_MODES = ('1', 'L', 'P', 'I', 'I;16')
_GREY_MODES = ('1', 'L', 'I', 'F')

# What Pillow's readers let through when a file's inside is damaged.
_DAMAGED = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, IndexError,
    OverflowError, MemoryError, struct.error, zlib.error)


def read_image(
    file: str | os.PathLike | bytes, name: str | None = None) -> np.ndarray:
  """Decodes an image to RGB.

  Greyscale, palette and CMYK images are converted; transparency is dropped.

  Args:
    file: a path, or the file's bytes.
    name: how to call the file in an error; the path itself if None.

  Returns:
    uint8 `[H, W, 3]`, the pixels as stored.

  Raises:
    InputError: the file is missing, truncated or no image, has more than
      `MAX_PIXELS` pixels, or more than 8 bits a channel.
  """
  name = _name(file, name)
  with _open(file, name) as image:
    return np.array(_decoded(image, name, 'RGB'))


def read_labels(
    file: str | os.PathLike | bytes, name: str | None = None) -> np.ndarray:
  """Decodes a label image: a palette's indices or grey values, unchanged.

  Args:
    file: a path, or the file's bytes.
    name: how to call the file in an error; the path itself if None.

  Returns:
    uint8, uint16 or int32 `[H, W]`.

  Raises:
    InputError: as `read_image`, or the image has several channels.
  """
  name = _name(file, name)
  with _open(file, name) as image:
    if image.mode not in _LABEL_MODES:
      raise InputError(
          f'{name} is a label image in mode {image.mode}; save it with one '
          'channel (grey values or palette indices).')
    labels = np.array(_decoded(image, name, image.mode))
  return labels.astype(np.uint8) if labels.dtype == bool else labels


def read_mask(file: str | os.PathLike) -> np.ndarray:
  """Decodes a mask: what is not 0, in any colour channel.

  Args:
    file: a path. Transparency does not count: programs that save masks with an
      alpha channel differ in what they mean by it.

  Returns:
    bool `[H, W]`.

  Raises:
    InputError: as `read_image`.
  """
  name = _name(file, None)
  with _open(file, name) as image:
    if image.mode in _LABEL_MODES:
      return np.array(_decoded(image, name, image.mode)) != 0
    return np.array(_decoded(image, name, 'RGB')).any(axis=2)


def read_grey(file: str | os.PathLike) -> np.ndarray:
  """Decodes a map of numbers: one channel as it is, or the mean of three.

  Args:
    file: a path; TIFFs may hold floating numbers, PNGs and TIFFs 16 bits.
      Transparency does not count.

  Returns:
    float32 `[H, W]`, in the file's own units.

  Raises:
    InputError: as `read_image`, but for the bits of one channel; or there are
      several images.
  """
  name = _name(file, None)
  with warnings.catch_warnings():
    # A TIFF's notes may be damaged; damaged pixels are errors of their own.
    warnings.filterwarnings('ignore', 'Corrupt EXIF data')
    with _open(file, name, _MAP_FORMATS) as image:
      return _grey(image, name)


def _grey(image: Image.Image, name: str) -> np.ndarray:
  try:
    several = getattr(image, 'n_frames', 1) > 1
  except _DAMAGED as error:
    raise _damaged(name, _MAP_FORMATS) from error
  if several:
    raise InputError(f'{name} holds several images; save one alone.')
  if image.mode in _GREY_MODES or image.mode.startswith('I;'):
    return np.asarray(_decoded(image, name, image.mode), np.float32)
  if image.mode == 'LA':
    return np.asarray(_decoded(image, name, 'LA'), np.float32)[:, :, 0]
  return np.asarray(_decoded(image, name, 'RGB'), np.float32).mean(axis=2)


def image_size(
    file: str | os.PathLike | bytes, name: str | None = None
) -> tuple[int, int]:
  """Reads (height, width) in pixels from a file's header alone.

  Args:
    file: a path, or the file's bytes.
    name: how to call the file in an error; the path itself if None.

  Raises:
    InputError: the file is missing, no image, or has more than `MAX_PIXELS`.
  """
  with _open(file, _name(file, name)) as image:
    return image.height, image.width


def files_by_stem(
    folder: pathlib.Path, suffixes: tuple[str, ...]) -> dict[str, pathlib.Path]:
  """Lists the folder's files of some kinds by stem, sorted; not hidden ones.

  Args:
    folder: the folder; one that is missing holds nothing.
    suffixes: e.g. '.png', in small letters.

  Raises:
    InputError: two of the files have one stem.
  """
  found = {}
  for path in sorted(folder.glob('[!.]*')):
    if path.suffix.lower() not in suffixes:
      continue
    if path.stem in found:
      raise InputError(
          f'{path} and {found[path.stem].name} have one name; rename or remove '
          'one of them.')
    found[path.stem] = path
  return found


def list_images(folder: str | os.PathLike) -> dict[str, pathlib.Path]:
  """Lists a folder's image files by stem, sorted.

  Raises:
    InputError: the folder is missing or holds no image, or two of them have one
      stem.
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise InputError(f'There is no folder of images {folder}.')
  found = files_by_stem(folder, SUFFIXES)
  if not found:
    raise InputError(
        f'{folder} holds no image; put files there that end in '
        f'{", ".join(SUFFIXES)}.')
  return found


def check_on_bad_image(word: str) -> None:
  """Raises an `InputError` unless `config.data.on_bad_image` is a known word.
  """
  if word not in ('raise', 'skip'):
    raise InputError(
        f'config.data.on_bad_image is {word!r}; it is raise or skip.')


def _name(file: str | os.PathLike | bytes, name: str | None) -> str:
  if name is not None:
    return name
  return 'an image' if isinstance(file, bytes) else str(file)


def _open(
    file: str | os.PathLike | bytes, name: str,
    formats: tuple[str, ...] = _FORMATS) -> Image.Image:
  try:
    image = Image.open(
        io.BytesIO(file) if isinstance(file, bytes) else file,
        formats=formats)
  except FileNotFoundError:
    raise InputError(f'There is no image file {name}.') from None
  except (Image.DecompressionBombError, Image.DecompressionBombWarning):
    raise _too_large(name) from None
  except _DAMAGED as error:
    raise _damaged(name, formats) from error
  if image.width * image.height > MAX_PIXELS:
    image.close()
    raise _too_large(name)
  return image


def _decoded(image: Image.Image, name: str, mode: str) -> Image.Image:
  try:
    if mode == 'RGB' and _is_deep(image):
      raise InputError(
          f'{name} has more than 8 bits a channel; save it with 8.')
    if mode == 'RGB' and 'transparency' in image.info:
      image = image.convert('RGBA')
    image.load()
    return image.convert(mode) if image.mode != mode else image
  except _DAMAGED as error:
    raise _damaged(name, (image.format,)) from error


def _is_deep(image: Image.Image) -> bool:
  """Tells whether an image that is not decoded yet has over 8 bits a channel.
  """
  if image.mode in ('I', 'F') or image.mode.startswith('I;'):
    return True
  # Pillow cuts colours to 8 bits: their mode does not tell, but its decoder's
  # arguments do, the layout in the file first and a PPM's largest value last.
  decoder, _, _, given = image.tile[0]
  given = given if isinstance(given, tuple) else (given,)
  return str(given[0]).endswith((';16B', ';16L', ';16N')) or (
      decoder.startswith('ppm') and given[-1] > 255)


def _damaged(
    name: str, formats: tuple[str, ...] = _FORMATS) -> InputError:
  return InputError(
      f'{name} is truncated, damaged or no image ({", ".join(formats)}); '
      'replace it.')


def _too_large(name: str) -> InputError:
  return InputError(
      f'{name} has more than {MAX_PIXELS} pixels; scale it down.')
