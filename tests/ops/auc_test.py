"""Areas under ROC curves: that every difference counts, and ties."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmarks import textbook
from saliency_jax.ops import auc

UNIFORM = jax.jit(auc.auc_uniform, static_argnames='distinct')
JUDD = jax.jit(auc.auc_judd, static_argnames='ties')
SHUFFLED = jax.jit(auc.auc_shuffled)

# Many are equal to another pixel, or nearly: neighbouring floats, both zeros,
# numbers below the smallest normal one, infinities.
ONE, TINY = np.float32(1), np.float32(1e-45)
MAPS = hnp.arrays(
  np.float32,
  (5, 7),
  elements=st.sampled_from(
    [
      -np.float32(np.inf),
      -ONE,
      np.nextafter(-ONE, TINY),
      -TINY,
      np.float32(-0.0),
      np.float32(0),
      TINY,
      2 * TINY,
      np.float32(1e-38),
      ONE,
      np.nextafter(ONE, 2 * ONE),
      np.float32(3e38),
      np.float32(np.inf),
    ]
  ),
)
POINTS = hnp.arrays(np.int32, (6, 2), elements=st.integers(0, 4))


@settings(max_examples=200)
@given(MAPS, POINTS, POINTS)
def test_the_smallest_differences_count(saliency, points, negatives):
  pixels = np.unique(points, axis=0)
  unfixated = np.ones(saliency.shape, bool)
  unfixated[tuple(pixels.T)] = False
  positives = textbook.at(saliency, pixels)
  for ours, expected in (
    (UNIFORM(saliency, points), textbook.auc(positives, saliency)),
    (JUDD(saliency, points), textbook.polygon(positives, saliency[unfixated])),
    (SHUFFLED(saliency, points, negatives), textbook.auc(positives, textbook.at(saliency, negatives))),
  ):
    assert float(ours) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('count', [1, 16, 1000])
def test_any_number_of_fixations(count):
  rng = np.random.default_rng(count)
  saliency = rng.integers(0, 500, (40, 50)).astype(np.float32)
  points = rng.integers(0, (40, 50), (count, 2))
  positives = textbook.at(saliency, points)
  found = UNIFORM(saliency, points, distinct=False)
  assert float(found) == pytest.approx(textbook.auc(positives, saliency), abs=1e-6)
  found = JUDD(saliency, points)
  assert float(found) == pytest.approx(textbook.auc_judd(saliency, np.unique(points, axis=0)), abs=1e-6)


KINDS = {
  'spread': lambda rng: rng.random((60, 80)),
  'both signs': lambda rng: rng.normal(size=(60, 80)) ** 3,
  'logarithms': lambda rng: np.log(np.maximum(rng.random((60, 80)) - 0.2, 0)),
  'of 8 bits': lambda rng: rng.integers(0, 256, (60, 80)),
  'mostly zero': lambda rng: np.maximum(rng.normal(size=(60, 80)) - 1, 0),
}


@pytest.mark.parametrize('name', KINDS)
@pytest.mark.parametrize('wide', [False, True])
def test_kinds_of_maps(name, wide):
  rng = np.random.default_rng(0)
  with np.errstate(divide='ignore'):
    saliency = KINDS[name](rng).astype(np.float64 if wide else np.float32)
  points = np.unique(rng.integers(0, (60, 80), (60, 2)), axis=0)
  with jax.enable_x64(wide):
    found = UNIFORM(saliency, points), JUDD(saliency, points)
  assert found[0].dtype == saliency.dtype
  expected = (textbook.auc_uniform(saliency, points), textbook.auc_judd(saliency, points))
  np.testing.assert_allclose(found, expected, atol=1e-12 if wide else 1e-6)


def test_mits_rule_for_ties_by_hand():
  """Values 2 2 1 fixated, 2 1 0 not: points (1/3, 1/3), (0, 2/3), (1/3, 1).

  The i-th threshold has i/3 hits; all values that reach it, less i, are false
  alarms: 3 reach 2, and 5 reach 1.
  """
  saliency = np.array([[2, 2, 1, 2, 1, 0]], np.float32)
  points = np.array([[0, 0], [0, 1], [0, 2]])
  hits, alarms = [0, 1 / 3, 2 / 3, 1, 1], [0, 2 / 3, 1 / 3, 2 / 3, 1]
  found = JUDD(saliency, points, ties='apart')
  assert float(found) == pytest.approx(np.trapezoid(hits, alarms), abs=1e-6)
  # Together: (1/3, 2/3) and (2/3, 1).
  assert float(JUDD(saliency, points)) == pytest.approx(np.trapezoid([0, 2 / 3, 1, 1], [0, 1 / 3, 2 / 3, 1]), abs=1e-6)


def test_the_two_rules_agree_without_ties():
  rng = np.random.default_rng(0)
  saliency = rng.permutation(600).reshape(20, 30).astype(np.float32)
  points = rng.integers(0, (20, 30), (25, 2))
  assert float(JUDD(saliency, points)) == pytest.approx(float(JUDD(saliency, points, ties='apart')), abs=1e-6)


def test_the_best_and_the_worst_map():
  saliency = np.arange(12, dtype=np.float32).reshape(3, 4)
  best, worst = np.array([[2, 3], [2, 2]]), np.array([[0, 0], [0, 1]])
  for points, area in ((best, 1), (worst, 0)):
    # Against 12 pixels, of which each ties with itself and ranks above or below
    # the other fixated one.
    assert float(UNIFORM(saliency, points)) == pytest.approx(1 / 12 + area * 10 / 12)
  assert JUDD(saliency, best) == 1
  assert SHUFFLED(saliency, best, worst) == 1
  assert SHUFFLED(saliency, worst, best) == 0


def test_negatives_count_as_often_as_they_are_listed():
  saliency = np.array([[0, 1, 2]], np.float32)
  negatives = np.array([[0, 0], [0, 2], [0, 2], [0, 2]])
  point, counted = np.array([[0, 1]]), np.array([[0, 0], [0, 1], [0, 2]])
  assert SHUFFLED(saliency, point, negatives) == 0.25
  assert SHUFFLED(saliency, point, counted, None, np.array([1, 0, 3])) == 0.25


def test_counts_are_exact_on_a_large_map():
  """One pixel of 16 million is seen; float32 sums would lose it."""
  saliency = jnp.zeros((4096, 4096)).at[0, 0].set(1)
  points = np.array([[1, 1]])
  found = UNIFORM(saliency, points)
  assert float(found) == pytest.approx(0.5 - 0.5 / 4096**2, abs=3e-8)
  assert found < 0.5


def test_jitter_breaks_ties_and_nothing_else():
  key = jax.random.key(0)
  saliency = np.repeat(np.arange(50, dtype=np.float32)[:, None], 40, axis=1)
  noisy = auc.ties_broken(key, saliency)
  np.testing.assert_array_equal(np.sort(noisy, axis=None), np.arange(2000))
  np.testing.assert_array_equal(noisy // 40, saliency)
  np.testing.assert_array_equal(noisy, auc.ties_broken(key, saliency))
  assert (np.diff(noisy[0]) < 0).any()
  constant = np.zeros((40, 50), np.float32)
  noisy = np.asarray(auc.ties_broken(key, constant))
  points = np.random.default_rng(0).integers(0, (40, 50), (30, 2))
  assert float(JUDD(noisy, points)) != 0.5
  # No noise makes a map of nothing better or worse than chance.
  for value in (0, 3, np.inf):
    assert float(JUDD(constant + value, points, jitter=key)) == 0.5
  constant[3, 3] = TINY
  assert float(JUDD(constant, points, jitter=key)) != 0.5


def test_auc_judd_breaks_ties_with_a_seed_as_the_mit_benchmark_does():
  rng = np.random.default_rng(3)
  # Four levels, as a coarse map has: with ties MIT's rule gives less.
  saliency = rng.integers(0, 4, (40, 50)).astype(np.float32) / 8
  points = np.argwhere(saliency > 0.3)[::40]
  key = jax.random.key(1)
  found = float(JUDD(saliency, points, ties='apart', jitter=key))
  assert found == float(JUDD(auc.ties_broken(key, saliency), points, ties='apart'))
  assert found != float(JUDD(saliency, points, ties='apart', jitter=jax.random.key(2)))
  # AUC_Judd.m in NumPy, in float64 and with noise of its own.
  areas = []
  for _ in range(20):
    noisy = saliency + rng.uniform(0, 1e-7, saliency.shape)
    hits = np.sort(noisy[tuple(points.T)])[::-1]
    count, pixels = len(hits), noisy.size
    above = np.array([(noisy >= x).sum() for x in hits])
    hit = np.arange(1, count + 1) / count
    alarm = (above - np.arange(1, count + 1)) / (pixels - count)
    areas.append(np.trapezoid([0, *hit, 1], [0, *alarm, 1]))
  assert found == pytest.approx(np.mean(areas), abs=4 * np.std(areas) + 0.005)


@pytest.mark.parametrize(
  ('call', 'message'),
  [
    (lambda m, p: auc.auc_judd(m, p, ties='half'), 'half'),
    (lambda m, p: auc.auc_judd(m, p, ties='apart', distinct=False), 'distinct'),
  ],
)
def test_options_that_do_not_exist_are_refused(call, message):
  with pytest.raises(ValueError, match=message):
    call(np.ones((3, 3), np.float32), np.zeros((1, 2), int))
