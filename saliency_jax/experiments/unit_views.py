"""Single units before and after fine-tuning: Figures 5 and 6.

He et al. 2019, Section 5.2. Before is depth 0, whose convolutions are the
pretrained ones; after is every other member.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.experiments import statistics
from saliency_jax.experiments.depth_tables import LAYER, Scores

_UNIT = re.compile(r'(\w+):(\d+)', re.ASCII)


class View(NamedTuple):
  """A unit on one set of pixels of an image."""
  image_id: str
  place: int  # of the set in its image, from 0
  label: str  # the region's category, the array's kind
  layer: str
  unit: int  # counted from 0
  best: str  # the member in which it answers most
  scores: dict[str, float]  # of every member, standard deviations


class Wanted(NamedTuple):
  """`config.before_after`: what to show; nothing named is chosen."""
  units: tuple[tuple[str, int], ...]  # (layer, unit)
  images: tuple[str, ...]
  count: int


def wanted(config) -> Wanted:
  """Reads `config.before_after`.

  Raises:
    InputError: if a unit is not written as 'conv5_3:288', or the count is
      negative.
  """
  units = []
  for name in config.units:
    match = _UNIT.fullmatch(name)
    if not match:
      raise InputError(
          f'config.before_after.units names {name!r}; a unit is written as '
          f'{LAYER}:288.')
    units.append((match[1], int(match[2])))
  if config.count < 0:
    raise InputError(
        f'config.before_after.count is {config.count}; give 0 or more.')
  return Wanted(tuple(units), tuple(config.images), config.count)


def check(
    asked: Wanted, layers: Mapping[str, Sequence[str]],
    sources: Mapping[str, Source]
) -> None:
  """Raises an `InputError` for a layer or an image that is not measured.

  Args:
    asked: `wanted`.
    layers: kind -> the layers that are measured.
    sources: kind -> the images.
  """
  for layer, unit in asked.units:
    for kind, measured in layers.items():
      if layer not in measured:
        raise InputError(
            f'config.before_after.units names {layer}:{unit}, and '
            f'config.{kind}.model.layers lacks {layer}; add it there.')
  known = {x for source in sources.values() for x in source.image_ids}
  for image_id in asked.images:
    if image_id not in known:
      raise InputError(
          f'config.before_after.images names {image_id!r}, which is none of '
          f'the images that the members are measured on.')


def choose(
    read: Callable[[str], Scores], asked: Wanted, *, base: str, top: int
) -> list[View]:
  """Returns what to show of one data set.

  With neither units nor images named: for each of the labels whose best units
  gain most, the unit that rises most from `base` to the member that is best at
  this label, on the set of pixels where it rises most. A named unit is shown
  for the label for which it rises most, a named image with its set of pixels on
  which the unit, or any unit of conv5_3, rises most.

  Args:
    read: gives the members' scores in a layer.
    asked: `wanted`.
    base: the member that is before.
    top: how many of the best units make a label's score.
  """
  scores = read(LAYER)
  images = [x for x in asked.images if x in scores.image_ids]
  for layer, unit in asked.units:
    if unit >= read(layer).members[base].shape[1]:
      raise InputError(
          f'config.before_after.units names {layer}:{unit}, and {layer} has '
          f'{read(layer).members[base].shape[1]} units, counted from 0.')
  if images:
    return [
        _on_image(read(layer), base, image_id, layer, unit)
        for image_id in images
        for layer, unit in asked.units or [(LAYER, None)]]
  if asked.units:
    pairs = [
        (layer, unit, *_best_label(read(layer), base, unit))
        for layer, unit in asked.units]
  else:
    pairs = [(LAYER, *x) for x in _most_gaining(
        scores, base, top=top, count=asked.count)]
  shown, views = set(), []
  for layer, unit, label, best in pairs:
    found = read(layer)
    rise = found.members[best][:, unit] - found.members[base][:, unit]
    fits = found.labels == label
    # Another photograph each time, where there is one.
    fresh = fits & ~np.isin(found.image_ids, sorted(shown))
    row = int(np.where(fresh if fresh.any() else fits, rise, -np.inf).argmax())
    views.append(_view(found, row, layer, unit, best))
    shown.add(views[-1].image_id)
  return views


def _most_gaining(
    found: Scores, base: str, *, top: int, count: int
) -> Iterator[tuple[int, str, str]]:
  """Yields (unit, label, best member) of the labels that gain most."""
  after = [name for name in found.members if name != base]
  gains = []
  for label in dict.fromkeys(found.labels.tolist()):
    chosen = found.labels == label
    means = {name: statistics.unit_means(found.members[name][chosen])
             for name in [base, *after]}
    mean = {name: statistics.best_units(x, top).mean
            for name, x in means.items()}
    best = max(after, key=mean.get)
    gains.append((mean[best] - mean[base], label, best,
                  means[best] - means[base]))
  used = []
  for _, label, best, rise in sorted(gains, key=lambda x: -x[0])[:count]:
    rise[used] = -np.inf
    used.append(int(rise.argmax()))
    yield used[-1], label, best


def _best_label(found: Scores, base: str, unit: int) -> tuple[str, str]:
  """Returns the label and the member with which a unit rises most."""
  rises = {}
  for label in dict.fromkeys(found.labels.tolist()):
    chosen = found.labels == label
    for name, scores in found.members.items():
      if name != base:
        rises[label, name] = float(
            (scores[chosen, unit] - found.members[base][chosen, unit]).mean())
  return max(rises, key=rises.get)


def _on_image(
    found: Scores, base: str, image_id: str, layer: str, unit: int | None
) -> View:
  rows = np.flatnonzero(found.image_ids == image_id)
  units = slice(None) if unit is None else [unit]
  rises = {
      name: scores[rows][:, units] - found.members[base][rows][:, units]
      for name, scores in found.members.items() if name != base}
  best = max(rises, key=lambda name: rises[name].max())
  row, column = np.unravel_index(rises[best].argmax(), rises[best].shape)
  return _view(
      found, int(rows[row]), layer, int(column) if unit is None else unit, best)


def _view(found: Scores, row: int, layer: str, unit: int, best: str) -> View:
  return View(
      str(found.image_ids[row]), int(found.places[row]),
      str(found.labels[row]), layer, unit, best,
      {name: float(scores[row, unit])
       for name, scores in found.members.items()})
