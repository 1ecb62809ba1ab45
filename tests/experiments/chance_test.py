"""Held-out values and chance bands against loops and exact enumeration."""

import itertools
import statistics
from unittest import mock

import numpy as np
import pytest

from saliency_jax.experiments import chance
from saliency_jax.experiments import statistics as unit_statistics

# Photographs a and b have several labels, c and d one each, e a region alone.
IMAGES = np.array(list('aaabbbbccdde'))
LABELS = np.array(['x', 'y', 'y', 'x', 'x', 'y', 'z', 'x', 'x', 'y', 'y', 'z'])


def made(regions: int, units: int, photographs: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns noise of three categories, of which 'u' excites units 0 to 2."""
  rng = np.random.default_rng(seed)
  labels = rng.choice(['u', 'v', 'w'], regions, p=[0.2, 0.5, 0.3])
  scores = rng.normal(size=(regions, units))
  scores[:, :3] += 2 * (labels == 'u')[:, None]
  return scores, labels, rng.integers(photographs, size=regions)


def band(*rows, top, permutations=200):
  """Returns the bands of the mean of the best units alone."""
  with mock.patch.object(chance, 'PERMUTATIONS', permutations):
    return chance.bands(*rows, top=top)[0]


def slow_best(rows, top: int) -> float:
  """The paper's statistic, without an array."""
  means = [statistics.fmean(column) for column in zip(*rows, strict=True)]
  return statistics.fmean(sorted(means, reverse=True)[:top])


def rows_of(scores, labels, category) -> list:
  return [row for row, label in zip(scores.tolist(), labels, strict=True) if label == category]


@pytest.mark.parametrize('top', [1, 4, 30])
def test_the_band_is_that_of_a_loop_over_permutations(top, monkeypatch):
  monkeypatch.setattr(chance, 'PERMUTATIONS', 40)
  scores, labels, images = made(60, 20, 15)
  drawn = list(chance.permuted(labels, images, 40))
  bands, above = chance.bands(scores, labels, images, top=top, threshold=0.2)
  assert list(bands) == ['u', 'v', 'w']
  for category in bands:
    values, counts = [], []
    for order in drawn:
      rows = rows_of(scores, [labels[i] for i in order], category)
      values.append(slow_best(rows, top))
      counts.append(sum(statistics.fmean(unit) > 0.2 for unit in zip(*rows, strict=True)))
    for found, expected in ((bands, values), (above, counts)):
      assert found[category] == pytest.approx(
        (np.percentile(expected, 2.5), statistics.fmean(expected), np.percentile(expected, 97.5))
      )


def test_the_band_of_a_unit_is_that_of_a_loop_over_permutations(monkeypatch):
  scores = made(60, 5, 15)[0]
  labels, images = np.tile(list('uvuw'), 15), np.repeat(np.arange(15), 4)
  labels[-4:] = 'z'  # a photograph's own, with nothing to change places with
  assert chance.fixed(labels, images) == {'z'}
  drawn = list(chance.permuted(labels, images, 30))
  monkeypatch.setattr(chance, '_CHUNK', 60)  # a unit or two at once
  monkeypatch.setattr(chance, 'PERMUTATIONS', 30)
  found = chance.unit_bands(scores, labels, images)
  assert list(found) == ['u', 'v', 'w', 'z']
  for category in 'uvw':
    expected = [scores[labels[order] == category].mean(axis=0) for order in drawn]
    np.testing.assert_allclose(found[category], np.percentile(expected, [2.5, 97.5], axis=0))
  assert np.isnan(found['z']).all()


def test_the_band_does_not_depend_on_how_much_is_multiplied_at_once(monkeypatch):
  made_up = made(60, 20, 15)
  whole = band(*made_up, top=4, permutations=7)
  monkeypatch.setattr(chance, '_CHUNK', 400)
  monkeypatch.setattr(unit_statistics, '_CHUNK', 70)
  for category, found in band(*made_up, top=4, permutations=7).items():
    assert found == pytest.approx(whole[category])


def test_labels_change_places_within_photographs_where_they_can():
  drawn = list(chance.permuted(LABELS, IMAGES, 500))
  mixed = np.isin(IMAGES, ['a', 'b'])
  for order in drawn:
    assert sorted(order) == list(range(len(LABELS)))
    # c, d and e have one label each: they exchange theirs.
    np.testing.assert_array_equal(IMAGES[order][mixed], IMAGES[mixed])
    assert not mixed[order][~mixed].any()
  # All arrangements of a's labels come about equally often.
  arranged = [tuple(LABELS[order][:3]) for order in drawn]
  counts = [arranged.count(x) for x in {*itertools.permutations('xyy')}]
  assert min(counts) > 130
  assert sum(counts) == 500
  assert {LABELS[order][-1] for order in drawn} == {'x', 'y', 'z'}


def test_the_mean_of_the_band_is_that_of_all_arrangements():
  scores = np.random.default_rng(0).normal(size=(6, 5))
  images, labels = np.array(list('aaabbb')), np.array(list('xyzxyy'))
  exact = []
  for a, b in itertools.product(itertools.permutations(range(3)), itertools.permutations(range(3, 6))):
    exact.append(slow_best(rows_of(scores, labels[[*a, *b]], 'y'), 2))
  found = band(scores, labels, images, top=2, permutations=20_000)['y']
  assert found.mean == pytest.approx(statistics.fmean(exact), abs=0.01)
  assert found.low == pytest.approx(min(exact), abs=0.05)


def test_chance_holds_noise_and_a_response_leaves_it():
  scores, labels, images = made(400, 50, 120)
  bands = band(scores, labels, images, top=3)
  held = chance.held_out(scores, labels, images, top=3)
  observed = {category: slow_best(rows_of(scores, labels, category), 3) for category in bands}
  assert bands['u'].high < observed['u']
  assert held['u'] == pytest.approx(2, abs=0.3)
  for category in ('v', 'w'):
    # The best of 50 are good by luck; a permutation gives v some of u too.
    assert observed[category] > 0.1
    assert abs(held[category]) < 0.08
    assert observed[category] < bands[category].low


def test_the_band_covers_as_often_as_it_says():
  inside = 0
  for seed in range(60):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(80, 30)) + rng.normal(size=(80, 1))
    labels, images = rng.choice(['u', 'v'], 80), rng.integers(20, size=80)
    observed = slow_best(rows_of(scores, labels, 'u'), 5)
    low, _, high = band(scores, labels, images, top=5, permutations=100)['u']
    inside += low <= observed <= high
  assert 52 <= inside <= 60


