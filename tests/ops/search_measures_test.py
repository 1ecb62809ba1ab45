"""Measures of search arrays: by hand, and against P3O3's procedure."""

import functools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.ops import search_measures

#  0 1 2 3    the target in the first column, distractors in the last
SALIENCY = np.array([[3, 0, 1, 1], [5, 0, 2, 3]], np.float32)
TARGET = np.zeros((2, 4), bool)
TARGET[:, 0] = True
DISTRACTORS = np.zeros((2, 4), bool)
DISTRACTORS[:, 3] = True
RATIOS = (search_measures.global_saliency_index, search_measures.target_ratio, search_measures.background_ratio)


def test_the_indices_by_hand():
  found = [float(f(SALIENCY, TARGET, DISTRACTORS)) for f in RATIOS]
  # Means 4 and 2; maxima 5, 3 and, between them, 2.
  assert found == pytest.approx([2 / 6, 5 / 3, 2 / 5])


@pytest.mark.parametrize('function', RATIOS)
def test_a_map_of_zeros_gives_minus_one_as_in_p3o3(function):
  assert function(0 * SALIENCY, TARGET, DISTRACTORS) == -1


@pytest.mark.parametrize('function', RATIOS)
def test_scale_does_not_matter(function):
  assert float(function(7 * SALIENCY, TARGET, DISTRACTORS)) == pytest.approx(
    float(function(SALIENCY, TARGET, DISTRACTORS))
  )


@pytest.mark.parametrize('function', RATIOS)
def test_an_empty_target_or_a_nan_is_no_score(function):
  assert np.isnan(function(SALIENCY, 0 * TARGET > 0, DISTRACTORS))
  for place in ((0, 0), (0, 1), (0, 3)):
    broken = SALIENCY.copy()
    broken[place] = np.nan
    assert np.isnan(function(broken, TARGET, DISTRACTORS))


def fixations(saliency, target, _):
  return search_measures.fixations_to_find(saliency, target, inhibition=(9, 9))


@pytest.mark.parametrize('function', [*RATIOS, fixations])
def test_a_nan_in_a_large_map_is_no_score(function):
  """XLA for CPUs drops NaN from the maximum of a large array, if not asked."""
  large = np.random.default_rng(0).random((180, 200)).astype(np.float32)
  target, distractors = np.zeros((2, *large.shape), bool)
  target[:20], distractors[100:] = True, True
  assert np.isfinite(function(large, target, distractors))
  large[90, 101] = np.nan
  assert np.isnan(function(large, target, distractors))


@pytest.mark.parametrize('mask', [np.ones((4, 2), bool), np.ones((2, 4))])
def test_wrong_masks_are_refused(mask):
  for function in RATIOS:
    with pytest.raises(ValueError, match='mask'):
      function(SALIENCY, TARGET, mask)
  with pytest.raises(ValueError, match='mask'):
    search_measures.fixations_to_find(SALIENCY, mask, inhibition=(1, 1))


def p3o3(saliency, target, height, width, limit):
  """Its procedure: look at the maximum, set a rectangle to 0, repeat."""
  left = saliency.copy()
  for tries in range(1, limit + 1):
    y, x = np.unravel_index(np.argmax(left), left.shape)
    if target[y, x]:
      return tries
    left[max(y - height // 2, 0) : y + height // 2, max(x - width // 2, 0) : x + width // 2] = 0
  return np.inf


FIND = jax.jit(search_measures.fixations_to_find, static_argnames=('inhibition', 'limit'))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(2, 2), (4, 6), (2, 40), (40, 4)]), st.sampled_from([100, 5]))
def test_equal_to_p3o3_for_even_rectangles(seed, inhibition, limit):
  rng = np.random.default_rng(seed)
  # Permuted, so that no value is 0 and none is equal to another.
  saliency = 1 + rng.permutation(20 * 24).reshape(20, 24).astype(np.float32)
  target = np.zeros((20, 24), bool)
  y, x = rng.integers(0, (18, 21))
  target[y : y + 2, x : x + 3] = True
  # Once all is inhibited, P3O3 goes on looking at the first pixel.
  target[0, 0] = False
  expected = p3o3(saliency, target, *inhibition, limit)
  assert FIND(saliency, target, inhibition=inhibition, limit=limit) == expected


def test_found_at_once_and_never():
  found = FIND(SALIENCY, TARGET, inhibition=(1, 1))
  assert found == 1
  # 5, 3, 3, 2, 1, 1 and the first 0 are looked at; all have been after 8.
  second = np.zeros((2, 4), bool)
  second[0, 1] = True
  assert FIND(SALIENCY, second, inhibition=(1, 1)) == 7
  assert FIND(SALIENCY, second, inhibition=(1, 1), limit=7) == 7
  assert FIND(SALIENCY, second, inhibition=(1, 1), limit=6) == np.inf
  # One rectangle inhibits everything, the target included.
  first = np.zeros((2, 4), bool)
  first[0, 0] = True
  assert FIND(SALIENCY, first, inhibition=(9, 9)) == np.inf


def test_an_odd_rectangle_lies_around_its_pixel():
  saliency = np.zeros((7, 7), np.float32)
  saliency[3, 3] = 2
  saliency[1:6, 1:6] += 1  # 5 x 5 pixels around the maximum
  target = np.zeros((7, 7), bool)
  target[0, 0] = True  # the first of the pixels that are 0
  assert FIND(saliency, target, inhibition=(5, 5)) == 2
  assert FIND(saliency, target, inhibition=(5, 3)) > 2
  assert FIND(saliency, target, inhibition=(3, 5)) > 2


def test_negative_and_infinite_values_are_looked_at_too():
  saliency = np.full((3, 3), -np.inf, np.float32)
  saliency[2, 2] = -5
  target = np.zeros((3, 3), bool)
  target[0, 1] = True
  assert FIND(saliency, target, inhibition=(1, 1)) == 3


def test_a_nan_or_no_target_is_no_number():
  broken = SALIENCY.copy()
  broken[1, 2] = np.nan
  assert np.isnan(FIND(broken, TARGET, inhibition=(1, 1)))
  assert np.isnan(FIND(SALIENCY, 0 * TARGET > 0, inhibition=(1, 1)))


def test_many_arrays_at_once():
  rng = np.random.default_rng(0)
  saliency = rng.random((5, 20, 24)).astype(np.float32)
  target = np.zeros((5, 20, 24), bool)
  target[:, 7:9, 7:9] = True
  find = functools.partial(FIND, inhibition=(4, 4))
  each = [float(find(*x)) for x in zip(saliency, target, strict=True)]
  np.testing.assert_array_equal(jax.vmap(find)(saliency, target), each)
  assert len(set(each)) > 1


def test_an_empty_rectangle_is_refused():
  with pytest.raises(ValueError, match='inhibits nothing'):
    FIND(SALIENCY, TARGET, inhibition=(0, 3))
