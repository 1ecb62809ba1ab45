"""Region association: which units respond to which labelled salient regions.

He et al. 2019, Section 4: the NSS of every unit inside every labelled region of
every photograph (Eq. 1), and what Table 2 makes of it.
"""

from collections.abc import Mapping

import numpy as np
from absl import logging

from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.errors import InputError
from saliency_jax.experiments import exported_maps, job, statistics
from saliency_jax.experiments.partial import Block
from saliency_jax.networks import vgg
from saliency_jax.networks.weights import known_weights


def dissect(
    config, source: Source, workdir: str, *,
    widths: Mapping[str, int] = vgg.WIDTHS,
    weights: known_weights.Weights | None = None, title: str = 'Dissecting'
) -> dict:
  """Measures a network on labelled photographs and writes the results.

  Files: `regions.csv`, `association/<layer>.npy` float32 `[regions, units]` in
  the order of `regions.csv` (NaN where a region has no fixation), `table2.csv`,
  `config.json`, `summary.json`, and for the page what `kept.keep` writes.

  Args:
    config: `configs/osie.py`.
    source: photographs with fixations and regions.
    workdir: the folder for the results.
    widths: units of every convolution; tests use fewer.
    weights: see `job.start`.
    title: what the progress bar says.

  Returns:
    The summary.

  Raises:
    InputError: if the config, the weights or the data are at fault.
  """
  choose = pixel_sets.counted(config.analysis.fixations, in_regions=True)
  with job.start(
      config, workdir, widths=widths, weights=weights) as started:
    measured = job.measure(started, source, choose, title=title)
    rows, folder = measured.rows, started.folder
    if not rows.counts.any():
      raise InputError(
          'None of the photographs has a labelled region with a fixation; '
          'give the folder of their regions with --config.data.regions.')
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
    keeping = exported_maps.keep(
        started, source, rows, most_varied(rows, started.wanted.images),
        columns=ordered_categories(rows.labels), masks=pixel_sets.regions)
    return job.finish(started, 'dissect', measured, {
        'images': len(source), 'images_without_regions': bare,
        'regions': len(rows.ids),
        'regions_without_fixations': int((rows.counts == 0).sum()),
        'fixations': int(rows.counts.sum())}, keeping=keeping)


def table2(rows: Block, *, top: int, threshold: float):
  """Yields the rows of Table 2, layer by layer, category by category."""
  for layer, scores in rows.scores.items():
    for category in ordered_categories(rows.labels):
      chosen = (rows.labels == category) & (rows.counts > 0)
      means = statistics.unit_means(scores[chosen])
      best = statistics.best_units(means, top)
      measured = chosen.any()
      yield (
          layer, category, int(chosen.sum()),
          f'{best.mean:.6f}' if measured else '',
          statistics.units_above(means, threshold) if measured else '',
          ' '.join(map(str, best.units)) if measured else '')


def most_varied(rows: Block, images: int) -> np.ndarray:
  """Returns the photographs to show: positions in the data set, ascending.

  They are those whose regions name the most categories: they tell most in the
  least space. Of equals the first is taken. Those that could not be read are
  not shown.

  Args:
    rows: what was measured.
    images: how many photographs.
  """
  readable = rows.images[rows.problems == '']
  scored = rows.counts > 0
  _, labels = np.unique(rows.labels[scored], return_inverse=True)
  named = np.unique(np.stack([rows.index[scored], labels]), axis=1)[0]
  variety = (
      np.searchsorted(named, readable, side='right')
      - np.searchsorted(named, readable))
  return np.sort(readable[np.argsort(-variety, kind='stable')[:images]])
