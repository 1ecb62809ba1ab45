"""Scaling of maps: ranges, borders, lone peaks."""

import jax
import jax.numpy as jnp
import numpy as np

# An image in 0-1 gives features that vary by less than this by rounding alone.
_ROUNDING = 1e-5


def to_unit(maps: jax.Array) -> jax.Array:
  """Scales each map to 0-1: float32 `[..., h, w]`; a constant map becomes 0."""
  low = maps.min(axis=(-2, -1), keepdims=True)
  span = maps.max(axis=(-2, -1), keepdims=True) - low
  scaled = (maps - low) / jnp.where(span > 0, span, 1)
  # Compiled code rounds the ends to slightly beyond 0 and 1.
  return jnp.clip(scaled, 0, 1)


def without_rounding(features: jax.Array) -> jax.Array:
  """Sets features `[..., h, w]` that are constant but for rounding to 0.

  All models scale up features that vary little, so rounding would turn a blank
  image into a map.
  """
  span = jnp.ptp(features, axis=(-2, -1), keepdims=True)
  return jnp.where(span > _ROUNDING, features, 0)


def attenuate_border(maps: jax.Array, width: int) -> jax.Array:
  """Fades maps `[..., h, w]` out linearly towards the border.

  Over `width` cells, but at most half of the map's shorter side; the outermost
  cells keep 1 / (width + 1).
  """
  fading = min(width, min(maps.shape[-2:]) // 2)
  for axis in (-2, -1):
    length = maps.shape[axis]
    place = np.arange(length)
    ramp = np.minimum(place, place[::-1]) + 1
    shape = [1] * maps.ndim
    shape[axis] = length
    maps = maps * np.minimum(ramp / (fading + 1), 1).astype(np.float32).reshape(shape)
  return maps


def promote_lone_peaks(maps: jax.Array) -> jax.Array:
  """Promotes maps `[..., h, w]` with few peaks: N(.) of Itti et al. (1998).

  A map is scaled to 0-M and multiplied by (M - m)^2 with m the mean of its
  local maxima. Here M = 10. As in their successors' programs, m includes the
  highest maximum; maxima below M / 10 or on the border do not count; a single
  maximum counts as m = 0; and a map without maxima is not multiplied. The
  result is divided by M^3, which cancels later.
  """
  maps = to_unit(maps)
  inner = maps[..., 1:-1, 1:-1]
  peaks = inner >= 0.1
  for neighbour in (maps[..., :-2, 1:-1], maps[..., 2:, 1:-1], maps[..., 1:-1, :-2], maps[..., 1:-1, 2:]):
    peaks &= inner >= neighbour
  count = peaks.sum(axis=(-2, -1), keepdims=True)
  total = jnp.where(peaks, inner, 0).sum(axis=(-2, -1), keepdims=True)
  weight = jnp.select([count > 1, count == 1], [(1 - total / jnp.maximum(count, 1)) ** 2, jnp.ones_like(total)], 0.01)
  return maps * weight
