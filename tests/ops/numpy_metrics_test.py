"""Metrics of arrays of any size, against brute force in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import textbook
from saliency_jax.ops import auc, numpy_metrics
from tests import brute_force

SIZE = (48, 64)
RNG = np.random.default_rng(0)
MAPS = RNG.random((6, 8, 3)) + 0.01
POINTS = RNG.integers(0, SIZE, (20, 2))
POINTS[4] = POINTS[9] = POINTS[0]
DISTINCT = np.unique(POINTS, axis=0)
OTHERS = RNG.integers(0, SIZE, (50, 2))
MASK = RNG.random(SIZE) < 0.1
TRUTH, BASELINE = RNG.random((2, *SIZE)) + 0.01

# The call, and the textbook's for a map of the image's size.
METRICS = {
  'nss': (lambda m: numpy_metrics.nss(m, POINTS, SIZE), lambda m: textbook.nss(m, DISTINCT)),
  'nss, all': (lambda m: numpy_metrics.nss(m, POINTS, SIZE, distinct=False), lambda m: textbook.nss(m, POINTS)),
  'nmm': (lambda m: numpy_metrics.nmm(m, MASK), lambda m: textbook.nss(m, np.argwhere(MASK))),
  'auc_judd': (lambda m: numpy_metrics.auc_judd(m, POINTS, SIZE), lambda m: textbook.auc_judd(m, DISTINCT)),
  'auc': (lambda m: numpy_metrics.auc(m, POINTS, SIZE), lambda m: textbook.auc_uniform(m, DISTINCT)),
  'auc, all': (lambda m: numpy_metrics.auc(m, POINTS, SIZE, distinct=False), lambda m: textbook.auc_uniform(m, POINTS)),
  'shuffled_auc': (
    lambda m: numpy_metrics.shuffled_auc(m, POINTS, OTHERS, SIZE),
    lambda m: textbook.auc_shuffled(m, DISTINCT, OTHERS),
  ),
  'auc_judd, all': (
    lambda m: numpy_metrics.auc_judd(m, POINTS, SIZE, distinct=False),
    lambda m: textbook.auc_judd(m, POINTS),
  ),
  'shuffled_auc, all': (
    lambda m: numpy_metrics.shuffled_auc(m, POINTS, OTHERS, SIZE, distinct=False),
    lambda m: textbook.auc_shuffled(m, POINTS, OTHERS),
  ),
  'cc': (lambda m: numpy_metrics.cc(m, TRUTH), lambda m: textbook.cc(m, TRUTH)),
  'sim': (lambda m: numpy_metrics.sim(m, TRUTH, min_max=True), lambda m: textbook.sim(m, TRUTH, min_max=True)),
  'sim, as it is': (lambda m: numpy_metrics.sim(m, TRUTH), lambda m: textbook.sim(m, TRUTH)),
  'kl, by default': (lambda m: numpy_metrics.kl(m, TRUTH), lambda m: textbook.kl(m, TRUTH, eps=2.0**-52)),
  'kl, above a minimum': (
    lambda m: numpy_metrics.kl(m, TRUTH, minimum=0.3, eps=0),
    lambda m: textbook.kl(m, TRUTH, minimum=0.3, eps=0),
  ),
  'kl': (lambda m: numpy_metrics.kl(m, TRUTH, eps=1e-7), lambda m: textbook.kl(m, TRUTH, eps=1e-7)),
  'information_gain': (
    lambda m: numpy_metrics.information_gain(m, BASELINE, POINTS),
    lambda m: textbook.information_gain(m, BASELINE, DISTINCT),
  ),
  'information_gain, above a minimum': (
    lambda m: numpy_metrics.information_gain(m, BASELINE, POINTS, distinct=False, minimum=0.5),
    lambda m: textbook.information_gain(m, BASELINE, POINTS, minimum=0.5),
  ),
}


METRICS['information_gain, as in InfoGain.m'] = (
  lambda m: numpy_metrics.information_gain(m, BASELINE, POINTS, min_max=True, eps=0.1),
  lambda m: textbook.information_gain(m, BASELINE, DISTINCT, min_max=True, eps=0.1),
)


def upsampled(maps):
  return [brute_force.upsample(x, SIZE) for x in np.moveaxis(maps, -1, 0)]


@pytest.mark.parametrize('name', METRICS)
def test_a_map_and_several_equal_the_textbook(name):
  ours, theirs = METRICS[name]
  expected = [theirs(x) for x in upsampled(MAPS)]
  found = ours(MAPS)
  assert isinstance(found, np.ndarray)
  # Upsampled, the outermost pixels are equal but for rounding, which breaks
  # such ties one way or the other.
  atol = 3e-4 if 'auc' in name else 2e-6
  np.testing.assert_allclose(found, expected, rtol=1e-5, atol=atol)
  one = ours(MAPS[..., 1])
  assert isinstance(one, float)
  assert one == pytest.approx(found[1], abs=1e-6)


def test_noise_breaks_ties_as_its_seed_says():
  steps = np.linspace(0, 1e-6, 3).repeat(70).reshape(21, 10).astype(np.float32)
  points = [(2, 3), (15, 4), (20, 9)]
  plain = numpy_metrics.auc_judd(steps, points)
  first = numpy_metrics.auc_judd(steps, points, seed=0)
  compiled = numpy_metrics._computed._cache_size()
  again, other = (numpy_metrics.auc_judd(steps, points, seed=seed) for seed in (0, 1))
  assert numpy_metrics._computed._cache_size() == compiled
  assert numpy_metrics.auc_judd(steps, points, ties='apart') == pytest.approx(
    float(auc.auc_judd(jnp.asarray(steps), jnp.array(points), ties='apart'))
  )
  assert first == again
  assert len({plain, first, other}) == 3
  both = numpy_metrics.auc_judd(np.stack([steps, steps], -1), points, seed=0)
  assert first == both[0] != both[1]
  expected = [
    textbook.auc_judd(np.asarray(auc.ties_broken(jax.random.fold_in(jax.random.key(0), i), steps)), np.array(points))
    for i in (0, 1)
  ]
  np.testing.assert_allclose(both, expected, atol=1e-6)


def test_float64_is_kept_where_jax_is_told_to():
  with jax.enable_x64(True):
    for name in ('cc', 'sim', 'kl', 'information_gain'):
      ours, theirs = METRICS[name]
      np.testing.assert_allclose(ours(MAPS), [theirs(x) for x in upsampled(MAPS)], rtol=1e-12)


def test_sets_are_points_and_masks():
  found = numpy_metrics.associate(MAPS, [POINTS, MASK, [], MASK & False], SIZE)
  assert found.shape == (4, 3)
  np.testing.assert_allclose(found[:2], brute_force.scores(MAPS, [POINTS, MASK], SIZE), atol=1e-5)
  assert np.isnan(found[2:]).all()
  np.testing.assert_allclose(numpy_metrics.associate(MAPS[..., 0], [POINTS, MASK, []], SIZE), found[:3, 0], atol=1e-6)
  assert numpy_metrics.associate(MAPS, [], SIZE).shape == (0, 3)


def test_without_a_size_points_are_cells():
  points = [[0, 1], [5, 7]]
  for function in (numpy_metrics.nss, numpy_metrics.auc_judd):
    np.testing.assert_array_equal(function(MAPS, points), function(MAPS, points, (6, 8)))
  assert numpy_metrics.nss(MAPS[..., 0], points) == pytest.approx(
    textbook.nss(MAPS[..., 0], np.array(points)), abs=1e-5
  )


def test_an_image_of_bytes_is_a_map():
  image = RNG.integers(0, 256, SIZE, np.uint8)
  assert numpy_metrics.nss(image, POINTS) == pytest.approx(textbook.nss(image.astype(float), DISTINCT), abs=1e-5)
  assert numpy_metrics.auc(image, POINTS) == pytest.approx(textbook.auc_uniform(image, DISTINCT), abs=1e-6)


def test_minus_infinity_is_the_lowest_value():
  image = RNG.random(SIZE)
  low = np.where(image < 0.3, -np.inf, image)
  both = np.where(image > 0.9, np.inf, low)  # whose mean is not a number
  for map_ in (low, both):
    assert numpy_metrics.auc(map_, POINTS) == pytest.approx(textbook.auc_uniform(map_, DISTINCT), abs=1e-6)


@pytest.mark.parametrize('name', ['nss', 'auc_judd', 'auc', 'information_gain'])
def test_chance_and_nothing(name):
  function = getattr(numpy_metrics, name)
  image = np.ones(SIZE)
  given = (image,) if name == 'information_gain' else ()
  chance = 0 if name in ('nss', 'information_gain') else 0.5
  assert function(image, *given, POINTS) == pytest.approx(chance, abs=1e-6)
  size = () if given else (SIZE,)  # upsampled, by weights that do not add up to 1 in float32
  assert function(np.full((7, 9), 0.3), *given, POINTS, *size) == pytest.approx(chance, abs=1e-6)
  assert np.isnan(function(MAPS[..., 0] if not given else image, *given, []))
  image[3, 4] = np.nan
  assert np.isnan(function(image, *given, POINTS))


@pytest.mark.parametrize('cell', [(0, 0), (3, 4), (5, 7)])
def test_an_outlier_does_not_take_the_digits_of_other_cells(cell):
  outlying = MAPS[..., 0].copy()
  outlying[cell] = 1e8
  low = np.where(outlying == 1e8, 1e4, outlying)
  for function in (numpy_metrics.auc, numpy_metrics.auc_judd):
    assert function(outlying, POINTS, SIZE) == pytest.approx(function(low, POINTS, SIZE), abs=1e-3)


@pytest.mark.parametrize(
  ('call', 'message'),
  [
    (lambda: numpy_metrics.nss(MAPS[0, 0], POINTS, SIZE), r'\[h, w\]'),
    (lambda: numpy_metrics.nss(MAPS * 1j, POINTS, SIZE), 'complex'),
    (lambda: numpy_metrics.nss(MAPS, POINTS * 0.5, SIZE), 'float64'),
    (lambda: numpy_metrics.nss(MAPS, POINTS, (9, 9)), 'outside'),
    (lambda: numpy_metrics.auc(MAPS, POINTS, (9, 9)), 'outside'),
    (lambda: numpy_metrics.auc(MAPS, POINTS[:, :1], SIZE), r'\(20, 1\)'),
    (lambda: numpy_metrics.auc(MAPS, POINTS, (0, 9)), r'\(0, 9\)'),
    (lambda: numpy_metrics.associate(MAPS, [MASK], (9, 9)), 'mask'),
    (lambda: numpy_metrics.auc_judd(MAPS, POINTS, SIZE, ties='no'), 'ties'),
    (lambda: numpy_metrics.cc(MAPS, MAPS), r'\[H, W\]'),
  ],
)
def test_what_does_not_fit_is_refused(call, message):
  with pytest.raises(ValueError, match=message):
    call()
