"""Places among fixated values against NumPy's search, for every kind of float.

NumPy counts how many distinct fixated values lie below a number and how many it
reaches. Places must be in the order of the two counts, and equal where they
are.
"""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from saliency_jax.ops import auc_ranks
from saliency_jax.ops.auc_ranks import Sample

VALUES, FIXATED = 300, 25


@jax.jit
def found(values, fixated, counted):
  scale = auc_ranks.scale(Sample(fixated, counted))
  everything = Sample(values, np.ones(len(values), bool))
  return auc_ranks.places(values, scale), auc_ranks.counts(everything, scale)


def check(values, fixated, counted):
  place, counts = map(np.asarray, found(values, fixated, counted))
  np.testing.assert_array_equal(
      counts, np.bincount(place, minlength=len(counts)))
  assert counts[-1] == 0
  known = np.unique(fixated[counted])
  reached = np.searchsorted(known, values, 'right')
  below = np.searchsorted(known, values, 'left')
  order = np.argsort(reached + below, kind='stable')
  rises = np.diff((reached + below)[order]) > 0
  np.testing.assert_array_equal(np.diff(place.astype(int)[order]) > 0, rises)
  assert (np.diff(place.astype(int)[order]) >= 0).all()


def floats(dtype):
  """Any but NaN, many of them equal, next to each other, or below normal."""
  some = st.floats(allow_nan=False, width=8 * dtype.itemsize)
  few = st.lists(some, min_size=1, max_size=12).flatmap(
      lambda known: st.sampled_from([
          x for y in map(dtype.type, known)
          for x in (y, -y, np.nextafter(y, dtype.type(0)))]))
  return hnp.arrays(dtype, VALUES, elements=some | few, fill=few)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_every_float(dtype):
  with jax.enable_x64(dtype == 'float64'):
    @settings(max_examples=150)
    @given(floats(np.dtype(dtype)), hnp.arrays(bool, FIXATED))
    def run(values, counted):
      counted[0] = True
      check(values, values[:FIXATED], counted)
    run()


@pytest.mark.parametrize(('name', 'values'), [
    # In the first two, all fixated values but one are close together: they
    # share a bin, and the search has to begin at the start.
    ('a high one', lambda x: np.where(x < .1, 1e30, 1 + 1e-6 * x)),
    ('a low one', lambda x: np.where(x < .1, -1e30, 1 + 1e-3 * x)),
    ('next to each other', lambda x: 1 + np.round(90 * x) * 2.**-23),
    ('below normal', lambda x: np.round(500 * x) * 2.**-149),
    ('around zero', lambda x: np.round(20 * x - 10) * 2.**-149),
    ('infinite', lambda x: np.where(x < .2, -np.inf, np.where(
        x > .8, np.inf, x))),
    ('constant', lambda x: 0 * x + 3), ('zeros', lambda x: -0. * x)])
def test_hard_ones(name, values):
  x = np.random.default_rng(0).permutation(VALUES) / VALUES
  x[0] = 0
  values = values(x).astype(np.float32)
  check(values, values[:FIXATED], np.ones(FIXATED, bool))


def test_few_share_a_bin_and_many_do():
  """Both ways of searching, with 7 and with 8 numbers in the first bin."""
  for close in (3, 4):
    fixated = np.append(1 + np.arange(1., close + 1) * 2.**-20, 1e30)
    values = np.concatenate([fixated, 1 + np.arange(20) * 2.**-21, -fixated])
    check(values.astype(np.float32), fixated.astype(np.float32),
          np.ones(close + 1, bool))


def test_nothing_that_counts_has_places_too():
  """All are in one, or two; NaN reaches no further than the table."""
  values = np.array([1, np.nan, -np.nan, np.inf, 0], np.float32)
  values.view(np.uint32)[3] = 0xffffffff
  for fixated in (values[:0], values):
    place, counts = found(values, fixated, np.zeros(len(fixated), bool))
    assert (np.asarray(place) < len(counts)).all()
    assert counts.sum() == len(values)
