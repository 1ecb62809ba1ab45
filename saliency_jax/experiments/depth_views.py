"""Single units before and after fine-tuning: Figures 5 and 6.

He et al. 2019, Section 5.2. Figure 5 follows a unit that comes to respond to
person heads, the paper's 288th; Figure 6 the best unit for text, on photographs
with text and a head. Before is depth 0, with the pretrained layers; after is
every other member.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from saliency_jax import progress, schema
from saliency_jax.data import pixel_sets
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError, at_least
from saliency_jax.experiments import exported_maps, statistics, thumbnails
from saliency_jax.experiments.depth_tables import UnitScores
from saliency_jax.experiments.forward import Forward, Probe
from saliency_jax.networks.network import Network
from saliency_jax.workdir import Folder

_BEST = 'best:'
_MASKS = {'regions': pixel_sets.regions, 'popout': pixel_sets.target}


class View(NamedTuple):
  """A unit on one set of pixels of an image."""

  image_id: str
  place: int  # number of the set in its image, from 0
  label: str  # a region's category, or an array's kind
  layer: str  # the tap
  unit: int  # counted from 0
  best: str  # the member in which it responds most
  scores: dict[str, float]  # of every member, standard deviations


def _requested(config) -> tuple[list[str], list[str]]:
  """Returns the named units, and the labels of 'best:LABEL'."""
  best = [x for x in config.units if x.startswith(_BEST) and x != _BEST]
  return ([x for x in config.units if x not in best], [x.removeprefix(_BEST) for x in best])


def check(config, taps: Mapping[str, Mapping[str, int]], sources: Mapping[str, Source]) -> None:
  """Raises an `InputError` for a unit, label or image that is not measured."""
  at_least(0, {'before_after.count': config.count})
  named, best = _requested(config)
  for name, measured in itertools.product(named, taps.values()):
    exported_maps.unit(name, measured, 'config.before_after.units')
  for label in _unknown(set(best), sources):
    raise InputError(
      f'config.before_after.units names {_BEST}{label}, and no region of the photographs is labelled {label!r}.'
    )
  known = {x for source in sources.values() for x in source.image_ids}
  for image_id in config.images:
    if image_id not in known:
      raise InputError(
        f'config.before_after.images names {image_id!r}, which is not one of the images that members are measured on.'
      )


def _unknown(labels: set[str], sources: Mapping[str, Source]) -> set[str]:
  """Returns the labels of no region; decodes images only where it must."""
  records = itertools.chain.from_iterable(source.readable() for source in sources.values())
  while labels and (record := next(records, None)):
    labels = labels.difference(record.regions.categories)
  return labels


def choose(read: Callable[[str], UnitScores], config, *, tap: str, base: str, top: int) -> list[View]:
  """Returns what to show of one data set, by `config.before_after`.

  - Neither units nor images are named: for each of the labels whose best units
    gain most, the unit that rises most from `base` to the member that is best
    for this label, on the set of pixels where it rises most.
  - A named unit is shown for the label for which it rises most.
  - A named image is shown with the set of pixels on which the named unit, or
    any unit of `tap`, rises most.
  - 'best:LABEL' is shown on an image that also has the label to which that unit
    responds most.
  """
  scores = read(tap)
  named, labels = _requested(config)
  units = [*map(exported_maps.tap_and_unit, named)]
  images = [x for x in config.images if x in scores.image_ids]
  strongest = [_best_for(scores, base, label, tap) for label in labels if label in scores.labels]
  if images:
    shown = [*units, *((x.layer, x.unit) for x in strongest)] or [(tap, None)]
    return [_on_image(read(name), base, image_id, name, unit) for image_id in images for name, unit in shown]
  pairs = [(name, unit, *_best_label(read(name), base, unit)) for name, unit in units]
  if not pairs and not strongest:
    pairs = [(tap, *x) for x in _most_gaining(scores, base, top=top, count=config.count)]
  views = []
  for name, unit, label, best in pairs:
    found = read(name)
    fits = found.labels == label
    # A different photograph each time, if possible.
    fresh = fits & ~np.isin(found.image_ids, [x.image_id for x in views])
    rise = np.where(fresh if fresh.any() else fits, _rises(found, base)[best][:, unit], -np.inf)
    views.append(view(found, int(rise.argmax()), name, unit, best))
  return views + strongest


def _rises(found: UnitScores, base: str) -> dict[str, np.ndarray]:
  """Returns how much units rise from `base` to each other member."""
  return {name: scores - found.members[base] for name, scores in found.members.items() if name != base}


def _means(found: UnitScores, name: str) -> dict[str, np.ndarray]:
  """Returns the units' means in a member by label: `[C]` each."""
  return {
    label: statistics.unit_means(found.members[name][found.labels == label])
    for label in dict.fromkeys(found.labels.tolist())
  }


def _most_gaining(found: UnitScores, base: str, *, top: int, count: int) -> list[tuple[int, str, str]]:
  """Returns (unit, label, best member) for the labels that gain most."""
  means = {name: _means(found, name) for name in found.members}
  gains = []
  for label, before in means.pop(base).items():
    mean = {name: statistics.best_units(of[label], top).mean for name, of in means.items()}
    best = max(mean, key=mean.get)
    gains.append((mean[best] - statistics.best_units(before, top).mean, label, best, means[best][label] - before))
  chosen = []
  for _, label, best, rise in sorted(gains, key=lambda x: -x[0])[:count]:
    rise[[unit for unit, *_ in chosen]] = -np.inf
    chosen.append((int(rise.argmax()), label, best))
  return chosen


