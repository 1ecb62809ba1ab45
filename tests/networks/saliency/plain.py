"""Layers as their libraries define them, in NumPy, one image `[C, H, W]`.

Written from the definitions, channels first and slow, to compare with.
"""

import math

import numpy as np
from scipy import special


def conv(x, kernel, bias=None, *, pad=None, dilation=1, stride=1, theano=False, depthwise=False):
  """A convolution with a kernel `[O, I, k, k]`; Theano turns it around."""
  size = kernel.shape[-1]
  pad = dilation * (size // 2) if pad is None else pad
  x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
  height, width = ((n - dilation * (size - 1) - 1) // stride + 1 for n in x.shape[1:])
  y = np.zeros((len(kernel), height, width), np.float32)
  for i in range(size):
    for j in range(size):
      window = x[:, i * dilation :, j * dilation :][
        :, : stride * (height - 1) + 1 : stride, : stride * (width - 1) + 1 : stride
      ]
      k = kernel[:, :, size - 1 - i, size - 1 - j] if theano else (kernel[:, :, i, j])
      y += k[:, 0, None, None] * window if depthwise else (np.tensordot(k, window, 1))
  return y if bias is None else y + bias.reshape(-1, 1, 1)


def deconv(x, kernel, bias):
  """Caffe's transposed convolution of stride 2, kernel `[I, O, k, k]`."""
  size = kernel.shape[-1]
  y = np.zeros((kernel.shape[1], *(2 * (n - 1) + size for n in x.shape[1:])), np.float32)
  for i in range(size):
    for j in range(size):
      y[:, i : i + 2 * x.shape[1] - 1 : 2, j : j + 2 * x.shape[2] - 1 : 2] += np.tensordot(kernel[:, :, i, j].T, x, 1)
  return y + bias.reshape(-1, 1, 1)


def relu(x):
  return np.maximum(x, 0)


def sigmoid(x):
  return special.expit(x)


def batch_norm(x, scale, bias, mean, var):
  scale, bias, mean, var = (a.reshape(-1, 1, 1) for a in (scale, bias, mean, var))
  return (x - mean) / np.sqrt(var + 1e-5) * scale + bias


def pool(x, size=2, stride=2, *, rule):
  """Maxima of windows, as the libraries of `rule` place them."""
  starts = []
  for n in x.shape[1:]:
    if rule == 'valid':
      count, first = (n - size) // stride + 1, 0
    elif rule == 'caffe':
      count, first = math.ceil((n - size) / stride) + 1, 0
    elif rule == 'tensorflow same':
      count = math.ceil(n / stride)
      first = -(max((count - 1) * stride + size - n, 0) // 2)
    elif rule == 'theano same':
      # Keras 1 pads both sides, and drops what is too much at the end.
      count = math.ceil(n / stride)
      first = -(size - 2 if size % 2 else size - 1)
    starts.append([first + i * stride for i in range(count)])
  y = np.empty((len(x), len(starts[0]), len(starts[1])), np.float32)
  for i, top in enumerate(starts[0]):
    for j, left in enumerate(starts[1]):
      y[:, i, j] = x[:, max(top, 0) : top + size, max(left, 0) : left + size].max(axis=(1, 2))
  return y


def linear(x, axis, positions):
  """Linear interpolation of an axis, the last value repeated beyond it."""
  n = x.shape[axis]
  at = np.clip(positions, 0, n - 1)
  low = np.floor(at).astype(int)
  share = (at - low).reshape(-1, *[1] * (x.ndim - 1 - axis))
  return ((1 - share) * x.take(low, axis) + share * x.take(np.minimum(low + 1, n - 1), axis)).astype(np.float32)


def resize(x, size, positions):
  """Bilinear; `positions(outputs, inputs)` are those of the library."""
  for axis, m in enumerate(size, start=1):
    x = linear(x, axis, positions(m, x.shape[axis]))
  return x


def theano_upsampling(x, ratio):
  """What Theano 0.9 does: a transposed convolution of a padded map."""
  kernel = np.concatenate([np.arange(1, ratio + 1), np.arange(ratio - 1, 0, -1)]) / ratio
  pad = 2 * ratio - (ratio - 1) // 2 - 1
  for axis in (1, 2):
    n = x.shape[axis]
    x = np.moveaxis(x, axis, 0)
    padded = np.concatenate([x[:1], x, x[-1:]])
    y = np.zeros((ratio * (n + 1) + len(kernel), *x.shape[1:]))
    for j, row in enumerate(padded):
      y[ratio * j : ratio * j + len(kernel)] += kernel.reshape(-1, *[1] * row.ndim) * row
    x = np.moveaxis(y[pad : pad + ratio * n], 0, axis)
  return x.astype(np.float32)
