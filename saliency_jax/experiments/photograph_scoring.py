"""How models and people are scored on photographs with fixations."""

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from saliency_jax import schema
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record
from saliency_jax.errors import InputError
from saliency_jax.experiments import (
    bootstrap,
    ceiling,
    fixation_index,
    output,
)
from saliency_jax.experiments.passes import Predicted, Reading
from saliency_jax.experiments.scored_sets import DataSet, Scores, Scoring
from saliency_jax.experiments.scoring import METRICS, Scorer


def make(
    dataset: DataSet, choose: Chooser, reading: Reading, *, distinct: bool,
    observers: bool
) -> Scoring:
  """Returns how models are scored; reads the fixations.

  Raises:
    InputError: if an image or the fixations are at fault.
  """
  found = fixation_index.read(
      dataset.source, title=f'Reading {dataset.name}',
      skipped=None if reading.on_bad_image == 'raise' else reading.skipped)
  images = np.flatnonzero(found.counts).tolist()
  if not images:
    raise InputError(
        f'Nobody fixated any image of config.sets.{dataset.name}; give their '
        f'fixations.')
  scorer = Scorer(found, sigma=dataset.sigma, distinct=distinct)
  facts = {
      'kind': dataset.kind, 'images': len(found.image_ids),
      'without_fixations': (
          len(found.image_ids) - len(images)
          - len(reading.skipped.keys() & set(found.image_ids))),
      'fixations': len(found.points), 'fixations_outside': found.outside,
      'sigma': dataset.sigma}
  observed = [len(counts) for counts in found.observers] if observers else []
  if observers:
    facts |= {
        'images_with_fewer_than_2_observers': sum(
            observed[index] < 2 for index in images),
        'observers_without_a_fixation': found.idle}
  return Scoring(
      dataset, images,
      {'data': dataset.identity, 'fixations': found.digest,
       'sigma': dataset.sigma, 'distinct': distinct},
      METRICS, functools.partial(_measure, scorer, choose), schema.SCORES,
      functools.partial(_rows, dataset.name), ranked='nss',
      kinds=[''] * len(found.image_ids), facts=facts,
      human=functools.partial(_human, scorer),
      people=ceiling.scored(scorer, found) if observers else None,
      observers=observed)


def _measure(
    scorer: Scorer, choose: Chooser, each: Predicted) -> dict[str, dict]:
  seen = scorer.seen(each.index)
  human = np.asarray(seen.truth)
  return {
      model: {
          'scores': scorer.scores(seen, saliency),
          'regions': output.measure(each.record, saliency, human, choose)}
      for model, saliency in each.maps.items()}


def _rows(
    dataset: str, model: str, scores: Scores, images: Sequence[int],
    resamples: int
) -> Iterator[tuple]:
  """Yields the lines of `schema.SCORES`."""
  del images
  for metric, values in scores.items():
    known = values[np.isfinite(values)]
    yield (model, dataset, metric, *bootstrap.mean(known, resamples),
           len(known))


def _human(scorer: Scorer, record: Record) -> np.ndarray:
  return np.asarray(scorer.human(
      *scorer.padded(record.fixations), record.image.shape[:2]))
