"""Whitening against principal components in float64."""

import jax
import numpy as np
import pytest

from saliency_jax.classical.whitening import whiten


def image(spread, seed=0):
  """Colours with given standard deviations: grey, red-blue, green-magenta."""
  axes = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]])
  axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
  values = np.random.default_rng(seed).normal(size=(60, 80, 3)) * spread
  return np.clip(np.round(128 + values @ axes), 0, 255).astype(np.float32)


@pytest.mark.parametrize('spread', [(60, 20, 9), (70, 4, 2), (50, 3, 1)])
def test_components_are_those_of_float64(spread):
  colours = image(spread)
  flat = colours.reshape(-1, 3).astype(np.float64)
  _, axes = np.linalg.eigh(np.cov(flat.T, bias=True) + 50 * np.eye(3))
  ours = np.asarray(jax.jit(whiten)(colours)).reshape(3, -1)
  for component, axis in zip(ours, axes.T[::-1], strict=True):
    theirs = flat @ axis
    theirs = 255 * (theirs - theirs.min()) / np.ptp(theirs)
    if np.corrcoef(theirs, component)[0, 1] < 0:
      theirs = 255 - theirs
    assert np.abs(component - theirs).max() < 0.51
    assert np.abs(component - theirs).mean() < 0.26  # rounding alone: 0.25


def test_signs_are_definite():
  colours = image((60, 20, 9))
  first, second, third = np.asarray(whiten(colours)).reshape(3, -1)
  red, green, blue = colours.reshape(-1, 3).T

  def together(a, b):
    return np.corrcoef(a, b)[0, 1]

  assert together(first, red + green + blue) > 0.9
  assert together(second, red - blue) > 0.9
  assert together(third, red - 2 * green + blue) > 0.9


@pytest.mark.parametrize('tint', [(1, 1, 1), (1, 0.5, 0.25)])
def test_an_image_of_one_hue_has_one_component(tint):
  components = np.asarray(whiten(image((60, 20, 9))[..., :1] * np.float32(tint)))
  assert components[0].max() == 255
  assert not components[1:].any()
