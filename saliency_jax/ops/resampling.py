"""Resampling by the conventions of the libraries in which models were made.

A separable operation on a map X is A X B^T, with a matrix for each axis.
Libraries differ in where an output lies among the inputs and how it weighs its
neighbours; half a pixel changes scores by more than most models differ.
`ops.resize.bilinear` is the convention of PyTorch, OpenCV and MATLAB (without
antialiasing).
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.ops.resize import bilinear

Matrix = np.ndarray  # float64 [outputs, inputs]; every row sums to 1
Axis = Callable[[int, int], Matrix]  # (outputs, inputs) -> matrix
Kernel = Callable[[np.ndarray], np.ndarray]  # distances -> weights


def apply(maps: jax.Array, rows: Matrix, columns: Matrix, *, channels: bool = False) -> jax.Array:
  """Returns `rows @ map @ columns.T` for each map, `[..., H, W]`.

  Args:
    maps: float `[..., h, w]`.
    rows: `[H, h]`.
    columns: `[W, w]`.
    channels: whether maps are `[..., h, w, C]` instead, and so the result.
  """
  last = 'c' * channels
  rows, columns = (jnp.asarray(x, maps.dtype) for x in (rows, columns))
  return jnp.einsum(f'Hh,...hw{last},Ww->...HW{last}', rows, maps, columns, precision='highest')


def resize(maps: jax.Array, size: tuple[int, int], axis: Axis, *, channels: bool = False) -> jax.Array:
  """Returns maps of another size (H, W); see `apply`."""
  old = maps.shape[-3:-1] if channels else maps.shape[-2:]
  return apply(maps, *map(axis, size, old), channels=channels)


def upsample(x: jax.Array, factor: int, axis: Axis) -> jax.Array:
  """Returns maps `[B, h, w, C]` upsampled by `factor` on each side."""
  return resize(x, (factor * x.shape[1], factor * x.shape[2]), axis, channels=True)


def resized(x: np.ndarray, size: tuple[int, int], axis: Axis) -> np.ndarray:
  """Returns an image or map `[H, W, ...]` in another size, float64, by NumPy."""
  rows, columns = map(axis, size, x.shape)
  x = np.tensordot(rows, x.astype(np.float64), 1)
  return np.moveaxis(np.tensordot(columns, x, (1, 1)), 0, 1)


def tensorflow(outputs: int, inputs: int) -> Matrix:
  """Bilinear as in TensorFlow 1 by default: output i of m lies at i n / m."""
  return weights(np.arange(outputs) * inputs / outputs, inputs, _triangle, 1)


def theano(outputs: int, inputs: int) -> Matrix:
  """Bilinear as in Theano 0.9, even ratio r: i lies at (i + 1) / r - 1/2."""
  return weights((np.arange(outputs) + 1) * inputs / outputs - 0.5, inputs, _triangle, 1)


def corners(outputs: int, inputs: int) -> Matrix:
  """Bilinear with aligned corners, as in SciPy's zoom."""
  return weights(_corners(outputs, inputs), inputs, _triangle, 1)


def corners_cubic(outputs: int, inputs: int) -> Matrix:
  """TensorFlow 1's bicubic with aligned corners (a = -3/4)."""
  return cubic_at(_corners(outputs, inputs), inputs)


def cubic_at(positions: np.ndarray, inputs: int) -> Matrix:
  """PyTorch's bicubic (a = -3/4, edges repeated) at any positions."""
  return weights(positions, inputs, _cubic(-0.75), 2)


def matlab_cubic(outputs: int, inputs: int) -> Matrix:
  """MATLAB's imresize: bicubic (a = -1/2), antialiased when it shrinks."""
  centres = (np.arange(outputs) + 0.5) * inputs / outputs - 0.5
  return weights(centres, inputs, _cubic(-0.5), 2, scale=max(inputs / outputs, 1), ends='symmetric')


def corners_area(outputs: int, inputs: int) -> Matrix:
  """TensorFlow 1's area averages with aligned corners.

  Output i is the mean from i s to (i + 1) s, s = (n - 1) / (m - 1). The last
  one reaches beyond the image, whose border is repeated.
  """
  if inputs == 1:
    return np.ones((outputs, 1))
  return _averages(outputs, inputs, (inputs - 1) / (outputs - 1) if outputs > 1 else inputs)


def area(outputs: int, inputs: int) -> Matrix:
  """OpenCV's `INTER_AREA`: averages over the pixels that an output covers.

  An axis that grows is interpolated linearly instead.
  """
  return bilinear(outputs, inputs) if outputs > inputs else _averages(outputs, inputs, inputs / outputs)


def gaussian(length: int, sigma: float, reach: int, ends: str) -> Matrix:
  """A blur; `sigma` and `reach`, where it is cut off, are in cells."""
  return weights(np.arange(length), length, lambda x: np.exp(-(x**2) / (2 * sigma**2)), reach, ends=ends)


def weights(
  positions: np.ndarray, inputs: int, kernel: Kernel, radius: int, *, scale: float = 1.0, ends: str = 'edge'
) -> Matrix:
  """Returns the weights of the inputs around each position.

  Args:
    positions: of the outputs, in inputs.
    kernel: weight by distance.
    radius: the distance beyond which it is 0.
    scale: factor that widens the kernel.
    ends: how the inputs are extended, a mode of `numpy.pad`: 'edge' repeats the
      last one, 'symmetric' mirrors beyond it, 'reflect' at it.
  """
  reach = math.ceil(radius * scale)
  index = np.floor(positions).astype(int)[:, None] + np.arange(-reach, reach + 1)
  shares = kernel((positions[:, None] - index) / scale)
  beyond = max(0, -index.min(), index.max() - inputs + 1)
  index = np.pad(np.arange(inputs), beyond, mode=ends)[index + beyond]
  matrix = np.zeros((len(positions), inputs))
  np.add.at(matrix, (np.arange(len(positions))[:, None], index), shares / shares.sum(axis=1, keepdims=True))
  return matrix


def _averages(outputs: int, inputs: int, step: float) -> Matrix:
  """Returns the means from i to i + 1 steps, with the last input repeated."""
  edges = np.arange(outputs + 1) * step
  cells = np.arange(math.ceil(edges[-1]))
  shares = np.clip(np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells), 0, None) / step
  matrix = np.zeros((outputs, inputs))
  np.add.at(matrix.T, np.minimum(cells, inputs - 1), shares.T)
  return matrix


def _corners(outputs: int, inputs: int) -> np.ndarray:
  return np.arange(outputs) * ((inputs - 1) / max(outputs - 1, 1))


def _triangle(distance: np.ndarray) -> np.ndarray:
  return np.clip(1 - np.abs(distance), 0, None)


def _cubic(a: float) -> Kernel:
  """Returns Keys's cubic convolution kernel (1981)."""

  def kernel(distance: np.ndarray) -> np.ndarray:
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0))

  return kernel
