"""VGG-16's thirteen convolutions, each one a named tap.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configuration D, without the dense layers.
"""

from collections.abc import Mapping, Sequence

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp

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
  """The trunk, computed up to the highest layer that is asked for.

  Attributes:
    layers: names of the convolutions whose maps are returned.
    widths: units of every convolution, in order; tests use fewer.
    dtype: the type of the arithmetic; parameters keep their own.
  """
  layers: Sequence[str]
  widths: Mapping[str, int] = WIDTHS
  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, images: jax.Array) -> dict[str, jax.Array]:
    """Returns the maps of the layers after their ReLU.

    Args:
      images: float `[B, H, W, 3]`, RGB in 0-255 minus the family's mean.

    Returns:
      For each name in `layers` a float `[B, h, w, C]` of `dtype`, with h = H
      and w = W in the first block and half of it, rounded down, in each block
      above.
    """
    top = max(CONVOLUTIONS.index(layer) for layer in self.layers)
    maps = {}
    x = images.astype(self.dtype)
    for name in CONVOLUTIONS[:top + 1]:
      if name.endswith('_1') and name != 'conv1_1':
        x = nn.max_pool(x, (2, 2), strides=(2, 2))
      convolution = nn.Conv(
          self.widths[name], (3, 3), padding='SAME', dtype=self.dtype,
          name=name)
      x = nn.relu(convolution(x))
      if name in self.layers:
        maps[name] = x
    return maps
