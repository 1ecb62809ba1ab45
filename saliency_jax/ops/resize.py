"""Bilinear upsampling as two small matrices, and all that scores need of them.

A map X in cells `[h, w]` becomes U = A X B^T in pixels `[H, W]`, with A
`[H, h]` and B `[W, w]`. The mean and the variance of U follow from X and from a
few numbers per row and column, so U itself is never made:

    mean(U) = a^T X b                   a = A^T 1 / H,  b = B^T 1 / W
    var(U)  = || La^T (X - mean) Lb ||^2    La La^T = A^T A / H,  likewise Lb

A row of A holds two neighbouring cells at most, so A^T A has three diagonals
and its Cholesky factor two: applying it is one shifted multiply-add.

Everything here is NumPy in float64, made once per size on the host.
"""

import functools

import numpy as np


@functools.lru_cache(maxsize=256)
def bilinear(pixels: int, cells: int) -> np.ndarray:
  """Returns the matrix that upsamples one axis bilinearly.

  Pixel and cell centres lie at half-integers over the same extent, and beyond
  the outermost centres the edge cell is repeated. PyTorch's
  `interpolate(mode='bilinear', align_corners=False)` and OpenCV's
  `INTER_LINEAR` do this too. Downsampling (pixels < cells) follows the same
  rule, without antialiasing.

  Args:
    pixels: length of the axis in pixels, at least 1.
    cells: length of the axis in cells, at least 1.

  Returns:
    float64 `[pixels, cells]`; every row sums to 1. Read-only, as it is cached.

  Raises:
    ValueError: if a length is less than 1.
  """
  if pixels < 1 or cells < 1:
    raise ValueError(f'An axis needs a cell and a pixel: {pixels=}, {cells=}.')
  position = np.clip(
      (np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
  lower = np.minimum(position.astype(int), max(cells - 2, 0))
  share = position - lower
  matrix = np.zeros((pixels, cells))
  row = np.arange(pixels)
  matrix[row, lower] = 1 - share
  if cells > 1:
    matrix[row, lower + 1] = share
  matrix.flags.writeable = False
  return matrix


@functools.lru_cache(maxsize=256)
def axis_moments(pixels: int, cells: int) -> np.ndarray:
  """Returns what the mean and the variance of an upsampled axis need.

  Args:
    pixels: length of the axis in pixels, at least 1.
    cells: length of the axis in cells, at least 1.

  Returns:
    float64 `[3, cells]`, read-only: the mean weight of every cell (they sum to
    1), then the diagonal and the subdiagonal of L, where
    L L^T = A^T A / pixels. The subdiagonal's entry i couples cells i and
    i + 1; its last entry is 0.

  Raises:
    ValueError: if a length is less than 1.
  """
  matrix = bilinear(pixels, cells)
  gram = matrix.T @ matrix / pixels
  moments = np.zeros((3, cells))
  moments[0] = matrix.mean(axis=0)
  # The Gram matrix is singular when there are fewer pixels than cells. A pivot
  # that vanishes then takes its whole row with it: both entries stay 0.
  smallest = 1e-12 * gram.diagonal().max()
  for i in range(cells):
    pivot = gram[i, i] - (moments[2, i - 1] ** 2 if i else 0)
    if pivot > smallest:
      moments[1, i] = np.sqrt(pivot)
      if i + 1 < cells:
        moments[2, i] = gram[i + 1, i] / moments[1, i]
  moments.flags.writeable = False
  return moments