def _held_out_units(scores, chosen, images, rank, folds) -> list[float]:
  photographs = sorted({*images[chosen]}, key=rank.get)
  values = [[] for _ in scores.T]
  for start in range(min(folds, len(photographs))):
    inside = np.isin(images, photographs[start::folds])
    for unit in scores[chosen & ~inside].mean(axis=0).argsort()[-3:]:
      values[unit] += scores[chosen & inside, unit].tolist()
  return [statistics.fmean(of) if of else np.nan for of in values]


@pytest.mark.parametrize('folds', [2, 5, 100])
def test_held_out_is_that_of_a_loop_over_folds(folds, monkeypatch):
  monkeypatch.setattr(chance, 'FOLDS', folds)
  scores, labels, images = made(60, 20, 15)
  names = sorted({*images})
  rank = dict(zip(names, np.random.default_rng(0).permutation(len(names)), strict=True))
  found = chance.held_out(scores, labels, images, top=3)
  for category in 'uvw':
    of_category = [i for i in range(60) if labels[i] == category]
    photographs = sorted({images[i] for i in of_category}, key=rank.get)
    values = []
    for start in range(min(folds, len(photographs))):
      tested = photographs[start::folds]
      learnt = [i for i in of_category if images[i] not in tested]
      means = [statistics.fmean(scores[i, unit] for i in learnt) for unit in range(20)]
      best = sorted(range(20), key=lambda unit: -means[unit])[:3]
      values += [statistics.fmean(scores[i, unit] for unit in best) for i in of_category if images[i] in tested]
    assert len(values) == len(of_category)
    assert found[category] == pytest.approx(statistics.fmean(values))
  # Of each unit, where it is among those best.
  units = chance.held_out_unit_means(scores, labels, images, top=3)
  assert list(units) == ['u', 'v', 'w']
  for category, means in units.items():
    np.testing.assert_allclose(means, _held_out_units(scores, labels == category, images, rank, folds))


