"""Keras's ResNet-50 with dilation instead of stride in its last two layers.

He et al. (CVPR 2016) in Keras's first version: a block strides in its first 1 x
1 convolution, and convolutions have biases. The trunk of SAM-ResNet.
"""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks import conv_layers
from saliency_jax.networks.network import Stage
from saliency_jax.networks.staged import DECODER, SALIENCY, Recorder, Staged, centred

# Of the layers 2 to 5: blocks, units, stride of the first block, dilation.
_PLAN = {2: ('abc', 64, 1, 1), 3: ('abcd', 128, 2, 1), 4: ('abcdef', 256, 1, 2), 5: ('abc', 512, 1, 4)}
_STAGES = (
  Stage('conv1', 'conv1/.*|bn_conv1/.*'),
  *(Stage(f'res{n}', f'(res|bn){n}.*') for n in _PLAN),
  Stage(DECODER, f'{DECODER}/.*'),
)


class DilatedResNet(Staged):
  """The trunk in five stages, and a decoder."""

  decoder: Callable[..., nn.Module]  # see `vgg.VGG`
  dtype: jnp.dtype = jnp.float32

  def parts(self) -> tuple[Stage, ...]:
    return _STAGES

  def stage(self, number: int, x: jax.Array, record: Recorder) -> jax.Array:
    if not number:
      x = self._conv('conv1', x, 64, 7, stride=2, record=record)
      return conv_layers.max_pool_3x3(record('relu', nn.relu(x)))
    if number + 1 not in _PLAN:
      return record(SALIENCY, self.decoder(dtype=self.dtype, name=DECODER)({'trunk': x}, record))
    blocks, units, stride, dilation = _PLAN[number + 1]
    for block in blocks:
      x = self._block(f'{number + 1}{block}', x, units, record, dilation, stride if block == 'a' else 1)
    return x

  def offset(self, tap: str, stride: int) -> float:
    return centred(stride)

  def _conv(
    self, name: str, x: jax.Array, units: int, size: int, *, record: Recorder, stride: int = 1, dilation: int = 1
  ) -> jax.Array:
    """Returns a convolution's maps after batch normalisation."""
    x = record(name, conv_layers.Convolution(units, self.dtype, size, stride, dilation, rectify=False, name=name)(x))
    norm = _norm(name)
    return record(norm, conv_layers.batch_norm(self.dtype, norm)(x))

  def _block(self, name: str, x: jax.Array, units: int, record: Recorder, dilation: int, stride: int) -> jax.Array:
    shortcut = x
    for part, width, size in (('2a', units, 1), ('2b', units, 3), ('2c', 4 * units, 1)):
      x = self._conv(
        f'res{name}_branch{part}',
        x,
        width,
        size,
        record=record,
        stride=stride if part == '2a' else 1,
        dilation=dilation if size == 3 else 1,
      )
      if part != '2c':
        x = nn.relu(x)
    if name.endswith('a'):
      shortcut = self._conv(f'res{name}_branch1', shortcut, 4 * units, 1, record=record, stride=stride)
    return record(f'res{name}', nn.relu(x + shortcut))


def _norm(conv: str) -> str:
  return conv.replace('res', 'bn') if conv.startswith('res') else f'bn_{conv}'
