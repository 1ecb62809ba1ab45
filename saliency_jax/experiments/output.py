"""How salient a model's output, and people, make every labelled region.

He et al. 2019, Section 6, Eq. 2 and 3.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import jax
import numpy as np

from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record
from saliency_jax.experiments import scoring
from saliency_jax.ops import association, pixel_weights

# Regions of an image are padded to multiples of this, to compile few shapes.
_MULTIPLE = 8

_associate = jax.jit(association.associate)


class Region(NamedTuple):
  """One labelled region and its saliency, in standard deviations."""

  image_id: str
  region_id: int
  category: str
  fixations: int  # number counted
  output_saliency: float  # NaN without a fixation
  human_saliency: float  # NaN without a fixation

  @property
  def bias(self) -> float:
    """Output minus human saliency: above 0 if the model overrates a region."""
    return self.output_saliency - self.human_saliency

  @property
  def difference(self) -> float:
    """The magnitude of the bias; Eq. 3 is its mean over regions."""
    return abs(self.bias)


def measure(record: Record, saliency: np.ndarray, human: np.ndarray, choose: Chooser) -> list[Region]:
  """Returns the saliency of every region of a photograph.

  Output saliency (Eq. 2) is the mean of the model's output, standardised over
  the photograph, at the region's fixated pixels: Eq. 1 with the output as a
  unit. Human saliency is the same of the human map, the blurred fixations. It
  is an upper bound, because that map is read at the very fixations that made
  it, and it depends on the width of the blur. Eq. 3 is the difference of the
  two.

  Args:
    saliency: float `[h, w]`, the model's map at any resolution, finite; if
      larger than the photograph it is resized first, as in `scoring`.
    human: float `[H, W]`, the human map, in the photograph's size.

  Returns:
    One for each region, in the order of the annotation.
  """
  sets = choose(record)
  size = record.image.shape[:2]
  if max(np.divide(saliency.shape, size)) > 1:
    saliency = np.asarray(scoring.to_size(saliency, size))
  by_model = _scores(saliency, pixel_weights.cell_weights(sets.pixels, size, saliency.shape))
  spread = (human - human.mean()) / (human.std() or 1)
  nothing = float('nan')
  return [
    Region(
      record.image_id,
      int(region_id),
      label,
      len(points),
      float(score) if len(points) else nothing,
      float(spread[tuple(points.T)].mean()) if len(points) else nothing,
    )
    for region_id, label, points, score in zip(sets.ids, sets.labels, sets.pixels, by_model, strict=True)
  ]


def rows(model: str, dataset: str, regions: Iterable[Region]) -> Iterator[tuple]:
  """Yields the rows of `output.csv`, see `schema.OUTPUT`."""
  for region in regions:
    yield (model, dataset, *region[:4], region.output_saliency, region.human_saliency, region.difference, region.bias)


def _scores(x: np.ndarray, weights: pixel_weights.CellWeights) -> np.ndarray:
  """Returns the score of one map on R sets, float32 `[R]`."""
  count = len(weights.sets)
  padding = -count % _MULTIPLE
  padded = weights._replace(sets=np.pad(weights.sets, ((0, padding), (0, 0), (0, 0))))
  return np.asarray(_associate(x[..., None].astype(np.float32), padded))[:count, 0]
