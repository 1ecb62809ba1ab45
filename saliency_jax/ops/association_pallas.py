"""The kernel of `association` on a GPU: one read of the maps.

A Pallas (Triton) kernel for bfloat16 maps. `association.associate` defines the
result and calls this where it is faster. One program handles all cells of one
image and a block of units, row by row. Sets go through the tensor cores, whose
products of bfloat16 numbers are exact; each float32 weight is therefore split
into three. The variance is that of the map minus the mean of its last row. That
mean lies within about sqrt(h) deviations of the map's mean, so cancellation
multiplies rounding errors by about h at most.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.custom_partitioning import custom_partitioning
from jax.experimental.pallas import triton

from saliency_jax.ops.pixel_weights import CellWeights

# The fastest on an H200 for VGG-16's maps of 28 x 28 and 14 x 14 cells: blocks
# of 128 units, four warps, one row loaded ahead.
_WARPS = 4
_BLOCK = 128  # units at most
_TILE = 4096  # at most, units times cells of a row: more would not fit in the registers
_CELLS = 64  # in a row, at most: at 112 the plain kernel is faster
_LEAST = 16  # rows and columns of a product on the tensor cores
_LEAST_VARIANCE = 1e-30
_SETS = 32  # at most: with more, the sums no longer fit in the registers


def fits(maps: jax.Array, weights: CellWeights) -> bool:
  """Returns whether the kernel can score such maps."""
  return (
    maps.dtype == jnp.bfloat16
    and maps.ndim == 4
    and maps.shape[2] <= _CELLS
    and maps.size > 0
    and 0 < weights.sets.shape[1] <= _SETS
    and _block(maps.shape) >= _LEAST
  )


def associate(maps: jax.Array, weights: CellWeights, *, interpret: bool = False) -> jax.Array:
  """Returns `association.associate` of bfloat16 maps, without gradients.

  The two agree within 1e-5 unless a map's mean exceeds its deviation a hundred
  times. Devices share the work by images and units; `jax.vmap` enlarges the
  batch.

  Args:
    maps: bfloat16 `[B, h, w, C]` for which `fits` is true.
    interpret: whether to interpret the kernel, slowly but on any device.

  Returns:
    float32 `[B, R, C]`.
  """
  weights = jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), weights)
  return _batched(interpret)(maps, *weights)


@functools.cache
def _batched(interpret: bool):
  """Returns the kernel with its rules for `vmap` and for sharding."""

  def kernel(maps, sets, rows, columns):
    return _call(maps, sets, rows, columns, interpret=interpret)

  split = custom_partitioning(kernel)
  split.def_partition(
    partition=lambda mesh, arguments, result: (mesh, kernel, result.sharding, tuple(x.sharding for x in arguments)),
    sharding_rule='b h w c, b r h w, b i h, b j w -> b r c',
    need_replication_factors=('h', 'w', 'i', 'j'),
  )
  batched = jax.custom_batching.custom_vmap(split)

  @batched.def_vmap
  def _(size, is_batched, *arguments):
    stacked = [
      x if mapped else jnp.broadcast_to(x[None], (size, *x.shape))
      for x, mapped in zip(arguments, is_batched, strict=True)
    ]
    scores = batched(*(x.reshape(-1, *x.shape[2:]) for x in stacked))
    return scores.reshape(size, -1, *scores.shape[1:]), True

  return batched


def _power(least: int) -> int:
  """Returns the smallest power of 2 that is at least `least` and 16."""
  return max(1 << (least - 1).bit_length(), _LEAST)


def _block(shape: tuple[int, ...]) -> int:
  """Returns the number of units per program, a power of 2 that divides C."""
  *_, width, units = shape
  return min(units & -units, _BLOCK, _TILE // _power(width))


def _call(maps, sets, rows, columns, *, interpret):
  batch, height, width, units = maps.shape
  count, block = sets.shape[1], _block(maps.shape)

  def whole(*shape):
    return pl.BlockSpec((None, *shape), lambda i, k: (i, *(0 for _ in shape)))

  return pl.pallas_call(
    functools.partial(_kernel, size=(height, width), count=count),
    grid=(batch, units // block),
    in_specs=[
      pl.BlockSpec((None, height, width, block), lambda i, k: (i, 0, 0, k)),
      whole(count, height, width),
      whole(3, height),
      whole(3, width),
    ],
    out_specs=pl.BlockSpec((None, _power(count), block), lambda i, k: (i, 0, k)),
    out_shape=jax.ShapeDtypeStruct((batch, count, units), jnp.float32),
    compiler_params=triton.CompilerParams(num_warps=_WARPS, num_stages=1),
    interpret=interpret,
    name='associate',
  )(maps, sets, rows, columns)


def _kernel(maps, sets, rows, columns, scores, *, size, count):
  """Scores a block of units on one image; see `_call` for the arguments."""
  height, width = size
  tall, wide, block = _power(count), _power(width), maps.shape[-1]
  # Triton's arrays have powers of 2 as sizes. Indices beyond the map or the
  # sets repeat the last one, with weight 0.
  column, of = jnp.arange(wide), jnp.minimum(jnp.arange(tall), count - 1)
  inside = column < width
  here, beside = (jnp.minimum(column + i, width - 1) for i in (0, 1))
  average, diagonal, next_one = (jnp.where(inside, columns[i, here], 0.0) for i in range(3))
  diagonal, next_one = diagonal[:, None], next_one[:, None]

  def load(i):
    i = jnp.maximum(i, 0)
    return (maps[i, here, :], maps[i, beside, :], sets[of[:, None], i, here[None, :]], *(rows[k, i] for k in range(3)))

  lowest = load(height - 1)
  # Relative to one of the map's own cells, so that a constant map is exactly 0.
  own = maps[height - 1, 0, :].astype(jnp.float32)
  shift = own + jnp.sum(jnp.where(inside[:, None], lowest[0] - own[None, :], 0.0), axis=0) / width

  def row(step, state):
    # From the bottom row up, since each row needs the one below it; the next
    # row is loaded meanwhile.
    absolute, means, below, total, squares, (x, right, weights, mean_row, diagonal_row, next_row) = state
    following = load(height - 2 - step)
    weights = jnp.where(inside[None], weights, 0.0)
    absolute += jnp.abs(weights)
    # Minus the average, the weights sum to 0, so an offset of the map cancels.
    for part in _thirds(weights - mean_row * average[None]):
      means += lax.dot_general(x, part, (((0,), (1,)), ((), ())), preferred_element_type=jnp.float32)
    x, right = x - shift[None, :], right - shift[None, :]
    x = diagonal * x + next_one * right
    z = diagonal_row * x + next_row * below
    return (absolute, means, x, total + (diagonal_row + next_row) * z, squares + z * z, following)

  zeros = jnp.zeros((wide, block), jnp.float32)
  absolute, means, _, total, squares, _ = lax.fori_loop(
    0,
    height,
    row,
    (jnp.zeros((tall, wide), jnp.float32), jnp.zeros((block, tall), jnp.float32), zeros, zeros, zeros, lowest),
  )
  mean = jnp.sum((diagonal + next_one) * total, axis=0)
  variance = jnp.sum(squares, axis=0) - mean * mean
  # Below this, squares of cells underflow. Not `>`: NaN stays NaN.
  varies = ~(variance <= _LEAST_VARIANCE)
  deviation = jnp.sqrt(jnp.where(varies, variance, 1.0))
  deviation = jnp.where(deviation < jnp.inf, deviation, jnp.nan)
  filled = jnp.sum(absolute, axis=1) != 0
  result = jnp.where(filled[:, None] & varies[None, :], means.T / deviation[None, :], 0.0)
  triton.store(scores, result, mask=jnp.broadcast_to((jnp.arange(tall) < count)[:, None], (tall, block)))


def _thirds(weights: jax.Array) -> tuple[jax.Array, ...]:
  """Returns three bfloat16 arrays that sum to a float32 one, smallest first."""
  high = weights.astype(jnp.bfloat16)
  rest = weights - high.astype(jnp.float32)
  middle = rest.astype(jnp.bfloat16)
  return (rest - middle.astype(jnp.float32)).astype(jnp.bfloat16), middle, high
