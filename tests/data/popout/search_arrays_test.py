import collections
import hashlib
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats

from saliency_jax.data.popout import drawing, palette
from saliency_jax.data.popout.search_arrays import KINDS, SET_SIZES, SearchArrays
from saliency_jax.errors import InputError


def _digest(record):
  return hashlib.sha256(record.image.tobytes() + record.regions.masks.tobytes()).hexdigest()


def test_a_record_holds_a_target_among_distractors():
  arrays = SearchArrays(count=3, size=150)
  record = arrays[2]
  assert record.image_id == arrays.image_ids[2] == 'orientation-00'
  assert (record.image.shape, record.image.dtype) == ((150, 150, 3), np.uint8)
  assert (record.fixations.shape, record.fixations.dtype) == ((0, 2), np.int32)
  np.testing.assert_array_equal(record.regions.ids, [1, 2])
  assert record.regions.ids.dtype == np.int32
  assert record.regions.categories == ('target', 'distractors')
  assert record.regions.masks.shape == (2, 150, 150)
  assert record.regions.masks.dtype == bool


def test_single_items_are_the_parts_of_the_distractors():
  arrays = SearchArrays(count=30, size=160)
  for image_id in ('colour-00', 'number-00', 'density-01'):
    record = arrays[arrays.image_ids.index(image_id)]
    target, distractors = record.regions.masks
    whole = arrays.items(image_id, 100)
    pattern = arrays.patterns[arrays.image_ids.index(image_id)]
    assert len(whole) == pattern.set_size - 1
    np.testing.assert_array_equal(whole.sum(axis=0), distractors)
    assert not (whole & target).any()
    some = arrays.items(image_id, 7)
    np.testing.assert_array_equal(some, whole[:7])  # the draw is the array's
  with pytest.raises(ValueError, match='index'):
    arrays.items('nowhere', 3)


def test_it_is_a_sequence():
  arrays = SearchArrays(count=2, size=128)
  assert len(arrays) == len(list(arrays)) == 2
  assert arrays[-1].image_id == arrays.image_ids[-1]
  with pytest.raises(IndexError):
    arrays[2]


@pytest.mark.parametrize(('wrong', 'name'), [({'count': 0}, 'count'), ({'seed': -1}, 'seed'), ({'size': 127}, 'size')])
def test_numbers_out_of_range_are_refused(wrong, name):
  with pytest.raises(InputError, match=f'The {name} of search arrays is'):
    SearchArrays(**wrong)


def test_an_image_depends_on_seed_index_and_size_alone():
  arrays = SearchArrays(count=40, seed=2, size=128)
  forward = [_digest(arrays[index]) for index in range(40)]
  few = SearchArrays(count=9, seed=2, size=128)
  assert [_digest(few[index]) for index in reversed(range(9))] == (forward[:9][::-1])
  assert len(set(forward)) == 40
  other = SearchArrays(count=40, seed=3, size=128)
  assert all(_digest(other[index]) != forward[index] for index in range(0, 40, 7))


def test_another_process_draws_the_same_bytes_without_jax():
  program = (
    'import hashlib, sys\n'
    'from saliency_jax.data.popout.search_arrays import SearchArrays\n'
    'record = SearchArrays(count=20, seed=1, size=128)[14]\n'
    'print(hashlib.sha256(record.image.tobytes()'
    ' + record.regions.masks.tobytes()).hexdigest())\n'
    'assert "jax" not in sys.modules\n'
  )
  printed = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True).stdout.strip()
  assert printed == _digest(SearchArrays(count=15, seed=1, size=128)[14])


# Seed 0, 256 px: target and distractor pixels, the target's centre (y, x) and
# the mean of the image.
_GOLDEN = {
  'colour': (277, 4155, 35.000, 44.000, 230.590),
  'intensity': (189, 4536, 131.000, 123.000, 134.115),
  'orientation': (99, 3885, 26.000, 148.000, 32.595),
  'length': (77, 1584, 55.000, 96.000, 234.159),
  'width': (189, 945, 92.000, 159.000, 129.571),
  'size': (248, 1536, 78.000, 228.000, 27.207),
  'shape': (143, 5775, 25.867, 24.000, 223.552),
  'curvature': (67, 3244, 193.134, 158.701, 123.447),
  'closure': (126, 1890, 159.000, 216.000, 27.551),
  'intersection': (81, 1896, 220.000, 29.000, 233.122),
  'terminators': (132, 6020, 224.182, 70.182, 139.139),
  'number': (124, 2352, 158.879, 22.758, 29.036),
  'density': (169, 937, 223.000, 33.000, 235.208),
  'enclosure': (205, 1080, 35.000, 32.000, 130.123),
  'lighting': (349, 12215, 63.000, 229.000, 39.572),
  'frequency': (385, 18480, 162.000, 159.000, 199.838),
}


@pytest.mark.parametrize('kind', KINDS)
def test_drawings_stay_what_they_were(kind):
  record = SearchArrays(count=16, size=256)[list(KINDS).index(kind)]
  target, distractors = record.regions.masks
  rows, columns = np.nonzero(target)
  measured = (target.sum(), distractors.sum(), rows.mean(), columns.mean(), record.image.mean())
  # Within what another machine's sine could move.
  np.testing.assert_allclose(measured, _GOLDEN[kind], atol=0.06, rtol=2e-3)


