"""Filling polygons on a pixel grid, by the even-odd rule at pixel centres.

A point (x, y) counts pixels from 0 at the top left pixel's centre. A pixel is
inside if a ray from its centre crosses the outline an odd number of times.
Centres on the left and top outline are inside, those on the right and bottom
are not, so polygons that share an edge share no pixel.
"""

import numpy as np

# Row crossings per step: 32 MB.
_AT_ONCE = 2**20


def crossings(corners: np.ndarray, height: int) -> int:
  """Returns how many rows a polygon's outline crosses in total; see `fill`."""
  rows = np.clip(corners[:, 1], 0, height)
  return int(np.abs(rows - np.roll(rows, -1)).sum())


def fill(corners: np.ndarray, mask: np.ndarray) -> None:
  """Adds the pixels of one closed polygon to a mask, row by row.

  In every row that it crosses, each edge flips the first pixel to its right;
  the parity of flips up to a pixel gives the even-odd rule.

  Args:
    corners: float64 `[K, 2]`, (x, y), possibly outside the image; the last is
      joined to the first.
    mask: bool `[height, width]`; only the polygon's bounding box is touched.
  """
  height, width = mask.shape
  # One direction for every edge, so that neighbours round alike.
  start, end = corners, np.concatenate([corners[1:], corners[:1]])
  upward = (start[:, 1] > end[:, 1])[:, None]
  start, end = np.where(upward, end, start), np.where(upward, start, end)

  # Rows whose centre y has start.y <= y < end.y; a horizontal edge has none.
  first, last = (np.ceil(x[:, 1].clip(0, height)).astype(np.int64) for x in (start, end))
  counts = last - first
  if not counts.any():
    return
  # Only the bounding box of the crossings is filled.
  top, bottom = first[counts > 0].min(), last.max()
  left, right = (
    int(np.clip(x, 0, width)) for x in (np.floor(corners[:, 0].min()) - 1, np.ceil(corners[:, 0].max()) + 1)
  )
  box = np.zeros((bottom - top, right - left + 1), np.uint8)  # the lowest bit counts
  parts = np.searchsorted(np.cumsum(counts), np.arange(_AT_ONCE, counts.sum(), _AT_ONCE))
  for part in np.split(np.arange(len(corners)), parts):
    edges = np.repeat(part, counts[part])
    rows = first[edges] + np.arange(len(edges)) - np.repeat(np.cumsum(counts[part]) - counts[part], counts[part])
    (x0, y0), (dx, dy) = start[edges].T, (end - start)[edges].T
    columns = np.ceil((x0 + (rows - y0) * dx / dy).clip(0, width)).astype(np.int64)
    # NumPy has a fast loop for sums at flat indices, but not for xor.
    np.add.at(box.reshape(-1), (rows - top) * box.shape[1] + columns - left, 1)
  np.bitwise_xor.accumulate(box, axis=1, out=box)
  mask[top:bottom, left:right] |= (box[:, :-1] & 1).astype(bool)


def circle(centre: np.ndarray, radius: float, height: int, width: int) -> np.ndarray:
  """Returns the pixels whose centres are less than `radius` from `centre`.

  `centre` is (x, y) in pixels, the result bool `[height, width]`.
  """
  x, y = centre
  rows, columns = np.arange(height)[:, None], np.arange(width)
  return (columns - x) ** 2 + (rows - y) ** 2 < radius**2
