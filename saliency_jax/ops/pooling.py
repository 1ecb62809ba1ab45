"""The maximum over tiles of 2 x 2, with a gradient that is fast on a CPU.

XLA's own gradient of a window's maximum looks for the maximum again, one value
after another (`launch/benchmark.py --only=layers`).
"""

import jax
import jax.numpy as jnp

from saliency_jax.ops import tiles


@jax.custom_vjp
def max_pool(x: jax.Array) -> jax.Array:
  """Returns the maximum of every 2 x 2 tile.

  Of several equal values the first, row by row, takes the gradient. A tile with
  NaN is NaN and takes none.

  Args:
    x: `[B, H, W, C]`; an odd last row or column is left out.

  Returns:
    `[B, H // 2, W // 2, C]`, as `flax.linen.max_pool` with windows and strides
    of 2 x 2.
  """
  (a, b), (c, d) = tiles.split(_whole(x))
  return jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))


def _forward(x):
  y = max_pool(x)
  return y, (x, y)


def _backward(given, cotangent):
  x, y = given
  free, shares = jnp.ones(y.shape, bool), []
  for row in tiles.split(_whole(x)):
    shares.append([])
    for value in row:
      largest = free & (value == y)
      free &= ~largest
      shares[-1].append(jnp.where(largest, cotangent, 0))
  return jnp.pad(tiles.join(shares), [
      (0, size % tiles.SIDE if axis in (1, 2) else 0)
      for axis, size in enumerate(x.shape)]),


max_pool.defvjp(_forward, _backward)


def _whole(x: jax.Array) -> jax.Array:
  height, width = (size - size % tiles.SIDE for size in x.shape[1:3])
  return x[:, :height, :width]
