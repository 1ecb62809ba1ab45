"""VGG-16 and VGG-19, each convolution a tap and a stage.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configurations D and E, without the dense layers.
Saliency models change the strides of the pools and the dilation of the kernels,
and add a decoder, which makes one map from the last convolution's output and
lower maps.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks import conv_layers
from saliency_jax.networks.network import Stage
from saliency_jax.networks.staged import DECODER, SALIENCY, Recorder, Staged, check_sides
from saliency_jax.networks.weights import port_table
from saliency_jax.networks.weights.port_table import Rule, Table, caffe_layer, torch_layer

SECOND = 'sec_'  # prefix of a second trunk's names


def _widths(above: int) -> Mapping[str, int]:
  """Returns each convolution's units; blocks 3 to 5 have `above` of them."""
  blocks = zip((64, 128, 256, 512, 512), (2, 2, above, above, above), strict=True)
  return flax.core.freeze(
    {f'conv{block}_{index}': units for block, (units, count) in enumerate(blocks, 1) for index in range(1, count + 1)}
  )


WIDTHS, WIDTHS_19 = _widths(3), _widths(4)  # bottom to top
CONVOLUTIONS: tuple[str, ...] = tuple(WIDTHS)


def features(convolutions: Collection[str]) -> dict[str, int]:
  """Returns torchvision's index of each convolution; its ReLU has the next."""
  return {name: 2 * index + int(name[4]) - 1 for index, name in enumerate(convolutions)}


class Pool(NamedTuple):
  """Max pooling with 2 x 2 windows; padding is -inf."""

  stride: int = 2
  before: int = 0  # padding above and on the left, in cells
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
CEIL = Pool(after=1)  # Caffe's: partial windows count
SAME_1 = Pool(1, after=1)  # TensorFlow's 'same', stride 1: cells i and i + 1
THEANO_SAME = Pool(before=1)  # Keras 1 on Theano: cells 2 i - 1 and 2 i
THEANO_SAME_1 = Pool(1, before=1)  # the same, stride 1: cells i - 1 and i
PLAIN = (FLOOR, FLOOR, FLOOR, FLOOR, None)  # above each block


class Layer(NamedTuple):
  """A 3 x 3 convolution with its ReLU, and the pool above it."""

  name: str
  units: int
  stride: int  # pixels per cell
  dilation: int = 1
  pad: int | None = None  # see `conv_layers.Convolution`
  pool: Pool | None = None
  linear: bool = False  # whether the values before the ReLU are a tap too
  # Of maps that reach beyond the image: index of the image's first cell, and
  # the number of cells outside it. Taps are cropped to the image.
  cut: tuple[int, int] = (0, 0)


def layers(
  widths: Mapping[str, int] = WIDTHS, pools: Sequence[Pool | None] = PLAIN, dilations: Mapping[int, int] | None = None
) -> tuple[Layer, ...]:
  """Returns the convolutions of a VGG.

  Args:
    pools: the one above each of the five blocks.
    dilations: of a block's kernels, by block number, from 1.
  """
  made, stride = [], 1
  for name, above in zip(widths, [*widths, '_1'][1:], strict=True):
    block = int(name[4])
    pool = pools[block - 1] if above.endswith('_1') else None
    made.append(Layer(name, widths[name], stride, (dilations or {}).get(block, 1), pool=pool))
    stride *= pool.stride if pool else 1
  return tuple(made)


class VGG(Staged):
  """Stages of a convolution and the pool above it, and perhaps a decoder."""

  layers: tuple[Layer, ...] = layers()
  # `decoder(dtype=..., name=...)`, a module that is called with the maps by tap,
  # among them the last layer's output as 'trunk', and a recorder; None for the
  # trunk alone.
  decoder: Callable[..., nn.Module] | None = None
  keeps: tuple[str, ...] = ()  # other taps that the decoder takes
  dtype: jnp.dtype = jnp.float32
  # Makes the images of a second trunk, which has its own parameters, named with
  # the prefix `SECOND`; None for one trunk.
  second: Callable[[jax.Array], jax.Array] | None = None
  multiple: int = 1  # the sides of images are multiples of this many pixels
  centred: bool = False  # whether the decoder's taps lie as the trunk's output does

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

  def offset(self, tap: str, stride: int) -> float:
    centre = 0.0  # by which the cells of the maps so far lie below their grid
    for layer in self.layers:
      if layer.pad is not None:
        centre -= (layer.pad - layer.dilation) * layer.stride
      if tap in (layer.name, f'{layer.name}.linear'):
        return centre + layer.cut[0] * layer.stride
      if layer.pool:
        centre += (1 - layer.pool.before - layer.pool.stride / 2) * layer.stride
    return centre if self.centred else 0.0

  def aliases(self, tap: str) -> tuple[str, ...]:
    if self.decoder:
      return ()
    return (f'features.{features([layer.name for layer in self.layers])[tap] + 1}',)

  def _convolve(self, layer: Layer, maps: dict[str, jax.Array], record: Recorder, prefix: str) -> None:
    """Applies a layer to the trunk in `maps`, and updates `maps`."""
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


