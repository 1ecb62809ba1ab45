"""The convolutions of VGG that saliency models are built on.

Models change where the maxima stride and how far a kernel reaches; a decoder
makes one map of what leaves the last convolution and of maps further below.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.errors import InputError
from saliency_jax.networks import conv_layers, vgg
from saliency_jax.networks.network import Stage
from saliency_jax.networks.recorder import Recorder
from saliency_jax.networks.taps import Tap

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
      x = jnp.pad(x, ((0, 0), around, around, (0, 0)),
                  constant_values=-jnp.inf)
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
  # Of maps that go beyond the image: the image's first cell, and how many cells
  # are outside it. Taps are cut to the image.
  cut: tuple[int, int] = (0, 0)


def layers(
    pools: Sequence[Pool | None], dilations: Mapping[int, int] | None = None
) -> tuple[Layer, ...]:
  """Returns VGG-16's convolutions.

  Args:
    pools: what is above each of the five blocks.
    dilations: of a block's kernels, by its number from 1.
  """
  made, stride = [], 1
  for name, above in zip(
      vgg.CONVOLUTIONS, (*vgg.CONVOLUTIONS[1:], '_1'), strict=True):
    block = int(name[4])
    pool = pools[block - 1] if above.endswith('_1') else None
    made.append(Layer(name, vgg.WIDTHS[name], stride,
                      (dilations or {}).get(block, 1), pool=pool))
    stride *= pool.stride if pool else 1
  return tuple(made)


class Model(nn.Module):
  """A trunk in stages of one convolution, and a decoder as the last stage.

  Attributes:
    layers: of the trunk.
    decoder: `decoder(dtype=..., name=...)`, a module that is called with the
      maps by tap, what leaves the trunk as 'trunk' among them, and a recorder.
    keeps: taps that the decoder takes beside what leaves the trunk.
    dtype: type of the arithmetic; parameters keep their own.
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

  @nn.compact
  def __call__(
      self, x: jax.Array | dict[str, jax.Array], taps: Collection[str] = (),
      first: int = 0, last: int | None = None
  ) -> tuple[jax.Array | dict[str, jax.Array], dict[str, jax.Array]]:
    """Computes some stages; see `network.Network.run`.

    Args:
      x: `[B, H, W, 3]`, prepared images, or what a stage below has returned.
      taps: names of `taps(layers, ...)`.
      first: the first stage.
      last: the stage after the last; None computes all.

    Returns:
      The map `[B, h, w, 1]`, or the maps by name that the stages above need;
      and the taps.

    Raises:
      InputError: images have not the sides that the model takes.
    """
    record = Recorder(taps)
    last = len(self.layers) + 1 if last is None else last
    if isinstance(x, dict):
      maps = dict(x)
    else:
      check_sides(x.shape[1:3], self.multiple)
      x = x.astype(self.dtype)
      maps = {'trunk': x}
      if self.second:
        maps[f'{SECOND}trunk'] = self.second(x)
    for layer in self.layers[first:last]:
      self._convolve(layer, maps, record)
      if self.second:
        self._convolve(layer, maps, record, SECOND)
    if last <= len(self.layers):
      return maps, record.values
    y = self.decoder(dtype=self.dtype, name=DECODER)(maps, record)
    return record(SALIENCY, y), record.values

  def _convolve(
      self, layer: Layer, maps: dict[str, jax.Array], record: Recorder,
      prefix: str = ''
  ) -> None:
    name, at = f'{prefix}{layer.name}', f'{prefix}trunk'
    y = conv_layers.Convolution(
        layer.units, self.dtype, dilation=layer.dilation, pad=layer.pad,
        name=name)(maps[at])
    found = {name: y}
    if layer.pool:
      found[f'{prefix}pool{layer.name[4]}'] = layer.pool(y)
    (start, outside), maps[at] = layer.cut, [*found.values()][-1]
    record(name, y[:, start:y.shape[1] - outside + start,
                   start:y.shape[2] - outside + start])
    maps |= {name: y for name, y in found.items() if name in self.keeps}


def check_sides(size: tuple[int, int], multiple: int) -> None:
  """Raises an `InputError` unless both sides are multiples of some pixels."""
  if any(side % multiple for side in size):
    raise InputError(
        f'This saliency model takes images whose sides are multiples of '
        f'{multiple} pixels, and these have {size[0]} x {size[1]}; set '
        'config.network.image_size.')


def taps(
    layers: Sequence[Layer], *above: str | Tap, prefixes: Sequence[str] = ('',)
) -> tuple[Tap, ...]:
  """Returns every tap of a model, bottom to top.

  Args:
    layers: of its trunk.
    *above: those of its decoder; the map itself is the last one.
    prefixes: of its trunks, the second one of images of half the size.
  """
  return (
      *(Tap(f'{prefix}{layer.name}', stage=index, stride=layer.stride * scale)
        for index, layer in enumerate(layers)
        for scale, prefix in enumerate(prefixes, start=1)),
      *(tap._replace(stage=len(layers)) if isinstance(tap, Tap)
        else Tap(tap, stage=len(layers)) for tap in (*above, SALIENCY)))


def stages(
    names: Sequence[str], prefixes: Sequence[str] = ('',)
) -> tuple[Stage, ...]:
  """Returns a stage for each of a trunk's layers, and the decoder."""
  either = '|'.join(prefixes)
  return (*(Stage(name, f'({either}){name}/.*') for name in names),
          Stage(DECODER, f'{DECODER}/.*'))
