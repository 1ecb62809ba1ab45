"""Which units respond to labelled regions, and which to the odd item.

He et al. 2019. Section 4, region association: the NSS of every unit inside
every labelled region of every photograph (Eq. 1), and Table 2. Section 7,
pop-out: the mean of every unit's standardised map inside the mask of a search
target (NMM, Eq. 4), and Table 5.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from absl import logging

from saliency_jax import schema
from saliency_jax.data import pixel_sets
from saliency_jax.data.popout.search_arrays import TARGET
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.errors import InputError, at_least
from saliency_jax.experiments import chance, clusters, runner, statistics, table_values
from saliency_jax.experiments.measurement import Measurement
from saliency_jax.experiments.runner import Experiment
from saliency_jax.experiments.statistics import Rows

_OTHERS = 20  # regions of other photographs that stand for a single category's


def every_unit(rows: Rows, *, top: int) -> Iterator[Sequence]:
  """Yields the rows of units.csv: every unit of every tap on every category.

  Intervals are Student's t over regions, once as if they were independent, and
  once allowing for clusters, the photographs.
  """
  for tap, scores in rows.scores.items():
    kept, labels, images = chance.scored(scores, rows.labels, rows.index)
    overall = kept.mean(axis=0, dtype=float) if len(kept) else None
    held = chance.held_out_unit_means(kept, labels, images, top=top)
    bands = chance.unit_bands(kept, labels, images)
    for category in ordered_categories(rows.labels):
      chosen = labels == category
      of = kept[chosen].astype(float)
      if not len(of):
        continue
      mean, half = of.mean(axis=0), clusters.half_widths(of, np.arange(len(of)))
      robust = clusters.half_widths(of, images[chosen])
      columns = np.stack(
        [mean, mean - half, mean + half, mean - robust, mean + robust, held[category], overall, *bands[category]],
        axis=1,
      )
      for unit, values in enumerate(columns):
        yield tap, unit, category, *values, len(of)


def _region_tables(source: Source, rows: Rows, chance_rows: Rows, analysis) -> Mapping[schema.File, Iterable[Sequence]]:
  values = {
    tap: table_values.by_category(
      scores,
      rows.labels,
      rows.index,
      top=analysis.top_units,
      threshold=analysis.threshold,
      others=(chance_rows.scores[tap], chance_rows.index) if len(chance_rows.ids) else None,
    )
    for tap, scores in rows.scores.items()
  }
  categories = ordered_categories(rows.labels)
  return {
    schema.REGIONS: zip((source.image_ids[i] for i in rows.index), rows.ids, rows.labels, rows.counts, strict=True),
    schema.TABLE2: table_values.lines(values, categories),
    schema.SAMPLES: table_values.samples(values, categories),
    schema.UNITS: every_unit(rows, top=analysis.top_units),
  }


def _region_counts(source: Source, measured: Measurement) -> dict[str, int]:
  rows = measured.rows
  if not rows.counts.any():
    raise InputError(
      'None of the photographs has a labelled region with a fixation; '
      '--config.data.regions takes the folder of the annotation.'
    )
  bare = len(source) - len(measured.problems) - len(np.unique(rows.index))
  if bare:
    logging.warning('%d of %d photographs have no region.', bare, len(source))
  alike: dict[str, list[str]] = {}
  for name in ordered_categories(rows.labels):
    alike.setdefault(name.casefold(), []).append(name)
  for names in alike.values():
    if len(names) > 1:
      logging.warning('The categories %s differ only in case; spell them alike.', ' and '.join(names))
  return {
    'images': len(source),
    'images_without_regions': bare,
    'regions': len(rows.ids),
    'regions_without_fixations': int((rows.counts == 0).sum()),
    'fixations': int(rows.counts.sum()),
  }


def _array_tables(source: Source, rows: Rows, chance_rows: Rows, analysis) -> Mapping[schema.File, Iterable[Sequence]]:
  patterns, top = [source.patterns[i] for i in rows.index], analysis.top_units
  values = {
    tap: table_values.of_targets(
      scores, rows.index, top=top, items=chance_rows.scores[tap], items_images=chance_rows.index
    )
    for tap, scores in rows.scores.items()
  }
  return {
    schema.PATTERNS: patterns,
    schema.TABLE5: ((tap, *value.cells, value.units) for tap, value in values.items()),
    schema.TABLE5_KINDS: by_kind(rows, np.array([x.kind for x in patterns]), top=top),
    schema.SAMPLES: table_values.samples({tap: {TARGET: value} for tap, value in values.items()}, (TARGET,)),
  }


def by_kind(rows: Rows, kinds: np.ndarray, *, top: int) -> Iterator[Sequence]:
  """Yields the best units of every tap on each kind of target.

  Units are chosen on all arrays, and for held-out means on the arrays of the
  other folds, whatever their kind.
  """
  for tap, scores in rows.scores.items():
    best = statistics.best_units(statistics.unit_means(scores), top).units
    held = chance.held_out_by_set(scores, np.full(len(kinds), TARGET), rows.index, top=top)
    for kind in dict.fromkeys(kinds.tolist()):
      inside = kinds == kind
      yield (tap, kind, inside.sum(), scores[inside][:, best].mean(dtype=float), held[inside].mean())


def _targets(config, source: Source) -> pixel_sets.Chooser:
  """Returns the target and, if single items are known, some others.

  Raises:
    InputError: the number of items is invalid.
  """
  count = config.analysis.chance_items
  at_least(0, {'analysis.chance_items': count})
  if not count or source.items is None:
    return pixel_sets.target
  return functools.partial(pixel_sets.target_and_items, source.items, count)


DISSECT = Experiment(
  job='dissect',
  wants='regions',
  choose=lambda config, source: pixel_sets.with_exchanged(
    pixel_sets.counted(config.analysis.fixations, in_regions=True), source, _OTHERS
  ),
  chance_label=pixel_sets.EXCHANGED,
  masks=pixel_sets.regions,
  rows=schema.REGIONS,
  scores=schema.ASSOCIATION,
  tables=_region_tables,
  counts=_region_counts,
  without_band=lambda rows, chance_rows: (
    {} if len(chance_rows.ids) else table_values.without_band(rows.labels[rows.counts > 0], rows.index[rows.counts > 0])
  ),
)

POPOUT = Experiment(
  job='popout',
  wants='targets',
  choose=_targets,
  chance_label=pixel_sets.ITEM,
  masks=pixel_sets.target,
  rows=schema.PATTERNS,
  scores=schema.NMM,
  tables=_array_tables,
  without_band=lambda rows, chance_rows: (
    {} if np.isin(rows.index, chance_rows.index).all() else {TARGET: table_values.NO_ITEMS}
  ),
  counts=lambda source, measured: {'images': len(source), 'targets': len(measured.rows.ids)},
)

# Measure a network on labelled photographs, and on search arrays: see
# `runner.run`.
dissect = functools.partial(runner.run, DISSECT, title='Dissecting')
popout = functools.partial(runner.run, POPOUT)
