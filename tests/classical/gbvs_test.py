"""The chain's equilibrium against power iteration."""

import numpy as np

from saliency_jax.classical import gbvs


def chain(feature, sigma):
  """Builds the transition matrix of one map cell by cell, in float64."""
  height, width = feature.shape
  cells = [(y, x) for y in range(height) for x in range(width)]
  weights = np.array(
    [
      [
        abs(feature[a] - feature[b]) * np.exp(-((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / (2 * sigma**2))
        for b in cells
      ]
      for a in cells
    ]
  )
  return weights / weights.sum(axis=0)


def test_equilibrium_is_where_power_iteration_ends():
  features = np.random.default_rng(0).normal(size=(3, 5, 7))
  ours = gbvs.equilibrium(features.astype(np.float32))
  for feature, share in zip(features, ours, strict=True):
    transition = chain(feature, sigma=0.15 * 6)
    walker = np.full(35, 1 / 35)
    for _ in range(2000):
      walker = transition @ walker
    np.testing.assert_allclose(share.ravel(), walker, rtol=1e-4)


def test_equilibrium_of_two_values_stays_where_it_is():
  # From one value the walker always steps to the other: iteration swings.
  feature = (np.random.default_rng(1).random((4, 6)) < 0.3).astype(np.float32)
  share = np.asarray(gbvs.equilibrium(feature[None]))[0]
  transition = chain(feature, sigma=0.15 * 5)
  np.testing.assert_allclose(transition @ share.ravel(), share.ravel(), rtol=1e-4)
  np.testing.assert_allclose(share[feature > 0].sum(), 0.5, rtol=1e-5)


def test_a_constant_feature_has_no_equilibrium():
  assert not gbvs.equilibrium(np.ones((1, 4, 5), np.float32)).any()
