"""Batch rows: an image as a network takes it, and the weights of scored pixels.

For every size of map, a row holds the weights of the scored pixels over cells:
kilobytes, where masks would take megabytes. Processes that only read images
import this module, so it imports neither Grain nor JAX.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from saliency_jax.data import pixel_sets
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.ops import pixel_weights, resize

# R is padded to 16 times a power of 2, so that few programs are compiled.
_SETS = 16

# The cells of a map on an image: (h, w), or (h, w, placement) if they do not
# tile it.
Cells = tuple[int, int] | tuple[int, int, resize.Placement]


class Batch(NamedTuple):
  """B images and the R sets of pixels to score on each, padded and masked."""

  images: np.ndarray  # uint8 `[B, S, S, 3]`, RGB; 0 where an image is missing
  weights: dict[Cells, pixel_weights.CellWeights]  # `[B, ...]`
  index: np.ndarray  # int32 `[B]`, the index in the data set; -1 is padding
  ids: np.ndarray  # int32 `[B, R]`
  labels: np.ndarray  # str `[B, R]`; '' is padding
  counts: np.ndarray  # int32 `[B, R]`, points or pixels in each set
  problems: np.ndarray  # str `[B]`; '' where the image could be read
  seconds: np.ndarray  # float64 `[B]`, time to read and prepare each image
  kept: tuple  # B values of `Preparation.keep`; None for missing images


@dataclasses.dataclass(frozen=True)
class Preparation:
  """How a record becomes one row of a batch.

  Attributes:
    choose: which pixels are scored; it does not see the image's colours.
    image_size: S, the side in pixels to which images are resized.
    grids: all cells for which weights are computed.
    keep: called with each full record and its index; the arrays, or tuples of
      arrays, that it returns are part of the batch.
    resize: the name of a Pillow filter, see `resize.square`.
  """

  choose: Chooser
  image_size: int
  grids: tuple[Cells, ...]
  keep: Callable[[Record, int], Any] | None = None
  resize: str = 'bilinear'

  def row(self, source: Source, index: int) -> Batch:
    """Returns one row of a batch; an `InputError` is recorded in `problems`."""
    start = time.perf_counter()
    none = pixel_sets.PixelSets(np.zeros(0, np.int32), (), ())
    image, sets, problem, kept = self._empty(), none, '', None
    size = self.image_size, self.image_size
    if index >= 0:
      try:
        if self.keep:
          record = source[index]
          image = resize.square(record.image, self.image_size, self.resize)
        else:
          record, image = source.squared(index, self.image_size, self.resize)
        sets = self.choose(record)
        size = record.image.shape[:2]
        kept = self.keep and self.keep(record, index)
      except InputError as error:
        problem, sets, image = str(error), none, self._empty()
    return Batch(
      images=image,
      weights={grid: _weights(sets.pixels, size, grid) for grid in self.grids},
      index=np.int32(index),
      ids=sets.ids,
      labels=np.array(sets.labels, np.str_),
      counts=sets.counts,
      problems=np.array(problem, np.str_),
      seconds=np.float64(time.perf_counter() - start),
      kept=(kept,),
    )

  def batch(self, source: Source, indices: Sequence[int]) -> Batch:
    """Returns the batch of some images; index -1 is padding."""
    return stack([self.row(source, int(index)) for index in indices])

  def _empty(self) -> np.ndarray:
    return np.zeros((self.image_size, self.image_size, 3), np.uint8)


def _weights(sets: Sequence[np.ndarray], size: tuple[int, int], cells: Cells) -> pixel_weights.CellWeights:
  return pixel_weights.cell_weights(sets, size, cells[:2], *cells[2:])


def stack(rows: Sequence[Batch]) -> Batch:
  """Returns the batch of some rows, with R padded to 16, 32, 64, ...

  R depends on these rows alone, so a resumed run computes the same numbers.
  """
  sets = _SETS
  while sets < max(len(row.ids) for row in rows):
    sets *= 2

  def padded(values: Sequence[np.ndarray]) -> np.ndarray:
    whole = np.zeros((len(rows), sets, *values[0].shape[1:]), np.result_type(*values))
    for each, value in zip(whole, values, strict=True):
      each[: len(value)] = value
    return whole

  return Batch(
    images=np.stack([row.images for row in rows]),
    weights={
      grid: pixel_weights.CellWeights(
        padded([row.weights[grid].sets for row in rows]),
        np.stack([row.weights[grid].rows for row in rows]),
        np.stack([row.weights[grid].columns for row in rows]),
      )
      for grid in rows[0].weights
    },
    index=np.stack([row.index for row in rows]),
    ids=padded([row.ids for row in rows]),
    labels=padded([row.labels for row in rows]),
    counts=padded([row.counts for row in rows]),
    problems=np.stack([row.problems for row in rows]),
    seconds=np.stack([row.seconds for row in rows]),
    kept=tuple(value for row in rows for value in row.kept),
  )
