"""Pop-out: which units respond to the odd item of a search array.

He et al. 2019, Section 5.3: the mean of every unit's standardised map inside
the target's mask (NMM, Eq. 4), and Table 5.
"""

import numpy as np

from saliency_jax.analysis import examples, job, statistics
from saliency_jax.analysis.partial import Block
from saliency_jax.datasets import sets
from saliency_jax.datasets.popout import Pattern
from saliency_jax.datasets.records import Source


def popout(config, source: Source, workdir: str) -> dict:
  """Measures a network on search arrays and writes the results.

  Files: `patterns.csv`, `nmm/<layer>.npy` float32 `[images, units]` in the
  order of `patterns.csv`, `table5.csv`, `examples/`, `config.json` and
  `summary.json`.

  Args:
    config: `configs/popout.py`.
    source: search arrays with `patterns`, a `Pattern` for each.
    workdir: the folder for the results.

  Returns:
    The summary.

  Raises:
    InputError: if the config, the weights or the data are at fault.
  """
  started = job.start(config, workdir)
  measured = job.measure(started, source, sets.target, title='Measuring')
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
  examples.write(
      started, source, best_units_on_arrays(
          rows, {layer: int(units.units[0]) for layer, units in best.items()},
          patterns, images=config.report.examples))
  return job.finish(started, 'popout', measured, {
      'images': len(source), 'targets': len(rows.ids)})


def best_units_on_arrays(
    rows: Block, units: dict[str, int], patterns: list[Pattern], *, images: int
) -> list[examples.Example]:
  """Returns arrays of all kinds to show, with each layer's best unit on them.

  The first array of every kind comes first, then the second ones.
  """
  seen: dict[str, int] = {}
  rank = []
  for pattern in patterns:
    rank.append(seen.get(pattern.kind, 0))
    seen[pattern.kind] = rank[-1] + 1
  shown = np.sort(np.argsort(np.array(rank), kind='stable')[:images])
  return [
      examples.Example(int(rows.index[row]), [
          examples.Answer(
              int(rows.ids[row]), patterns[row].kind, layer, unit,
              float(rows.scores[layer][row, unit]))
          for layer, unit in units.items()])
      for row in shown]
