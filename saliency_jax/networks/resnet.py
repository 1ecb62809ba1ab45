"""ResNet-18, -34, -50 and -101, every convolution a tap.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (CVPR
2016), as in torchvision: a bottleneck strides in its 3 x 3 convolution, and
zeros are padded explicitly. Batch normalization uses its running statistics.
"""

from collections.abc import Collection, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks import conv_layers
from saliency_jax.networks.network import Stage
from saliency_jax.networks.recorder import Recorder
from saliency_jax.networks.taps import Tap

STAGES = (
    Stage('stem', 'conv1/.*|bn1/.*'),
    *(Stage(f'layer{n}', f'layer{n}/.*') for n in (1, 2, 3, 4)))


class ResNet(nn.Module):
  """The trunk, without mean and dense layer.

  Attributes:
    blocks: number of residual blocks of each layer.
    bottleneck: whether a block has three convolutions, or two.
    dtype: type of the arithmetic; parameters keep their own.
  """
  blocks: Sequence[int]
  bottleneck: bool = False
  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(
      self, x: jax.Array, taps: Collection[str] = (), first: int = 0,
      last: int | None = None
  ) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Returns what leaves the last stage, and the taps on the way.

    Args:
      x: `[B, H, W, 3]`, prepared images; what enters stage `first` otherwise.
      taps: names of `taps(blocks, bottleneck)`.
      first: index of the first stage that is computed.
      last: index of the first stage that is not; None computes all.
    """
    record = Recorder(taps)
    last = len(STAGES) if last is None else last
    x = x.astype(self.dtype)
    for stage in range(first, last):
      if stage == 0:
        x = self._stem(x, record)
        continue
      name = f'layer{stage}'
      x = _Layer(
          64 << (stage - 1), self.blocks[stage - 1], self.bottleneck,
          stride=1 if stage == 1 else 2, dtype=self.dtype, name=name
      )(x, record.within(f'{name}.'))
      record(name, x)
    return x, record.values

  def _stem(self, x: jax.Array, record: Recorder) -> jax.Array:
    x = record('conv1', conv_layers.Conv(64, 7, 2, self.dtype, name='conv1')(x))
    x = record('bn1', _norm(self.dtype, 'bn1')(x))
    x = record('relu', nn.relu(x))
    return record('maxpool', conv_layers.max_pool_3x3(x))


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
      x = _Block(
          self.width, self.bottleneck, 1 if block else self.stride, self.dtype,
          name=str(block))(x, record.within(f'{block}.'))
      record(str(block), x)
    return x


class _Block(nn.Module):
  """Convolutions around which the input is added."""
  width: int
  bottleneck: bool
  stride: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array, record: Recorder) -> jax.Array:
    plan = _convolutions(self.width, self.bottleneck, self.stride)
    shortcut, units = x, plan[-1][0]
    if self.stride > 1 or x.shape[-1] != units:
      shortcut = _Shortcut(
          units, self.stride, self.dtype, name='downsample')(x, record)
    for k, (filters, size, stride) in enumerate(plan, start=1):
      name = f'conv{k}'
      x = record(name, conv_layers.Conv(
          filters, size, stride, self.dtype, name=name)(x))
      x = record(f'bn{k}', _norm(self.dtype, f'bn{k}')(x))
      if k < len(plan):
        x = record(_relu(k), nn.relu(x))
    return nn.relu(record('add', x + shortcut))


class _Shortcut(nn.Module):
  """A 1 x 1 convolution where a block changes the shape of the maps."""
  units: int
  stride: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array, record: Recorder) -> jax.Array:
    x = record('downsample.0', conv_layers.Conv(
        self.units, 1, self.stride, self.dtype, name='0')(x))
    return record('downsample', _norm(self.dtype, '1')(x))


def _convolutions(
    width: int, bottleneck: bool, stride: int) -> list[tuple[int, int, int]]:
  """Returns (units, side of the kernel, stride) of a block's convolutions."""
  if bottleneck:
    return [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)]
  return [(width, 3, stride), (width, 3, 1)]


def _norm(dtype: jnp.dtype, name: str) -> nn.BatchNorm:
  return nn.BatchNorm(
      use_running_average=True, epsilon=1e-5, dtype=dtype, name=name)


def _relu(number: int) -> str:
  """Returns torchvision's name of a block's n-th ReLU, from 1."""
  return 'relu' if number == 1 else f'relu_{number - 1}'


def taps(blocks: Sequence[int], bottleneck: bool) -> tuple[Tap, ...]:
  """Returns every tap, bottom to top.

  A block's own tap is what leaves its last ReLU; `layerL` is that of the
  layer's last block.
  """
  table = [Tap('conv1', stage=0, stride=2), Tap('bn1', stage=0, stride=2),
           Tap('relu', stage=0, stride=2, aliases=('act1',)),
           Tap('maxpool', stage=0, stride=4)]
  for stage, count in enumerate(blocks, start=1):
    for block in range(count):
      strided = stage > 1 and not block
      shortcut = not block and (stage > 1 or bottleneck)
      table += _block_taps(stage, block, bottleneck, strided, shortcut)
    *table, top = table
    table.append(top._replace(
        name=f'layer{stage}', aliases=(top.name, *top.aliases)))
  return tuple(table)


def _block_taps(
    stage: int, block: int, bottleneck: bool, strided: bool, shortcut: bool
) -> list[Tap]:
  name, stride = f'layer{stage}.{block}', 2 << stage
  # The shortcut is computed first; a bottleneck's first convolution is at the
  # stride of what enters the block.
  table = [Tap(f'{name}.downsample.0', stage=stage, stride=stride),
           Tap(f'{name}.downsample', stage=stage, stride=stride,
               aliases=(f'{name}.downsample.1',))] if shortcut else []
  plan = _convolutions(0, bottleneck, 2 if strided else 1)
  cells = stride // 2 if strided else stride
  for k, (_, _, step) in enumerate(plan, start=1):
    cells *= step
    table += [Tap(f'{name}.conv{k}', stage=stage, stride=cells),
              Tap(f'{name}.bn{k}', stage=stage, stride=cells)]
    if k < len(plan):
      table.append(Tap(f'{name}.{_relu(k)}', stage=stage, stride=cells,
                       aliases=(f'{name}.act{k}',)))
  top = len(plan)
  return [*table, Tap(f'{name}.add', stage=stage, stride=stride),
          Tap(name, stage=stage, stride=stride,
              aliases=(f'{name}.{_relu(top)}', f'{name}.act{top}'))]
