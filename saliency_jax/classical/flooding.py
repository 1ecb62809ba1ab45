"""Which pixels are connected to an image's border, at all levels at once."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def flood(maps: jax.Array) -> jax.Array:
  """Returns the level up to which each pixel is connected to the border.

  That is the largest g for which a path of 8-neighbours leads to the border
  without going below g: greyscale reconstruction from the border (Vincent, IEEE
  TIP 2(2), 1993). So a pixel p with `maps[p] > t` belongs to a component of
  `maps > t` that touches the border if and only if `flood(maps)[p] > t`.

  Args:
    maps: uint8 `[C, h, w]`.

  Returns:
    uint8 `[C, h, w]`, at most `maps`.
  """
  border = np.ones(maps.shape[1:], bool)
  border[1:-1, 1:-1] = False

  # Down, up, right and left, until nothing changes: about four rounds for a
  # natural image, one per turn for a spiral.
  def sweep_all_ways(state):
    reached, _ = state
    further = reached
    for axis in (1, 2):
      for backwards in (False, True):
        further = _sweep(further, maps, axis, backwards)
    return further, (further != reached).any()

  start = jnp.where(border[None], maps, 0)
  reached, _ = lax.while_loop(lambda state: state[1], sweep_all_ways, (start, True))
  return reached


def _sweep(reached: jax.Array, maps: jax.Array, axis: int, backwards: bool) -> jax.Array:
  """Propagates levels line by line across the maps."""

  def advance(line, lines):
    here, ceiling = lines
    around = jnp.pad(line, ((0, 0), (1, 1)))
    arriving = jnp.maximum(jnp.maximum(around[:, :-2], around[:, 1:-1]), around[:, 2:])
    line = jnp.minimum(jnp.maximum(here, arriving), ceiling)
    return line, line

  lines = (jnp.moveaxis(reached, axis, 0), jnp.moveaxis(maps, axis, 0))
  _, swept = lax.scan(advance, jnp.zeros_like(lines[0][0]), lines, reverse=backwards)
  return jnp.moveaxis(swept, 0, axis)
