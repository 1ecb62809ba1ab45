"""Resizing by the conventions of the libraries in which models were made.

Each is a NumPy matrix `[outputs, inputs]` for one axis. The libraries differ in
where an output lies among the inputs and how it weighs its neighbours; half a
pixel changes scores by more than most models differ. `ops.resize.bilinear` is
the convention of PyTorch, OpenCV and MATLAB (without antialiasing).
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

Matrix = np.ndarray  # float64 [outputs, inputs]
Axis = Callable[[int, int], Matrix]  # (outputs, inputs) -> matrix


def resample(x: jax.Array, rows: Matrix, columns: Matrix) -> jax.Array:
  """Returns maps `[B, H, W, C]` resized to `[B, h, w, C]` by two matrices."""
  highest = jax.lax.Precision.HIGHEST
  x = jnp.einsum('ph,bhwc->bpwc', jnp.asarray(rows, x.dtype), x, precision=highest)
  return jnp.einsum('qw,bpwc->bpqc', jnp.asarray(columns, x.dtype), x, precision=highest)


def upsample(x: jax.Array, factor: int, axis: Axis) -> jax.Array:
  """Returns maps `[B, h, w, C]` upsampled by `factor` on each side."""
  return resample(x, *(axis(factor * n, n) for n in x.shape[1:3]))


def resized(x: np.ndarray, size: tuple[int, int], axis: Axis) -> np.ndarray:
  """Returns an image or map `[H, W, ...]` in another size, float64."""
  rows, columns = (axis(m, n) for m, n in zip(size, x.shape, strict=False))
  x = np.tensordot(rows, x.astype(np.float64), 1)
  return np.moveaxis(np.tensordot(columns, x, (1, 1)), 0, 1)


def tensorflow(outputs: int, inputs: int) -> Matrix:
  """Bilinear as in TensorFlow 1 by default: output i of m lies at i n / m."""
  return _matrix(np.arange(outputs) * inputs / outputs, inputs, _triangle, 1)


def theano(outputs: int, inputs: int) -> Matrix:
  """Bilinear as in Theano 0.9, even ratio r: i lies at (i + 1) / r - 1/2."""
  return _matrix((np.arange(outputs) + 1) * inputs / outputs - 0.5, inputs, _triangle, 1)


def corners(outputs: int, inputs: int) -> Matrix:
  """Bilinear with aligned corners, as in SciPy's zoom."""
  return _matrix(_corners(outputs, inputs), inputs, _triangle, 1)


def corners_cubic(outputs: int, inputs: int) -> Matrix:
  """TensorFlow 1's bicubic with aligned corners (a = -3/4)."""
  return cubic_at(_corners(outputs, inputs), inputs)


def cubic_at(positions: np.ndarray, inputs: int) -> Matrix:
  """PyTorch's bicubic (a = -3/4, edges repeated) at any positions."""
  return _matrix(positions, inputs, _cubic(-0.75), 2)


def corners_area(outputs: int, inputs: int) -> Matrix:
  """TensorFlow 1's area averages with aligned corners.

  Output i is the mean from i s to (i + 1) s, s = (n - 1) / (m - 1). The last
  one reaches beyond the image, whose border is repeated.
  """
  if inputs == 1:
    return np.ones((outputs, 1))
  step = (inputs - 1) / (outputs - 1) if outputs > 1 else inputs
  edges = np.arange(outputs + 1) * step
  cells = np.arange(math.ceil(edges[-1]))
  shares = np.clip(np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells), 0, None) / step
  matrix = np.zeros((outputs, inputs))
  np.add.at(matrix.T, np.minimum(cells, inputs - 1), shares.T)
  return matrix


def matlab_cubic(outputs: int, inputs: int) -> Matrix:
  """MATLAB's imresize: bicubic (a = -1/2), antialiased when it shrinks."""
  return _matrix(_centres(outputs, inputs), inputs, _cubic(-0.5), 2, scale=max(inputs / outputs, 1), mirrored=True)


def _centres(outputs: int, inputs: int) -> np.ndarray:
  return (np.arange(outputs) + 0.5) * inputs / outputs - 0.5


def _corners(outputs: int, inputs: int) -> np.ndarray:
  return np.arange(outputs) * ((inputs - 1) / max(outputs - 1, 1))


def _matrix(
  positions: np.ndarray,
  inputs: int,
  kernel: Callable[[np.ndarray], np.ndarray],
  radius: int,
  *,
  scale: float = 1.0,
  mirrored: bool = False,
) -> Matrix:
  """Returns the weights of the inputs around each position, which sum to 1.

  Args:
    positions: of the outputs, in inputs.
    kernel: weight by distance.
    radius: the distance beyond which it is 0.
    scale: factor that widens the kernel.
    mirrored: whether the inputs are mirrored at the border; if not, the last
      one is repeated.
  """
  reach = math.ceil(radius * scale)
  index = np.floor(positions).astype(int)[:, None] + np.arange(1 - reach, reach + 1)
  weights = kernel((positions[:, None] - index) / scale)
  weights /= weights.sum(axis=1, keepdims=True)
  if mirrored:
    index = np.mod(index, 2 * inputs)
    index = np.minimum(index, 2 * inputs - 1 - index)
  matrix = np.zeros((len(positions), inputs))
  np.add.at(matrix, (np.arange(len(positions))[:, None], np.clip(index, 0, inputs - 1)), weights)
  return matrix


def _triangle(distance: np.ndarray) -> np.ndarray:
  return np.clip(1 - np.abs(distance), 0, None)


def _cubic(a: float) -> Callable[[np.ndarray], np.ndarray]:
  """Returns Keys's cubic convolution kernel (1981)."""

  def kernel(distance: np.ndarray) -> np.ndarray:
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0))

  return kernel
