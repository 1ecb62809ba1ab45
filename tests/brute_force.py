"""The paper's own way in float64: upsample, standardise, average.

Independent of `saliency_jax.ops`: SciPy interpolates, pixel by pixel.
"""

import numpy as np
from scipy import ndimage


def upsample(cells: np.ndarray, size: tuple[int, int], shift: float = 0.0, extent: float = 0.0) -> np.ndarray:
  """Returns a map `[h, w]` bilinearly resized to `size`, float64 `[H, W]`.

  Cell i has its centre at (i + 1/2 + shift) / extent of a side; extent 0 stands
  for the number of cells.
  """
  (height, width), (h, w) = size, cells.shape
  y = (np.arange(height) + 0.5) * (extent or h) / height - 0.5 - shift
  x = (np.arange(width) + 0.5) * (extent or w) / width - 0.5 - shift
  return ndimage.map_coordinates(cells.astype(np.float64), np.meshgrid(y, x, indexing='ij'), order=1, mode='nearest')


def score(cells: np.ndarray, pixels: np.ndarray, size: tuple[int, int], *placement: float) -> float:
  """Returns the mean standardised value of one map over a set of pixels.

  Args:
    cells: `[h, w]`, one unit's map.
    pixels: integers `[N, 2]` (y, x), or a bool mask of the size of the image.
    size: (H, W) of the image in pixels.
    *placement: shift and extent, see `upsample`.
  """
  upsampled = upsample(cells, size, *placement)
  if not len(pixels) or np.ptp(cells) == 0 or upsampled.std() < 1e-12:
    return 0.0
  standard = (upsampled - upsampled.mean()) / upsampled.std()
  if pixels.dtype == bool:
    return standard[pixels].mean() if pixels.any() else 0.0
  return standard[pixels[:, 0], pixels[:, 1]].mean()


def scores(maps: np.ndarray, sets: list, size: tuple[int, int], *placement: float) -> np.ndarray:
  """Returns `score` of every unit of `[h, w, C]` on every set: `[R, C]`."""
  return np.array(
    [[score(maps[..., unit], pixels, size, *placement) for unit in range(maps.shape[-1])] for pixels in sets]
  )
