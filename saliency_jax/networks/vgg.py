"""VGG-16 and VGG-19, each convolution a tap and a stage.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configurations D and E, without the dense layers.
Saliency models change where the maxima stride and how far a kernel reaches, and
have a decoder on top: it makes one map of what leaves the last convolution and
of maps further below.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks import conv_layers
from saliency_jax.networks.network import Stage
from saliency_jax.networks.staged import DECODER, SALIENCY, Recorder, Staged, check_sides

SECOND = 'sec_'  # before the names of a second trunk


def _widths(above: int) -> Mapping[str, int]:
  """Returns units of each convolution; so many are in blocks 3, 4 and 5."""
  blocks = zip((64, 128, 256, 512, 512), (2, 2, above, above, above), strict=True)
  return flax.core.freeze(
    {f'conv{block}_{index}': units for block, (units, count) in enumerate(blocks, 1) for index in range(1, count + 1)}
  )


WIDTHS, WIDTHS_19 = _widths(3), _widths(4)  # bottom to top
CONVOLUTIONS: tuple[str, ...] = tuple(WIDTHS)


def features(convolutions: Collection[str]) -> dict[str, int]:
  """Returns torchvision's number of each convolution; a ReLU follows it."""
  return {name: 2 * index + int(name[4]) - 1 for index, name in enumerate(convolutions)}


class Pool(NamedTuple):
  """The maxima of 2 x 2 windows; padding never is one."""

  stride: int = 2
  before: int = 0  # rows above, columns to the left
  after: int = 0

  def __call__(self, x: jax.Array) -> jax.Array:
    """Returns the maxima of maps `[B, H, W, C]`."""
    around = (self.before, self.after)
    if any(around):
      x = jnp.pad(x, ((0, 0), around, around, (0, 0)), constant_values=-jnp.inf)
    if self.stride == 2:
      return conv_layers.max_pool(x)
    x = jnp.maximum(x[:, :-1], x[:, 1:])
    return jnp.maximum(x[:, :, :-1], x[:, :, 1:])


FLOOR = Pool()  # torch's, and Keras's where padding is 'valid'
CEIL = Pool(after=1)  # Caffe's: a window that is not full counts
SAME_1 = Pool(1, after=1)  # TensorFlow's 'same', stride 1: cells i and i + 1
THEANO_SAME = Pool(before=1)  # Keras 1 on Theano: cells 2 i - 1 and 2 i
THEANO_SAME_1 = Pool(1, before=1)  # the same, stride 1: cells i - 1 and i
PLAIN = (FLOOR, FLOOR, FLOOR, FLOOR, None)  # above each block


class Layer(NamedTuple):
  """A 3 x 3 convolution with its ReLU, and the maximum above it."""

  name: str
  units: int
  stride: int  # pixels to a cell
  dilation: int = 1
  pad: int | None = None  # see `conv_layers.Convolution`
  pool: Pool | None = None
  linear: bool = False  # whether what enters the ReLU is a tap too
  # Of maps that go beyond the image: the image's first cell, and how many cells
  # are outside it. Taps are cut to the image.
  cut: tuple[int, int] = (0, 0)


def layers(
  widths: Mapping[str, int] = WIDTHS, pools: Sequence[Pool | None] = PLAIN, dilations: Mapping[int, int] | None = None
) -> tuple[Layer, ...]:
  """Returns the convolutions of a VGG.

  Args:
    widths: units of each convolution.
    pools: what is above each of the five blocks.
    dilations: of a block's kernels, by its number from 1.
  """
  made, stride = [], 1
  for name, above in zip(widths, [*widths, '_1'][1:], strict=True):
    block = int(name[4])
    pool = pools[block - 1] if above.endswith('_1') else None
    made.append(Layer(name, widths[name], stride, (dilations or {}).get(block, 1), pool=pool))
    stride *= pool.stride if pool else 1
  return tuple(made)


class VGG(Staged):
  """Stages of one convolution and the maximum above it, and perhaps a decoder.

  Attributes:
    layers: the convolutions.
    decoder: `decoder(dtype=..., name=...)`, a module that is called with the
      maps by tap, what leaves the last convolution as 'trunk' among them, and a
      recorder; None for the trunk alone.
    keeps: taps that the decoder takes beside what leaves the trunk.
    second: what makes another image of one, for a second trunk with parameters
      of its own, whose names begin with `SECOND`; None for one trunk.
    multiple: the sides of images are multiples of so many pixels.
  """

  layers: tuple[Layer, ...] = layers()
  decoder: Callable[..., nn.Module] | None = None
  keeps: tuple[str, ...] = ()
  dtype: jnp.dtype = jnp.float32
  second: Callable[[jax.Array], jax.Array] | None = None
  multiple: int = 1

  def parts(self) -> tuple[Stage, ...]:
    trunks = f'(|{SECOND})' if self.second else ''
    parts = tuple(Stage(layer.name, f'{trunks}{layer.name}/.*') for layer in self.layers)
    return (*parts, Stage(DECODER, f'{DECODER}/.*')) if self.decoder else parts

  def stage(
    self, number: int, x: jax.Array | dict[str, jax.Array], record: Recorder
  ) -> jax.Array | dict[str, jax.Array]:
    maps = dict(x) if isinstance(x, dict) else {'trunk': x}
    if not number:
      check_sides(x.shape[1:3], self.multiple)
      maps |= {f'{SECOND}trunk': self.second(x)} if self.second else {}
    if number == len(self.layers):
      return record(SALIENCY, self.decoder(dtype=self.dtype, name=DECODER)(maps, record))
    for prefix in ('', SECOND) if self.second else ('',):
      self._convolve(self.layers[number], maps, record, prefix)
    return maps if self.decoder else maps['trunk']

  def large_stages(self) -> int:
    return 0 if self.decoder else sum(layer.name < 'conv4' for layer in self.layers)  # 56 x 56 and more

  def aliases(self, tap: str) -> tuple[str, ...]:
    if self.decoder:
      return ()
    return (f'features.{features([layer.name for layer in self.layers])[tap] + 1}',)

  def _convolve(self, layer: Layer, maps: dict[str, jax.Array], record: Recorder, prefix: str) -> None:
    """Puts what leaves a layer into `maps`."""
    name, at = f'{prefix}{layer.name}', f'{prefix}trunk'
    y = conv_layers.Convolution(
      layer.units, self.dtype, dilation=layer.dilation, pad=layer.pad, rectify=not layer.linear, name=name
    )(maps[at])
    found = {name: y}
    if layer.linear:
      found = {f'{name}.linear': record(f'{name}.linear', y), name: nn.relu(y)}
      y = found[name]
    if layer.pool:
      found[f'{prefix}pool{layer.name[4]}'] = layer.pool(y)
    (start, outside), maps[at] = layer.cut, [*found.values()][-1]
    record(name, y[:, start : y.shape[1] - outside + start, start : y.shape[2] - outside + start])
    maps |= {name: y for name, y in found.items() if name in self.keeps}
