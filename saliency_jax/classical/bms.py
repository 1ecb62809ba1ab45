"""Saliency from Boolean maps (BMS).

Zhang and Sclaroff, "Saliency detection: a Boolean map approach", ICCV 2013, and
"Exploiting surroundedness for saliency detection: a Boolean map approach", IEEE
PAMI 38(5), 2016, with the settings of the authors' program for fixations.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from saliency_jax.classical import photograph
from saliency_jax.classical.flooding import flood
from saliency_jax.classical.scaling import to_unit
from saliency_jax.classical.whitening import whiten
from saliency_jax.ops import resampling

_LONGEST = 400  # pixels of the longer side while computing
_STEP = 8  # grey levels between thresholds
_THRESHOLDS = -(-255 // _STEP)  # at most, as not every channel reaches all
_SPREAD = 2  # pixels by which an attended region grows
_FINAL_SPREAD = 3  # pixels by which bright areas of the map grow
_BLUR = 9  # sigma in pixels of the computation
_REACH = 18  # pixels of the computation at which the Gaussian is cut off


@jax.jit
def bms(image: jax.Array | np.ndarray) -> jax.Array:
  """Returns the saliency of an image by surroundedness.

  Each whitened colour channel is thresholded at every level. Components of the
  Boolean map, or of its complement, that do not touch the border are
  surrounded, and thus attended to. Attended regions are dilated, weighted the
  less the larger they are, and added up.

  Args:
    image: uint8 `[H, W, 3]`, RGB, at least 64 pixels high and wide.

  Returns:
    float32 `[h, w]`, 0-1, the longer side 200: `[150, 200]` for 600 x 800. It
    is computed at twice that size, and blurred. A blank image gives 0.

  Raises:
    ValueError: the image has another shape or type.
    InputError: the image is too small.
  """
  photograph.check(image)
  height, width = photograph.fit(*image.shape[:2], _LONGEST)
  small = average(jnp.moveaxis(image, -1, 0).astype(jnp.float32), height, width)
  channels = _median(whiten(jnp.moveaxis(jnp.floor(small + 0.5), 0, -1)))
  attention = grow(_attention(channels), _FINAL_SPREAD, jnp.maximum)
  rows, columns = (
    resampling.area(max(1, length // 2), length) @ resampling.gaussian(length, _BLUR, _REACH, 'reflect')
    for length in (height, width)
  )
  return to_unit(resampling.apply(attention, rows, columns))


def average(maps: jax.Array, height: int, width: int) -> jax.Array:
  """Shrinks float32 `[..., h, w]` by averages; see `resampling.area`."""
  *batch, old_height, old_width = maps.shape
  if old_height % height or old_width % width:
    return resampling.resize(maps, (height, width), resampling.area)
  # Whole pixels: this takes a twentieth of the products' time.
  blocks = maps.reshape(*batch, height, old_height // height, width, old_width // width)
  return blocks.mean(axis=(-3, -1))


def _attention(channels: jax.Array) -> jax.Array:
  """Adds up the attention maps of all thresholds, float32 `[h, w]`.

  Thresholds count from a channel's lowest value; a pixel v above it exceeds the
  first ceil(v / step). In those maps it is surrounded from the level up to
  which it is connected to the border; in the complements likewise, with all
  levels inverted. The bits of a word are a pixel's values in all maps of a
  channel.

  Args:
    channels: float32 `[C, h, w]`, whole numbers 0-255.
  """
  count = len(channels)
  heights = channels - channels.min(axis=(1, 2), keepdims=True)
  above = jnp.ceil(heights / _STEP).astype(jnp.uint8)
  joined = flood(jnp.concatenate([above, _THRESHOLDS - above]))
  starts = jnp.concatenate([joined[:count], above])
  ends = jnp.concatenate([above, _THRESHOLDS - joined[count:]])
  surrounded = grow(_lowest_bits(ends) & ~_lowest_bits(starts), _SPREAD, jnp.bitwise_or)

  def add(attention, threshold):
    regions = (surrounded >> threshold) & 1
    # Divided by their Euclidean norm, the root of the number of pixels.
    pixels = regions.sum(axis=(1, 2))
    weights = lax.rsqrt(jnp.maximum(pixels, 1).astype(jnp.float32))
    return attention + sum(
      region.astype(jnp.float32) * weight for region, weight in zip(regions, weights, strict=True)
    ), None

  return lax.scan(add, jnp.zeros(channels.shape[1:], jnp.float32), np.arange(_THRESHOLDS, dtype=np.uint32))[0]


def _lowest_bits(count: jax.Array) -> jax.Array:
  """Returns words whose lowest 0-32 bits are set."""
  # A shift by 32 bits is undefined.
  beyond = jnp.where(count > 31, np.uint32(0), np.uint32(1) << count.astype(jnp.uint32))
  return beyond - np.uint32(1)


def grow(maps: jax.Array, distance: int, join: Callable[[jax.Array, jax.Array], jax.Array]) -> jax.Array:
  """Combines all cells in a square of side 2 * distance + 1 around each cell.

  Args:
    maps: `[..., h, w]`, 0 or more.
    distance: in cells.
    join: combines two cells, such as by their maximum; 0 has no effect.
  """
  for axis in (maps.ndim - 2, maps.ndim - 1):
    length = maps.shape[axis]
    around = [(0, 0)] * maps.ndim
    around[axis] = (distance, distance)
    padded = jnp.pad(maps, around)
    maps = functools.reduce(
      join, (lax.slice_in_dim(padded, shift, shift + length, 1, axis) for shift in range(2 * distance + 1))
    )
    # Fused into one loop, the two axes would cost every cell of the square.
    maps = lax.optimization_barrier(maps)
  return maps


def _median(maps: jax.Array) -> jax.Array:
  """Returns the median over 3 x 3 pixels, `[C, h, w]`, with edges repeated.

  With nine numbers sorted in columns of three, the median is the median of the
  greatest low, the middle middle and the least high: 200 times as fast as
  `jnp.median`.
  """
  low, middle, high = _sorted(*_triples(maps, 1))
  lows, middles, highs = (_sorted(*_triples(part, 2)) for part in (low, middle, high))
  return _sorted(lows[2], middles[1], highs[0])[1]


def _triples(maps: jax.Array, axis: int) -> list[jax.Array]:
  length = maps.shape[axis]
  around = [(0, 0)] * maps.ndim
  around[axis] = (1, 1)
  padded = jnp.pad(maps, around, mode='edge')
  return [lax.slice_in_dim(padded, shift, shift + length, 1, axis) for shift in range(3)]


def _sorted(a: jax.Array, b: jax.Array, c: jax.Array) -> tuple[jax.Array, ...]:
  low, high = jnp.minimum(a, b), jnp.maximum(a, b)
  middle = jnp.maximum(low, jnp.minimum(high, c))
  return jnp.minimum(low, c), middle, jnp.maximum(high, c)
