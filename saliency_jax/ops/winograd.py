"""3 x 3 convolutions with 16 multiplications where the sum takes 36.

Winograd's minimal filtering F(2 x 2, 3 x 3): Lavin and Gray, "Fast Algorithms
for Convolutional Neural Networks" (CVPR 2016), Section 4.1. Tiles of 2 x 2
outputs and kernels are transformed to 4 x 4 values each, at every one of which
the units are mixed by one matrix product. The transforms only add and halve, so
rounding errors stay within a few times those of the plain sum.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from saliency_jax.ops import tiles
from saliency_jax.ops.tiles import SIDE, Grid

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


def _backward(given, cotangent):
  x, kernel = given
  kernels = _kernels(kernel)
  turned = [[kernels[i][j] for j in _TURNED] for i in _TURNED]
  below = _each(lambda a, b: jnp.dot(a, b.T), _windows(cotangent), turned)
  # The transforms' adjoints around products of the transformed values.
  products = _each(
      lambda a, b: _flat(a).T @ _flat(b), _windows(x),
      _kept(_both(_sum_adjoint, tiles.split(_padded(cotangent)))))
  rows = [jnp.stack(row) for row in _both(_filter_adjoint, products)]
  return _outputs(below, x), jnp.stack(rows)


convolve.defvjp(_forward, _backward)


def _windows(x: jax.Array) -> Grid:
  """Returns the 4 x 4 transformed inputs of all tiles, `[B, h, w, C]`."""
  places = tiles.split(jax.lax.optimization_barrier(_padded(x, around=1)))
  h, w = (size - 1 for size in places[0][0].shape[1:3])

  def beneath(i, j):
    (below, row), (right, column) = divmod(i, SIDE), divmod(j, SIDE)
    return places[row][column][:, below:below + h, right:right + w]

  return _kept(_both(
      _data, [[beneath(i, j) for j in range(4)] for i in range(4)]))


def _kernels(kernel: jax.Array) -> Grid:
  """Returns the 4 x 4 transformed kernels, `[C, K]`."""
  return _kept(_both(_filter, [list(row) for row in kernel]))


def _outputs(products: Grid, x: jax.Array) -> jax.Array:
  """Returns `[B, H, W, K]` of all tiles, as large as x."""
  _, height, width, _ = x.shape
  return tiles.join(_both(_sum, products))[:, :height, :width]


def _padded(x: jax.Array, around: int = 0) -> jax.Array:
  """Returns x with zeros around it, filled up to whole tiles."""
  _, height, width, _ = x.shape
  return jnp.pad(x, (
      (0, 0), (around, around + height % SIDE),
      (around, around + width % SIDE), (0, 0)))


def _both(
    transform: Callable[[Sequence[jax.Array]], list[jax.Array]], grid: Grid
) -> Grid:
  """Returns a grid whose columns and then rows have been transformed."""
  columns = [transform(column) for column in zip(*grid, strict=True)]
  return [transform(row) for row in zip(*columns, strict=True)]


def _each(
    product: Callable[[jax.Array, jax.Array], jax.Array], a: Grid, b: Grid
) -> Grid:
  return _kept([
      [product(x, y) for x, y in zip(*rows, strict=True)]
      for rows in zip(a, b, strict=True)])


def _flat(x: jax.Array) -> jax.Array:
  return x.reshape(-1, x.shape[-1])


def _kept(grid: Grid) -> Grid:
  # Fused into what takes them, values would be computed over and over.
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
