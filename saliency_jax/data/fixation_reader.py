"""What a data set of photographs asks of its own kind of fixations."""

import pathlib
from collections.abc import Mapping

import numpy as np

from saliency_jax.data.fixations import Fixations


class FixationReader:
  """Recorded fixations, of one photograph at a time; a base for readers.

  Attributes:
    place: the file or folder, for errors.
    names: what `place` calls the photographs, by image_id.
    lazy: whether `recorded` reads a file.
    points_are_pixels: as in maps: there is nothing to convert.
  """

  lazy = points_are_pixels = False

  def __init__(self, place: pathlib.Path, names: Mapping[str, str], found: Mapping[str, Fixations] | None = None):
    """Takes what was `found` already, by image_id; readers of files have none."""
    self.place, self.names, self._found = place, names, found

  def recorded(self, image_id: str, height: int, width: int) -> Fixations:
    """Returns the fixations on one photograph.

    Args:
      image_id: one of `names`.
      height, width: the photograph's size in pixels.

    Returns:
      `Fixations` with points `[N, 2]` (y, x) as they are in the file.

    Raises:
      InputError: what `place` holds is damaged, or is of another photograph.
    """
    del height, width
    return self._found[image_id]

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
