"""The pyramid against SciPy's correlation."""

import jax
import numpy as np
import pytest
import scipy.ndimage

from saliency_jax.classical import pyramid


def halve(plane):
  """Filters every pixel, then takes every second one."""
  taps = np.array([1, 5, 10, 10, 5, 1]) / 32
  for axis in (0, 1):
    # SciPy's centre of six taps is the fourth; ours lies before it.
    plane = scipy.ndimage.correlate1d(plane, taps, axis=axis, mode='nearest', origin=-1)
    plane = plane.take(range(0, plane.shape[axis] // 2 * 2, 2), axis=axis)
  return plane


@pytest.mark.parametrize('size', [(64, 96), (75, 101)])
def test_levels_are_filtered_and_decimated(size):
  image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
  levels = jax.jit(pyramid.build, static_argnums=1)(image, 3)
  planes = [image[..., c] / 255 for c in range(3)]
  planes.append(image.max(axis=2) / 255)
  for depth, level in enumerate(levels):
    np.testing.assert_allclose(level.rgb, planes[:3], atol=1e-6)
    np.testing.assert_allclose(level.intensity, planes[3], atol=1e-6)
    assert level.intensity.shape == tuple(n >> depth for n in size)
    planes = [halve(plane) for plane in planes]
