"""The bootstrap over photographs against loops and known distributions."""

import numpy as np
import pytest
from scipy import stats

from saliency_jax.experiments import bootstrap, chance
from saliency_jax.ops import inference

IMAGES = np.array(list('ccaabbbd'))
LABELS = np.array(list('xyxxyxxz'))


def test_photographs_are_drawn_whole():
  draws = bootstrap.draw(IMAGES, 50)
  assert draws.photographs.tolist() == list('abcd')
  assert (draws.counts.sum(axis=1) == 4).all()
  assert (draws.counts != bootstrap.draw(IMAGES, 50, seed=1).counts).any()


def _regions(counts, chosen) -> list[int]:
  """The regions of a sample, drawn one by one."""
  return [
    t
    for image, count in zip('abcd', counts, strict=True)
    for _ in range(count)
    for t in range(8)
    if IMAGES[t] == image and LABELS[t] == chosen
  ]


def test_means_and_best_units_are_those_of_the_drawn_regions(monkeypatch):
  monkeypatch.setattr(bootstrap, '_CHUNK', 50)  # a few samples at once
  rng = np.random.default_rng(0)
  scores, values = rng.normal(size=(8, 6)), rng.normal(size=8)
  draws = bootstrap.draw(IMAGES, 30)
  means = bootstrap.category_means(values, LABELS, IMAGES, draws)
  best = bootstrap.best_units(scores, LABELS, IMAGES, draws, top=2)
  assert list(means) == list(best) == ['x', 'y', 'z']
  empty = 0
  for b, counts in enumerate(draws.counts):
    for category in 'xyz':
      drawn = _regions(counts, category)
      if not drawn:
        empty += 1
        assert np.isnan([means[category][b], best[category][b]]).all()
        continue
      assert means[category][b] == pytest.approx(values[drawn].mean())
      assert best[category][b] == pytest.approx(np.sort(scores[drawn].mean(axis=0))[-2:].mean())
  assert empty


def test_the_interval_of_a_mean_is_as_wide_as_that_of_photographs():
  rng = np.random.default_rng(1)
  images = np.repeat(np.arange(400), 5)
  # All of a photograph's regions are alike: 400 observations, not 2,000.
  values = np.repeat(rng.normal(2, 1, 400), 5)
  labels = np.full(2000, 'x')
  low, high = inference.around(
    values.mean(), bootstrap.category_means(values, labels, images, bootstrap.draw(images, 2000))['x']
  )
  margin = 1.96 * values[::5].std(ddof=1) / 20
  assert (low, high) == pytest.approx((values.mean() - margin, values.mean() + margin), abs=0.02)


def test_an_interval_is_about_two_estimates():
  # 1 and, as the samples' mean exceeds it by 1, 0; samples lie up to 1.9 apart.
  samples = np.append(np.linspace(0, 4, 401), np.nan)
  assert inference.around(1.0, samples) == pytest.approx((-1.9, 2.9))
  assert inference.around(1.0, samples, 0.5) == pytest.approx((-1.4, 2.9))
  assert inference.around(1.0, samples, 1.5) == pytest.approx((-0.9, 3.4))
  assert np.isnan(inference.around(1.0, samples[:1])).all()
  assert np.isnan(inference.around(np.nan, samples)).all()
  assert np.isnan(inference.around(1.0, np.ones(50))).all()  # one photograph


def test_the_interval_of_best_units_allows_for_their_choice():
  """It covers what they are worth, and the value, which is not always basic."""
  rng = np.random.default_rng(5)
  images, labels = np.arange(30), np.full(30, 'x')
  covered = basic = 0
  for _ in range(100):
    scores = rng.normal(size=(30, 40))
    scores[:, :3] += 0.3
    value = np.sort(scores.mean(axis=0))[-3:].mean()
    samples = bootstrap.best_units(scores, labels, images, bootstrap.draw(images, 100), top=3)['x']
    held = chance.held_out(scores, labels, images, top=3)['x']
    low, high = inference.around(value, samples, held)
    assert low < min(value, held) < max(value, held) < high
    covered += low <= 0.3 <= high
    basic += 2 * value - np.quantile(samples, 0.025) > value
  assert covered >= 93
  assert basic < 80


