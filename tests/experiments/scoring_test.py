"""Scores of maps of any size, beside the textbook's formulas in float64."""

import jax
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from benchmarks import textbook
from saliency_jax.configs import evaluate
from saliency_jax.data.pipeline import Reading
from saliency_jax.errors import InputError
from saliency_jax.experiments import fixation_index, predictors, scoring
from saliency_jax.experiments.photograph_scoring import PhotographScoring
from saliency_jax.experiments.scored_sets import DataSet
from tests import brute_force
from tests.experiments import made_scores

SIGMA = 5.0


@pytest.fixture(scope='module')
def found(looked_at):
  return fixation_index.read(made_scores.source(looked_at), Reading(1), title='Reading')


@pytest.fixture(scope='module')
def scorer(found):
  return scoring.Scorer(found, sigma=SIGMA, distinct=True)


@pytest.fixture(scope='module')
def photographs(looked_at):
  dataset = DataSet('mine', 'table', made_scores.source(looked_at), SIGMA, {}, Reading(1))
  return PhotographScoring(dataset, evaluate.get_config())


def human(points):
  """The fixations, blurred by SciPy: float64 `[H, W]`."""
  counts = np.zeros(made_scores.SIZE)
  np.add.at(counts, tuple(points.T), 1)
  return ndimage.gaussian_filter(counts, SIGMA)


def by_textbook(saliency, points, negatives, truth):
  prior = predictors.centre(made_scores.SIZE).astype(np.float64)
  scores = textbook.all_scores(saliency, np.unique(points, axis=0), negatives, truth, prior)
  return dict(zip(scoring.METRICS, scores, strict=True)) | {
    'information_gain': textbook.information_gain(saliency, prior, np.unique(points, axis=0), eps=2.0**-52)
  }


