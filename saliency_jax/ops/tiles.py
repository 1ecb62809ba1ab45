"""Maps cut into tiles of 2 x 2, as arrays that lie side by side."""

import jax
import jax.numpy as jnp

Grid = list[list[jax.Array]]  # rows of arrays of one shape
SIDE = 2


def split(x: jax.Array) -> Grid:
  """Returns the 2 x 2 places of all tiles, `[B, H/2, W/2, C]` each.

  Args:
    x: `[B, H, W, C]`, H and W even.
  """
  batch, height, width, channels = x.shape
  x = x.reshape(
      batch, height // SIDE, SIDE, width // SIDE, SIDE, channels)
  return [[x[:, :, i, :, j] for j in range(SIDE)] for i in range(SIDE)]


def join(tiles: Grid) -> jax.Array:
  """Returns `[B, H, W, C]`, the inverse of `split`."""
  batch, height, width, channels = tiles[0][0].shape
  rows = [jnp.stack(row, axis=3) for row in tiles]
  return jnp.stack(rows, axis=2).reshape(
      batch, SIDE * height, SIDE * width, channels)
