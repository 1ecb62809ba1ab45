"""Small pictures of images and their sets, written while images are read."""

import dataclasses
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from saliency_jax import files
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record

_LONGEST = 640  # pixels of a picture's longer side
_QUALITY = 85  # of its JPEG


class Drawn(NamedTuple):
  """What the pictures do not say."""
  size: np.ndarray  # int32 `[2]`, the image's height and width in pixels
  points: np.ndarray  # int32 `[N, 2]`, its fixations (y, x)


@dataclasses.dataclass(frozen=True)
class Drawing:
  """A `keep` of `pipeline.Preparation`: worker processes can receive it.

  Attributes:
    folder: where `pictures/` and `masks/` are.
    shown: positions in the data set of the images that are drawn.
    masks: the sets of an image, as bool `[H, W]` each.
  """
  folder: pathlib.Path
  shown: tuple[int, ...]
  masks: Chooser

  def __call__(self, record: Record, index: int) -> Drawn:
    """Writes an image's picture and mask; see `kept`."""
    number = self.shown.index(index)
    height, width = record.image.shape[:2]
    picture = Image.fromarray(record.image)
    picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    with files.replacing(self.folder / picture_name(number)) as path:
      picture.save(path, quality=_QUALITY)
    drawn = np.zeros((height, width), np.uint16)
    for row, mask in enumerate(self.masks(record).pixels):
      drawn[mask] = row + 1
    with files.replacing(self.folder / f'masks/{number:05d}.png') as path:
      Image.fromarray(drawn).save(path)
    return Drawn(
        np.array([height, width], np.int32),
        np.asarray(record.fixations, np.int32))


def picture_name(number: int) -> str:
  """Returns the name of a shown image's picture within the folder."""
  return f'pictures/{number:05d}.jpg'
