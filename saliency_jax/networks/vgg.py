"""VGG-16's thirteen convolutions, each one a named tap.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configuration D, without the dense layers.
"""

from collections.abc import Mapping, Sequence

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks import conv_layers

# Units of every convolution, bottom to top; a 2 x 2 maximum follows each block.
WIDTHS: Mapping[str, int] = flax.core.freeze({
    'conv1_1': 64, 'conv1_2': 64,
    'conv2_1': 128, 'conv2_2': 128,
    'conv3_1': 256, 'conv3_2': 256, 'conv3_3': 256,
    'conv4_1': 512, 'conv4_2': 512, 'conv4_3': 512,
    'conv5_1': 512, 'conv5_2': 512, 'conv5_3': 512,
})
CONVOLUTIONS: tuple[str, ...] = tuple(WIDTHS)


class VGG16(nn.Module):
  """The trunk, or a part of it up to the highest layer that is asked for.

  Attributes:
    layers: names of the convolutions whose maps are returned.
    first: the convolution that the input enters.
    widths: units of every convolution, in order; tests use fewer.
    dtype: the type of the arithmetic; parameters keep their own.
  """
  layers: Sequence[str]
  first: str = CONVOLUTIONS[0]
  widths: Mapping[str, int] = WIDTHS
  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
    """Returns the maps of the layers after their ReLU.

    Args:
      x: float `[B, H, W, 3]`, RGB in 0-255 minus the family's mean; or, where
        `first` is another layer, `[B, h, w, C]`, what enters it.

    Returns:
      For each name in `layers` a float `[B, h, w, C]` of `dtype`, with h = H
      and w = W in the first block and half of it, rounded down, in each block
      above.
    """
    bottom = CONVOLUTIONS.index(self.first)
    top = max(CONVOLUTIONS.index(layer) for layer in self.layers)
    maps = {}
    x = x.astype(self.dtype)
    for name in CONVOLUTIONS[bottom:top + 1]:
      if name != self.first:
        x = enter(name, x)
      x = conv_layers.Convolution(self.widths[name], self.dtype, name=name)(x)
      if name in self.layers:
        maps[name] = x
    return maps


def enter(layer: str, below: jax.Array) -> jax.Array:
  """Returns what a convolution takes: the maps below it, pooled between blocks.

  Args:
    layer: any convolution but the first.
    below: `[B, h, w, C]`, the maps of the convolution below.
  """
  if layer.endswith('_1'):
    return conv_layers.max_pool(below)
  return below
