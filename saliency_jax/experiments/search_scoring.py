"""Search arrays: does a model's output single out the target?

NMM (He et al. 2019, Eq. 4 and Table 4) and the measures of Kotseruba, Wloka,
Rasouli and Tsotsos, BMVC 2019, whose code is P3O3. A map is resized to the
array bilinearly, as in `scoring`, and scaled to 0-1 first: P3O3 reads maps from
8-bit pictures, and ratios need a zero. Item sizes are always measured from the
mask, because users' own arrays come with nothing else.
"""

import functools
from collections.abc import Mapping

import jax
import numpy as np
from scipy import ndimage
from scipy.cluster import hierarchy

from saliency_jax import schema
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.data.popout.search_arrays import DISTRACTORS, TARGET
from saliency_jax.data.types import Record
from saliency_jax.experiments import scoring
from saliency_jax.experiments.passes import Predicted
from saliency_jax.experiments.scored_sets import DataSet, Scores, Scoring
from saliency_jax.ops import metrics, search_measures

# The measures of every array.
METRICS = ('nmm', 'gsi', 'msr_target', 'msr_background', 'fixations')
SHARES = ('stands_out', 'first', 'found')
LIMIT = 100  # fixations after which a search ends, as in P3O3's demo
_STEP = 8  # pixels; few sizes of searches are compiled
_UNDEFINED = -1.0  # P3O3's sign of an undefined quotient
# P3O3 reads maps of 8 bits. Without this, a sigmoid's 1e-28 would make ratios
# of 1e27.
_GREY = 1 / 255
_TOUCHING = np.ones((3, 3), int)  # pixels that meet at a corner are one part


class SearchScoring(Scoring):
  """How models are scored on search arrays."""

  metrics, table, ranked, shares = METRICS, schema.SEARCH, 'nmm', SHARES

  def __init__(self, dataset: DataSet):
    self.dataset, self._patterns = dataset, dataset.source.patterns
    self.images, self.job = range(len(self._patterns)), {'data': dataset.identity}
    self.kinds = [pattern.kind for pattern in self._patterns]
    self.facts = {'kind': dataset.kind, 'images': len(self._patterns)}

  def measure(self, each: Predicted) -> dict[str, dict]:
    return {
      model: {'scores': measure(each.record, self._patterns[each.index], saliency)}
      for model, saliency in each.maps.items()
    }

  def compared(self, scores: Scores) -> Scores:
    return summarised(scores)