def test_correlations_of_samples():
  rng = np.random.default_rng(2)
  x = rng.normal(size=(300, 8))
  y = x + rng.normal(size=(300, 8))
  x[4, 2] = np.nan
  x[5] = np.nan
  y[6] = 1
  expected = [
    stats.spearmanr(a[np.isfinite(a)], b[np.isfinite(a)]).statistic if np.isfinite(a).any() and np.ptp(b) else np.nan
    for a, b in zip(x, y, strict=True)
  ]
  np.testing.assert_allclose(bootstrap.spearman(x, y), expected)


def test_halves_do_not_share_what_is_odd_about_regions():
  rng = np.random.default_rng(3)
  images = np.repeat(np.arange(40), 8)
  labels = np.tile(np.array(list('abcdefgh')), 40)
  # No category differs, but units and output see the same noise of a region.
  noise = rng.normal(size=320)
  scores = noise[:, None] + rng.normal(size=(320, 20)) / 4
  shared = np.array([[scores[labels == c].mean(axis=0).max(), noise[labels == c].mean()] for c in 'abcdefgh'])
  assert stats.spearmanr(*shared.T).statistic > 0.8
  found = bootstrap.halves(scores, noise, labels, images, top=1)
  assert abs(found) < 0.45
  # Where categories differ they still correlate.
  lift = np.tile(np.arange(8.0), 40)
  assert bootstrap.halves(scores + lift[:, None], noise + lift, labels, images, top=1) > 0.9
  assert np.isnan(bootstrap.halves(scores[:8], noise[:8], labels[:8], images[:8], top=1))


def test_halves_are_those_of_a_loop_over_splits():
  rng = np.random.default_rng(6)
  images = np.repeat(np.array(list('dbcae')), 4)
  labels = np.array(list('wxyzwxyzwxyzwxyywwxx'))  # z lies on four of five
  scores, values = rng.normal(size=(20, 6)), rng.normal(size=20)
  found, rng = [], np.random.default_rng(0)
  for _ in range(40):
    numbers = dict(zip('abcde', rng.permutation(5), strict=True))
    first = np.array([numbers[image] % 2 == 0 for image in images])
    for half in (first, ~first):
      pairs = [
        (np.sort(scores[half & of].mean(axis=0))[-2:].mean(), values[~half & of].mean())
        for of in (labels == x for x in 'wxyz')
        if (half & of).any() and (~half & of).any()
      ]
      found.append(stats.spearmanr(*zip(*pairs, strict=True)).statistic)
  assert bootstrap.halves(scores, values, labels, images, top=2) == pytest.approx(np.mean(found))


def test_the_interval_of_many_normal_values_is_the_textbooks():
  values = np.random.default_rng(1).normal(3, 2, 1000)
  mean, *ends = bootstrap.mean(values, 4000)
  margin = 1.96 * values.std() / 1000**0.5
  assert mean == values.mean()
  np.testing.assert_allclose(ends, [values.mean() - margin, values.mean() + margin], atol=0.01)
  assert bootstrap.mean(values, 100) == bootstrap.mean(values.copy(), 100)
  assert bootstrap.mean(values, 100) != bootstrap.mean(values, 4000)


def test_it_covers_the_mean_as_often_as_it_says():
  rng = np.random.default_rng(2)
  covered = []
  for _ in range(200):
    covered.append([low <= 1 <= high for _, low, high in (bootstrap.mean(rng.uniform(0, 2, n), 500) for n in (60, 6))])
  assert ((np.mean(covered, axis=0) > 0.90) & (np.mean(covered, axis=0) < 0.98)).all()


@pytest.mark.parametrize(
  ('values', 'expected'), [([], (np.nan,) * 3), ([1.0, 2, 3], (2, np.nan, np.nan)), ([3.0] * 4, (3, 3, 3))]
)
def test_few_or_equal_values(values, expected):
  np.testing.assert_equal(bootstrap.mean(np.array(values), 100), expected)


def test_a_share_has_wilsons_interval():
  square = 1.959964**2
  assert bootstrap.share(np.ones(5)) == pytest.approx((1, 5 / (5 + square), 1))
  centre, reach = (1 / 4 + square / 24) / (1 + square / 12), (3 / 16 / 12 + square / 24**2) ** 0.5 / (1 + square / 12)
  ends = centre - 1.959964 * reach, centre + 1.959964 * reach
  assert bootstrap.share(np.arange(12) < 3) == pytest.approx((0.25, *ends))
  assert np.isnan(bootstrap.share(np.array([]))).all()
