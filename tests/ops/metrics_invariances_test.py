"""What changes no metric, and what a map without information scores."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import textbook
from saliency_jax.ops import distributions, metrics
from tests.ops.metrics_test import ALL, APART, SIZE, N, single


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 3]))
def test_monotone_maps_leave_areas_unchanged(seed, levels):
  given_ = single(seed, levels=levels)
  before = ALL(**given_)
  values, place = np.unique(given_['saliency'], return_inverse=True)
  steps = np.random.default_rng(seed).integers(1, 9, len(values))
  higher = np.cumsum(steps).astype(np.float32) - 100
  given_['saliency'] = higher[place].reshape(SIZE)
  after = ALL(**given_)
  assert before[1:4] == after[1:4]  # the three areas, bit for bit


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(1e-20, 1e20), st.floats(-50, 50))
def test_affine_maps_leave_nss_and_cc_unchanged(seed, factor, offset):
  given_ = single(seed)
  before = ALL(**given_)
  changed = given_['saliency'] * np.float32(factor) + np.float32(factor * offset)
  after = ALL(**given_ | {'saliency': changed})
  # The offset costs the map itself up to 50 / 2**24 of its range.
  assert float(after.nss) == pytest.approx(float(before.nss), abs=1e-4)
  assert float(after.cc) == pytest.approx(float(before.cc), abs=1e-4)
  truth = given_['truth'] * np.float32(factor)
  after = ALL(**given_ | {'truth': truth})
  assert float(after.cc) == pytest.approx(float(before.cc), abs=1e-6)
  assert float(after.sim) == pytest.approx(float(before.sim), abs=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_order_and_padding_change_nothing(seed):
  given_ = single(seed)
  before = ALL(**given_)
  rng = np.random.default_rng(seed)
  order = rng.permutation(N)
  points, valid = given_['points'][order], given_['valid'][order]
  points[~valid] = rng.integers(-1000, 1000, points[~valid].shape)
  after = ALL(**given_ | {'points': points, 'valid': valid})
  np.testing.assert_allclose(after, before, rtol=2e-6, atol=2e-7)
  # Compiled for more points, and without a mask.
  padded = ALL(
    **given_
    | {
      'points': np.pad(points, ((0, 9), (0, 0))),
      'valid': np.pad(valid, (0, 9)),
      'negatives': np.pad(given_['negatives'], ((0, 5), (0, 0))),
      'negatives_valid': np.arange(45) < 40,
    }
  )
  np.testing.assert_allclose(padded, before, rtol=2e-6, atol=2e-7)
  whole = ALL(**given_ | {'points': points[valid], 'valid': None})
  np.testing.assert_allclose(whole, before, rtol=2e-6, atol=2e-7)


@settings(max_examples=20)
@given(st.floats(-(2.0**99), 2.0**99, width=32, allow_subnormal=False))
def test_a_constant_map_scores_chance(value):
  given_ = single(0)
  given_['saliency'] = np.full(SIZE, value, np.float32)
  found = ALL(**given_)
  assert found[:5] == (0, 0.5, 0.5, 0.5, 0)
  uniform = np.ones(SIZE)
  assert float(found.sim) == pytest.approx(textbook.sim(uniform, given_['truth']), abs=1e-6)
  assert float(found.kl) == pytest.approx(textbook.kl(uniform, given_['truth']), abs=1e-5)
  assert float(found.information_gain) == pytest.approx(
    textbook.information_gain(uniform, given_['baseline'], np.unique(given_['points'][given_['valid']], axis=0)),
    abs=1e-5,
  )
  assert APART(given_['saliency'], given_['points'], given_['valid']) == 0.5


def test_a_constant_truth_correlates_with_nothing():
  given_ = single(0)
  assert distributions.cc(given_['saliency'], np.full(SIZE, 0.3)) == 0


@pytest.mark.parametrize('offset', [1e3, -1e6, 3e6])
def test_an_offset_costs_no_digits_but_the_maps_own(offset):
  rng = np.random.default_rng(0)
  saliency, other = rng.random((2, 300, 400))
  # Correlated, or a product of means would be below the tolerance.
  saliency, truth = ((offset + x).astype(np.float32) for x in (saliency, saliency + other))
  points = rng.integers(0, (300, 400), (20, 2))
  # As arguments: constants are folded in another precision.
  found = jax.jit(
    lambda saliency, truth: (
      metrics.nss(saliency, points),
      distributions.cc(saliency, truth),
      distributions.sim(saliency, truth, min_max=True),
    )
  )(saliency, truth)
  wide, truth = saliency.astype(float), truth.astype(float)
  expected = (
    textbook.nss(wide, np.unique(points, axis=0)),
    textbook.cc(wide, truth),
    textbook.sim(wide, truth, min_max=True),
  )
  np.testing.assert_allclose(found, expected, atol=5e-6)
