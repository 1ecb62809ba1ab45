"""How salient a model's output, and people, make every labelled region.

He et al. 2019, Section 6, Eq. 2 and 3.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record
from saliency_jax.experiments import scoring
from saliency_jax.ops import numpy_metrics


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
  by_model = numpy_metrics.associate(saliency, sets.pixels, size)
  spread = (human - human.mean()) / (human.std() or 1)
  return [
    Region(
      record.image_id,
      int(region_id),
      label,
      len(points),
      float(score),
      float(spread[tuple(points.T)].mean()) if len(points) else np.nan,
    )
    for region_id, label, points, score in zip(sets.ids, sets.labels, sets.pixels, by_model, strict=True)
  ]


def rows(model: str, dataset: str, regions: Iterable[Region]) -> Iterator[tuple]:
  """Yields the rows of `output.csv`, see `schema.OUTPUT`."""
  for region in regions:
    yield (model, dataset, *region[:4], region.output_saliency, region.human_saliency, region.difference, region.bias)