def are_close(scores, expected):
  assert list(scores) == list(scoring.METRICS)
  np.testing.assert_allclose(list(scores.values()), list(expected.values()), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('size', [(9, 12), (72, 96), (30, 96), (1, 1000)])
def test_maps_of_any_size_score_as_the_textbook_says(size, found, scorer):
  rng = np.random.default_rng(sum(size))
  saliency = rng.normal(size=size).astype(np.float32)
  resized = np.asarray(Image.fromarray(saliency).resize(made_scores.SIZE[::-1], Image.Resampling.BILINEAR), np.float64)
  points = found.points[found.of(1)]
  negatives = np.concatenate([found.points[found.of(index)] for index in (0, 2, 3)])
  are_close(scorer.scores(scorer.seen(1), saliency), by_textbook(resized, points, negatives, human(points)))


def test_enlarging_is_bilinear():
  cells = np.random.default_rng(0).random((4, 5)).astype(np.float32)
  np.testing.assert_allclose(scoring.to_size(cells, (37, 53)), brute_force.upsample(cells, (37, 53)), atol=1e-6)


@pytest.mark.parametrize('size', [(9, 12), (66, 91), (300, 401)])
def test_plateaus_of_a_map_stay_tied(size):
  steps = np.float32([0.1, 0.3, 0.7])[np.arange(size[1]) * 3 // size[1]]
  resized = scoring.to_size(np.broadcast_to(steps, size), made_scores.SIZE)
  thirds = resized[:, :24], resized[:, 40:56], resized[:, 72:]
  np.testing.assert_allclose([np.ptp(third) for third in thirds], 0, atol=0)


@pytest.mark.parametrize('scale', [1e-40, 1e-30, 1.0, 1e30])
def test_no_scale_is_too_large_or_too_small(scale, scorer):
  saliency = np.random.default_rng(0).random((6, 8))
  seen = scorer.seen(0)
  np.testing.assert_allclose(
    list(scorer.scores(seen, (saliency * scale).astype(np.float32)).values()),
    list(scorer.scores(seen, saliency.astype(np.float32)).values()),
    rtol=2e-3 if scale < 1e-38 else 1e-5,
  )  # few digits are left there


@pytest.mark.parametrize('value', [0.0, 0.1, -7.0, 1e-30])
def test_a_constant_map_scores_chance(value, found, scorer):
  # In this size, interpolation would round 0.1 to two different numbers.
  scores = scorer.scores(scorer.seen(0), np.full((7, 9), value, np.float32))
  assert (scores['nss'], scores['cc']) == (0, 0)
  for metric in ('auc_judd', 'auc_uniform', 'auc_shuffled'):
    assert scores[metric] == 0.5
  points = found.points[found.of(0)]
  uniform = textbook.information_gain(
    np.ones(made_scores.SIZE), predictors.centre(made_scores.SIZE).astype(float), np.unique(points, axis=0)
  )
  assert scores['information_gain'] == pytest.approx(uniform, abs=1e-5)
  assert scores['sim'] == pytest.approx(textbook.sim(np.ones(made_scores.SIZE), human(points)), abs=1e-5)


def test_the_centre_prior_gains_nothing(scorer):
  model = predictors.of_centre()
  image = np.zeros((*made_scores.SIZE, 3), np.uint8)
  (saliency,) = model.predict([image], ['p1'])
  assert scorer.scores(scorer.seen(0), saliency)['information_gain'] == (pytest.approx(0, abs=1e-6))
  assert saliency[36, 48] == saliency.max()
  # One standard deviation from the centre, a quarter of the height.
  assert saliency[36 + 18, 48] / saliency[36, 48] == pytest.approx(np.exp(-0.5), rel=0.03)


def test_a_seed_breaks_the_ties_of_auc_judd_alone(found, scorer):
  """As MIT's noise does in float64."""
  saliency = np.random.default_rng(0).integers(0, 4, made_scores.SIZE).astype(np.float32)
  points = np.unique(found.points[found.of(0)], axis=0)
  rng, areas = np.random.default_rng(1), []
  for _ in range(40):
    areas.append(textbook.auc_judd(saliency + rng.uniform(0, 1e-7, saliency.shape), points))
  plain = scorer.scores(scorer.seen(0), saliency)
  first, second = (scoring.Scorer(found, sigma=SIGMA, distinct=True, jitter=seed) for seed in (1, 2))
  one, other = (x.scores(x.seen(0), saliency) for x in (first, second))
  assert one['auc_judd'] != other['auc_judd']
  for scores in (one, other):
    assert min(areas) - 0.01 < scores['auc_judd'] < max(areas) + 0.01
    assert plain | {'auc_judd': scores['auc_judd']} == pytest.approx(scores)


def test_every_fixation_counts_if_asked_for(found):
  saliency = np.random.default_rng(0).random(made_scores.SIZE).astype(np.float32)
  scores = scoring.Scorer(found, sigma=SIGMA, distinct=False)
  points = found.points[found.of(0)]
  assert len(np.unique(points, axis=0)) < len(points)
  assert scores.scores(scores.seen(0), saliency)['nss'] == pytest.approx(
    textbook.nss(saliency.astype(float), points), rel=1e-4
  )


def test_images_of_one_size_are_compiled_once(found):
  scores = scoring.Scorer(found, sigma=SIGMA, distinct=True)
  saliency = np.random.default_rng(0).random((9, 12)).astype(np.float32)
  scores.scores(scores.seen(0), saliency)
  with jax.no_tracing():
    for index in (1, 2, 3):
      scores.scores(scores.seen(index), saliency)


@pytest.mark.parametrize(('index', 'people'), [(0, 3), (2, 2)])
def test_observers_are_scored_against_the_others(index, people, found, photographs):
  points, who = (array[found.of(index)] for array in (found.points, found.subjects))
  negatives = np.concatenate([found.points[found.of(other)] for other in range(4) if other != index])
  by_hand = [
    by_textbook(human(points[who != person]), points[who == person], negatives, human(points[who == person]))
    for person in range(people)
  ]
  assert len(found.observers[index]) == people  # cyd saw nothing on the third
  are_close(photographs.people(index), {name: np.mean([each[name] for each in by_hand]) for name in scoring.METRICS})


def test_images_that_nobody_looked_at_are_refused(found, looked_at, monkeypatch):
  monkeypatch.setattr(fixation_index, 'read', lambda *_, **__: found._replace(offsets=0 * found.offsets))
  dataset = DataSet('mine', 'table', made_scores.source(looked_at), SIGMA, {}, Reading(1))
  with pytest.raises(InputError, match=r'Nobody fixated any image of config\.sets\.mine;'):
    PhotographScoring(dataset, evaluate.get_config())


def test_one_observer_has_no_ceiling(photographs):
  assert photographs.people(3) is None
