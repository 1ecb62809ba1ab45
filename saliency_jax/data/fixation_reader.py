"""What a data set of photographs asks of its own kind of fixations."""

import pathlib
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from saliency_jax.data.fixations import Fixations


class FixationReader(Protocol):
  """Recorded fixations, read one photograph at a time; a base for readers."""

  place: pathlib.Path  # the file or folder, for errors
  names: Mapping[str, str]  # what `place` calls the photograph, by image_id
  lazy: bool = False  # whether `recorded` reads a file
  points_are_pixels: bool = False  # as in maps: there is nothing to convert

  def recorded(self, image_id: str, height: int, width: int) -> Fixations:
    """Reads the fixations on one photograph.

    Args:
      image_id: one of `names`.
      height, width: the photograph's size in pixels.

    Returns:
      `Fixations` with points `[N, 2]` (y, x) as they are in the file.

    Raises:
      InputError: what `place` holds is damaged, or is of another photograph.
    """
    ...

  def check_size(self, image_id: str, height: int, width: int) -> None:
    """Raises an `InputError` if a header says that they are of another size."""

  def where(self, image_id: str, wrong: np.ndarray) -> tuple[int, str]:
    """Returns the first of the fixations at fault, and where it is written.

    Args:
      image_id: one of `names`.
      wrong: bool `[N]`, at least one.
    """
    first = int(np.argmax(wrong))
    return first, f'{self.place}, image {self.names[image_id]}'
