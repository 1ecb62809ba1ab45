"""Convolution and pooling that are faster on a CPU than XLA's own.

Both cut maps into tiles of 2 x 2, of which the four phases are arrays that lie
side by side. Measured by `launch/benchmark.py --only=layers`.

The convolution takes 16 multiplications where the sum takes 36, by Winograd's
minimal filtering F(2 x 2, 3 x 3): Lavin and Gray, "Fast Algorithms for
Convolutional Neural Networks" (CVPR 2016), Section 4.1. Tiles of 2 x 2 outputs
and kernels are transformed to 4 x 4 values each, at every one of which the
units are mixed by one matrix product. The transforms only add and halve, so
rounding errors stay within a few times those of the plain sum. F(4 x 4, 3 x 3)
saves more products, but its transforms move more memory: VGG-16's forward took
.91 of the time, its compilation three times as long.

The pooling's gradient compares each value with the maximum: XLA's own looks
for the maximum again, one value after another.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

Grid = list[list[jax.Array]]  # rows of arrays of one shape
_SIDE = 2  # of a tile
_TURNED = (3, 1, 2, 0)  # where a reversed kernel's transformed values are


@jax.custom_vjp
def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """Returns maps convolved with 3 x 3 kernels, zeros around them.

  The gradients take as few multiplications. What an infinity reaches is
  infinite or NaN, what NaN reaches NaN.

  Args:
    x: float `[B, H, W, C]`.
    kernel: float `[3, 3, C, K]`.

  Returns:
    `[B, H, W, K]`, as `jax.lax.conv_general_dilated` with padding 'SAME'.
  """
  return _outputs(_each(jnp.dot, _windows(x), _kernels(kernel)), x)


def _forward(x, kernel):
  return convolve(x, kernel), (x, kernel)


def _backward(residuals, cotangent):
  x, kernel = residuals
  kernels = _kernels(kernel)
  turned = [[kernels[i][j] for j in _TURNED] for i in _TURNED]
  below = _each(lambda a, b: jnp.dot(a, b.T), _windows(cotangent), turned)
  # The transforms' adjoints around products of the transformed values.
  products = _each(
      lambda a, b: _flat(a).T @ _flat(b), _windows(x),
      _materialised(_both(_sum_adjoint, _split(_padded(cotangent)))))
  rows = [jnp.stack(row) for row in _both(_filter_adjoint, products)]
  return _outputs(below, x), jnp.stack(rows)


convolve.defvjp(_forward, _backward)


def _windows(x: jax.Array) -> Grid:
  """Returns the 4 x 4 transformed inputs of all tiles, `[B, h, w, C]`."""
  phases = _split(jax.lax.optimization_barrier(_padded(x, around=1)))
  h, w = (size - 1 for size in phases[0][0].shape[1:3])

  def beneath(i, j):
    (below, row), (right, column) = divmod(i, _SIDE), divmod(j, _SIDE)
    return phases[row][column][:, below:below + h, right:right + w]

  return _materialised(_both(
      _data, [[beneath(i, j) for j in range(4)] for i in range(4)]))


def _kernels(kernel: jax.Array) -> Grid:
  """Returns the 4 x 4 transformed kernels, `[C, K]`."""
  return _materialised(_both(_filter, [list(row) for row in kernel]))


def _outputs(products: Grid, x: jax.Array) -> jax.Array:
  """Returns `[B, H, W, K]` of all tiles, as large as x."""
  _, height, width, _ = x.shape
  return _join(_both(_sum, products))[:, :height, :width]


def _padded(x: jax.Array, around: int = 0) -> jax.Array:
  """Returns x with zeros around it, filled up to whole tiles."""
  _, height, width, _ = x.shape
  return jnp.pad(x, (
      (0, 0), (around, around + height % _SIDE),
      (around, around + width % _SIDE), (0, 0)))


def _both(
    transform: Callable[[Sequence[jax.Array]], list[jax.Array]], grid: Grid
) -> Grid:
  """Returns a grid whose columns and then rows have been transformed."""
  columns = [transform(column) for column in zip(*grid, strict=True)]
  return [transform(row) for row in zip(*columns, strict=True)]


def _each(
    product: Callable[[jax.Array, jax.Array], jax.Array], a: Grid, b: Grid
) -> Grid:
  return _materialised([
      [product(x, y) for x, y in zip(*rows, strict=True)]
      for rows in zip(a, b, strict=True)])


def _flat(x: jax.Array) -> jax.Array:
  return x.reshape(-1, x.shape[-1])


def _materialised(grid: Grid) -> Grid:
  """Returns a grid that is computed once, not fused into each of its users."""
  return jax.lax.optimization_barrier(grid)


# Lavin and Gray's matrices for F(2, 3): B^T, G and A^T, and the adjoints of the
# last two. The sign of the last value of A is moved to the other adjoint, where
# it costs less.
def _data(x):
  return [x[0] - x[2], x[1] + x[2], x[2] - x[1], x[1] - x[3]]


def _filter(g):
  even, odd = (g[0] + g[2]) / 2, g[1] / 2
  return [g[0], even + odd, even - odd, g[2]]


def _sum(m):
  return [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]


def _sum_adjoint(y):
  return [y[0], y[0] + y[1], y[0] - y[1], y[1]]


def _filter_adjoint(v):
  even, odd = (v[1] + v[2]) / 2, (v[1] - v[2]) / 2
  return [v[0] + even, odd, even - v[3]]


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
  (a, b), (c, d) = _split(_whole(x))
  return jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))


def _pool_forward(x):
  y = max_pool(x)
  return y, (x, y)


def _pool_backward(residuals, cotangent):
  x, y = residuals
  free, shares = jnp.ones(y.shape, bool), []
  for row in _split(_whole(x)):
    shares.append([])
    for value in row:
      largest = free & (value == y)
      free &= ~largest
      shares[-1].append(jnp.where(largest, cotangent, 0))
  return jnp.pad(_join(shares), [
      (0, size % _SIDE if axis in (1, 2) else 0)
      for axis, size in enumerate(x.shape)]),


max_pool.defvjp(_pool_forward, _pool_backward)


def _whole(x: jax.Array) -> jax.Array:
  height, width = (size - size % _SIDE for size in x.shape[1:3])
  return x[:, :height, :width]


def _split(x: jax.Array) -> Grid:
  """Returns the 2 x 2 phases of all tiles, `[B, H/2, W/2, C]` each.

  Args:
    x: `[B, H, W, C]`, H and W even.
  """
  batch, height, width, channels = x.shape
  x = x.reshape(
      batch, height // _SIDE, _SIDE, width // _SIDE, _SIDE, channels)
  return [[x[:, :, i, :, j] for j in range(_SIDE)] for i in range(_SIDE)]


def _join(phases: Grid) -> jax.Array:
  """Returns `[B, H, W, C]`, the inverse of `_split`."""
  batch, height, width, channels = phases[0][0].shape
  rows = [jnp.stack(row, axis=3) for row in phases]
  return jnp.stack(rows, axis=2).reshape(
      batch, _SIDE * height, _SIDE * width, channels)
