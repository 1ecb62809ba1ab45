"""VGG-16 and VGG-19, each convolution a tap and a stage.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configurations D and E, without the dense layers.
"""

from collections.abc import Collection, Mapping

import flax
import jax
import jax.numpy as jnp

from saliency_jax.networks import conv_layers
from saliency_jax.networks.network import Stage
from saliency_jax.networks.staged import Recorder, Staged


def _widths(above: int) -> Mapping[str, int]:
  """Returns units of each convolution; so many are in blocks 3, 4 and 5."""
  blocks = zip((64, 128, 256, 512, 512), (2, 2, above, above, above), strict=True)
  return flax.core.freeze(
    {f'conv{block}_{index}': units for block, (units, count) in enumerate(blocks, 1) for index in range(1, count + 1)}
  )


# Units of every convolution, bottom to top; a 2 x 2 maximum follows each block.
WIDTHS, WIDTHS_19 = _widths(3), _widths(4)
CONVOLUTIONS: tuple[str, ...] = tuple(WIDTHS)


def features(convolutions: Collection[str]) -> dict[str, int]:
  """Returns torchvision's number of each convolution; a ReLU follows it."""
  return {name: 2 * index + int(name[4]) - 1 for index, name in enumerate(convolutions)}


class VGG(Staged):
  """The trunk, in stages of one convolution and the pooling above it.

  Attributes:
    widths: units of every convolution, in order.
  """

  widths: Mapping[str, int] = WIDTHS
  dtype: jnp.dtype = jnp.float32

  def parts(self) -> tuple[Stage, ...]:
    return tuple(Stage(name, f'{name}/(kernel|bias)') for name in self.widths)

  def stage(self, number: int, x: jax.Array, record: Recorder) -> jax.Array:
    name, above = [*self.widths, ''][number : number + 2]
    x = record(name, conv_layers.Convolution(self.widths[name], self.dtype, name=name)(x))
    return conv_layers.max_pool(x) if above.endswith('_1') else x

  def large_stages(self) -> int:
    return sum(name < 'conv4' for name in self.widths)  # 56 x 56 and more

  def aliases(self, tap: str) -> tuple[str, ...]:
    return (f'features.{features(self.widths)[tap] + 1}',)