def _best_for(found: UnitScores, base: str, label: str, tap: str) -> View:
  """Shows the unit that responds most to a label, as Figure 6 does for text.

  It has the highest mean over the label's regions in any member but `base`. It
  may respond even more to another label, its strongest: the label's region with
  the highest score among images with both is shown.
  """
  means = {name: _means(found, name) for name in found.members if name != base}
  best = max(means, key=lambda name: means[name][label].max())
  unit = int(means[best][label].argmax())
  of_unit = {x: float(of[unit]) for x, of in means[best].items()}
  strongest = max(of_unit, key=of_unit.get)
  row_scores, fits = found.members[best][:, unit], found.labels == label
  both = fits & np.isin(found.image_ids, found.image_ids[found.labels == strongest])
  row = int(np.where(both if both.any() else fits, row_scores, -np.inf).argmax())
  return view(found, row, tap, unit, best)


def _best_label(found: UnitScores, base: str, unit: int) -> tuple[str, str]:
  """Returns the label and the member for which a unit rises most."""
  rises = {
    (label, name): float(rise[found.labels == label, unit].mean())
    for label in dict.fromkeys(found.labels.tolist())
    for name, rise in _rises(found, base).items()
  }
  return max(rises, key=rises.get)


def _on_image(found: UnitScores, base: str, image_id: str, tap: str, unit: int | None) -> View:
  rows = np.flatnonzero(found.image_ids == image_id)
  units = slice(None) if unit is None else [unit]
  rises = {name: x[rows][:, units] for name, x in _rises(found, base).items()}
  best = max(rises, key=lambda name: rises[name].max())
  row, column = np.unravel_index(rises[best].argmax(), rises[best].shape)
  return view(found, int(rows[row]), tap, int(column) if unit is None else unit, best)


def view(found: UnitScores, row: int, tap: str, unit: int, best: str) -> View:
  """Returns a unit on one of the sets of pixels; `best` as in `View`."""
  return View(
    str(found.image_ids[row]),
    int(found.places[row]),
    str(found.labels[row]),
    tap,
    unit,
    best,
    {name: float(scores[row, unit]) for name, scores in found.members.items()},
  )


def write(
  folder: Folder,
  chosen: Mapping[str, Sequence[View]],
  sources: Mapping[str, Source],
  members: Mapping[str, Callable[[], Network]],
  *,
  base: str,
  configs: Mapping[str, Any],
) -> None:
  """Writes `before_after/`: `schema.VIEWS`, `schema.VIEW_MAPS` and pictures.

  `views.json` has `base`, `members` and `views`. Each view has the fields of
  `View`, its `kind`, the paths of its `picture` and `mask` in the sweep's
  folder, and the image's `height` and `width` in pixels.

  Args:
    configs: kind -> the config by which it was measured.

  Raises:
    InputError: an image can no longer be read.
  """
  inside = schema.VIEWS.path.partition('/')[0]
  places = {kind: {x.image_id: sources[kind].image_ids.index(x.image_id) for x in of} for kind, of in chosen.items()}
  shown = {kind: sorted(of.values()) for kind, of in places.items() if of}
  # Each with the number of its picture.
  listed = [(kind, x, shown[kind].index(places[kind][x.image_id])) for kind, of in chosen.items() for x in of]
  maps: list[list[np.ndarray]] = [[] for _ in listed]
  sizes: dict[int, list[int]] = {}
  placements: dict[str, np.ndarray] = {}
  for load in progress.track(members.values(), total=len(members), unit='member', title='Exporting views'):
    network = load()
    for kind, indices in shown.items():
      taps = tuple(sorted({x.layer for x in chosen[kind]}))
      # The same pictures for every member, which cost little beside it.
      keep = thumbnails.Writer(folder.path / inside / kind, tuple(indices), _MASKS[kind])
      one = configs[kind]
      run = Forward(Probe(network, taps, Reading.of(one.data).strict(), one.analysis.alignment))
      for batch, images, weights in run.inputs(sources[kind], indices, choose=pixel_sets.nothing, keep=keep):
        found, rows = run.maps(images), {int(index): row for row, index in enumerate(batch.index)}
        for number, (of, view, k) in enumerate(listed):
          if of == kind and indices[k] in rows:
            row = rows[indices[k]]
            of_tap = found[view.layer], weights[view.layer]
            maps[number].append(exported_maps.standardised(*of_tap, [row], [view.unit])[0])
            sizes[number] = batch.kept[row].size.tolist()
            for name, x in exported_maps.placement(run.cells[view.layer]).items():
              placements[f'{name}_{number}'] = x
  folder.arrays(schema.VIEW_MAPS.path, {f'maps_{number}': np.stack(x) for number, x in enumerate(maps)} | placements)
  described = [
    {
      **view._asdict(),
      'kind': kind,
      'picture': f'{inside}/{kind}/{thumbnails.picture_name(k)}',
      'mask': f'{inside}/{kind}/{thumbnails.mask_name(k)}',
      'height': sizes[number][0],
      'width': sizes[number][1],
    }
    for number, (kind, view, k) in enumerate(listed)
  ]
  folder.json(schema.VIEWS.path, {'base': base, 'members': list(members), 'views': described})
