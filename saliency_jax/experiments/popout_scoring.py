"""Models, measured on search arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.experiments import passes, search_scoring
from saliency_jax.experiments.predictors import Predictor
from saliency_jax.experiments.score_ledger import Partial
from saliency_jax.experiments.scored_sets import DataSet
from saliency_jax.workdir import Folder


class Searched(NamedTuple):
  """What came out of one set of search arrays."""
  dataset: DataSet
  patterns: Sequence[Pattern]  # N of them
  scores: dict[str, dict[str, np.ndarray]]  # model -> metric -> float64 `[N]`
  constant: dict[str, list[str]]  # by model, the images with such a map
  facts: dict  # for `summary.json`


def score(
    dataset: DataSet, predictors: Sequence[Predictor], *, folder: Folder,
    partial: str, job: dict, batch_size: int, save_maps: bool
) -> Searched:
  """Measures how well every model finds the targets.

  Args:
    dataset: the arrays.
    predictors: the models.
    folder, partial, job, batch_size, save_maps: see `photographs.score`.

  Raises:
    InputError: if an image or a map cannot be read.
  """
  patterns, names = dataset.source.patterns, dataset.source.image_ids

  def measure(each: passes.Predicted) -> dict[str, dict]:
    return {
        model: {
            'search': search_scoring.measure(
                each.record, patterns[each.index], saliency),
            'constant': bool(saliency.min() == saliency.max())}
        for model, saliency in each.maps.items()}

  with Partial(folder.path / partial / f'{dataset.name}.jsonl', {
      each.name: job | {
          'data': dataset.identity, 'model': each.identity, 'maps': save_maps}
      for each in predictors}) as kept:
    passes.measured(
        dataset.source, predictors, range(len(names)), measure, partial=kept,
        batch_size=batch_size, title=f'Searching {dataset.name}',
        keep=folder if save_maps else None)
  rows = {model: [of[name] for name in names]
          for model, of in kept.rows.items()}
  return Searched(
      dataset, patterns,
      {model: {metric: np.array([row['search'][metric] for row in of])
               for metric in search_scoring.METRICS}
       for model, of in rows.items()},
      {model: [name for name, row in zip(names, of, strict=True)
               if row['constant']] for model, of in rows.items()},
      {'kind': dataset.kind, 'images': len(names)})
