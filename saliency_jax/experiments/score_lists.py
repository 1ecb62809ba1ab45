"""The results as CSV files: of every image, and means with their intervals."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from saliency_jax import schema
from saliency_jax.experiments import figure7, intervals, search_scoring
from saliency_jax.experiments.photograph_scoring import Scored
from saliency_jax.experiments.popout_scoring import Searched
from saliency_jax.workdir import Folder


def write(
    folder: Folder, found: Sequence[Scored | Searched],
    inner: figure7.Inner, *, resamples: int
) -> dict:
  """Writes all tables; see `job.evaluate`.

  Args:
    folder: takes the files.
    found: what came out of every data set.
    inner: see `figure7.write`.
    resamples: of the bootstrap over images.

  Returns:
    What `summary.json` says of the search arrays and the regions.
  """
  for each in found:
    for model, scores in each.scores.items():
      folder.table(schema.PER_IMAGE._replace(
          path=schema.PER_IMAGE.of(each.dataset.name, model),
          columns=(*schema.PER_IMAGE.columns, *(
              schema.Column(metric, 'float', '') for metric in scores))),
          _per_image(each, scores))
  scored = [each for each in found if isinstance(each, Scored)]
  searched = [each for each in found if isinstance(each, Searched)]
  facts = {}
  if scored:
    folder.table(schema.SCORES, (
        row for each in scored for row in _means(each, resamples)))
  if searched:
    folder.table(schema.SEARCH, (
        row for each in searched for model, scores in each.scores.items()
        for row in search_scoring.rows(
            model, each.dataset.name, each.patterns, scores, resamples)))
    facts['search'] = {
        each.dataset.name: {
            model: search_scoring.notes(scores)
            for model, scores in each.scores.items()} for each in searched}
  regions = {
      (model, each.dataset.name): listed for each in scored
      for model, listed in each.regions.items() if listed}
  if regions:
    facts['output'] = figure7.write(
        folder, regions, inner, resamples=resamples)
  return facts


def _per_image(
    found: Scored | Searched, scores: Mapping[str, np.ndarray]
) -> Iterator[tuple]:
  names = (found.images if isinstance(found, Scored)
           else [pattern.image_id for pattern in found.patterns])
  for image_id, *values in zip(names, *scores.values(), strict=True):
    yield (image_id, *values)


def _means(found: Scored, resamples: int) -> Iterator[tuple]:
  """Yields the lines of `scores.csv`, see `schema.SCORES`."""
  for model, scores in found.scores.items():
    for metric, values in scores.items():
      known = values[np.isfinite(values)]
      yield (model, found.dataset.name, metric,
             *intervals.cells(known, resamples), len(known))