# sha256 of the first kernels of ILSVRC-2014's VGG-16, `[h, w, BGR, units]`.
_ILSVRC_2014 = '564034bfdba3ca76c2787bb27101f4fff7fa318d2fbce72b98ee85a91ac7233c'
# What Keras files have beside these layers: dense layers, the optimizer's
# state, and numbers that tf2onnx adds.
_KERAS_REST = (
  r'optimizer(_weights)?/.*|(.*/)?(fc\d|predictions|flatten|dropout'
  r'|(dense|batch_normalization)(_\d+)*)/.*|\w+__\d+(:0)?'
)


def detect_family(arrays: Mapping[str, np.ndarray], table: Table) -> str:
  """Returns the family that arrays reveal, '' for the table's.

  A Caffe net with a layer fc8a, or a Keras model with 365 classes, is taken as
  that of Places365. Caffe's weights of ILSVRC-2014 under torchvision's names are
  recognised by their first layer.

  Raises:
    InputError: the first layer is scaled for images in 0-255.
  """
  if table.preprocessing == 'caffe':
    places = any('predictions' in name and np.shape(x)[-1:] == (365,) for name, x in arrays.items())
    return 'places365' if places or 'fc8a/0' in arrays else ''
  first = next(x for name, x in arrays.items() if ('conv1_1/kernel', 'oihw') in table.matches(name))
  kernel = np.array(first.transpose(2, 3, 1, 0), '<f4', order='C')
  for family, order in (('caffe', 1), ('vgg_features', -1)):
    if hashlib.sha256(np.ascontiguousarray(kernel[:, :, ::order])).hexdigest() == _ILSVRC_2014:
      return family
  port_table.check_scale(first)
  return ''


def tables(convolutions: Collection[str]) -> tuple[Table, ...]:
  """Returns the tables of Keras, torchvision and Caffe.

  fc6 and fc7 are the first layers of `heads.dense`: 'dense_0', whose kernel is
  stored as a convolution over all cells, and 'dense_1'.
  """
  keras, torch, caffe = [], [], [*caffe_layer(r'(conv\d_\d)')]
  for name, n in features(convolutions).items():
    torch += torch_layer(rf'features\.(?:module\.)?(?:{n}|{name})', name)
  for n in (0, 1):
    theirs = rf'(?:classifier\.(?:module\.)?(?:{3 * n}|fc{n + 6})|pre_logits\.fc{n + 1})'
    torch += torch_layer(theirs, f'dense_{n}', 'flat oihw')
    caffe += caffe_layer(f'fc{n + 6}', f'dense_{n}', 'flat oihw')
  block = r'(?:.*/)?block(\d)_conv(\d)'
  for k, kind, names, of_onnx, order in (
    (0, 'kernel', 'kernel|W', '(?:Conv2D|convolution)/ReadVariableOp', 'oihw'),
    (1, 'bias', 'bias|b', '(?:BiasAdd/ReadVariableOp|Squeeze)', ''),
  ):
    # Keras 1 calls a weight 'L/L_W_1:0', Keras 2 and 3 'L/L/kernel:0' and
    # 'L/L/kernel'; a saved model puts folders in front.
    end = rf'/(?:\w+_)?(?:{names})(?:_\d+)?(?::0)?'
    keras.append(Rule(rf'(?!optimizer){block}{end}', rf'conv\1_\2/{kind}'))
    keras += [Rule(rf'(?!optimizer)(?:.*/)?fc{n + 1}{end}', f'dense_{n}/{kind}', 'flat') for n in (0, 1)]
    # A .weights.h5 file of Keras 3 numbers the layers of a kind in order.
    counted = {f'conv2d_{n}' if n else 'conv2d': name for n, name in enumerate(convolutions)}
    keras += [Rule(rf'(?:.*/)?{theirs}/vars/{k}', f'{name}/{kind}') for theirs, name in counted.items()]
    # tf2onnx's names for a Keras model; it transposes the kernels.
    keras.append(Rule(rf'{block}(?:_\d+)?/{of_onnx}(?::0)?', rf'conv\1_\2/{kind}', order))
  return (
    Table('Keras', tuple(keras), _KERAS_REST, 'caffe'),
    # timm uses torchvision's names; Places365 those of the layers.
    Table('torchvision', tuple(torch), r'(classifier|pre_logits|head)\..*'),
    Table('Caffe', tuple(caffe), r'fc\d[\w-]*/\d', 'caffe'),
  )
