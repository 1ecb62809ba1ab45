"""Fixations, masks and regions as weights over cells, computed on the host.

The mean of an upsampled map U = A X B^T over a set P of pixels is an inner
product of the map X with a small weight, whatever P is:

    mean over P of U = < R, X >,    R = 1 / |P| sum over p of A[p_y] B[p_x]^T

so a batch carries `[h, w]` weights instead of `[H, W]` masks. NumPy alone:
loaders compute these where they decode the image.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.ops import resize
from saliency_jax.ops.resize import TILING, Placement


class CellWeights(NamedTuple):
  """What `associate` needs to know of an image, for one size of map.

  R sets of pixels of an image `[H, W]`, as weights over a map `[h, w]`; those
  of an empty set are all 0. `...` is empty for one image, or a batch.
  """

  sets: np.ndarray  # float32 `[..., R, h, w]`; each sums to 1 or is 0
  rows: np.ndarray  # float32 `[..., 3, h]`, see `resize.axis_moments`
  columns: np.ndarray  # float32 `[..., 3, w]`


def set_weights(
  pixels: np.ndarray, image_size: tuple[int, int], grid: tuple[int, int], placement: Placement = TILING
) -> np.ndarray:
  """Returns the weight R of a set of pixels.

  Args:
    pixels: points (y, x) inside the image, integers `[N, 2]`, such as fixations;
      one that is listed twice counts twice. Or a mask, bool `[H, W]`, such as a
      search target's.
    placement: where the cells lie on the image.

  Returns:
    float64 `[h, w]` that sums to 1, or all 0 for an empty set.

  Raises:
    ValueError: if a point lies outside the image, or a shape does not fit.
  """
  pixels = np.asarray(pixels)
  rows, columns = (resize.bilinear(*axis, placement) for axis in zip(image_size, grid, strict=True))
  if pixels.dtype == bool:
    if pixels.shape != tuple(image_size):
      raise ValueError(f'The mask is {pixels.shape}, the image {image_size}.')
    # Most masks fill a small part of the image: multiply only the rows and
    # columns they reach.
    y = np.flatnonzero(pixels.any(axis=1))
    if not len(y):
      return np.zeros(grid)
    y = slice(y[0], y[-1] + 1)
    x = np.flatnonzero(pixels[y].any(axis=0))
    x = slice(x[0], x[-1] + 1)
    part = pixels[y, x].astype(np.float64)
    return rows[y].T @ part @ columns[x] / part.sum()
  if pixels.ndim != 2 or pixels.shape[1] != 2:
    raise ValueError(f'Points are [N, 2] (y, x); these are {pixels.shape}.')
  if (pixels < 0).any() or (pixels >= image_size).any():
    raise ValueError(f'A point lies outside the image of {image_size} pixels.')
  y, x = pixels.T
  return rows[y].T @ columns[x] / len(pixels) if len(pixels) else np.zeros(grid)


def cell_weights(
  sets: Sequence[np.ndarray], image_size: tuple[int, int], grid: tuple[int, int], placement: Placement = TILING
) -> CellWeights:
  """Returns the `CellWeights` of R sets of pixels of one image; see `set_weights`."""
  weights = np.zeros((len(sets), *grid), np.float32)
  for i, pixels in enumerate(sets):
    weights[i] = set_weights(pixels, image_size, grid, placement)
  rows, columns = (
    resize.axis_moments(*axis, placement).astype(np.float32) for axis in zip(image_size, grid, strict=True)
  )
  return CellWeights(weights, rows, columns)
