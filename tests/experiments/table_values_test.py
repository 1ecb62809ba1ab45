"""What stands beside a table's means: the parts are tested on their own."""

import numpy as np
import pytest

from saliency_jax.experiments import bootstrap, chance, table_values
from saliency_jax.ops import inference

IMAGES = np.repeat([f'{i:02d}' for i in range(20)], 4)
LABELS = np.tile(['text', 'food', 'face', 'food'], 20)


@pytest.fixture
def scores() -> np.ndarray:
  rng = np.random.default_rng(0)
  found = rng.normal(size=(80, 30)) + 2 * (LABELS == 'text')[:, None]
  found[5] = np.nan
  return found.astype(np.float32)


def test_a_category_has_what_each_part_finds(scores):
  found = table_values.by_category(scores, LABELS, IMAGES, top=4, threshold=0.2)
  assert list(found) == ['face', 'food', 'text']
  assert found['food'].sets == 39
  known = chance.scored(scores, LABELS, IMAGES)
  bands, above = chance.bands(*known, top=4, threshold=0.2)
  held = chance.held_out(*known, top=4)
  for category, value in found.items():
    rows = scores[category == LABELS].astype(float)
    means = np.nanmean(rows, axis=0)
    order = np.argsort(-means, kind='stable')[:4]
    assert value.units.tolist() == order.tolist()
    assert value.mean == pytest.approx(means[order].mean())
    assert value.above == (means > 0.2).sum()
    same = scores.copy()
    same[:, 0] = 0.25  # a unit at the threshold is not above it
    again = table_values.by_category(same, LABELS, IMAGES, top=4, threshold=0.25)
    assert again[category].above == (means[1:] > 0.25).sum()
    assert (value.chance, value.above_chance, value.held_out) == (bands[category], above[category], held[category])
    assert value.cells == (value.mean, value.low, value.high, held[category], *bands[category])
  text = found['text']
  assert text.chance.high < text.mean
  assert not found['face'].chance.high < found['face'].mean
  samples = bootstrap.best_units(*known, bootstrap.draw(known[2], table_values.RESAMPLES), top=4)
  on = len(np.unique(known[2][known[1] == 'text']))
  assert (text.low, text.high) == inference.around(text.mean, samples['text'], held['text'], photographs=on)


def test_one_category_alone_says_why_it_has_no_band(scores):
  labels = np.full(80, 'face')
  assert table_values.without_band(labels, IMAGES) == {'face': table_values.ALONE}
  assert table_values.without_band(LABELS, IMAGES) == {}
  value = table_values.by_category(scores, labels, IMAGES, top=4, threshold=0.2)['face']
  assert np.isnan([*value.chance, *value.above_chance]).all()
  assert value.held_out < value.mean


def test_targets_stand_beside_other_items():
  rng = np.random.default_rng(1)
  images = np.arange(24)
  targets = rng.normal(size=(24, 30)) + 1
  items, of = rng.normal(size=(24 * 5, 30)), np.repeat(images, 5)
  value = table_values.of_targets(targets, images, top=4, items=items, items_images=of)
  assert value.sets == 24
  assert value.chance == chance.bands_of_others(items, of, images, top=4)[0]
  assert value.chance.high < value.mean
  assert value.low < value.high
  assert value.held_out < value.mean
  # Arrays, or one of them, in which nothing but the target is marked.
  for some in (of < 0, of > 0):
    alone = table_values.of_targets(targets, images, top=4, items=items[some], items_images=of[some])
    assert np.isnan(alone.chance).all()
    assert alone[:5] == value[:5]
  # An array without a score does not count.
  targets[0] = np.nan
  assert np.isfinite(
    table_values.of_targets(targets, images, top=4, items=items[some], items_images=of[some]).chance
  ).all()


def test_of_few_units_all_are_the_best(scores):
  found = table_values.by_category(scores[:, :3], LABELS, IMAGES, top=10, threshold=0.2)['face']
  known = ~np.isnan(scores).any(axis=1) & (np.asarray(LABELS) == 'face')
  assert found.mean == pytest.approx(scores[known, :3].mean())
  assert sorted(found.units) == [0, 1, 2]


def test_nothing_measured_has_no_number():
  assert table_values.by_category(np.zeros((0, 5)), np.zeros(0, str), np.zeros(0, str), top=3, threshold=1) == {}
  nothing, of = np.full((2, 5), np.nan), np.arange(2)
  empty = table_values.of_targets(nothing, of, top=3, items=nothing, items_images=of)
  assert np.isnan(empty.cells).all()
  assert empty.above is None
