"""ResNet-18, -34, -50 and -101, every convolution a tap.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (CVPR
2016), as in torchvision: a bottleneck strides in its 3 x 3 convolution, and
zeros are padded explicitly. Batch normalization uses its running statistics.
"""

import re
from collections.abc import Mapping, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks import conv_layers
from saliency_jax.networks.network import Stage
from saliency_jax.networks.staged import Recorder, Staged, centred
from saliency_jax.networks.weights.port_table import Table, check_scale, torch_layer

STAGES = (Stage('stem', 'conv1/.*|bn1/.*'), *(Stage(f'layer{n}', f'layer{n}/.*') for n in (1, 2, 3, 4)))


class ResNet(Staged):
  """The trunk, without average pooling and dense layer."""

  blocks: Sequence[int]  # number of residual blocks of each layer
  bottleneck: bool = False  # whether a block has three convolutions instead of two
  dtype: jnp.dtype = jnp.float32

  def parts(self) -> tuple[Stage, ...]:
    return STAGES

  def stage(self, number: int, x: jax.Array, record: Recorder) -> jax.Array:
    if not number:
      x = record('conv1', _conv(64, 7, 2, self.dtype, 'conv1')(x))
      x = record('bn1', conv_layers.batch_norm(self.dtype, 'bn1')(x))
      x = record('relu', nn.relu(x))
      return record('maxpool', conv_layers.max_pool_3x3(x))
    name = f'layer{number}'
    return record(
      name,
      _Layer(
        64 << (number - 1),
        self.blocks[number - 1],
        self.bottleneck,
        stride=1 if number == 1 else 2,
        dtype=self.dtype,
        name=name,
      )(x, record.within(f'{name}.')),
    )

  def offset(self, tap: str, stride: int) -> float:
    return centred(stride)

  def aliases(self, tap: str) -> tuple[str, ...]:
    """Returns torchvision's and timm's names; a layer is its last block."""
    top, block = 3 if self.bottleneck else 2, tap
    if re.fullmatch(r'layer\d', tap):
      block = f'{tap}.{self.blocks[int(tap[5]) - 1] - 1}'
    if re.fullmatch(r'layer\d\.\d+', block):
      last = (f'{block}.{_relu(top)}', f'{block}.act{top}')
      return last if block == tap else (block, *last)
    if tap.endswith('.downsample'):
      return (f'{tap}.1',)
    return tuple(re.sub(r'relu\S*$', f'act{n}', tap) for n in (1, 2) if tap.rpartition('.')[2] == _relu(n))


class _Layer(nn.Module):
  """Residual blocks of one width; the first one strides."""

  width: int
  blocks: int
  bottleneck: bool
  stride: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array, record: Recorder) -> jax.Array:
    for block in range(self.blocks):
      x = _Block(self.width, self.bottleneck, 1 if block else self.stride, self.dtype, name=str(block))(
        x, record.within(f'{block}.')
      )
      if block + 1 < self.blocks:
        record(str(block), x)
    return x


class _Block(nn.Module):
  """A residual block."""

  width: int
  bottleneck: bool
  stride: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array, record: Recorder) -> jax.Array:
    width, stride = self.width, self.stride
    plan = (
      [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)] if self.bottleneck else [(width, 3, stride), (width, 3, 1)]
    )
    shortcut, units = x, plan[-1][0]
    if stride > 1 or x.shape[-1] != units:
      shortcut = _Shortcut(units, stride, self.dtype, name='downsample')(x, record)
    for k, (filters, size, stride) in enumerate(plan, start=1):
      name = f'conv{k}'
      x = record(name, _conv(filters, size, stride, self.dtype, name)(x))
      x = record(f'bn{k}', conv_layers.batch_norm(self.dtype, f'bn{k}')(x))
      if k < len(plan):
        x = record(_relu(k), nn.relu(x))
    return nn.relu(record('add', x + shortcut))


class _Shortcut(nn.Module):
  """The projection of the input where a block changes the shape of the maps."""

  units: int
  stride: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array, record: Recorder) -> jax.Array:
    x = record('downsample.0', _conv(self.units, 1, self.stride, self.dtype, '0')(x))
    return record('downsample', conv_layers.batch_norm(self.dtype, '1')(x))


def _conv(units: int, size: int, stride: int, dtype: jnp.dtype, name: str) -> conv_layers.Convolution:
  return conv_layers.Convolution(units, dtype, size, stride, rectify=False, bias=False, name=name)


def _relu(number: int) -> str:
  """Returns torchvision's name of a block's n-th ReLU, counted from 1."""
  return 'relu' if number == 1 else f'relu_{number - 1}'


# timm's names are torchvision's.
TABLE = Table('torchvision', torch_layer(r'((?:layer\d|conv1|bn1)\b.*)'), ignored=r'fc\..*|.*num_batches_tracked')


def detect_family(arrays: Mapping[str, np.ndarray], table: Table) -> str:
  """Checks the first layer's scale, and returns '', for the table's family."""
  del table
  scale, variance = (np.abs(np.asarray(arrays[f'bn1.{name}'], np.float64)) for name in ('weight', 'running_var'))
  check_scale(arrays['conv1.weight'], scale / np.sqrt(variance + 1e-5))
  return ''
