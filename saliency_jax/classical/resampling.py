"""Resizing and blurring of maps, as two small matrix products.

Separable linear operations are U = A X B^T with one matrix per axis. The
matrices depend on lengths only and are computed once per length on the host.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.ops import resize


@functools.lru_cache(maxsize=256)
def cubic(new: int, old: int) -> np.ndarray:
  """Returns the matrix that resamples one axis by cubic convolution.

  The kernel is that of Keys (1981) with a = -1/2. If the axis shrinks, the
  kernel is widened by the same factor against aliasing; the ends are mirrored.
  This is MATLAB's `imresize`.

  Args:
    new: length of the result, at least 1.
    old: length of the axis, at least 1.

  Returns:
    float32 `[new, old]`, read-only; every row sums to 1.
  """
  shrink = min(new / old, 1)
  centre = (np.arange(new) + 0.5) * old / new - 0.5
  reach = int(np.ceil(2 / shrink)) + 1
  places = np.floor(centre).astype(int)[:, None] + np.arange(-reach, reach + 1)
  return _gather(places, _keys((places - centre[:, None]) * shrink), old, 'symmetric')


@functools.lru_cache(maxsize=256)
def area(new: int, old: int) -> np.ndarray:
  """Returns the matrix that averages an axis over the pixels it covers.

  An axis that grows is interpolated linearly instead. This is OpenCV's
  `INTER_AREA`. Arguments and result are those of `cubic`.
  """
  if new > old:
    matrix = resize.bilinear(new, old).astype(np.float32)
  else:
    edges = np.arange(new + 1)[:, None] * old / new
    pixels = np.arange(old)
    covered = (np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)).clip(0)
    matrix = (covered * new / old).astype(np.float32)
  matrix.flags.writeable = False
  return matrix


@functools.lru_cache(maxsize=256)
def gaussian(length: int, sigma: float, reach: int, ends: str) -> np.ndarray:
  """Returns the matrix that blurs one axis.

  Args:
    length: of the axis, at least 1.
    sigma: standard deviation in cells.
    reach: the kernel is cut off beyond this many cells.
    ends: how the map is extended, a mode of `numpy.pad`: 'edge' repeats the
      last cell, 'reflect' mirrors at the last cell.

  Returns:
    float32 `[length, length]`, read-only; every row sums to 1.
  """
  offsets = np.arange(-reach, reach + 1)
  kernel = np.exp(-(offsets**2) / (2 * sigma**2))
  places = np.arange(length)[:, None] + offsets
  return _gather(places, np.broadcast_to(kernel, places.shape), length, ends)


def apply(maps: jax.Array, rows: np.ndarray, columns: np.ndarray) -> jax.Array:
  """Returns `rows @ map @ columns.T` for each map, float32 `[..., H, W]`.

  Args:
    maps: float32 `[..., h, w]`.
    rows: float32 `[H, h]`.
    columns: float32 `[W, w]`.
  """
  return jnp.einsum('Hh,...hw,Ww->...HW', rows, maps, columns, precision='highest')


def resize_area(maps: jax.Array, height: int, width: int) -> jax.Array:
  """Resamples float32 `[..., h, w]` to `[..., height, width]`; see `area`."""
  *batch, old_height, old_width = maps.shape
  if old_height % height or old_width % width:
    return apply(maps, area(height, old_height), area(width, old_width))
  # Whole pixels: this takes a twentieth of the products' time.
  blocks = maps.reshape(*batch, height, old_height // height, width, old_width // width)
  return blocks.mean(axis=(-3, -1))


def resize_cubic(maps: jax.Array, height: int, width: int) -> jax.Array:
  """Resamples float32 `[..., h, w]` to `[..., height, width]`; see `cubic`."""
  return apply(maps, cubic(height, maps.shape[-2]), cubic(width, maps.shape[-1]))


def _keys(x: np.ndarray) -> np.ndarray:
  x = np.abs(x)
  near = 1.5 * x**3 - 2.5 * x**2 + 1
  far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
  return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _gather(places: np.ndarray, weights: np.ndarray, length: int, ends: str) -> np.ndarray:
  """Sums weights into a matrix, with those beyond the ends folded back in."""
  beyond = max(0, -places.min(), places.max() - length + 1)
  index = np.pad(np.arange(length), beyond, mode=ends)[places + beyond]
  matrix = np.zeros((len(places), length))
  np.add.at(matrix, (np.arange(len(places))[:, None], index), weights)
  matrix = (matrix / matrix.sum(1, keepdims=True)).astype(np.float32)
  matrix.flags.writeable = False
  return matrix
