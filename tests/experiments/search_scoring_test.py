"""Measures of search arrays, against loops over pixels."""

import types

import numpy as np
import pytest

from saliency_jax import schema
from saliency_jax.data.popout import drawing
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.types import Record, Regions
from saliency_jax.experiments import bootstrap, score_lists, search_scoring
from tests import brute_force

SIZE = (96, 120)
PATTERN = Pattern('a', 'colour', 'grey', 5)


def array(*, distractors: bool = True) -> Record:
  """An array of five squares of 14 x 14 pixels, the second one the target."""
  masks = np.zeros((2, *SIZE), bool)
  for i, (y, x) in enumerate(((8, 10), (12, 60), (40, 90), (70, 20), (60, 60))):
    masks[0 if i == 1 else 1, y : y + 14, x : x + 14] = True
  kept = 1 + distractors
  return Record(
    'a',
    np.zeros((*SIZE, 3), np.uint8),
    np.zeros((0, 2), np.int32),
    Regions(np.arange(1, kept + 1, dtype=np.int32), ('target', 'distractors')[:kept], masks[:kept]),
  )


def scaled(cells: np.ndarray) -> np.ndarray:
  full = brute_force.upsample(cells, SIZE)
  return ((full - full.min()) / np.ptp(full)).astype(np.float32)


