"""A CPU's layers beside the library's, each with its gradients."""

from collections.abc import Callable

import jax
import numpy as np

from benchmarks.timing import Row, alternate
from saliency_jax import runtime
from saliency_jax.ops import cpu_layers

# Side of the maps and units of VGG-16's blocks 3 to 5, and of its poolings.
CONVOLUTIONS = ((56, 256), (28, 512), (14, 512))
POOLINGS = ((224, 64), (28, 512))


def _convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
  return jax.lax.conv_general_dilated(x, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))


def _pool(x: jax.Array) -> jax.Array:
  return jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID')


def _with_gradients(layer: Callable) -> Callable:
  def run(cotangent, *given):
    y, gradients = jax.vjp(layer, *given)
    return y, gradients(cotangent)

  return jax.jit(run, compiler_options=runtime.compiler_options())


def _row(name: str, ours: Callable, library: Callable, given: list[np.ndarray], rounds: int) -> Row:
  y = jax.eval_shape(ours, *given)
  cotangent = np.random.default_rng(1).standard_normal(y.shape, np.float32)
  ways = {'ours': _with_gradients(ours), 'library': _with_gradients(library)}
  seconds = alternate({key: lambda run=run: run(cotangent, *given) for key, run in ways.items()}, rounds=rounds)
  return Row(
    name, seconds['ours'] * 1e3, 'ms', seconds['library'] * 1e3, "XLA's", seconds['ours'] / seconds['library'], '<= 1'
  )


def compare(batch: int, rounds: int, convolutions=CONVOLUTIONS, poolings=POOLINGS) -> list[Row]:
  """Returns the cost of convolutions by Winograd's way and of poolings.

  Args:
    convolutions: (side of the maps, units) of each; tests take less.
    poolings: the same.
  """
  rng = np.random.default_rng(0)
  rows = []
  for side, units in convolutions:
    x = rng.standard_normal((batch, side, side, units), np.float32)
    kernel = rng.standard_normal((3, 3, units, units), np.float32)
    rows.append(
      _row(
        f'convolution of {units} units, {side} x {side}, with its gradients, {batch} images',
        cpu_layers.convolve,
        _convolve,
        [x, kernel],
        rounds,
      )
    )
  for side, units in poolings:
    x = rng.standard_normal((batch, side, side, units), np.float32)
    rows.append(
      _row(
        f'pooling of {units} units, {side} x {side}, with its gradient, {batch} images',
        cpu_layers.max_pool,
        _pool,
        [x],
        rounds,
      )
    )
  return rows
