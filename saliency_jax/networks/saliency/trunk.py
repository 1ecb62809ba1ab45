"""The convolutions of VGG that saliency models are built on.

Models change where the maxima stride and how far a kernel reaches; a decoder
makes one map of what leaves the last convolution and of maps further below.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks import conv_layers, vgg
from saliency_jax.networks.network import Stage
from saliency_jax.networks.staged import Recorder, Staged, check_sides

SALIENCY = 'saliency'  # the tap of a model's map
DECODER = 'decoder'  # the last stage
SECOND = 'sec_'


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
  pools: Sequence[Pool | None], dilations: Mapping[int, int] | None = None, widths: Mapping[str, int] = vgg.WIDTHS
) -> tuple[Layer, ...]:
  """Returns the convolutions of a VGG.

  Args:
    pools: what is above each of the five blocks.
    dilations: of a block's kernels, by its number from 1.
    widths: units of each convolution.
  """
  made, stride = [], 1
  for name, above in zip(widths, [*widths, '_1'][1:], strict=True):
    block = int(name[4])
    pool = pools[block - 1] if above.endswith('_1') else None
    made.append(Layer(name, widths[name], stride, (dilations or {}).get(block, 1), pool=pool))
    stride *= pool.stride if pool else 1
  return tuple(made)


class Model(Staged):
  """A trunk in stages of one convolution, and a decoder as the last stage.

  Attributes:
    layers: of the trunk.
    decoder: `decoder(dtype=..., name=...)`, a module that is called with the
      maps by tap, what leaves the trunk as 'trunk' among them, and a recorder.
    keeps: taps that the decoder takes beside what leaves the trunk.
    second: what makes another image of one, for a second trunk with parameters
      of its own, whose names begin with `SECOND`; None for one trunk.
    multiple: the sides of images are multiples of so many pixels.
  """

  layers: tuple[Layer, ...]
  decoder: Callable[..., nn.Module]
  keeps: tuple[str, ...] = ()
  dtype: jnp.dtype = jnp.float32
  second: Callable[[jax.Array], jax.Array] | None = None
  multiple: int = 1

  def parts(self) -> tuple[Stage, ...]:
    trunks = f'(|{SECOND})' if self.second else ''
    return (*(Stage(layer.name, f'{trunks}{layer.name}/.*') for layer in self.layers), Stage(DECODER, f'{DECODER}/.*'))

  def stage(
    self, number: int, x: jax.Array | dict[str, jax.Array], record: Recorder
  ) -> jax.Array | dict[str, jax.Array]:
    if not number:
      check_sides(x.shape[1:3], self.multiple)
      x = {'trunk': x} | ({f'{SECOND}trunk': self.second(x)} if self.second else {})
    if number == len(self.layers):
      return record(SALIENCY, self.decoder(dtype=self.dtype, name=DECODER)(x, record))
    maps = dict(x)
    for prefix in ('', SECOND) if self.second else ('',):
      self._convolve(self.layers[number], maps, record, prefix)
    return maps

  def _convolve(self, layer: Layer, maps: dict[str, jax.Array], record: Recorder, prefix: str) -> None:
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
