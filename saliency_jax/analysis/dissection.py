"""Region association: which units respond to which labelled salient regions.

He et al. 2019, Section 4: the NSS of every unit inside every labelled region of
every photograph (Eq. 1), and what Table 2 makes of it.
"""

import numpy as np
from absl import logging

from saliency_jax.analysis import examples, job, statistics
from saliency_jax.analysis.partial import Block
from saliency_jax.datasets import sets
from saliency_jax.datasets.records import CATEGORIES, Source
from saliency_jax.errors import InputError

_COUNTED = {
    'distinct': sets.distinct_fixations_in_regions,
    'all': sets.all_fixations_in_regions}


def dissect(config, source: Source, workdir: str) -> dict:
  """Measures a network on labelled photographs and writes the results.

  Files: `regions.csv`, `association/<layer>.npy` float32 `[regions, units]` in
  the order of `regions.csv` (NaN where a region has no fixation), `table2.csv`,
  `examples/`, `config.json` and `summary.json`.

  Args:
    config: `configs/osie.py`.
    source: photographs with fixations and regions.
    workdir: the folder for the results.

  Returns:
    The summary.

  Raises:
    InputError: if the config, the weights or the data are at fault.
  """
  if config.data.fixations not in _COUNTED:
    raise InputError(
        f'config.data.fixations is {config.data.fixations!r}; it is one of '
        f"{', '.join(_COUNTED)}.")
  started = job.start(config, workdir)
  measured = job.measure(
      started, source, _COUNTED[config.data.fixations], title='Dissecting')
  rows, folder = measured.rows, started.folder
  if not rows.counts.any():
    raise InputError(
        'None of the photographs has a labelled region with a fixation; '
        '--config.data.regions takes the folder of the annotation.')
  bare = len(source) - len(measured.problems) - len(np.unique(rows.index))
  if bare:
    logging.warning('%d of %d photographs have no region.', bare, len(source))
  folder.table(
      'regions.csv', ('image_id', 'region_id', 'category', 'fixations'),
      zip((source.image_ids[i] for i in rows.index), rows.ids, rows.labels,
          rows.counts, strict=True))
  for layer, scores in rows.scores.items():
    folder.array(f'association/{layer}.npy', scores)
  folder.table(
      'table2.csv',
      ('layer', 'category', 'regions', 'mean_nss_top10',
       'units_above_threshold', 'top_units'),
      table2(rows, top=config.analysis.top_units,
             threshold=config.analysis.threshold))
  examples.write(
      started, source, best_answers(
          rows, images=config.report.examples))
  return job.finish(started, 'dissect', measured, {
      'images': len(source), 'images_without_regions': bare,
      'regions': len(rows.ids),
      'regions_without_fixations': int((rows.counts == 0).sum()),
      'fixations': int(rows.counts.sum())})


def table2(rows: Block, *, top: int, threshold: float):
  """Yields the rows of Table 2, layer by layer, category by category."""
  for layer, scores in rows.scores.items():
    for category in CATEGORIES:
      chosen = (rows.labels == category) & (rows.counts > 0)
      means = statistics.unit_means(scores[chosen])
      best = statistics.best_units(means, top)
      measured = chosen.any()
      yield (
          layer, category, int(chosen.sum()),
          f'{best.mean:.6f}' if measured else '',
          statistics.units_above(means, threshold) if measured else '',
          ' '.join(map(str, best.units)) if measured else '')


def best_answers(rows: Block, *, images: int) -> list[examples.Example]:
  """Returns the photographs to show, with the best unit for each region.

  The photographs are those whose regions name the most categories: they tell
  most in the least space. Of equals the first is taken.
  """
  scored = rows.counts > 0
  positions = np.unique(rows.index[scored])
  variety = [
      len(set(rows.labels[scored & (rows.index == i)])) for i in positions]
  shown = positions[np.argsort(-np.array(variety), kind='stable')[:images]]
  return [
      examples.Example(int(i), [
          _best_answer(rows, row)
          for row in np.flatnonzero(scored & (rows.index == i))])
      for i in shown]


def _best_answer(rows: Block, row: int) -> examples.Answer:
  layer = max(rows.scores, key=lambda layer: rows.scores[layer][row].max())
  unit = int(rows.scores[layer][row].argmax())
  return examples.Answer(
      int(rows.ids[row]), str(rows.labels[row]), layer, unit,
      float(rows.scores[layer][row, unit]))
