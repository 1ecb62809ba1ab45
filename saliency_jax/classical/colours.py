"""Opponent colour channels of two kinds."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

# Linear sRGB to CIE XYZ (IEC 61966-2-1).
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
# CIE XYZ to the excitation of L, M and S cones (Smith and Pokorny, 1975).
_CONES = np.array([[0.15514, 0.54312, -0.03286], [-0.15514, 0.45684, 0.03286], [0, 0, 0.01608]])
# Gamma of the display. The authors of GBVS use a measured table; of the usual
# curves (gamma 1, 1.8, 2.2, sRGB's) this one comes closest to their maps.
_GAMMA = 1.8


def double_opponent(rgb: jax.Array, intensity: jax.Array) -> jax.Array:
  """Returns blue-yellow and red-green contrast, normalised by intensity.

  Itti, Koch and Niebur (1998), Section 2.1, as implemented by their successors:
  |B - min(R, G)| / I and |R - G| / I, and 0 where I is 0.

  Args:
    rgb: float32 `[3, h, w]`, 0-1.
    intensity: float32 `[h, w]`, 0-1.

  Returns:
    float32 `[2, h, w]`.
  """
  red, green, blue = rgb
  opponents = jnp.stack([blue - jnp.minimum(red, green), red - green])
  light = jnp.where(intensity > 0, intensity, 1)[None]
  return jnp.where(intensity[None] > 0, jnp.abs(opponents) / light, 0)


def cone_opponent(rgb: jax.Array) -> jax.Array:
  """Returns the three axes of Derrington, Krauskopf and Lennie (1984).

  With l, m, s the changes in cone excitation from mid grey, whose excitations
  are L, M, S: luminance l + m, then l / L - m / M, then s / S - (l + m) / (L +
  M), each up to a factor.

  Args:
    rgb: float32 `[3, h, w]`, 0-1, gamma-encoded.

  Returns:
    float32 `[3, h, w]`, each axis within -1 to 1.
  """
  return jnp.einsum('ac,chw->ahw', _cone_axes(), 2 * rgb**_GAMMA - 1, precision='highest')


@functools.cache
def _cone_axes() -> np.ndarray:
  """Returns float32 `[3, 3]`: the axes as functions of linear RGB."""
  cones = _CONES @ _XYZ
  long, middle, short = cones
  grey_long, grey_middle, grey_short = cones.sum(axis=1)
  axes = np.stack(
    [
      long + middle,
      long / grey_long - middle / grey_middle,
      short / grey_short - (long + middle) / (grey_long + grey_middle),
    ]
  )
  return (axes / np.abs(axes).sum(axis=1, keepdims=True)).astype(np.float32)
