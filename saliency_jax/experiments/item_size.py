"""How large the items of a search array are, told from their mask alone.

A user's own arrays come with masks and nothing else, and drawn ones must not be
measured in another way.
"""

import numpy as np
from scipy import ndimage
from scipy.cluster import hierarchy

_TOUCHING = np.ones((3, 3), int)  # pixels that meet at a corner are one part


def side(mask: np.ndarray, items: int | None) -> int:
  """Returns the longer side of a typical item, the median over items.

  An item may be of several parts, e.g. of dots. Where there are more parts than
  items, those with the nearest centres (average linkage) are put together until
  the number is right.

  Args:
    mask: bool `[H, W]`, the pixels of all items; not empty.
    items: how many there are; None takes every part for an item.

  Returns:
    The side of the item's upright box in pixels, 1 or more.

  Raises:
    ValueError: if the mask is empty.
  """
  labels, parts = ndimage.label(mask, _TOUCHING)
  if not parts:
    raise ValueError('An empty mask shows no item.')
  spans = np.array([
      [[axis.start, axis.stop] for axis in box]
      for box in ndimage.find_objects(labels)])
  if items is not None and 1 <= items < parts:
    tree = hierarchy.linkage(spans.mean(axis=2), 'average')
    number = hierarchy.fcluster(tree, items, 'maxclust')
    spans = np.array([  # the box around the boxes of an item's parts
        np.stack([part[..., 0].min(axis=0), part[..., 1].max(axis=0)], -1)
        for part in (spans[number == n] for n in np.unique(number))])
  return int(np.median((spans[..., 1] - spans[..., 0]).max(axis=1)))


def box(mask: np.ndarray) -> np.ndarray:
  """Returns the upright box around a mask, both bool `[H, W]`."""
  around = np.zeros_like(mask)
  if mask.any():
    around[tuple(
        slice(inside[0], inside[-1] + 1) for inside in (
            np.flatnonzero(mask.any(axis=1 - axis)) for axis in range(2)))] = (
                True)
  return around
