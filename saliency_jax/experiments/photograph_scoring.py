"""How models and people are scored on photographs with fixations.

People are the ceiling for models. Each observer's fixations are scored with the
map of all the others', blurred like the human map, and an image's score is the
mean over observers. Observers without a fixation on an image have no score on
it.

NSS, the AUCs and information gain of a model can be compared with people's:
they are over the same fixations, though each observer has the same weight in
people's score and each fixated pixel in a model's. CC, SIM and KL compare maps,
and a map of one observer's few fixations is a poor reference: models may well
score better.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import schema
from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Record
from saliency_jax.errors import InputError
from saliency_jax.experiments import fixation_index, output, scoring
from saliency_jax.experiments.passes import Predicted
from saliency_jax.experiments.scored_sets import DataSet, Scoring
from saliency_jax.experiments.scoring import METRICS, Scorer, Seen
from saliency_jax.ops import blur, metrics


class PhotographScoring(Scoring):
  """How models and people are scored on one data set of photographs."""

  metrics, table, ranked = METRICS, schema.SCORES, 'nss'

  def __init__(self, dataset: DataSet, config):
    """Reads the fixations; `eval` and `analysis.fixations` of the config are read.

    Raises:
      InputError: an image or the fixations are at fault.
    """
    found = fixation_index.read(dataset.source, dataset.reading, title=f'Reading {dataset.name}')
    self.dataset, self.images = dataset, np.flatnonzero(found.counts).tolist()
    if not self.images:
      raise InputError(f'Nobody fixated any image of config.sets.{dataset.name}; give their fixations.')
    distinct, jitter = config.analysis.fixations == 'distinct', config.eval.auc_jitter
    self._fixations, self._choose = found, pixel_sets.counted(config.analysis.fixations, in_regions=True)
    self._scorer = Scorer(found, sigma=dataset.sigma, distinct=distinct, jitter=jitter)
    self.kinds = [''] * len(found.image_ids)
    self.job = {
      'data': dataset.identity,
      'fixations': found.digest,
      'sigma': dataset.sigma,
      'distinct': distinct,
      'jitter': jitter,
    }
    self.facts = {
      'kind': dataset.kind,
      'images': len(found.image_ids),
      'without_fixations': sum(
        not count and name not in dataset.reading.skipped
        for name, count in zip(found.image_ids, found.counts, strict=True)
      ),
      'fixations': len(found.points),
      'fixations_outside': found.outside,
      'sigma': dataset.sigma,
    }
    if config.eval.ceiling:
      self._counted = found.observers
      self.observers = [len(counts) for counts in self._counted]
      # Every image's fixations are padded to `[observers, fixations]`.
      self._room = max(self.observers), fixation_index.padded(max(int(x.max(initial=0)) for x in self._counted))
      self.facts |= {
        'images_with_fewer_than_2_observers': sum(self.observers[index] < 2 for index in self.images),
        'observers_without_a_fixation': found.idle,
      }

  def measure(self, each: Predicted) -> dict[str, dict]:
    seen = self._scorer.seen(each.index)
    human = np.asarray(seen.truth)
    return {
      model: {
        'scores': self._scorer.scores(seen, saliency),
        'regions': output.measure(each.record, saliency, human, self._choose),
      }
      for model, saliency in each.maps.items()
    }

  def human(self, record: Record) -> np.ndarray:
    return scoring.human_map(record.fixations, record.image.shape[:2], self.dataset.sigma)

  def people(self, index: int) -> dict[str, float] | None:
    scorer, counts, own = self._scorer, self._counted[index], self._fixations.of(index)
    if len(counts) < 2:
      return None
    filled = np.zeros(self._room, bool)
    filled[: len(counts)] = np.arange(filled.shape[1]) < counts[:, None]
    points = np.zeros((*self._room, 2), np.int32)
    points[filled] = self._fixations.points[own][np.argsort(self._fixations.subjects[own], kind='stable')]
    found = _means(points, filled, len(counts), scorer.seen(index), sigma=scorer.sigma, distinct=scorer.distinct)
    return dict(zip(METRICS, map(float, jax.device_get(found)), strict=True))


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
