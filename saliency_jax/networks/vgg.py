"""VGG-16's thirteen convolutions, each one a tap and a stage.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configuration D, without the dense layers.
"""

import itertools
from collections.abc import Collection, Mapping

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks import conv_layers
from saliency_jax.networks.network import Stage
from saliency_jax.networks.taps import Tap

# Units of every convolution, bottom to top; a 2 x 2 maximum follows each block.
WIDTHS: Mapping[str, int] = flax.core.freeze({
    'conv1_1': 64, 'conv1_2': 64,
    'conv2_1': 128, 'conv2_2': 128,
    'conv3_1': 256, 'conv3_2': 256, 'conv3_3': 256,
    'conv4_1': 512, 'conv4_2': 512, 'conv4_3': 512,
    'conv5_1': 512, 'conv5_2': 512, 'conv5_3': 512,
})
CONVOLUTIONS: tuple[str, ...] = tuple(WIDTHS)
# torchvision's and timm's name of each: the ReLU that follows it.
_FEATURES = (1, 3, 6, 8, 11, 13, 15, 18, 20, 22, 25, 27, 29)
TAPS = tuple(
    Tap(name, stage=index, stride=2 ** (int(name[4]) - 1),
        aliases=(f'features.{number}',))
    for index, (name, number) in enumerate(
        zip(CONVOLUTIONS, _FEATURES, strict=True)))
STAGES = tuple(
    Stage(name, f'{name}/(kernel|bias)') for name in CONVOLUTIONS)
# The layers of the paper's Table 2, in its order.
DEFAULT_TAPS = (
    'conv5_3', 'conv5_2', 'conv5_1', 'conv4_3', 'conv4_2', 'conv4_1')


class VGG16(nn.Module):
  """The trunk, in stages of one convolution and the pooling above it.

  Attributes:
    widths: units of every convolution, in order.
    dtype: the type of the arithmetic; parameters keep their own.
  """
  widths: Mapping[str, int] = WIDTHS
  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(
      self, x: jax.Array, taps: Collection[str], first: int = 0,
      last: int = len(CONVOLUTIONS)
  ) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Computes some stages; see `network.Network.run`.

    Args:
      x: float `[B, H, W, 3]`, a prepared image; or what enters `first`,
        `[B, h, w, C]`.
      taps: names out of `CONVOLUTIONS`, whose maps after the ReLU are returned.
      first: the first stage.
      last: the stage after the last.

    Returns:
      What leaves the last stage, pooled where a block ends, and the maps of
      the taps, `[B, h, w, C]` of `dtype`; h = H and w = W in the first block
      and half of it, rounded down, in each block above.
    """
    maps = {}
    x = x.astype(self.dtype)
    for name, above in itertools.islice(
        itertools.zip_longest(CONVOLUTIONS, CONVOLUTIONS[1:]), first, last):
      x = conv_layers.Convolution(self.widths[name], self.dtype, name=name)(x)
      if name in taps:
        maps[name] = x
      if above and above.endswith('_1'):
        x = conv_layers.max_pool(x)
    return x, maps
