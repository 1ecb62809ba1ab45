"""Models and people, scored on photographs with fixations."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax import progress
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.errors import InputError
from saliency_jax.experiments import ceiling, looks, output, passes
from saliency_jax.experiments.predictors import OBSERVERS, Predictor
from saliency_jax.experiments.score_ledger import Partial
from saliency_jax.experiments.scored_sets import DataSet
from saliency_jax.experiments.scoring import METRICS, Scorer
from saliency_jax.workdir import Folder


class Scored(NamedTuple):
  """What came out of one data set of photographs."""
  dataset: DataSet
  images: tuple[str, ...]  # N names, of those with a fixation
  scores: dict[str, dict[str, np.ndarray]]  # model -> metric -> float64 `[N]`
  regions: dict[str, list[output.Region]]  # by model
  constant: dict[str, list[str]]  # by model, the images with such a map
  scorer: Scorer
  facts: dict  # for `summary.json`


def score(
    dataset: DataSet, predictors: Sequence[Predictor], choose: Chooser, *,
    folder: Folder, partial: str, job: dict, batch_size: int, distinct: bool,
    observers: bool, save_maps: bool
) -> Scored:
  """Scores every model on every photograph that was looked at.

  Args:
    dataset: the photographs.
    predictors: the models.
    choose: the fixations of regions that count, of `datasets.sets`.
    folder: takes the maps, if they are kept.
    partial: its subfolder for what has been measured, until the job ends.
    job: what all numbers depend on, beside the data set and the model, as JSON
      values.
    batch_size: images that models are given at once.
    distinct: whether a pixel counts once however often it was fixated.
    observers: whether people are scored, too, as a model `OBSERVERS`.
    save_maps: whether what is predicted is kept.

  Raises:
    InputError: if an image, a map or the fixations are at fault.
  """
  found = looks.read(dataset.source, title=f'Reading {dataset.name}')
  images = np.flatnonzero(found.counts).tolist()
  if not images:
    raise InputError(
        f'Nobody looked at any image of config.sets.{dataset.name}; give their '
        f'fixations.')
  scorer = Scorer(found, sigma=dataset.sigma, distinct=distinct)
  job = job | {'data': dataset.identity, 'fixations': found.digest,
               'sigma': dataset.sigma, 'distinct': distinct}

  def measure(each: passes.Predicted) -> dict[str, dict]:
    seen = scorer.seen(each.index)
    human = np.asarray(seen.truth)
    return {
        model: {
            'scores': scorer.scores(seen, saliency),
            'constant': bool(saliency.min() == saliency.max()),
            'regions': output.measure(each.record, saliency, human, choose)}
        for model, saliency in each.maps.items()}

  place = folder.path / partial
  with Partial(place / f'{dataset.name}.jsonl', {
      each.name: job | {'model': each.identity, 'maps': save_maps}
      for each in predictors}) as kept:
    passes.measured(
        dataset.source, predictors, images, measure, partial=kept,
        batch_size=batch_size, title=f'Scoring {dataset.name}',
        keep=folder if save_maps else None)
  names = tuple(dataset.source.image_ids[index] for index in images)
  rows = {model: [of[name] for name in names]
          for model, of in kept.rows.items()}
  scores = {model: [row['scores'] for row in of] for model, of in rows.items()}
  facts = {
      'kind': dataset.kind, 'images': len(found.image_ids),
      'without_fixations': len(found.image_ids) - len(images),
      'fixations': len(found.points), 'fixations_outside': found.outside,
      'sigma': dataset.sigma}
  if observers:
    scores[OBSERVERS] = _observers(
        found, scorer, images, place / f'{dataset.name}.observers.jsonl', job,
        title=f'Observers of {dataset.name}')
    facts |= {
        'images_with_fewer_than_2_observers': sum(
            row is None for row in scores[OBSERVERS]),
        'observers_without_a_fixation': found.idle}
  nothing = dict.fromkeys(METRICS, np.nan)
  return Scored(
      dataset, names,
      {model: {metric: np.array([(row or nothing)[metric] for row in of])
               for metric in METRICS} for model, of in scores.items()},
      {model: [output.Region(*region) for row in of
               for region in row['regions']] for model, of in rows.items()},
      {model: [name for name, row in zip(names, of, strict=True)
               if row['constant']] for model, of in rows.items()},
      scorer, facts)


def _observers(
    found: looks.Looks, scorer: Scorer, images: Sequence[int], path, job: dict,
    *, title: str
) -> list[dict[str, float] | None]:
  """Returns `ceiling.score` of every image, going on where a run stopped."""
  with Partial(path, {OBSERVERS: job}) as kept, progress.bar(
      total=len(images), done=len(kept.rows[OBSERVERS]), unit='image',
      title=title) as bar:
    for index in images:
      image_id = found.image_ids[index]
      if image_id not in kept.rows[OBSERVERS]:
        kept.add(OBSERVERS, image_id, {
            'scores': ceiling.score(scorer, found, index)})
        bar.update()
  return [kept.rows[OBSERVERS][found.image_ids[index]]['scores']
          for index in images]