def test_units_are_never_scored_on_a_photograph_that_chose_them(monkeypatch):
  monkeypatch.setattr(chance, 'FOLDS', 6)
  # In each photograph another unit is lucky; elsewhere it is unlucky.
  scores = 9.0 * np.repeat(np.eye(6), 2, axis=0) - 1
  images, labels = np.repeat(np.arange(6), 2), np.full(12, 'x')
  assert chance.held_out(scores, labels, images, top=1)['x'] == pytest.approx(-1)


def test_rows_without_a_score_are_left_out():
  scores, labels, images = made(60, 20, 15)
  more = np.concatenate([scores, np.full((1, 20), np.nan), scores[:1]])
  more[-1, 3] = np.nan
  extended = (more, np.append(labels, ['u', 'q']), np.append(images, [0, 1]))
  whole = band(scores, labels, images, top=3)
  known = chance.scored(*extended)
  for category, found in band(*known, top=3).items():
    assert found == pytest.approx(whole[category])
  assert chance.held_out(*known, top=3) == chance.held_out(scores, labels, images, top=3)


def test_what_cannot_be_permuted_has_no_band():
  scores = np.random.default_rng(0).normal(size=(12, 6))
  alone = np.full(12, 'face')
  assert chance.fixed(alone, IMAGES) == {'face'}
  assert np.isnan(band(scores, alone, IMAGES, top=2)['face']).all()
  # Photograph 0 has x and y, and z has all others to itself.
  labels, images = np.array(list('xyzzz')), np.array([0, 0, 1, 2, 2])
  assert chance.fixed(labels, images) == {'z'}
  assert not np.isnan(band(scores[:5], labels, images, top=2)['x']).any()
  assert band(scores[:0], labels[:0], images[:0], top=2) == {}


def test_nothing_is_held_out_of_one_photograph():
  scores = np.ones((3, 4))
  found = chance.held_out(scores, np.array(list('xxy')), np.array([1, 2, 2]), top=2)
  assert found == {'x': 1, 'y': pytest.approx(np.nan, nan_ok=True)}


def test_any_item_of_an_array_may_stand_for_its_target(monkeypatch):
  monkeypatch.setattr(chance, 'PERMUTATIONS', 20_000)
  rng = np.random.default_rng(2)
  arrays = np.array([2, 0, 0, 2, 1, 0])
  scores = rng.normal(size=(6, 5))
  exact = [slow_best([scores[i].tolist() for i in chosen], 2) for chosen in itertools.product([1, 2, 5], [4], [0, 3])]
  found = chance.bands_of_others(scores, arrays, np.arange(3), top=2)[0]
  assert found.mean == pytest.approx(statistics.fmean(exact), abs=0.01)
  assert (found.low, found.high) == pytest.approx((min(exact), max(exact)))
  assert np.isnan(chance.bands_of_others(scores[:0], arrays[:0], arrays[:0], top=2)).all()


def test_each_region_is_stood_for_by_others_on_its_photograph(monkeypatch):
  monkeypatch.setattr(chance, 'PERMUTATIONS', 20_000)
  rng = np.random.default_rng(5)
  scores, images = rng.normal(size=(9, 6)), np.repeat([0, 1, 2], 3)
  # Two regions on photograph 1, one on 2, none on 0, which has others too.
  mean, above = chance.bands_of_others(scores, images, np.array([1, 1, 2]), top=2, threshold=0.3)
  every = np.array([(scores[a] + scores[b] + scores[c]) / 3 for a in (3, 4, 5) for b in (3, 4, 5) for c in (6, 7, 8)])
  assert mean.mean == pytest.approx(np.sort(every, axis=1)[:, -2:].mean(), abs=0.01)
  assert above.mean == pytest.approx((every > 0.3).sum(axis=1).mean(), abs=0.03)


def test_a_unit_s_held_out_mean_is_of_the_folds_that_did_not_choose_it():
  scores = np.array([[4.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
  found = chance.held_out_unit_means(scores, np.array(['a'] * 3), np.arange(3), top=1)['a']
  # Without the first region the second unit is the best, else the first: its
  # means are 2 and 1.33 against 0.5 and 1.
  np.testing.assert_allclose(found, [0.0, 0.0])
  one = chance.held_out_unit_means(scores[:1], np.array(['a']), np.arange(1), top=1)['a']
  assert np.isnan(one).all()
