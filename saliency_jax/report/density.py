"""The map that people make: fixations blurred, in standard deviations."""

import numpy as np

# Of the Gaussian, as a share of the image's width: 22 pixels of OSIE's 800,
# about one degree of visual angle.
SIGMA = 0.0275
_ACROSS = 64  # cells; 1.8 of them to a sigma


def density(points: np.ndarray, height: int, width: int) -> np.ndarray:
  """Returns the density of fixations, standardised: mean 0, deviation 1.

  Args:
    points: `[N, 2]`, (y, x) in pixels, N > 0.
    height: H of the image, pixels.
    width: W.

  Returns:
    float64 `[h, w]`: values at the centres of cells that tile the image. A
    density is as large near the border as it is: nothing is reflected.
  """
  shape = max(1, round(_ACROSS * height / width)), _ACROSS
  sigma = SIGMA * width
  rows, columns = (
      np.exp(-((_centres(size, count) - points[:, axis, None]) / sigma) ** 2
             / 2)
      for axis, (size, count) in enumerate(
          zip((height, width), shape, strict=True)))
  total = rows.T @ columns
  return (total - total.mean()) / total.std()


def _centres(size: int, count: int) -> np.ndarray:
  """Returns the middles of `count` cells over `size` pixels, in pixels."""
  return (np.arange(count) + 0.5) * size / count - 0.5
