"""Convolution and pooling that are faster on a CPU than XLA's own.

The convolution is Winograd's minimal filtering F(m x m, 3 x 3): Lavin and Gray,
"Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), Section 4.1.
Tiles of m x m outputs and kernels are transformed to (m + 2) x (m + 2) values
each, and at each of these one matrix product mixes the channels. On large maps
m is 4, which takes a quarter of the direct sum's multiplications. Small maps
would not fill such tiles; with their m of 2, it is 16 instead of 36.

The transforms are products with dense matrices, which leaves few operations to
compile. Those for m = 4 interpolate at 0, the square roots of 1/2 and of 2 with
both signs, and infinity: rounding errors are half of those at 0, 1 and 2.

Pooling is a maximum of four arrays, because the gradient of XLA's own pooling
searches each window again, one value after another. Measured by
`launch/benchmark.py --only=layers`.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

# From this many pixels on, a single image is convolved in strips of some rows,
# which fit in a cache.
_IN_STRIPS, _ROWS = 96 * 96, 16
_LARGE = 24 * 24  # pixels of a map from which on tiles are 4 x 4
_POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 0.5**0.5, -(0.5**0.5), 2**0.5, -(2**0.5))}


class _Transforms(NamedTuple):
  """Lavin and Gray's B^T, G and A^T, each for rows and columns at once."""

  data: np.ndarray  # [(m + 2)^2, (m + 2)^2]
  kernel: np.ndarray  # [(m + 2)^2, 9]
  output: np.ndarray  # [m^2, (m + 2)^2]


@functools.cache
def _transforms(side: int) -> _Transforms:
  """Returns the transforms for m x m tiles, by the Toom-Cook method."""

  def evaluated(terms: int) -> np.ndarray:
    return np.vstack([np.vander(_POINTS[side], terms, increasing=True), np.eye(terms)[-1:]])

  data = np.linalg.inv(evaluated(side + 2)).T
  # Powers of 2, which are exact, keep values from growing.
  scale = 2.0 ** np.round(np.log2(np.abs(data).sum(1, keepdims=True)))
  return _Transforms(*(np.kron(x, x) for x in (data / scale, evaluated(3) * scale, evaluated(side).T)))


@jax.custom_vjp
def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """Returns maps convolved with 3 x 3 kernels and zero padding.

  As `jax.lax.conv_general_dilated` with padding 'SAME', `[B, H, W, K]` for maps
  `[B, H, W, C]` and kernels `[3, 3, C, K]`. The gradients take as few
  multiplications. Where a kernel reaches an infinity, the result is infinite or
  NaN; where it reaches a NaN, NaN. The same may befall the rest of the tile.
  """
  side, (batch, height, width, _) = _side(x), x.shape
  transformed = _transform(_transforms(side).kernel, kernel.reshape(9, *kernel.shape[2:]))
  if batch == 1 and height * width >= _IN_STRIPS:
    y = _convolve_strips(x, transformed, side)
  else:
    y = _convolve_tiles(_padded(x, side), transformed, side)
  return y[:, :height, :width]


def _convolve_tiles(x: jax.Array, kernel: jax.Array, side: int) -> jax.Array:
  """Returns `[B, H, W, K]` of `[B, H + m, W + m, C]` and transformed kernels."""
  batch, down, right = x.shape[0], x.shape[1] // side - 1, x.shape[2] // side - 1
  tiles = _transform(_transforms(side).output, jnp.matmul(_windows(x, side), kernel))
  y = tiles.reshape(side, side, batch, down, right, -1).transpose(2, 3, 0, 4, 1, 5)
  return y.reshape(batch, down * side, right * side, -1)


