"""Ranks of values among the few values at the fixations, and their histogram.

These counts define every ROC curve. They are exact, and need neither a sorted
map nor a comparison with every threshold. Values are compared by their bits, so
that the smallest differences count, even between subnormal numbers, which XLA
may flush to 0.
"""

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.ops.fixated_pixels import Sample

# A binary search starts from a table of 2^13 bins, unless 8 or more levels
# share a bin: for such maps, which are rare, the table is of no use.
_BIN_BITS = 13
_BIN_ROOM = 8


def all_pixels(saliency: jax.Array) -> Sample:
  """Returns all values of a map `[H, W]`."""
  return Sample(saliency.ravel(), jnp.ones(saliency.size, bool))


def _ordered(x: jax.Array) -> jax.Array:
  """Returns unsigned integers in the order of the floats; 0 and -0 are equal."""
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
  """Returns the sorted distinct values of N hits, each with its successor.

  With the successor, a value equal to a hit's ranks between lower and higher
  ones. Padded with the type's largest number, which only NaN reaches: unsigned
  `[2^k]` with at least 2 N + `_BIN_ROOM` elements.
  """
  keys = _ordered(hits.values)
  last = _largest(keys)
  keys = jnp.concatenate([jnp.where(hits.valid, keys, last), jnp.where(hits.valid, keys + 1, last)])
  length = 2 ** (len(keys) + _BIN_ROOM - 1).bit_length()
  return jnp.unique(keys, size=length, fill_value=last)


def ranks(values: jax.Array, levels: jax.Array) -> jax.Array:
  """Returns the rank of each value: how many levels it reaches.

  Ranks, uint32 `[M]` in [0, 2^k - 2], follow the order of the values, floating
  `[M]`. Two values share a rank if they are equal or if no level separates them.
  No value has the last rank.
  """
  # The range of the levels is cut into equal bins; those below a value's own
  # bin need not be searched.
  listed = levels < _largest(levels)
  low, high = levels[0], jnp.where(listed, levels, 0).max()
  bits = 8 * levels.dtype.itemsize - jax.lax.clz(high - low).astype(jnp.int32)
  shift = jnp.maximum(bits - _BIN_BITS, 0).astype(levels.dtype)

  def bins(keys):
    return (jnp.clip(keys, low, high) - low) >> shift

  occupancy = jnp.zeros(2**_BIN_BITS, jnp.uint32).at[bins(levels)].add(listed.astype(jnp.uint32))
  lower = jnp.cumsum(occupancy) - occupancy

  def in_the_bin():
    # Each halving is one pass over the keys, with a table that stays in the
    # nearest cache. Searching all levels would make all eight metrics take 1.6
    # times as long on a CPU, sorting the pixels far longer.
    keys = _ordered(values)
    rank, room = take(lower, bins(keys)), _BIN_ROOM
    while room > 1:
      room //= 2
      reached = take(levels, rank + (room - 1)) <= keys
      rank += room * reached.astype(jnp.uint32)
    return rank

  def among_all():
    reached = jnp.searchsorted(levels, _ordered(values), side='right', method='scan_unrolled')
    return jnp.minimum(reached, len(levels) - 1).astype(jnp.uint32)

  return jax.lax.cond(occupancy.max() < _BIN_ROOM, in_the_bin, among_all)


def _largest(keys: jax.Array) -> np.unsignedinteger:
  """Returns the largest number of the keys' type."""
  return keys.dtype.type(np.iinfo(keys.dtype).max)


def take(table: jax.Array, index: jax.Array) -> jax.Array:
  """Returns the table's elements at indices known to be in bounds."""
  return table.at[index].get(mode='promise_in_bounds', wrap_negative_indices=False)


def histogram(sample: Sample, levels: jax.Array) -> jax.Array:
  """Returns the number of a sample's values at each rank, int32 `[2^k]`."""
  return (
    jnp.zeros(len(levels), jnp.int32)
    .at[ranks(sample.values, levels)]
    .add(sample.valid.astype(jnp.int32), mode='promise_in_bounds', wrap_negative_indices=False)
  )
