"""Pop-out search arrays: one item among many differs from them in one feature.

Modelled on the pre-attentive arrays of Healey and Enns 2012, "Attention and
Visual Memory in Visualization and Computer Graphics" (IEEE TVCG 18). He et al.
2019 (Section 3) used 80 of those to ask which units respond to the target.
"""

import numpy as np

from saliency_jax.data.popout import drawing, palette
from saliency_jax.data.popout.kinds import KINDS
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.data.types import Record, Regions, Source
from saliency_jax.errors import InputError

SET_SIZES = (16, 25, 36, 49)  # items of an array, on 4 x 4 to 7 x 7 cells
TARGET, DISTRACTORS = 'target', 'distractors'  # categories of the two regions

# Separate random streams per image, so that these are independent.
_TARGET_PLACE, _LAYOUT, _DESIGN, _ITEMS = range(4)


class SearchArrays(Source):
  """A `Source` of drawn arrays: image i depends on (seed, i, size) only.

  Kinds alternate, and each goes through all 12 pairs of background and set
  size. The seed draws the rest: positions, jitter, inks and feature values. Ids
  are kind and variant, e.g. 'colour-00'.
  """

  gives = frozenset({'targets'})

  def __init__(self, *, count: int = 80, seed: int = 0, size: int = 512):
    """Plans the arrays; each is drawn when it is used.

    Args:
      count: number of arrays, 1 or more; a multiple of 16 balances the kinds.
      seed: 0 or more.
      size: height and width of the images, 128 px or more.

    Raises:
      InputError: a number is out of its range.
    """
    for name, value, least in (('count', count, 1), ('seed', seed, 0), ('size', size, drawing.SMALLEST)):
      if value < least:
        raise InputError(f'The {name} of search arrays is {value}; give {least} or more.')
    self._seed, self._size = seed, size
    self.patterns = tuple(_pattern(index) for index in range(count))
    self.image_ids = tuple(pattern.image_id for pattern in self.patterns)

  def __getitem__(self, index: int) -> Record:
    """Draws an array; its regions are 1 (target) and 2 (distractors)."""
    drawn = drawing.draw(self.plan(index), self._size)
    return Record(
      self.image_ids[index],
      drawn.image,
      np.zeros((0, 2), np.int32),
      Regions(np.array([1, 2], np.int32), (TARGET, DISTRACTORS), np.stack([drawn.target, drawn.distractors])),
    )

  def items(self, image_id: str, count: int) -> np.ndarray:
    """Returns `count` random distractors, or all if there are fewer.

    bool `[K, H, W]`, one mask each.
    """
    index = self.image_ids.index(image_id)
    plan = self.plan(index)
    others = np.delete(np.arange(len(plan.layout.centres)), plan.target)
    drawn = self._stream(index, _ITEMS).permutation(others)[:count]
    return drawing.item_masks(plan, drawn, self._size)

  def plan(self, index: int) -> drawing.ArrayPlan:
    """Plans an array without drawing it.

    The target's position, the layout and the design come from separate random
    streams, so that none reveals another.
    """
    index = range(len(self))[index]
    pattern = self.patterns[index]
    return drawing.ArrayPlan(
      KINDS[pattern.kind](self._stream(index, _DESIGN), pattern.background),
      drawing.lay_out(self._stream(index, _LAYOUT), pattern.set_size, self._size),
      int(self._stream(index, _TARGET_PLACE).integers(pattern.set_size)),
      pattern.background,
    )

  def _stream(self, index: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(index, purpose)))


def _pattern(index: int) -> Pattern:
  variant, place = divmod(index, len(KINDS))
  kind, backgrounds = list(KINDS)[place], list(palette.BACKGROUNDS)
  # 3 backgrounds and 4 set sizes are coprime, so that stepping through both at
  # once meets every pair. Kinds start at different steps, which balances the
  # whole.
  step = variant + place
  return Pattern(f'{kind}-{variant:02d}', kind, backgrounds[step % len(backgrounds)], SET_SIZES[step % len(SET_SIZES)])
