"""The tables of dissection and pop-out, by hand and by other programs."""

import numpy as np
import pytest
from scipy import stats

from saliency_jax.data.types import ordered_categories
from saliency_jax.experiments import chance, clusters, table_values, units
from saliency_jax.experiments.statistics import Rows
from saliency_jax.ops import inference


def test_categories_are_those_of_the_annotation():
  assert ordered_categories(['zebra', 'text', 'cat', 'text', 'object']) == ('object', 'text', 'cat', 'zebra')


def test_table2_by_hand():
  labels = np.array(['text', 'mine', 'text', 'food'])
  scores = np.array([[1, 2, 3], [9, 0, 0], [3, 2, 0], [np.nan] * 3], np.float32)
  # Means on text are 2, 2 and 1.5.
  values = {'tap': table_values.by_category(scores, labels, np.arange(4), top=2, threshold=1.75)}
  text, food, mine = table_values.lines(values, ordered_categories(labels))
  assert (*text[:4], text[10], text[-1].tolist()) == ('tap', 'text', 2, 2.0, 2, [0, 1])
  assert (*mine[:4], mine[10], mine[-1].tolist()) == ('tap', 'mine', 1, 4.5, 1, [0, 1])
  assert (*food[:3], food[10], len(food[-1])) == ('tap', 'food', 0, None, 0)
  assert np.isnan([*food[3:10]]).all()
  [samples] = table_values.samples(values, ('text', 'food'))
  assert samples.shape == (500, 2)
  assert np.isnan(samples[:, 1]).all()
  # One of the two photographs, both, the second twice, or neither.
  assert {f'{x:.3f}' for x in samples[:, 0]} == {'2.500', '2.000', '2.167', 'nan'}


def test_held_out_values_by_kind_are_of_arrays_that_chose_no_unit():
  """In each array another unit is lucky, and one unit on a kind."""
  scores = np.hstack([9.0 * np.eye(8) - 1, np.zeros((8, 1))])
  kinds = np.array(['colour', 'shape'] * 4)
  scores[kinds == 'shape', -1] = 3
  rows = Rows(np.arange(8), np.arange(8), np.full(8, ''), np.ones(8, int), {'tap': scores})
  colour, shape = units.by_kind(rows, kinds, top=1)
  # The last unit has the highest mean, 1.5, here and in every fold.
  assert colour == ('tap', 'colour', 4, 0, 0)
  assert shape == ('tap', 'shape', 4, 3, 3)
  lucky = Rows(*rows[:4], {'tap': scores[:, :-1]})
  colour, shape = units.by_kind(lucky, kinds, top=1)
  assert {colour[3], shape[3]} == {(9 - 4) / 4, -1}
  assert (colour[4], shape[4]) == (-1, -1)


def test_every_unit_has_its_intervals_and_chance():
  rng = np.random.default_rng(2)
  # As many photographs as an interval needs at least, and one less.
  for count, known in ((inference.FEWEST, True), (inference.FEWEST - 1, False)):
    of = clusters.Means(rng.normal(size=2 * count), np.zeros(2 * count, int), np.repeat(np.arange(count), 2))
    assert np.isfinite(of.errors).tolist() == [known]
  images, labels = np.repeat(np.arange(6), 3), np.tile(['a', 'b', 'b'], 6)
  scores = rng.normal(size=(18, 4)) + rng.normal(size=(6, 1)).repeat(3, axis=0)
  [*found] = units.every_unit(Rows(images, np.arange(18), labels, np.ones(18, int), {'tap': scores}), top=2)
  assert [row[:3] for row in found[4:]] == [('tap', i, 'b') for i in range(4)]
  drawn = np.array([scores[labels[order] == 'b'].mean(axis=0) for order in chance.permuted(labels, images, 200)])
  for unit, row in enumerate(found[4:]):
    x = scores[labels == 'b', unit]
    plain = stats.ttest_1samp(x, 0).confidence_interval()
    assert row[3:6] == pytest.approx((x.mean(), *plain))
    [error] = clusters.Means(x, np.zeros(12, int), images[labels == 'b']).errors
    assert row[6:8] == pytest.approx([x.mean() + t * error for t in stats.t.ppf([0.025, 0.975], 5)])
    assert row[9] == pytest.approx(scores[:, unit].mean())
    assert row[10:12] == pytest.approx(tuple(np.quantile(drawn[:, unit], [0.025, 0.975])))
    assert row[12] == 12
