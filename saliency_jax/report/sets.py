"""The rows of a run, regions or targets: their categories and their images."""

import collections
from typing import NamedTuple

import numpy as np

from saliency_jax.report.best_units import UNNAMED
from saliency_jax.report.folder import Results


class Sets(NamedTuple):
  """R rows of regions.csv or patterns.csv."""
  categories: tuple[str, ...]  # of regions, or the kinds of arrays
  category: np.ndarray  # int `[R]`, a position in `categories`
  image: np.ndarray  # int `[R]`, a position in `Kept.images`; -1: not shown
  place: np.ndarray  # int `[R]`, the row's among its image's, from 0

  def of_image(self, image: int) -> np.ndarray:
    """Returns the rows of a shown image, int `[n]`."""
    return np.flatnonzero(self.image == image)

  @property
  def labels(self) -> np.ndarray:
    """str `[R]`: the rows' categories by name."""
    return np.array(self.categories)[self.category]


def sets(results: Results) -> Sets:
  """Returns the rows of a dissection or of a run on search arrays."""
  if results.job == 'dissect':
    labels, names = results.labels().tolist(), results.columns
  else:
    labels = [row['kind'] or UNNAMED for row in results.rows]
    names = tuple(dict.fromkeys(labels))
  numbers = {name: i for i, name in enumerate(names)}
  shown = {x.image_id: k for k, x in enumerate(results.kept.images)}
  image_ids = [row['image_id'] for row in results.rows]
  seen, places = collections.Counter(), []
  for image_id in image_ids:
    places.append(seen[image_id])
    seen[image_id] += 1
  return Sets(
      names, np.array([numbers[x] for x in labels], int),
      np.array([shown.get(x, -1) for x in image_ids], int),
      np.array(places, int))
