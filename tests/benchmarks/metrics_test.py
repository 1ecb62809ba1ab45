"""What is timed computes the same on both sides."""

import jax
import numpy as np
import pytest

from benchmarks import metrics as benchmark
from benchmarks import textbook
from saliency_jax.ops import blur, metrics


@pytest.fixture(scope='module')
def example():
  return benchmark.examples(1)[0]


def test_both_sides_compute_the_same(example):
  saliency, points, truth, valid = example
  negatives = np.random.default_rng(1).integers(0, benchmark.SIZE, (5000, 2))
  baseline = blur.centre_prior(benchmark.SIZE, (150, 200))
  ours = jax.jit(metrics.all_scores)(
      saliency, points, negatives, truth, baseline, valid)
  theirs = textbook.all_scores(
      saliency.astype(float), np.unique(points[valid], axis=0), negatives,
      truth.astype(float), baseline)
  np.testing.assert_allclose(ours, theirs, rtol=5e-6, atol=5e-6)


def test_the_example_is_a_useful_map(example):
  """Its areas are away from chance and from 1, and fixations are distinct."""
  saliency, points, _, valid = example
  assert len(np.unique(points[valid], axis=0)) == benchmark.FIXATIONS
  assert 0.6 < textbook.auc_uniform(saliency, points[valid]) < 0.9


def test_a_row_is_returned():
  row, = benchmark.compare(images=1, rounds=1)
  assert row.measured > 0
  assert row.ratio == pytest.approx(row.beside / row.measured)
