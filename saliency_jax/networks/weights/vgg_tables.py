"""How other programs name the convolutions of VGG, and what they see.

Every file is ported to one convention: the input is RGB in 0-255 minus the mean
of its family, with no scale and no change of channels left, because both are
linear and are folded into the kernel of conv1_1. Zero padding stays what it
was: a zero is the mean colour before and after.
"""

import hashlib
import math
import re
from collections.abc import Callable, Collection, Mapping

import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks import vgg
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights import port_table
from saliency_jax.networks.weights.port_table import Rule, Table, caffe_layer, torch_layer
from saliency_jax.networks.weights.variable_files import Ported

_OWN = 'saliency_jax'
# sha256 of the first kernels of ILSVRC-2014's VGG-16, `[h, w, RGB, units]`.
_ILSVRC_2014 = 'f20479f2443b963329d1ed3942495a34e7b7067dc309a38d196da67b490d7f40'
_SCALED = 0.1  # a mean norm of kernels for images of unit variance is above it
_ENDING = r'(?:_\d+)?(?::0)?'  # of what Keras calls a weight
_BLOCK = r'(?:.*/)?block(\d)_conv(\d)'
# What stands on top of Keras's convolutions, and what trained them.
_KERAS_REST = (
  r'optimizer(_weights)?/.*|(.*/)?(fc\d|predictions|flatten|dropout'
  r'|(dense|batch_normalization)(_\d+)*)/.*'
)


def porter(title: str, convolutions: Collection[str]) -> Callable[..., Ported]:
  """Returns `port(arrays, expected, preprocessing) -> Ported` of a VGG.

  See `port_table.porter`. Keras's and Caffe's weights get the family 'caffe',
  torchvision's 'torchvision'. A Caffe net with a layer fc8a, and one of Keras
  that predicts 365 classes, is the one of Places365. Caffe's weights of
  ILSVRC-2014 under torchvision's names are told by their first layer. Where
  that is wrong, `preprocessing` says so.

  Args:
    title: of the network, for messages.
    convolutions: their names.
  """
  tables = _tables(convolutions)
  port = port_table.porter(title, *tables, told=_told)

  def folded(
    arrays: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[int, ...]],
    preprocessing: str | Preprocess | None = None,
  ) -> Ported:
    if isinstance(preprocessing, Preprocess):  # a trained network's file
      return port(arrays, expected, preprocessing)
    if port_table.recognise(title, tables, arrays).title == _OWN:
      if isinstance(preprocessing, str):
        raise InputError(
          f'These weights are ported already and have their preprocessing within; leave {preprocessing!r} out.'
        )
      params = port(arrays, {**expected, 'mean': (3,)}).variables['params']
      return _centred(params, params.pop('mean'))
    ported = port(arrays, expected, preprocessing)
    seen, params = ported.preprocess, ported.variables['params']
    first = params['conv1_1']['kernel'].astype(np.float64)
    if seen.bgr:
      first = first[:, :, ::-1]
    scale = 1 / (seen.scale * np.reshape(seen.std, (3, 1)))
    params['conv1_1']['kernel'] = np.ascontiguousarray(first * scale, np.float32)
    return _centred(params, np.multiply(seen.mean, seen.scale), seen.resize)._replace(family=ported.family)

  return folded


def _centred(params: dict, mean: np.ndarray, resize: str = 'bilinear') -> Ported:
  """Returns parameters of a network that takes images minus their mean."""
  mean = tuple(map(float, np.float32(mean)))
  return Ported({'params': params}, Preprocess(224, mean, (1.0, 1.0, 1.0), 1.0, resize=resize))


def _told(arrays: Mapping[str, np.ndarray], table: Table) -> str:
  """Returns the family that the values of some arrays tell, '' for the table's.

  Raises:
    InputError: the first layer's scale is that of images in 0-255.
  """
  if table.preprocessing == 'caffe':
    return 'places365' if _of_places(arrays) else ''
  if table.title == _OWN:
    return ''
  first = next(x for name, x in arrays.items() if ('conv1_1/kernel', 'oihw') in table.matches(name))
  kernel = np.array(first.transpose(2, 3, 1, 0), '<f4', order='C')
  for family, order in (('vgg_features', 1), ('caffe', -1)):
    if hashlib.sha256(np.ascontiguousarray(kernel[:, :, ::order])).hexdigest() == _ILSVRC_2014:
      return family
  # torchvision's file of the features alone has no classifier.
  top = [x for name, x in arrays.items() if name.startswith('classifier')]
  if top and all(np.isnan(x).all() for x in top):
    return 'vgg_features'
  norm = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0).mean()
  if norm < _SCALED:
    raise port_table.scaled_otherwise(
      f"The kernels of conv1_1 have a mean norm of {norm:.2g}, where torchvision's have about 1: they are scaled"
    )
  return ''


def _of_places(arrays: Mapping[str, np.ndarray]) -> bool:
  return 'fc8a/0' in arrays or any('predictions' in name and np.shape(x)[-1:] == (365,) for name, x in arrays.items())