def test_kinds_take_turns_and_are_balanced():
  patterns = SearchArrays(count=80).patterns
  assert [pattern.kind for pattern in patterns] == list(KINDS) * 5
  assert patterns[0].image_id == 'colour-00'
  assert patterns[79].image_id == 'frequency-04'
  assert len({pattern.image_id for pattern in patterns}) == 80
  for kind in KINDS:
    own = [pattern for pattern in patterns if pattern.kind == kind]
    for column, values in (('background', palette.BACKGROUNDS), ('set_size', SET_SIZES)):
      counts = collections.Counter(getattr(one, column) for one in own)
      assert set(counts) == set(values)
      assert max(counts.values()) - min(counts.values()) <= 1
  for column, values in (('background', palette.BACKGROUNDS), ('set_size', SET_SIZES)):
    counts = collections.Counter(getattr(one, column) for one in patterns)
    assert max(counts.values()) - min(counts.values()) <= 80 / len(values) / 4


def test_a_kind_meets_every_background_with_every_set_size():
  patterns = SearchArrays(count=16 * 12).patterns
  for kind in KINDS:
    pairs = collections.Counter((one.background, one.set_size) for one in patterns if one.kind == kind)
    assert len(pairs) == 12
    assert set(pairs.values()) == {1}


def test_patterns_say_what_is_drawn():
  arrays = SearchArrays(count=24, seed=9, size=128)
  for index, pattern in enumerate(arrays.patterns):
    record, plan = arrays[index], arrays.plan(index)
    np.testing.assert_array_equal(record.image[0, 0], [palette.BACKGROUNDS[pattern.background]] * 3)
    assert len(plan.layout.centres) == pattern.set_size
    points = np.argwhere(record.regions.masks[0])
    away = np.linalg.norm(points - plan.layout.centres[plan.target], axis=-1)
    assert away.max() < drawing.ITEM * 128 / 2 + 1


@pytest.fixture(scope='module')
def places():
  """kind, set size, target's cell and its shift `[2]` (cells), 4,800 arrays."""
  rows = []
  for seed in range(100):
    arrays = SearchArrays(count=48, seed=seed)
    for index, pattern in enumerate(arrays.patterns):
      plan = arrays.plan(index)
      side = round(pattern.set_size**0.5)
      # Cells of a 512 px image with a margin of 3 %.
      cell = 0.94 * 512 / side
      middle = 0.03 * 512 + cell * (np.array(divmod(plan.target, side)) + 0.5)
      shift = (plan.layout.centres[plan.target] + 0.5 - middle) / cell
      rows.append((pattern.kind, pattern.set_size, plan.target, shift))
  return rows


def _uniform(cells, set_size):
  """p of the chi-square test that all cells are equally likely."""
  return scipy.stats.chisquare(np.bincount(cells, minlength=set_size)).pvalue


@pytest.mark.parametrize('set_size', SET_SIZES)
def test_the_target_is_in_any_cell(places, set_size):
  cells = np.array([cell for _, size, cell, _ in places if size == set_size])
  assert len(cells) == 1200
  assert _uniform(cells, set_size) > 1e-3
  # The test has teeth: it notices a target that is never in the outer cells.
  side = round(set_size**0.5)
  inner = [cell for cell in cells if 0 < cell // side < side - 1 and 0 < cell % side < side - 1]
  assert _uniform(np.array(inner), set_size) < 1e-9


def test_the_target_s_cell_does_not_tell_its_kind(places):
  # A kind has its own set sizes in the first variants: compare thirds of the
  # grid's reading order within each set size.
  for set_size in SET_SIZES:
    table = np.zeros((len(KINDS), 3))
    for kind, size, cell, _ in places:
      if size == set_size:
        table[list(KINDS).index(kind), cell * 3 // size] += 1
    table = table[table.any(axis=1)]
    assert len(table) >= 12
    assert scipy.stats.chi2_contingency(table).pvalue > 1e-3


def test_nor_does_the_target_s_jitter(places):
  shifts = np.array([shift for *_, shift in places])
  for axis in range(2):
    # Uniform within the jitter, but for the rounding to whole pixels.
    assert np.abs(shifts[:, axis]).max() < 0.12 + 0.5 / 68
    assert scipy.stats.kstest(shifts[:, axis], 'uniform', (-0.12, 0.24)).pvalue > 1e-3
  by_kind = [[np.linalg.norm(shift) for name, *_, shift in places if name == kind] for kind in KINDS]
  assert scipy.stats.kruskal(*by_kind).pvalue > 1e-3


def test_layouts_do_not_know_the_target():
  # Over seeds, the correlation of the target's cell with any item's shift is
  # what chance allows: 5 / sqrt(400).
  targets, shifts = [], []
  for seed in range(400):
    plan = SearchArrays(count=1, seed=seed).plan(0)
    targets.append(plan.target)
    shifts.append(plan.layout.centres.ravel())
  correlations = np.corrcoef(np.array(shifts).T, targets)[-1, :-1]
  assert np.abs(correlations).max() < 0.25
