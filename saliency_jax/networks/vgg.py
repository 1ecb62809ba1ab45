"""VGG-16 and VGG-19, each convolution a tap and a stage.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configurations D and E, without the dense layers.
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


def _widths(above: int) -> Mapping[str, int]:
  """Returns units of each convolution; so many are in blocks 3, 4 and 5."""
  blocks = zip((64, 128, 256, 512, 512), (2, 2, above, above, above),
               strict=True)
  return flax.core.freeze({
      f'conv{block}_{index}': units for block, (units, count) in enumerate(
          blocks, 1) for index in range(1, count + 1)})


# Units of every convolution, bottom to top; a 2 x 2 maximum follows each block.
WIDTHS, WIDTHS_19 = _widths(3), _widths(4)
CONVOLUTIONS: tuple[str, ...] = tuple(WIDTHS)


def features(convolutions: Collection[str]) -> dict[str, int]:
  """Returns torchvision's number of each convolution; a ReLU follows it."""
  return {name: 2 * index + int(name[4]) - 1
          for index, name in enumerate(convolutions)}


def taps(convolutions: Collection[str] = CONVOLUTIONS) -> tuple[Tap, ...]:
  """Returns the taps, bottom to top; an alias is torchvision's and timm's."""
  return tuple(
      Tap(name, stage=index, stride=2 ** (int(name[4]) - 1),
          aliases=(f'features.{number + 1}',))
      for index, (name, number) in enumerate(features(convolutions).items()))


def stages(convolutions: Collection[str] = CONVOLUTIONS) -> tuple[Stage, ...]:
  """Returns a stage for each convolution."""
  return tuple(Stage(name, f'{name}/(kernel|bias)') for name in convolutions)


TAPS, STAGES = taps(), stages()
# The layers of the paper's Table 2, in its order.
DEFAULT_TAPS = (
    'conv5_3', 'conv5_2', 'conv5_1', 'conv4_3', 'conv4_2', 'conv4_1')


class VGG(nn.Module):
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
      last: int | None = None
  ) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Computes some stages; see `network.Network.run`.

    Args:
      x: float `[B, H, W, 3]`, a prepared image; or what enters `first`,
        `[B, h, w, C]`.
      taps: names out of `widths`, whose maps after the ReLU are returned.
      first: the first stage.
      last: the stage after the last; None computes all.

    Returns:
      What leaves the last stage, pooled where a block ends, and the maps of
      the taps, `[B, h, w, C]` of `dtype`; h = H and w = W in the first block
      and half of it, rounded down, in each block above.
    """
    maps, names = {}, tuple(self.widths)
    x = x.astype(self.dtype)
    for name, above in itertools.islice(
        itertools.zip_longest(names, names[1:]), first, last):
      x = conv_layers.Convolution(self.widths[name], self.dtype, name=name)(x)
      if name in taps:
        maps[name] = x
      if above and above.endswith('_1'):
        x = conv_layers.max_pool(x)
    return x, maps
