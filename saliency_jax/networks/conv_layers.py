"""Convolutional layers, with faster algorithms on a CPU.

They have gradients, but no forward-mode derivatives (`jax.jvp`).
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.ops import cpu_layers

# From this many units on, both in and out, Winograd's algorithm saves more in
# products than its transforms cost (`launch/benchmark.py --only=layers`). The
# limit is lower for one image, and for maps that fit a processor's cache.
_WINOGRAD_UNITS, _WINOGRAD_UNITS_SMALL = 256, 64
_SMALL = 128 * 128  # cells of a small map


class Convolution(nn.Module):
  """A convolution with zero padding, and a ReLU."""

  units: int  # K, the number of filters
  dtype: jnp.dtype = jnp.float32  # of the arithmetic; parameters keep their own
  size: int = 3  # side of the kernel
  stride: int = 1  # cells between two outputs
  dilation: int = 1  # cells between two neighbours in the kernel
  pad: int | None = None  # zeros on every side; None keeps the maps' size, for an odd kernel and stride 1
  rectify: bool = True  # whether the ReLU follows
  bias: bool = True  # whether each unit has one
  start: float = 0.0  # initial value of biases
  depthwise: bool = False  # whether filter k sees input channel k alone

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Returns maps `[B, h, w, K]` of `dtype` for maps `[B, H, W, C]`."""
    below = 1 if self.depthwise else x.shape[-1]
    kernel = self.param('kernel', nn.initializers.lecun_normal(), (self.size, self.size, below, self.units))
    x, kernel = x.astype(self.dtype), kernel.astype(self.dtype)
    x = _convolve(x, kernel, self.stride, self.dilation, self.pad)
    if not self.bias:
      return nn.relu(x) if self.rectify else x
    bias = self.param('bias', nn.initializers.constant(self.start), (self.units,)).astype(self.dtype)
    return _rectify(x, bias) if self.rectify else x + bias[None, None, None]


def batch_norm(dtype: jnp.dtype, name: str) -> nn.BatchNorm:
  """Returns batch normalisation with running statistics."""
  return nn.BatchNorm(use_running_average=True, epsilon=1e-5, dtype=dtype, name=name)


def max_pool_3x3(x: jax.Array) -> jax.Array:
  """Returns maxima of 3 x 3 windows at stride 2 of `[B, H, W, C]`, padded by 1.

  The result is `[B, ceil(H / 2), ceil(W / 2), C]`.
  """
  if not on_cpu():
    return nn.max_pool(x, (3, 3), strides=(2, 2), padding=((1, 1), (1, 1)))
  for axis in (1, 2):
    size = x.shape[axis]
    x = jnp.pad(x, [(int(i == axis),) * 2 for i in range(4)], constant_values=-jnp.inf)
    x = functools.reduce(jnp.maximum, [jax.lax.slice_in_dim(x, i, size + i, 2, axis) for i in range(3)])
  return x


def max_pool(x: jax.Array) -> jax.Array:
  """Returns `[B, H // 2, W // 2, C]`, the maximum of every 2 x 2 tile."""
  if on_cpu():
    return cpu_layers.max_pool(x)
  return nn.max_pool(x, (2, 2), strides=(2, 2))


def _convolve(x: jax.Array, kernel: jax.Array, stride: int, dilation: int, pad: int | None) -> jax.Array:
  size = kernel.shape[0]
  same = dilation * (size // 2)
  pad = same if pad is None else pad
  small = len(x) == 1 or x.shape[1] * x.shape[2] <= _SMALL
  wide = (size, stride, dilation, pad) == (3, 1, 1, 1) and min(kernel.shape[2:]) >= (
    _WINOGRAD_UNITS_SMALL if small else _WINOGRAD_UNITS
  )
  # The transforms would lose too much of bfloat16's little precision.
  if on_cpu() and wide and jnp.finfo(x.dtype).bits >= 32:
    return cpu_layers.convolve(x, kernel)
  return jax.lax.conv_general_dilated(
    x,
    kernel,
    (stride, stride),
    [(pad, pad)] * 2,
    rhs_dilation=(dilation, dilation),
    feature_group_count=x.shape[-1] // kernel.shape[2],
    dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
  )


@jax.custom_vjp
def _rectify(x: jax.Array, bias: jax.Array) -> jax.Array:
  return nn.relu(x + bias[None, None, None])


def _forward(x, bias):
  y = _rectify(x, bias)
  return y, y


def _backward(y, cotangent):
  cotangent = jnp.where(y > 0, cotangent, 0)
  # A product, because XLA's sum over all but the last axis is slow on a CPU and
  # loses half of the value in bfloat16. Gradients are traced after the forward
  # pass, outside `runtime.full_precision`.
  flat = cotangent.reshape(-1, cotangent.shape[-1])
  ones = jnp.ones(len(flat), flat.dtype)
  return cotangent, jnp.matmul(ones, flat, precision=jax.lax.Precision.HIGHEST)


_rectify.defvjp(_forward, _backward)


def on_cpu() -> bool:
  """Whether JAX's default backend is a CPU."""
  return jax.default_backend() == 'cpu'