def _convolve_strips(x: jax.Array, kernel: jax.Array, side: int) -> jax.Array:
  """Pads x and convolves it in strips of rows."""
  batch, height, width, _ = x.shape
  strips = -(-height // _ROWS)
  x = _padded(x, side, strips * _ROWS - height)

  def strip(start):
    rows = jax.lax.dynamic_slice_in_dim(x, start, _ROWS + 2, axis=1)
    # No window reaches these zero rows. With them XLA fuses the slice with the
    # padding rather than with the windows, which would take seven times as
    # long.
    return _convolve_tiles(jnp.pad(rows, ((0, 0), (0, side - 2), (0, 0), (0, 0))), kernel, side)

  y = jax.lax.map(strip, _ROWS * jnp.arange(strips)).swapaxes(0, 1)
  return y.reshape(batch, -1, *y.shape[3:])


def _forward(x, kernel):
  return convolve(x, kernel), (x, kernel)


def _backward(residuals, cotangent):
  x, kernel = residuals
  side = _side(x)
  below = convolve(cotangent, jnp.flip(kernel, (0, 1)).swapaxes(2, 3))
  # The adjoints of the transforms around products of transformed values.
  filled = jnp.pad(cotangent, ((0, 0), *((0, -size % side) for size in x.shape[1:3]), (0, 0)))
  tiles = _phases(filled, side)
  tiles = _transform(_transforms(side).output.T, tiles.reshape(side**2, -1, cotangent.shape[-1]))
  products = jnp.matmul(_windows(_padded(x, side), side).swapaxes(1, 2), tiles)
  return below, _transform(_transforms(side).kernel.T, products).reshape(kernel.shape)


convolve.defvjp(_forward, _backward)


def _side(x: jax.Array) -> int:
  """Returns m for maps of this size."""
  return 4 if x.shape[1] * x.shape[2] >= _LARGE else 2


def _windows(x: jax.Array, side: int) -> jax.Array:
  """Returns the transformed inputs of all tiles, `[(m + 2)^2, tiles, C]`.

  x `[B, H + m, W + m, C]` starts a row and a column before the first tile.
  """
  x = _phases(x, side)
  _, _, _, down, right, channels = x.shape
  # A window includes the first two rows and columns of the next tile.
  x = _barrier(jnp.concatenate([x[:, :, :, : down - 1], x[:2, :, :, 1:]], axis=0))
  x = _barrier(jnp.concatenate([x[..., : right - 1, :], x[:, :2, :, :, 1:]], axis=1))
  return _transform(_transforms(side).data, x.reshape((side + 2) ** 2, -1, channels))


def _padded(x: jax.Array, side: int, more: int = 0) -> jax.Array:
  """Pads x with zeros: one before it, m - 1 after `more` rows and whole tiles."""
  more, right = more + -(x.shape[1] + more) % side, -x.shape[2] % side
  return jnp.pad(x, ((0, 0), (1, more + side - 1), (1, right + side - 1), (0, 0)))


def _phases(x: jax.Array, side: int) -> jax.Array:
  """Returns `[m, m, B, H/m, W/m, C]` of `[B, H, W, C]` with whole tiles."""
  batch, height, width, channels = x.shape
  return _barrier(x.reshape(batch, height // side, side, width // side, side, channels).transpose(2, 4, 0, 1, 3, 5))


def _transform(matrix: np.ndarray, x: jax.Array) -> jax.Array:
  """Returns the matrix `[j, i]` times x `[i, ...]`."""
  y = jnp.dot(jnp.asarray(matrix, x.dtype), x.reshape(len(x), -1))
  return _barrier(y).reshape(len(matrix), *x.shape[1:])


def _barrier(x: jax.Array) -> jax.Array:
  """Returns x, computed once rather than fused into each of its users."""
  return jax.lax.optimization_barrier(x)


def max_pool(x: jax.Array) -> jax.Array:
  """Returns `[B, H // 2, W // 2, C]`, the maximum of every 2 x 2 tile; ties share the gradient."""
  batch, height, width, channels = x.shape
  x = x[:, : height // 2 * 2, : width // 2 * 2].reshape(batch, height // 2, 2, width // 2, 2, channels)
  upper, lower = (jnp.maximum(x[:, :, i, :, 0], x[:, :, i, :, 1]) for i in (0, 1))
  return jnp.maximum(upper, lower)
