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


def point_weights(
  points: np.ndarray, image_size: tuple[int, int], grid: tuple[int, int], placement: Placement = TILING
) -> np.ndarray:
  """Returns the weight R of a set of points, e.g. of fixations.

  A point that is listed twice counts twice; pass distinct points where the
  definition asks for them.

  Args:
    points: integers `[N, 2]`, pixels (y, x) inside the image.

  Returns:
    float64 `[h, w]` that sums to 1, or all 0 where N = 0.

  Raises:
    ValueError: if a point lies outside the image, or `points` is not `[N, 2]`.
  """
  points = np.asarray(points)
  if points.ndim != 2 or points.shape[1] != 2:
    raise ValueError(f'Points are [N, 2] (y, x); these are {points.shape}.')
  if not len(points):
    return np.zeros(grid)
  if (points < 0).any() or (points >= image_size).any():
    raise ValueError(f'A point lies outside the image of {image_size} pixels.')
  rows = resize.bilinear(image_size[0], grid[0], placement)[points[:, 0]]
  columns = resize.bilinear(image_size[1], grid[1], placement)[points[:, 1]]
  return rows.T @ columns / len(points)


def mask_weights(mask: np.ndarray, grid: tuple[int, int], placement: Placement = TILING) -> np.ndarray:
  """Returns the weight R of the pixels of a mask, e.g. of a search target.

  Args:
    mask: bool `[H, W]`.

  Returns:
    float64 `[h, w]` that sums to 1, or all 0 where the mask is empty.

  Raises:
    ValueError: if `mask` is not a boolean `[H, W]`.
  """
  mask = np.asarray(mask)
  if mask.ndim != 2 or mask.dtype != bool:
    raise ValueError(f'A mask is bool [H, W]; this is {mask.dtype} {mask.shape}.')
  inside_rows = np.flatnonzero(mask.any(axis=1))
  if not len(inside_rows):
    return np.zeros(grid)
  # Most masks fill a small part of the image: multiply only the rows and
  # columns they reach.
  y = slice(inside_rows[0], inside_rows[-1] + 1)
  inside_columns = np.flatnonzero(mask[y].any(axis=0))
  x = slice(inside_columns[0], inside_columns[-1] + 1)
  rows = resize.bilinear(mask.shape[0], grid[0], placement)[y]
  columns = resize.bilinear(mask.shape[1], grid[1], placement)[x]
  part = mask[y, x].astype(np.float64)
  return rows.T @ part @ columns / part.sum()


def cell_weights(
  sets: Sequence[np.ndarray], image_size: tuple[int, int], grid: tuple[int, int], placement: Placement = TILING
) -> CellWeights:
  """Returns the `CellWeights` of one image for maps of one size.

  Args:
    sets: R sets of pixels: integers `[N, 2]` as points, or bool `[H, W]` as a
      mask.
    placement: where the cells lie on the image.

  Raises:
    ValueError: if a mask has another size, or as in `point_weights`.
  """
  weights = np.zeros((len(sets), *grid))
  for i, pixels in enumerate(sets):
    if pixels.dtype == bool:
      if pixels.shape != tuple(image_size):
        raise ValueError(f'The mask is {pixels.shape}, the image {image_size}.')
      weights[i] = mask_weights(pixels, grid, placement)
    else:
      weights[i] = point_weights(pixels, image_size, grid, placement)
  return CellWeights(
    weights.astype(np.float32),
    resize.axis_moments(image_size[0], grid[0], placement).astype(np.float32),
    resize.axis_moments(image_size[1], grid[1], placement).astype(np.float32),
  )