def _tables(convolutions: Collection[str]) -> tuple[Table, ...]:
  """Returns the layouts of Keras, ONNX, torchvision, Caffe, and ours."""
  features = [
    rule
    for name, n in vgg.features(convolutions).items()
    for rule in torch_layer(rf'features\.(?:module\.)?(?:{n}|{name})', name)
  ]
  # A .weights.h5 file of Keras 3 counts layers of a kind in their order.
  counted = [
    Rule(rf'(?:.*/)?conv2d{f"_{n}" if n else ""}/vars/{k}', f'{name}/{kind}')
    for n, name in enumerate(convolutions)
    for k, kind in enumerate(('kernel', 'bias'))
  ]
  return (
    # Keras 1 calls a weight 'L/L_W_1:0', Keras 2 and 3 'L/L/kernel:0' and
    # 'L/L/kernel'; a saved model puts folders in front.
    Table(
      'Keras',
      tuple(
        Rule(rf'{_BLOCK}/(?:block\d_conv\d_)?(?:{names}){_ENDING}', rf'conv\1_\2/{kind}')
        for kind, names in (('kernel', 'kernel|W'), ('bias', 'bias|b'))
      ),
      _KERAS_REST,
      'caffe',
    ),
    Table('Keras 3', tuple(counted), _KERAS_REST, 'caffe'),
    # What tf2onnx makes of a Keras model: it transposes the kernels and gives
    # the constants of its own a number behind two underscores.
    Table(
      'Keras in ONNX',
      (
        Rule(rf'{_BLOCK}(?:_\d+)?/(?:Conv2D|convolution)/ReadVariableOp(?::0)?', r'conv\1_\2/kernel', 'oihw'),
        Rule(rf'{_BLOCK}(?:_\d+)?/(?:BiasAdd/ReadVariableOp|Squeeze)(?::0)?', r'conv\1_\2/bias'),
      ),
      rf'\w+__\d+(:0)?|{_KERAS_REST}',
      'caffe',
    ),
    # timm's names are torchvision's; Places365's have the layers' own.
    Table(
      'torchvision',
      tuple(features),
      r'classifier\.(module\.)?(\d+|fc\d\w?)\.(weight|bias)'
      r'|(pre_logits|head)\..*',
    ),
    Table('Caffe', caffe_layer(r'(conv\d_\d)'), r'fc\d[\w-]*/\d', 'caffe'),
    Table(_OWN, (Rule(r'(conv\d_\d/(?:kernel|bias)|mean)', r'\1'),), '(?!)'),
  )


def dense_layers(arrays: Mapping[str, np.ndarray], channels: int) -> dict[str, dict[str, np.ndarray]]:
  """Returns VGG's fc6 and fc7 as the first layers of `heads.dense`.

  Keras has the inputs of fc6 in the order rows, columns, channels, as a head
  has; torchvision, timm and Caffe have the channels first.

  Args:
    arrays: of a weight file, see `weight_files.read_arrays`.
    channels: C of the pooled maps that fc6 takes, which are square.

  Raises:
    InputError: the file lacks one of them, or they fit no such maps.
  """
  layers, below = {}, 0
  for n in range(2):
    (kernel, own), (bias, _) = (_dense_array(arrays, n, kind) for kind in ('kernel', 'bias'))
    units = max(bias.size, 1)
    kernel = kernel.T if own else kernel
    inputs = kernel.size // units
    side = math.isqrt(inputs // channels)
    if kernel.ndim < 2 or len(kernel) != units or inputs != (below or side * side * channels):
      raise InputError(
        f'fc{n + 6} of the weight file has a kernel {kernel.shape} for '
        f'{units} units, which does not fit the {below or channels} units '
        f'below; give a file of VGG with its dense layers.'
      )
    if not (n or own):
      kernel = kernel.reshape(units, channels, side, side).transpose(0, 2, 3, 1)
    layers[f'dense_{n}'], below = (
      {
        'kernel': np.array(kernel.reshape(units, -1).T, np.float32, order='C'),
        'bias': np.array(bias.reshape(-1), np.float32),
      },
      units,
    )
  return layers


def _dense_array(arrays: Mapping[str, np.ndarray], n: int, kind: str) -> tuple[np.ndarray, bool]:
  """Returns an array of fc6 or fc7 without axes of length 1, and whether it is
  Keras's."""
  keras, torch, caffe = {'kernel': ('kernel|W', 'weight', 0), 'bias': ('bias|b', 'bias', 1)}[kind]
  patterns = (
    rf'(?!optimizer)(?:.*/)?fc{n + 1}/(?:fc\d_)?(?:{keras}){_ENDING}',
    rf'(?:classifier\.(?:module\.)?(?:{3 * n}|fc{n + 6})'
    rf'|pre_logits\.fc{n + 1})\.{torch}',
    rf'fc{n + 6}/{caffe}',
  )
  found = [
    (np.squeeze(x), index == 0)
    for name, x in arrays.items()
    for index, pattern in enumerate(patterns)
    if re.fullmatch(pattern, name)
  ]
  if len(found) != 1 or found[0][0].dtype.kind != 'f' or not np.isfinite(found[0][0]).all():
    raise InputError(
      f'The weight file has no {kind} of fc{n + 6}, or none of finite '
      f'numbers; give a file of VGG with its dense layers.'
    )
  return found[0]
