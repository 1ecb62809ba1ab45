"""How other programs name the layers of VGG, and what they see.

Its first two dense layers, fc6 and fc7, are those of `heads.dense`: 'dense_0',
whose kernel is that of a convolution over all cells, and 'dense_1'.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping

import numpy as np

from saliency_jax.networks import vgg
from saliency_jax.networks.weights import port_table
from saliency_jax.networks.weights.port_table import Rule, Table, caffe_layer, torch_layer
from saliency_jax.networks.weights.variable_files import Ported

# sha256 of the first kernels of ILSVRC-2014's VGG-16, `[h, w, BGR, units]`.
_ILSVRC_2014 = '564034bfdba3ca76c2787bb27101f4fff7fa318d2fbce72b98ee85a91ac7233c'
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
  return port_table.porter(title, *_tables(convolutions), told=_told)


def _told(arrays: Mapping[str, np.ndarray], table: Table) -> str:
  """Returns the family that the values of some arrays tell, '' for the table's.

  Raises:
    InputError: the first layer's scale is that of images in 0-255.
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


def _tables(convolutions: Collection[str]) -> tuple[Table, ...]:
  """Returns the layouts of Keras, ONNX, torchvision and Caffe."""
  torch, caffe = [], [*caffe_layer(r'(conv\d_\d)')]
  for name, n in vgg.features(convolutions).items():
    torch += torch_layer(rf'features\.(?:module\.)?(?:{n}|{name})', name)
  for n in (0, 1):
    theirs = rf'(?:classifier\.(?:module\.)?(?:{3 * n}|fc{n + 6})|pre_logits\.fc{n + 1})'
    torch += torch_layer(theirs, f'dense_{n}', 'flat oihw')
    caffe += caffe_layer(f'fc{n + 6}', f'dense_{n}', 'flat oihw')
  # Keras 1 calls a weight 'L/L_W_1:0', Keras 2 and 3 'L/L/kernel:0' and
  # 'L/L/kernel'; a saved model puts folders in front.
  keras = [
    Rule(rf'(?!optimizer)(?:.*/)?{theirs}/(?:\w+_)?(?:{names}){_ENDING}', f'{ours}/{kind}', order)
    for theirs, ours, order in (
      (r'block(\d)_conv(\d)', r'conv\1_\2', ''),
      ('fc1', 'dense_0', 'flat'),
      ('fc2', 'dense_1', 'flat'),
    )
    for kind, names in (('kernel', 'kernel|W'), ('bias', 'bias|b'))
  ]
  # A .weights.h5 file of Keras 3 counts layers of a kind in their order.
  counted = [
    Rule(rf'(?:.*/)?conv2d{f"_{n}" if n else ""}/vars/{k}', f'{name}/{kind}')
    for n, name in enumerate(convolutions)
    for k, kind in enumerate(('kernel', 'bias'))
  ]
  # What tf2onnx makes of a Keras model: it transposes the kernels and gives
  # the constants of its own a number behind two underscores.
  onnx = [
    Rule(rf'{_BLOCK}(?:_\d+)?/(?:Conv2D|convolution)/ReadVariableOp(?::0)?', r'conv\1_\2/kernel', 'oihw'),
    Rule(rf'{_BLOCK}(?:_\d+)?/(?:BiasAdd/ReadVariableOp|Squeeze)(?::0)?', r'conv\1_\2/bias'),
  ]
  return (
    Table('Keras', tuple(keras), _KERAS_REST, 'caffe'),
    Table('Keras 3', tuple(counted), _KERAS_REST, 'caffe'),
    Table('Keras in ONNX', tuple(onnx), rf'\w+__\d+(:0)?|{_KERAS_REST}', 'caffe'),
    # timm's names are torchvision's; Places365's have the layers' own.
    Table('torchvision', tuple(torch), r'classifier\.(module\.)?(\d+|fc\d\w?)\.(weight|bias)|(pre_logits|head)\..*'),
    Table('Caffe', tuple(caffe), r'fc\d[\w-]*/\d', 'caffe'),
  )
