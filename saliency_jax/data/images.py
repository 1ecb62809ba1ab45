"""Photographs from files or bytes, decoded with Pillow, whole or not at all.

Images are turned to their EXIF orientation, as viewers, browsers and labelme
show them: fixations and regions count the pixels that people saw.
"""

import io
import os
import pathlib
import unicodedata
from collections.abc import Collection, Mapping

import numpy as np
from PIL import Image

from saliency_jax.data.image_headers import orientation, plain_size
from saliency_jax.errors import InputError
from saliency_jax.ops import resize

# 8192 x 8192: above any photograph of the field, and 200 MB once decoded.
MAX_PIXELS = 2**26

# Pillow reads dozens more, some of them by starting other programs.
FORMATS = ('BMP', 'GIF', 'JPEG', 'PNG', 'PPM')

SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.ppm')

# From stored to displayed pixels, for orientations 2 and up.
_TURNS = ('FLIP_LEFT_RIGHT', 'ROTATE_180', 'FLIP_TOP_BOTTOM', 'TRANSPOSE', 'ROTATE_270', 'TRANSVERSE', 'ROTATE_90')


def read_image(file: str | os.PathLike | bytes, name: str | None = None) -> np.ndarray:
  """Decodes an image to RGB.

  Greyscale, palette and CMYK images are converted; transparency is dropped.

  Args:
    file: a path, or the file's bytes.
    name: what errors call the file; the path itself if None.

  Returns:
    uint8 `[H, W, 3]`, turned to its EXIF orientation.

  Raises:
    InputError: the file is missing, truncated or no image, has more than
      `MAX_PIXELS` pixels, or more than 8 bits a channel.
  """
  name = _called(file, name)
  with opened(file, name) as image:
    return turned_pixels(image, name, 'RGB')


def read_square(
  file: str | os.PathLike | bytes, side: int, resample: str, name: str | None = None
) -> tuple[tuple[int, int], np.ndarray]:
  """Decodes an image and resizes it; see `read_image` and `ops.resize.square`.

  Pillow alone does it, a fifth faster than by way of an array of all pixels,
  and without holding the GIL, which making that array would.

  Returns:
    (height, width) in pixels, and uint8 `[side, side, 3]`.
  """
  name = _called(file, name)
  with opened(file, name) as image:
    whole = _turned(image, name, 'RGB')
    return (whole.height, whole.width), resize.square(whole, side, resample)


def turned_pixels(image: Image.Image, name: str, mode: str) -> np.ndarray:
  """Decodes an opened image in one of Pillow's modes, in its EXIF orientation."""
  return np.array(_turned(image, name, mode))


def _turned(image: Image.Image, name: str, mode: str) -> Image.Image:
  turn = orientation(image)
  whole = _decoded(image, name, mode)
  return whole.transpose(Image.Transpose[_TURNS[turn - 2]]) if turn > 1 else whole


def image_size(
  file: str | os.PathLike | bytes, name: str | None = None, *, formats: tuple[str, ...] = FORMATS
) -> tuple[int, int]:
  """Returns (height, width) in pixels, read from a file's header alone.

  `formats` are the allowed ones, by Pillow's names; see also `read_image`.

  Raises:
    InputError: the file is missing, no image, or has more than `MAX_PIXELS`.
  """
  plain = None if isinstance(file, bytes) else plain_size(file)
  if plain and 0 < plain[0] * plain[1] <= MAX_PIXELS:
    return plain
  with opened(file, _called(file, name), formats) as image:
    size = image.height, image.width
    return size[::-1] if orientation(image) > 4 else size


def check_same_size(path: str | os.PathLike, own: tuple[int, ...], size: tuple[int, int], what: str) -> None:
  """Raises an `InputError` unless a file of data has the image's size.

  `own` is the file's (height, width); `what` it holds, e.g. 'regions'.
  """
  if tuple(own) != tuple(size):
    raise InputError(
      f'{path} is {" x ".join(map(str, own[::-1]))}, but its photograph is '
      f'{size[1]} x {size[0]} pixels; give the {what} of this photograph.'
    )


def normal(name: str) -> str:
  """Returns a name in composed Unicode (NFC); macOS decomposes file names."""
  return unicodedata.normalize('NFC', name)


def id_of(name: str) -> str:
  """Returns the image id for an id or a file name, as found in tables."""
  path = pathlib.PurePath(normal(name))
  return path.stem if path.suffix.lower() in SUFFIXES else normal(name)