def steps_to_find(full, target, side: int) -> float:
  """P3O3's search, one look at a time."""
  full = full.copy()
  for step in range(1, search_scoring.LIMIT + 1):
    y, x = np.unravel_index(full.argmax(), full.shape)
    if full[y, x] == -np.inf:
      break
    if target[y, x]:
      return step
    top, left = y - side // 2, x - side // 2
    full[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = -np.inf
  return np.inf


@pytest.mark.parametrize('seed', range(4))
def test_all_measures_against_loops(seed):
  cells = np.random.default_rng(seed).random((6, 8)).astype(np.float32)
  if seed == 3:
    cells = 5 - cells / 10  # any scale will do
  record = array()
  target, distractors = record.regions.masks
  if seed == 2:  # four parts an item: a cross is cut out
    for y, x in ((8, 10), (40, 90), (70, 20), (60, 60)):
      distractors[y + 6 : y + 8, x : x + 14] = distractors[y : y + 14, x + 6 : x + 8] = False
  full = scaled(cells)
  t, d = full[target], full[distractors]
  background = full[~target & ~distractors]
  found = search_scoring.measure(record, PATTERN, cells)
  assert tuple(found) == search_scoring.METRICS
  assert found['nmm'] == pytest.approx(brute_force.score(cells, target, SIZE), abs=2e-4)
  assert found['gsi'] == pytest.approx((t.mean() - d.mean()) / (t.mean() + d.mean()), abs=1e-5)
  assert found['msr_target'] == pytest.approx(t.max() / d.max(), rel=1e-5)
  assert found['msr_background'] == pytest.approx(background.max() / t.max(), rel=1e-5)
  # 14 pixels, rounded up to a multiple of 8.
  assert found['fixations'] == steps_to_find(full, target, 16)


def test_a_target_is_found_inside_the_ring_that_it_is():
  record = array()
  ring = record.regions.masks
  ring[0, 16:22, 64:70] = False  # a square with a hole of 6 x 6
  cells = np.zeros(SIZE, np.float32)
  cells[19, 67] = 1
  assert search_scoring.measure(record, PATTERN, cells)['fixations'] == 1


def test_without_distractors_only_nmm_is_known():
  cells = np.random.default_rng(0).random((6, 8)).astype(np.float32)
  found = search_scoring.measure(array(distractors=False), PATTERN, cells)
  whole = search_scoring.measure(array(), PATTERN, cells)
  assert found.pop('nmm') == whole['nmm']
  assert np.isnan(list(found.values())).all()


def test_a_constant_map_has_no_quotients_and_finds_nothing():
  found = search_scoring.measure(array(), PATTERN, np.full((6, 8), 0.3, np.float32))
  assert found['nmm'] == 0
  assert (found['gsi'], found['msr_target'], found['msr_background']) == (-1, -1, -1)


def test_a_target_that_eight_bits_would_not_show_has_no_ratio():
  record = array()
  cells = np.zeros(SIZE, np.float32)
  cells[0, 0] = 1
  cells[record.regions.masks[0]] = 1e-28
  found = search_scoring.measure(record, PATTERN, cells)
  assert found['msr_background'] == -1
  cells[record.regions.masks[0]] = 1 / 255
  found = search_scoring.measure(record, PATTERN, cells)
  assert found['msr_background'] == pytest.approx(255)


def test_the_items_of_drawn_arrays_are_measured_as_they_were_drawn():
  arrays = SearchArrays(count=16, size=256)
  for index, pattern in enumerate(arrays.patterns):
    plan = arrays.plan(index)
    # Each distractor drawn alone: one part or seven, upright or turned.
    sides = []
    for place in range(pattern.set_size):
      if place != plan.target:
        layout = drawing.Layout(*(x[place : place + 1] for x in plan.layout))
        alone = drawing.draw(plan._replace(layout=layout, target=-1), 256).distractors
        y, x = np.nonzero(alone)
        sides.append(max(np.ptp(y), np.ptp(x)) + 1)
    mask = arrays[index].regions.masks[1]
    assert search_scoring.item_side(mask, pattern.set_size - 1) == int(np.median(sides)), pattern.kind


def test_items_of_unknown_number_are_the_parts_of_the_mask():
  mask = np.zeros((40, 60), bool)
  mask[2:6, 2:9] = mask[20:24, 2:9] = mask[2:6, 40:44] = True
  assert search_scoring.item_side(mask, None) == 7
  # The two on the left are one.
  assert search_scoring.item_side(mask, 2) == (22 + 4) / 2
  with pytest.raises(ValueError, match='no item'):
    search_scoring.item_side(mask & False, None)


def test_the_box_around_a_mask():
  mask = np.zeros((5, 6), bool)
  mask[1, 2] = mask[3, 4] = True
  expected = np.zeros_like(mask)
  expected[1:4, 2:5] = True
  assert (search_scoring.box(mask) == expected).all()
  assert not search_scoring.box(mask & False).any()


# Five arrays: a good one, two that P3O3 leaves undefined, the worst GSI, which
# is also -1, and one of a folder without masks of the distractors.
MEASURED = {
  'nmm': np.array([2.0, 0, 1, -1, 3]),
  'gsi': np.array([0.5, -1, 1, -1, np.nan]),
  'msr_target': np.array([2.0, -1, -1, 0, np.nan]),
  'msr_background': np.array([0.5, -1, 0.5, -1, np.nan]),
  'fixations': np.array([1.0, np.inf, 2, np.inf, np.nan]),
}


def test_means_leave_out_what_is_not_defined_and_say_so():
  values = search_scoring.summarised(MEASURED)
  n = np.nan
  expected = {
    'nmm': [2, 0, 1, -1, 3],
    'gsi': [0.5, n, 1, -1, n],
    'msr_target': [2, n, n, 0, n],
    'msr_background': [0.5, n, 0.5, n, n],
    'fixations': [1, n, 2, n, n],
    'stands_out': [1, 0, 1, 0, n],
    'first': [1, 0, 0, 0, n],
    'found': [1, 0, 1, 0, n],
  }
  assert values.keys() == expected.keys()
  for name, numbers in expected.items():
    np.testing.assert_array_equal(values[name], numbers, name)


def test_differences_leave_out_what_is_not_defined_for_either_model():
  """P3O3's -1 is a sign, not a ratio."""
  other = {name: np.arange(5.0) ** 2 + 1 for name in search_scoring.METRICS}
  scoring = types.SimpleNamespace(
    metrics=search_scoring.METRICS, compared=search_scoring.summarised, dataset=types.SimpleNamespace(name='set')
  )
  lines = {
    line[3]: line
    for line in score_lists.differences(
      [types.SimpleNamespace(scoring=scoring, scores={'a': MEASURED, 'b': other})], 50
    )
  }
  found = {name: (line[4], line[7]) for name, line in lines.items()}
  assert found == {
    'nmm': (1 - 7, 5),
    'gsi': ((-0.5 - 4 - 11) / 3, 3),
    'msr_target': ((1 - 10) / 2, 2),
    'msr_background': ((-0.5 - 4.5) / 2, 2),
    'fixations': ((0 - 3) / 2, 2),
    'stands_out': (-0.25, 4),
    'first': (0, 4),
    'found': (-0.5, 4),
  }
  # McNemar's exact test: of the arrays on which the two differ, all or none.
  p = {name: line[8] for name, line in lines.items()}
  assert (p['first'], p['found'], p['stands_out']) == (1, 0.5, 1)


def test_rows_are_of_all_arrays_and_then_of_each_kind():
  kinds = ('shape', 'colour', 'shape', 'colour', '')
  scoring = types.SimpleNamespace(
    table=schema.SEARCH,
    kinds=kinds,
    compared=search_scoring.summarised,
    shares=search_scoring.SHARES,
    dataset=types.SimpleNamespace(name='set'),
  )
  rows = {(row[2], row[3]): row for row in score_lists.means_of(scoring, 'model', MEASURED, range(5), 100)}
  assert list(dict.fromkeys(kind for kind, _ in rows)) == ['all', 'shape', 'colour']
  assert rows['all', 'nmm'] == ('model', 'set', 'all', 'nmm', *bootstrap.mean(MEASURED['nmm'], 100), 5)
  assert rows['shape', 'fixations'][-1] == 2
  assert float(rows['shape', 'fixations'][4]) == 1.5
  assert np.isnan(rows['colour', 'fixations'][4:7]).all()
  assert rows['colour', 'fixations'][7] == 0
  assert all(len(row) == len(schema.SEARCH.names) for row in rows.values())
