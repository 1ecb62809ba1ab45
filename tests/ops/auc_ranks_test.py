"""Ranks among fixated values against NumPy's search, for every kind of float.

NumPy counts how many distinct fixated values lie below a number and how many it
reaches. Ranks must be in the order of the two counts, and equal where they
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
def ranked(values, fixated, valid):
  levels = auc_ranks.levels(Sample(fixated, valid))
  everything = Sample(values, np.ones(len(values), bool))
  return (auc_ranks.ranks(values, levels), auc_ranks.histogram(everything, levels))


def check(values, fixated, valid):
  rank, counts = map(np.asarray, ranked(values, fixated, valid))
  np.testing.assert_array_equal(counts, np.bincount(rank, minlength=len(counts)))
  assert counts[-1] == 0
  known = np.unique(fixated[valid])
  reached = np.searchsorted(known, values, 'right')
  below = np.searchsorted(known, values, 'left')
  order = np.argsort(reached + below, kind='stable')
  rises = np.diff((reached + below)[order]) > 0
  np.testing.assert_array_equal(np.diff(rank.astype(int)[order]) > 0, rises)
  assert (np.diff(rank.astype(int)[order]) >= 0).all()


def floats(dtype):
  """Any but NaN, many of them equal, next to each other, or below normal."""
  some = st.floats(allow_nan=False, width=8 * dtype.itemsize)
  few = st.lists(some, min_size=1, max_size=12).flatmap(
    lambda known: st.sampled_from([x for y in map(dtype.type, known) for x in (y, -y, np.nextafter(y, dtype.type(0)))])
  )
  return hnp.arrays(dtype, VALUES, elements=some | few, fill=few)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_every_float(dtype):
  with jax.enable_x64(dtype == 'float64'):

    @settings(max_examples=150)
    @given(floats(np.dtype(dtype)), hnp.arrays(bool, FIXATED))
    def run(values, valid):
      valid[0] = True
      check(values, values[:FIXATED], valid)

    run()


@pytest.mark.parametrize(
  ('name', 'values'),
  [
    # In the first two, all fixated values but one are close together: they
    # share a bin, and all have to be searched.
    ('a high one', lambda x: np.where(x < 0.1, 1e30, 1 + 1e-6 * x)),
    ('a low one', lambda x: np.where(x < 0.1, -1e30, 1 + 1e-3 * x)),
    ('next to each other', lambda x: 1 + np.round(90 * x) * 2.0**-23),
    ('below normal', lambda x: np.round(500 * x) * 2.0**-149),
    ('around zero', lambda x: np.round(20 * x - 10) * 2.0**-149),
    ('infinite', lambda x: np.where(x < 0.2, -np.inf, np.where(x > 0.8, np.inf, x))),
    ('constant', lambda x: 0 * x + 3),
    ('zeros', lambda x: -0.0 * x),
  ],
)
def test_hard_ones(name, values):
  x = np.random.default_rng(0).permutation(VALUES) / VALUES
  x[0] = 0
  values = values(x).astype(np.float32)
  check(values, values[:FIXATED], np.ones(FIXATED, bool))


def test_few_share_a_bin_and_many_do():
  """Both ways of searching, with 7 and with 8 numbers in the first bin."""
  for close in (3, 4):
    fixated = np.append(1 + np.arange(1.0, close + 1) * 2.0**-20, 1e30)
    values = np.concatenate([fixated, 1 + np.arange(20) * 2.0**-21, -fixated])
    check(values.astype(np.float32), fixated.astype(np.float32), np.ones(close + 1, bool))


def test_nothing_that_is_valid_has_ranks_too():
  """All are in one, or two; NaN reaches no further than the table."""
  values = np.array([1, np.nan, -np.nan, np.inf, 0], np.float32)
  values.view(np.uint32)[3] = 0xFFFFFFFF
  for fixated in (values[:0], values):
    rank, counts = ranked(values, fixated, np.zeros(len(fixated), bool))
    assert (np.asarray(rank) < len(counts)).all()
    assert counts.sum() == len(values)