def measure(record: Record, pattern: Pattern, saliency: np.ndarray) -> dict[str, float]:
  """Scores one model's map of one array.

  A search fixates the map's maximum. If that is not on the target, a square
  there is never fixated again; its side is the longer one of a typical
  distractor, rounded up to `_STEP` pixels. The target is found inside the
  upright box around its mask, because the middle of a ring has no pixel of the
  ring.

  Args:
    record: the array, with the regions 'target' and, unless nobody drew it,
      'distractors'.
    pattern: what it shows; `set_size` matters for items of several parts.
    saliency: float `[h, w]`, the model's map at any resolution, finite.

  Returns:
    `METRICS`: NMM in standard deviations; GSI, MSR of target to distractors and
    of background to target as in `search_measures`, with values below half a
    grey level of 255 set to 0, as P3O3 reads maps, and -1 where the quotient is
    undefined; the number of fixations until the target is found, infinite if
    that takes more than `LIMIT`. Without distractors all but NMM are NaN.
  """
  masks = dict(zip(record.regions.categories, record.regions.masks, strict=True))
  target, distractors = masks[TARGET], masks.get(DISTRACTORS)
  full = _scaled(saliency, target.shape)
  found = dict.fromkeys(METRICS, float('nan'))
  found['nmm'] = float(_nmm(full, target))
  if distractors is None:
    return found
  found |= zip(
    ('gsi', 'msr_target', 'msr_background'),
    map(float, _ratios(np.where(full < _GREY / 2, 0, full), target, distractors)),
    strict=True,
  )
  items = pattern.set_size - 1 if pattern.set_size else None
  steps = -(-item_side(distractors, items) // _STEP)
  found['fixations'] = float(_fixations(full, box(target), side=steps * _STEP))
  return found


def summarised(measured: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Returns the values that are averaged: one for each array, or NaN.

  Args:
    measured: each of `METRICS`, float `[N]`.

  Returns:
    float `[N]` each: the metrics, NaN for undefined quotients and failed
    searches; and three shares, 0 or 1 for an array: 'stands_out', the target's
    maximum exceeds the distractors'; 'first', the first fixation finds it;
    'found', it is found at all.
  """
  target, background, fixations = (measured[name] for name in ('msr_target', 'msr_background', 'fixations'))
  undefined = _undefined(measured)
  values = {name: np.where(undefined.get(name, False), np.nan, measured[name]) for name in METRICS}
  values['fixations'] = np.where(np.isinf(fixations), np.nan, fixations)
  # If distractors are 0, every target above 0 stands out; it is above 0 where
  # the background's ratio to it is defined.
  stands_out = (target > 1) | ((target == _UNDEFINED) & (background != _UNDEFINED))
  true = stands_out, fixations == 1, np.isfinite(fixations)
  for name, of, known in zip(SHARES, true, (target, fixations, fixations), strict=True):
    values[name] = np.where(np.isnan(known), np.nan, of)
  return values


def _undefined(measured: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Returns where P3O3's -1 means that a quotient is undefined.

  A GSI of -1 may also be that of a target of 0 among distractors above 0, the
  worst there is. GSI is undefined where both are 0, and then both ratios are
  too.
  """
  target, background = (measured[name] == _UNDEFINED for name in ('msr_target', 'msr_background'))
  return {'gsi': target & background, 'msr_target': target, 'msr_background': background}


def _scaled(saliency: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns the map in pixels, in 0-1, float32 `[H, W]`; 0 if constant."""
  full = np.asarray(scoring.to_size(saliency, size))
  low, span = full.min(), np.ptp(full)
  return (full - low) / (span or 1)


_nmm = jax.jit(metrics.nmm)


@jax.jit
def _ratios(saliency: jax.Array, target: jax.Array, distractors: jax.Array) -> tuple[jax.Array, ...]:
  return tuple(
    measure(saliency, target, distractors)
    for measure in (
      search_measures.global_saliency_index,
      search_measures.target_ratio,
      search_measures.background_ratio,
    )
  )


@functools.partial(jax.jit, static_argnames='side')
def _fixations(saliency: jax.Array, target: jax.Array, *, side: int) -> jax.Array:
  return search_measures.fixations_to_find(saliency, target, inhibition=(side, side), limit=LIMIT)


def item_side(mask: np.ndarray, items: int | None) -> int:
  """Returns the longer side of a typical item, the median over items.

  An item may have several parts, e.g. dots. If there are more parts than items,
  parts with the nearest centres (average linkage) are joined until the numbers
  agree.

  Args:
    mask: bool `[H, W]`, the pixels of all items; not empty.
    items: how many there are; None takes every part for an item.

  Returns:
    The side of the item's upright box in pixels, 1 or more.

  Raises:
    ValueError: the mask is empty.
  """
  labels, parts = ndimage.label(mask, _TOUCHING)
  if not parts:
    raise ValueError('An empty mask shows no item.')
  spans = np.array([[[axis.start, axis.stop] for axis in box] for box in ndimage.find_objects(labels)])
  if items is not None and 1 <= items < parts:
    tree = hierarchy.linkage(spans.mean(axis=2), 'average')
    number = hierarchy.fcluster(tree, items, 'maxclust')
    spans = np.array(
      [  # the box around the boxes of an item's parts
        np.stack([part[..., 0].min(axis=0), part[..., 1].max(axis=0)], -1)
        for part in (spans[number == n] for n in np.unique(number))
      ]
    )
  return int(np.median((spans[..., 1] - spans[..., 0]).max(axis=1)))


def box(mask: np.ndarray) -> np.ndarray:
  """Returns the upright box around a mask, both bool `[H, W]`."""
  around = np.zeros_like(mask)
  for window in ndimage.find_objects(mask.astype(np.int8)):
    around[window] = True
  return around
