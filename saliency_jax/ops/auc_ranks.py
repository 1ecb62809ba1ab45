"""Ranks of values among the few values at the fixations, and their histogram.

The counts that every ROC curve is made of, exact and without sorting the map or
comparing it with every threshold. Values are compared bit by bit, so that the
smallest differences count, also between numbers that a processor in XLA's
setting takes for 0.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.ops.fixated_pixels import fixated, values_at

# A table of 2^13 bins tells where a search begins, unless 8 of the numbers that
# are searched share one: in that case, which few maps are, it has no use.
_BIN_BITS = 13
_BIN_ROOM = 8


class Sample(NamedTuple):
  """Values of a map, of which the valid ones count."""

  values: jax.Array  # floating `[M]`; NaN at points outside the image
  valid: jax.Array  # bool `[M]`, or integers: how often each counts


def at_points(saliency: jax.Array, points: jax.Array, valid: jax.Array | None, *, distinct: bool) -> Sample:
  """Returns a map's values at points `[M, 2]`, see `fixated`."""
  where = fixated(points, valid, saliency.shape, distinct=distinct)
  return Sample(values_at(saliency, where), where.valid)


def all_pixels(saliency: jax.Array) -> Sample:
  """Returns all values of a map `[H, W]`."""
  return Sample(saliency.ravel(), jnp.ones(saliency.size, bool))


def _ordered(x: jax.Array) -> jax.Array:
  """Returns unsigned integers in the order of the floats, 0 equal to -0."""
  bits = 8 * x.dtype.itemsize
  unsigned = np.dtype(f'uint{bits}')
  sign = unsigned.type(1 << (bits - 1))
  x = jax.lax.bitcast_convert_type(x, unsigned)
  x = jnp.where(x == sign, unsigned.type(0), x)
  return jnp.where(x >= sign, ~x, x | sign)


def constant(saliency: jax.Array) -> jax.Array:
  """Returns whether all values of a map `[H, W]` are equal."""
  keys = _ordered(saliency.ravel())
  return (keys == keys[0]).all()


def levels(hits: Sample) -> jax.Array:
  """Returns N values, each with its successor, as sorted different numbers.

  A number that equals a value then has a rank of its own, between the two.
  Filled up with the largest number, which no value but NaN reaches: unsigned
  `[2^k]`, longer than 2 N by `_BIN_ROOM` at least.
  """
  keys = _ordered(hits.values)
  last = _largest(keys)
  keys = jnp.concatenate([jnp.where(hits.valid, keys, last), jnp.where(hits.valid, keys + 1, last)])
  length = 2 ** (len(keys) + _BIN_ROOM - 1).bit_length()
  return jnp.unique(keys, size=length, fill_value=last)


def ranks(values: jax.Array, levels: jax.Array) -> jax.Array:
  """Returns the rank of each value: how many levels it reaches.

  Ranks are in the order of the values; equal values have equal ranks, and
  others have not, if one of them is among the levels. No value has the last.

  Args:
    values: floating `[M]`.
    levels: unsigned `[2^k]`, see `levels`.

  Returns:
    uint32 `[M]` in [0, 2^k - 2].
  """
  # The levels' range in equal bins tells where to begin: each level lies in a
  # bin, and those in lower bins need not be searched.
  listed = levels < _largest(levels)
  low, high = levels[0], jnp.where(listed, levels, 0).max()
  bits = 8 * levels.dtype.itemsize - jax.lax.clz(high - low).astype(jnp.int32)
  shift = jnp.maximum(bits - _BIN_BITS, 0).astype(levels.dtype)

  def bins(keys):
    return (jnp.clip(keys, low, high) - low) >> shift

  occupancy = jnp.zeros(2**_BIN_BITS, jnp.uint32).at[bins(levels)].add(listed.astype(jnp.uint32))
  lower = jnp.cumsum(occupancy) - occupancy

  def from_the_bin():
    keys = _ordered(values)
    return _search(keys, levels, take(lower, bins(keys)), _BIN_ROOM)

  def from_the_start():
    keys = _ordered(values)
    return _search(keys, levels, jnp.zeros_like(keys, jnp.uint32), len(levels))

  return jax.lax.cond(occupancy.max() < _BIN_ROOM, from_the_bin, from_the_start)


def _search(keys: jax.Array, levels: jax.Array, rank: jax.Array, room: int) -> jax.Array:
  """Returns ranks by a binary search without branches.

  One pass over the keys for each level, with a table that stays in the nearest
  cache. Beside it, XLA on a CPU takes 10 times as long to sort the pixels of an
  image, and 100 times as long to compare each with 150 values.

  Args:
    rank: uint32 `[M]`, levels that each key is known to reach.
    room: a power of 2; fewer than that are reached besides.
  """
  while room > 1:
    room //= 2
    reached = take(levels, rank + (room - 1)) <= keys
    rank += room * reached.astype(jnp.uint32)
  return rank


def _largest(keys: jax.Array) -> np.unsignedinteger:
  """Returns the largest number of the type."""
  return keys.dtype.type(np.iinfo(keys.dtype).max)


def take(table: jax.Array, index: jax.Array) -> jax.Array:
  """Returns the table's elements at indices that are known to be inside."""
  return table.at[index].get(mode='promise_in_bounds', wrap_negative_indices=False)


def histogram(sample: Sample, levels: jax.Array) -> jax.Array:
  """Returns how many of a sample have each rank, int32 `[2^k]`."""
  return (
    jnp.zeros(len(levels), jnp.int32)
    .at[ranks(sample.values, levels)]
    .add(sample.valid.astype(jnp.int32), mode='promise_in_bounds', wrap_negative_indices=False)
  )
