"""The image pyramid of GBVS and the Itti-Koch model."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

# Binomial coefficients of order 5: a low-pass filter centred between two
# pixels, where the pixels of the next level lie.
_TAPS = tuple(weight / 32 for weight in (1, 5, 10, 10, 5, 1))


class Level(NamedTuple):
  """An image after some halvings, h x w pixels, values in 0-1."""

  rgb: jax.Array  # float32 `[3, h, w]`
  intensity: jax.Array  # float32 `[h, w]`


def build(image: jax.Array, deepest: int) -> list[Level]:
  """Returns an image and its halvings.

  Intensity is the maximum of R, G and B, as in the authors' programs; Itti,
  Koch and Niebur (1998, Section 2.1) take the mean. It is halved like a colour,
  not recomputed at every level.

  Args:
    image: uint8 `[H, W, 3]`, RGB.
    deepest: number of halvings.

  Returns:
    `deepest + 1` levels, the image itself first. Odd lengths are rounded down.
  """
  planes = jnp.moveaxis(image.astype(jnp.float32) / 255, -1, 0)
  planes = jnp.concatenate([planes, planes.max(axis=0, keepdims=True)])
  levels = [planes]
  for _ in range(deepest):
    levels.append(_halve(_halve(levels[-1], 2), 1))
  return [Level(planes[:3], planes[3]) for planes in levels]


def _halve(maps: jax.Array, axis: int) -> jax.Array:
  """Filters and decimates one axis, with edges repeated."""
  new = maps.shape[axis] // 2
  around = [(0, 0)] * maps.ndim
  around[axis] = (2, 3)
  maps = jnp.pad(maps, around, mode='edge')
  # Shifted slices: a convolution with one channel is 40 times slower on a CPU.
  return sum(weight * lax.slice_in_dim(maps, tap, tap + 2 * new - 1, 2, axis) for tap, weight in enumerate(_TAPS))
