"""How models and people are scored on photographs with fixations.

People are the ceiling for models. Each observer's fixations are scored with the
map of all the others', blurred like the human map, and an image's score is the
mean over observers. Observers without a fixation on an image have no score on
it.

NSS, the AUCs and information gain of a model can be compared with people's: they
are over the same fixations, though each observer has the same weight in people's
score and each fixated pixel in a model's. CC, SIM and KL compare maps, and a map of one
observer's few fixations is a poor reference: models may well score better.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import schema
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.errors import InputError
from saliency_jax.experiments import fixation_index, output, scoring
from saliency_jax.experiments.fixation_index import FixationIndex
from saliency_jax.experiments.passes import Predicted
from saliency_jax.experiments.scored_sets import DataSet, Scoring
from saliency_jax.experiments.scoring import METRICS, Scorer, Seen
from saliency_jax.ops import blur, metrics


def make(
  dataset: DataSet, choose: Chooser, reading: Reading, *, distinct: bool, observers: bool, jitter: int
) -> Scoring:
  """Reads the fixations, and returns how models are scored.

  Raises:
    InputError: an image or the fixations are at fault.
  """
  found = fixation_index.read(dataset.source, reading, title=f'Reading {dataset.name}')
  images = np.flatnonzero(found.counts).tolist()
  if not images:
    raise InputError(f'Nobody fixated any image of config.sets.{dataset.name}; give their fixations.')
  scorer = Scorer(found, sigma=dataset.sigma, distinct=distinct, jitter=jitter)
  facts = {
    'kind': dataset.kind,
    'images': len(found.image_ids),
    'without_fixations': sum(
      not count and name not in reading.skipped for name, count in zip(found.image_ids, found.counts, strict=True)
    ),
    'fixations': len(found.points),
    'fixations_outside': found.outside,
    'sigma': dataset.sigma,
  }
  observed = [len(counts) for counts in found.observers] if observers else []
  if observers:
    facts |= {
      'images_with_fewer_than_2_observers': sum(observed[index] < 2 for index in images),
      'observers_without_a_fixation': found.idle,
    }
  return Scoring(
    dataset,
    images,
    {
      'data': dataset.identity,
      'fixations': found.digest,
      'sigma': dataset.sigma,
      'distinct': distinct,
      'jitter': jitter,
    },
    METRICS,
    functools.partial(_measure, scorer, choose),
    schema.SCORES,
    ranked='nss',
    kinds=[''] * len(found.image_ids),
    facts=facts,
    human=lambda record: np.asarray(
      scoring.human(*scoring.padded(record.fixations, found.padded), size=record.image.shape[:2], sigma=dataset.sigma)
    ),
    people=scored(scorer, found) if observers else None,
    observers=observed,
  )


def _measure(scorer: Scorer, choose: Chooser, each: Predicted) -> dict[str, dict]:
  seen = scorer.seen(each.index)
  human = np.asarray(seen.truth)
  return {
    model: {'scores': scorer.scores(seen, saliency), 'regions': output.measure(each.record, saliency, human, choose)}
    for model, saliency in each.maps.items()
  }


def scored(scorer: Scorer, fixations: FixationIndex) -> Callable[[int], dict[str, float] | None]:
  """Returns a function: position of an image -> observers' mean scores on it.

  They are `METRICS`, or None if fewer than 2 people have a fixation on it.
  """
  counted = fixations.observers
  most = max(map(len, counted))
  room = fixation_index.padded(max(int(x.max(initial=0)) for x in counted))

  def people(index: int) -> dict[str, float] | None:
    counts, own = counted[index], fixations.of(index)
    if len(counts) < 2:
      return None
    filled = np.zeros((most, room), bool)
    filled[: len(counts)] = np.arange(room) < counts[:, None]
    points = np.zeros((most, room, 2), np.int32)
    points[filled] = fixations.points[own][np.argsort(fixations.subjects[own], kind='stable')]
    found = _means(points, filled, len(counts), scorer.seen(index), sigma=scorer.sigma, distinct=scorer.distinct)
    return dict(zip(METRICS, map(float, jax.device_get(found)), strict=True))

  return people


@functools.partial(jax.jit, static_argnames=('sigma', 'distinct'))
def _means(
  points: jax.Array, valid: jax.Array, people: jax.Array, seen: Seen, *, sigma: float, distinct: bool
) -> metrics.Scores:
  """Returns the mean scores of the first `people` of P observers.

  Args:
    points: integers `[P, N, 2]`, each observer's fixations, padded.
    valid: bool `[P, N]`, which of them count.
    people: at least 2.
  """
  size = seen.truth.shape

  def human(person):
    return blur.blurred_fixations(points[person], size, sigma, valid[person])

  def add(total, person):
    return total + human(person), total

  # The map of all others is the sum of those before and those after. Nothing is
  # subtracted, so it is exactly 0 where nobody else looked.
  nobody = jnp.zeros(size)
  _, after = jax.lax.scan(add, nobody, jnp.arange(len(points)), reverse=True)

  def scored(person, carried):
    before, total = carried
    own = human(person)
    found = scoring.score(
      before + after[person], seen._replace(points=points[person], valid=valid[person], truth=own), distinct=distinct
    )
    return before + own, jax.tree.map(jnp.add, total, found)

  zeros = metrics.Scores(*[jnp.zeros(())] * len(METRICS))
  _, total = jax.lax.fori_loop(0, people, scored, (nobody, zeros))
  return jax.tree.map(lambda x: x / people, total)
