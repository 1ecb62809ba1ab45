"""Bilinear upsampling as two small matrices, and all that scores need of them.

A map X in cells `[h, w]` becomes U = A X B^T in pixels `[H, W]`, with A
`[H, h]` and B `[W, w]`. The mean and the variance of U follow from X and from a
few numbers per row and column, so U itself is never computed:

    mean(U) = a^T X b                   a = A^T 1 / H,  b = B^T 1 / W
    var(U)  = || La^T (X - mean) Lb ||^2    La La^T = A^T A / H,  likewise Lb

A row of A holds two neighbouring cells at most, so A^T A has three diagonals
and its triangular factor two: applying it is one shifted multiply-add.

Everything here is NumPy in float64, computed once per size on the host.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from PIL import Image


class Placement(NamedTuple):
  """Where the cells of a map lie on an image, along either axis.

  Cell i has its centre at (i + 1/2 + shift) / extent of the image's side.
  """

  shift: float = 0.0  # of all cells, in cells
  extent: float = 0.0  # cells to the image's side; 0: as many as the map has


TILING = Placement()  # the cells tile the image


def square(image: np.ndarray | Image.Image, side: int, resample: str) -> np.ndarray:
  """Returns an RGB image `[H, W, 3]` resized for a network, uint8 `[S, S, 3]`.

  `resample` is the name of a Pillow filter; all but 'nearest' average over the
  pixels that they drop.
  """
  if not isinstance(image, Image.Image):
    image = Image.fromarray(image)
  return np.asarray(image.resize((side, side), Image.Resampling[resample.upper()]))


@functools.lru_cache(maxsize=256)
def bilinear(pixels: int, cells: int, placement: Placement = TILING) -> np.ndarray:
  """Returns the matrix that upsamples one axis bilinearly.

  Pixel and cell centres lie at half-integers over the same extent, unless
  `placement` moves the cells; beyond the outermost centres the edge cell is
  repeated, as in PyTorch's
  `interpolate(mode='bilinear', align_corners=False)` and OpenCV's
  `INTER_LINEAR`. Downsampling (pixels < cells) follows the same rule, without
  antialiasing.

  Args:
    pixels: length of the axis in pixels, at least 1.
    cells: length of the axis in cells, at least 1.
    placement: where the cells lie.

  Returns:
    float64 `[pixels, cells]`; every row sums to 1. Read-only, as it is cached.
  """
  lower, share = _neighbours(pixels, cells, placement)
  matrix = np.zeros((pixels, cells))
  row = np.arange(pixels)
  matrix[row, lower] = 1 - share
  if cells > 1:
    matrix[row, lower + 1] = share
  matrix.flags.writeable = False
  return matrix


@functools.lru_cache(maxsize=256)
def axis_moments(pixels: int, cells: int, placement: Placement = TILING) -> np.ndarray:
  """Returns what the mean and the variance of an upsampled axis need.

  float64 `[3, cells]`, read-only: the mean weight of every cell (they sum to
  1), then the diagonal and the subdiagonal of L, where L L^T = A^T A / pixels.
  The subdiagonal's entry i couples cells i and i + 1; its last entry is 0.
  """
  lower, share = _neighbours(pixels, cells, placement)
  moments = np.zeros((3, cells))
  moments[0] = bilinear(pixels, cells, placement).mean(axis=0)
  # L^T is the triangular factor of A's QR decomposition, by Givens rotations:
  # each row of A is rotated into the factor's row of its lower cell, which
  # leaves a remainder in the next column only. A Cholesky decomposition of A^T
  # A would divide by pivots that vanish where there are fewer pixels than
  # cells.
  remnant = 0.0
  first = np.searchsorted(lower, np.arange(cells + 1))
  for cell in range(cells):
    diagonal, beside, remnant = remnant, 0.0, 0.0
    for part in share[first[cell] : first[cell + 1]]:
      length = math.hypot(diagonal, 1 - part)
      left = part
      if length:
        cosine, sine = diagonal / length, (1 - part) / length
        diagonal, beside, left = (length, cosine * beside + sine * part, cosine * part - sine * beside)
      remnant = math.hypot(remnant, left)
    moments[1:, cell] = diagonal, beside
  moments[1:] /= math.sqrt(pixels)
  moments.flags.writeable = False
  return moments


def _neighbours(pixels: int, cells: int, placement: Placement) -> tuple[np.ndarray, np.ndarray]:
  """Returns each pixel's lower cell and the share of the next one, `[P]` each."""
  if pixels < 1 or cells < 1:
    raise ValueError(f'An axis needs a cell and a pixel: {pixels=}, {cells=}.')
  shift, extent = placement
  position = np.clip((np.arange(pixels) + 0.5) * (extent or cells) / pixels - 0.5 - shift, 0, cells - 1)
  lower = np.minimum(position.astype(int), max(cells - 2, 0))
  return lower, position - lower
