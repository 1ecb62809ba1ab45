"""Small pictures of images and their sets, written while images are read."""

import dataclasses
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from saliency_jax import files, schema
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record

_LONGEST = 640  # pixels of a picture's longer side
_QUALITY = 85  # of the JPEG


class Drawn(NamedTuple):
  """What the pictures do not show."""

  size: np.ndarray  # int32 [2], the image's height and width in pixels
  points: np.ndarray  # int32 [N, 2], its fixations (y, x)


@dataclasses.dataclass(frozen=True)
class Writer:
  """A `keep` of `batch_rows.Preparation` that can be sent to processes."""

  folder: pathlib.Path  # of `pictures/` and `masks/`
  shown: tuple[int, ...]  # positions in the data set
  masks: Chooser  # an image's sets, as bool [H, W] each

  def __call__(self, record: Record, index: int) -> Drawn:
    """Writes an image's picture and mask; see `schema.MASK`."""
    number = self.shown.index(index)
    height, width = record.image.shape[:2]
    save(self.folder / picture_name(number), record.image)
    drawn = np.zeros((height, width), np.uint16)
    for row, mask in enumerate(self.masks(record).pixels):
      drawn[mask] = row + 1
    with files.replacing(self.folder / mask_name(number)) as path:
      Image.fromarray(drawn).save(path)
    return Drawn(np.array([height, width], np.int32), np.asarray(record.fixations, np.int32))


def save(path: pathlib.Path, image: np.ndarray) -> tuple[int, int]:
  """Writes an image [H, W, 3] as a small JPEG; returns (width, height)."""
  picture = Image.fromarray(image)
  picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
  with files.replacing(path) as temporary:
    picture.save(temporary, quality=_QUALITY)
  return picture.size


def picture_name(number: int) -> str:
  """Returns the path of a shown image's picture within the folder."""
  return schema.PICTURE.of(f'{number:05d}')


def mask_name(number: int) -> str:
  """Returns the path of a shown image's mask within the folder."""
  return schema.MASK.of(f'{number:05d}')


def spread(images: np.ndarray, count: int) -> np.ndarray:
  """Returns at most `count` of some images, evenly spaced."""
  return images[np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(int)]