class Files(dict[str, pathlib.Path]):
  """Files by stem; looking up a stem that two files share raises `InputError`."""

  def __init__(self, listed: Mapping[str, list[pathlib.Path]]):
    super().__init__((stem, paths[0]) for stem, paths in listed.items())
    self._shared = {stem: paths for stem, paths in listed.items() if len(paths) > 1}

  def names(self) -> dict[str, str]:
    """Returns the file names by stem."""
    return {stem: path.name for stem, path in self.items()}

  def __getitem__(self, stem: str) -> pathlib.Path:
    if stem in self._shared:
      other, one = self._shared[stem][:2]
      raise InputError(f'{one} and {other.name} share one name; rename or remove one of them.')
    return super().__getitem__(stem)


def files_by_stem(
  folder: pathlib.Path, suffixes: tuple[str, ...], *, named: Collection[str] = (), marked: str = '', below: bool = False
) -> Files:
  """Lists a folder's files by stem, sorted, without hidden ones.

  Args:
    folder: the folder; a missing one holds nothing.
    suffixes: e.g. '.png', in lower case.
    named: normalised file names that are preferred if several files share a
      stem.
    marked: an ending of stems; if any file has it, only files that do are
      listed, without the ending.
    below: whether files in subfolders are listed too, as 'subfolder/stem'.
  """
  names = {
    path: path.relative_to(folder).with_suffix('').as_posix() if below else path.stem
    for path in sorted(folder.glob('**/*' if below else '[!.]*'))
    if path.suffix.lower() in suffixes
  }
  if marked and any(name.endswith(marked) for name in names.values()):
    names = {path: name for path, name in names.items() if name.endswith(marked)}
  listed: dict[str, list[pathlib.Path]] = {}
  for path, name in names.items():
    if '/.' not in f'/{name}':
      listed.setdefault(normal(name).removesuffix(marked), []).append(path)
  return Files({stem: [x for x in several if normal(x.name) in named] or several for stem, several in listed.items()})


def list_images(folder: str | os.PathLike, named: Collection[str] = ()) -> dict[str, pathlib.Path]:
  """Lists a folder's image files by stem; see `files_by_stem`.

  Raises:
    InputError: the folder is missing or holds no image, or two images share a
      stem.
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise InputError(f'There is no folder of images {folder}.')
  files = files_by_stem(folder, SUFFIXES, named={normal(name) for name in named})
  if not files:
    raise InputError(f'{folder} holds no image; put files there that end in {", ".join(SUFFIXES)}.')
  return {stem: files[stem] for stem in files}


def _called(file: str | os.PathLike | bytes, name: str | None) -> str:
  if name is not None:
    return name
  return 'an image' if isinstance(file, bytes) else str(file)


def opened(file: str | os.PathLike | bytes, name: str, formats: tuple[str, ...] = FORMATS) -> Image.Image:
  try:
    image = Image.open(io.BytesIO(file) if isinstance(file, bytes) else file, formats=formats)
  except FileNotFoundError:
    raise InputError(f'There is no image file {name}.') from None
  except (Image.DecompressionBombError, Image.DecompressionBombWarning):
    raise _too_large(name) from None
  except Exception as error:  # Pillow's readers let anything through.
    raise damaged(name, formats) from error
  if image.width * image.height > MAX_PIXELS:
    image.close()
    raise _too_large(name)
  return image


def _decoded(image: Image.Image, name: str, mode: str) -> Image.Image:
  try:
    if mode.startswith('RGB') and _is_deep(image):
      raise InputError(f'{name} has more than 8 bits a channel; save it with 8.')
    if mode == 'RGB' and 'transparency' in image.info:
      image = image.convert('RGBA')
    image.load()
    return image.convert(mode) if image.mode != mode else image
  except InputError:
    raise
  except Exception as error:
    raise damaged(name, (image.format,)) from error


def _is_deep(image: Image.Image) -> bool:
  """Returns whether an image not yet decoded has over 8 bits a channel."""
  if image.mode in ('I', 'F') or image.mode.startswith('I;'):
    return True
  # Pillow reduces colours to 8 bits, so the mode does not show it. The
  # decoder's arguments do: the layout in the file first, a PPM's largest value
  # last.
  decoder, _, _, arguments = image.tile[0]
  arguments = arguments if isinstance(arguments, tuple) else (arguments,)
  return str(arguments[0]).endswith((';16B', ';16L', ';16N')) or (decoder.startswith('ppm') and arguments[-1] > 255)


def damaged(name: str, formats: tuple[str, ...] = FORMATS) -> InputError:
  return InputError(f'{name} is truncated, damaged or no image ({", ".join(formats)}); replace it.')


def _too_large(name: str) -> InputError:
  return InputError(f'{name} has more than {MAX_PIXELS} pixels; scale it down.')
