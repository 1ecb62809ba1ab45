"""Pop-out: which units respond to the odd item of a search array.

He et al. 2019, Section 7: the mean of every unit's standardised map inside
the target's mask (NMM, Eq. 4), and Table 5.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from saliency_jax.data import pixel_sets
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.data.popout.search_arrays import TARGET
from saliency_jax.data.types import Source
from saliency_jax.experiments import exported_maps, job, statistics
from saliency_jax.networks import vgg
from saliency_jax.networks.weights import known_weights


def popout(
    config, source: Source, workdir: str, *,
    widths: Mapping[str, int] = vgg.WIDTHS,
    weights: known_weights.Weights | None = None, title: str = 'Measuring'
) -> dict:
  """Measures a network on search arrays and writes the results.

  Files: `patterns.csv`, `nmm/<layer>.npy` float32 `[images, units]` in the
  order of `patterns.csv`, `table5.csv`, `config.json`, `summary.json`, and for
  the page what `kept.keep` writes.

  Args:
    config: `configs/popout.py`.
    source: search arrays with `patterns`, a `Pattern` for each.
    workdir: the folder for the results.
    widths: units of every convolution; tests use fewer.
    weights: see `job.start`.
    title: what the progress bar says.

  Returns:
    The summary.

  Raises:
    InputError: if the config, the weights or the data are at fault.
  """
  with job.start(
      config, workdir, widths=widths, weights=weights) as started:
    measured = job.measure(started, source, pixel_sets.target, title=title)
    rows, folder = measured.rows, started.folder
    patterns = [source.patterns[i] for i in rows.index]
    folder.table('patterns.csv', Pattern._fields, patterns)
    for layer, scores in rows.scores.items():
      folder.array(f'nmm/{layer}.npy', scores)
    best = {
        layer: statistics.best_units(
            statistics.unit_means(scores), config.analysis.top_units)
        for layer, scores in rows.scores.items()}
    folder.table(
        'table5.csv', ('layer', 'mean_nmm_top10', 'top_units'),
        ((layer, f'{units.mean:.6f}', ' '.join(map(str, units.units)))
         for layer, units in best.items()))
    keeping = exported_maps.keep(
        started, source, rows,
        rows.index[first_of_each_kind(patterns, started.wanted.images)],
        columns=(TARGET,), masks=pixel_sets.target)
    return job.finish(started, 'popout', measured, {
        'images': len(source), 'targets': len(rows.ids)}, keeping=keeping)


def first_of_each_kind(
    patterns: Sequence[Pattern], images: int) -> np.ndarray:
  """Returns the arrays to show, ascending positions in `patterns`.

  The first array of every kind comes before the second ones.

  Args:
    patterns: what the arrays show.
    images: how many arrays.
  """
  seen: dict[str, int] = {}
  rank = []
  for pattern in patterns:
    rank.append(seen.get(pattern.kind, 0))
    seen[pattern.kind] = rank[-1] + 1
  return np.sort(np.argsort(np.array(rank), kind='stable')[:images])
