"""Which pixels of a record are scored; `ops.pixel_weights` makes them weights."""

import functools
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError


class PixelSets(NamedTuple):
  """R sets of pixels of one image."""

  ids: np.ndarray  # int32 `[R]`
  labels: tuple[str, ...]  # R names
  pixels: tuple[np.ndarray, ...]  # each int `[N, 2]` (y, x), or bool `[H, W]`

  @property
  def counts(self) -> np.ndarray:
    """int32 `[R]`: the number of points or pixels in each set."""
    return np.array([p.sum() if p.dtype == bool else len(p) for p in self.pixels], np.int32)


Chooser = Callable[[Record], PixelSets]
ITEM = 'item'  # label of an item that is not the target
EXCHANGED = '\0exchanged'  # label of another photograph's region; cannot be a category


def counted(fixations: str, *, in_regions: bool) -> Chooser:
  """Returns which fixations are scored, for `config.analysis.fixations`.

  One set per region, or one for the image.

  Raises:
    InputError: there is no such choice.
  """
  if fixations not in COUNTED:
    raise InputError(f'config.analysis.fixations is {fixations!r}; it is one of {", ".join(COUNTED)}.')
  return COUNTED[fixations][in_regions]


def fixated(record: Record, *, distinct: bool, in_regions: bool) -> PixelSets:
  """Returns the image's fixations as one set, or one set per region.

  Args:
    distinct: whether a pixel fixated twice counts once. In NSS, the paper (He
      et al. 2019, Eq. 1) and the MIT benchmark use a binary fixation map,
      pysaliency all fixations.
  """
  points = np.unique(record.fixations, axis=0) if distinct else record.fixations
  if not in_regions:
    return PixelSets(np.ones(1, np.int32), ('fixations',), (points,))
  inside = record.regions.masks[:, points[:, 0], points[:, 1]]
  return PixelSets(record.regions.ids, record.regions.categories, tuple(points[chosen] for chosen in inside))


distinct_fixations = functools.partial(fixated, distinct=True, in_regions=False)
distinct_fixations_in_regions = functools.partial(fixated, distinct=True, in_regions=True)
all_fixations = functools.partial(fixated, distinct=False, in_regions=False)
all_fixations_in_regions = functools.partial(fixated, distinct=False, in_regions=True)
# For the image, and for its regions.
COUNTED: dict[str, tuple[Chooser, Chooser]] = {
  'distinct': (distinct_fixations, distinct_fixations_in_regions),
  'all': (all_fixations, all_fixations_in_regions),
}


def regions(record: Record) -> PixelSets:
  """Returns every region's mask, fixated or not."""
  return PixelSets(record.regions.ids, record.regions.categories, tuple(record.regions.masks))


def nothing(record: Record) -> PixelSets:
  """Returns no set, for images that are not scored."""
  del record
  return PixelSets(np.zeros(0, np.int32), (), ())


def target(record: Record) -> PixelSets:
  """Returns the pixels of the search target (He et al. 2019, Eq. 4).

  In training on search arrays they replace the fixations.
  """
  number = record.regions.categories.index('target')
  return PixelSets(record.regions.ids[number : number + 1], ('target',), (record.regions.masks[number],))


def target_and_items(items: Callable[[str, int], np.ndarray], count: int, record: Record) -> PixelSets:
  """Returns the target and `count` other items of its array, one set each.

  The scores of the other items give the chance level. `items` is that of
  `SearchArrays`.
  """
  one, masks = target(record), items(record.image_id, count)
  return PixelSets(
    np.append(one.ids, -np.arange(1, len(masks) + 1)).astype(np.int32),
    (*one.labels, *[ITEM] * len(masks)),
    (*one.pixels, *masks),
  )


def with_exchanged(choose: Chooser, source: Source, count: int) -> Chooser:
  """Adds regions of other photographs if all regions have one category.

  Labels cannot be permuted then. Chance is what units score at the positions of
  other photographs' regions.

  Args:
    choose: returns the fixations in a photograph's own regions.
    source: the photographs, read until there are two categories.
    count: the number of added regions per photograph, labelled `EXCHANGED`.

  Returns:
    `choose` itself if there are two categories, or one photograph alone.
  """
  candidates: list[tuple[str, np.ndarray]] = []
  categories: set[str] = set()
  for record in source.readable():
    sets, size = choose(record), record.regions.masks.shape[1:]
    for label, points in zip(sets.labels, sets.pixels, strict=True):
      if len(points):
        categories.add(label)
        candidates.append((record.image_id, (points + 0.5) / size))
    if len(categories) > 1:
      return choose
  return (
    choose if len({name for name, _ in candidates}) < 2 else functools.partial(_exchanged, choose, candidates, count)
  )


def _exchanged(choose: Chooser, candidates: list[tuple[str, np.ndarray]], count: int, record: Record) -> PixelSets:
  """Returns a photograph's sets and others', scaled to its size."""
  sets, size = choose(record), record.image.shape[:2]
  if not sets.counts.any():
    return sets
  others = [points for name, points in candidates if name != record.image_id]
  rng = np.random.default_rng(zlib.crc32(record.image_id.encode()))
  drawn = rng.permutation(len(others))[:count]
  return PixelSets(
    np.append(sets.ids, -np.arange(1, len(drawn) + 1)).astype(np.int32),
    (*sets.labels, *[EXCHANGED] * len(drawn)),
    (*sets.pixels, *((others[i] * size).astype(int) for i in drawn)),
  )
