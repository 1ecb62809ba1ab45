"""How other programs name and lay out the convolutions of VGG-16.

A layout is recognised by the names of the arrays alone, whatever the format of
the file: a .safetensors, .npz or .onnx file with 'features.0.weight' is
torchvision's.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from saliency_jax.errors import InputError
from saliency_jax.networks.vgg import CONVOLUTIONS
from saliency_jax.networks.weights.port_table import some

# Transpositions of a kernel to height, width, input, output.
_HWIO, _OIHW = (0, 1, 2, 3), (2, 3, 1, 0)


class Layout(NamedTuple):
  """The naming of one program."""
  title: str  # for messages
  example: str  # for messages: the kernel of conv1_1
  tensor: Callable[[str], str | None]  # array -> 'conv1_1/kernel', 'mean', None
  ignored: re.Pattern  # arrays, by their full name, that are not the trunk's
  axes: tuple[int, int, int, int]  # transposes a kernel to HWIO
  preprocessing: str | None  # family of preprocessing; None: ported already
  bias_axes: int = 0  # axes of length 1 that may stand before a bias's


def recognise(names: Iterable[str]) -> Layout:
  """Returns the layout that knows most of `names`.

  Raises:
    InputError: no layout knows any of them.
  """
  names = list(names)
  known = {layout: sum(layout.tensor(name) is not None for name in names)
           for layout in LAYOUTS}
  best = max(LAYOUTS, key=known.__getitem__)
  if not known[best]:
    examples = ', '.join(f'{layout.example} ({layout.title})'
                         for layout in LAYOUTS)
    raise InputError(
        'These are no weights of VGG-16 in a known layout: the arrays are '
        f'called {some(names)}, and conv1_1 would be {examples}.')
  return best


def _blocks(pattern: str, kernel: str) -> Callable[[str], str | None]:
  """Names by block, convolution and role: three groups of `pattern`.

  Args:
    pattern: matches the full name of an array.
    kernel: matches the role of a kernel; any other is a bias.
  """
  def tensor(name: str) -> str | None:
    match = re.fullmatch(pattern, name)
    if match is None:
      return None
    block, index, role = match.groups()
    kind = 'kernel' if re.fullmatch(kernel, role) else 'bias'
    return f'conv{block}_{index}/{kind}'

  return tensor


def _numbered(
    pattern: str, kernel: str, numbers: Iterable[int],
) -> Callable[[str], str | None]:
  """Names by the number of the convolution and role: two groups of `pattern`.

  Args:
    pattern: matches the full name of an array.
    kernel: matches the role of a kernel; any other is a bias.
    numbers: of the thirteen convolutions; no number is 0.
  """
  layers = dict(zip(numbers, CONVOLUTIONS, strict=True))

  def tensor(name: str) -> str | None:
    match = re.fullmatch(pattern, name)
    if match is None:
      return None
    number, role = int(match[1] or 0), match[2]
    kind = 'kernel' if re.fullmatch(kernel, role) else 'bias'
    # Of another number is, e.g., a batch normalization: it stays unknown.
    return f'{layers.get(number, number)}/{kind}'

  return tensor


def _own(name: str) -> str | None:
  known = re.fullmatch(r'conv\d_\d/(kernel|bias)|mean', name)
  return name if known else None


# What stands on top of Keras's convolutions, and what trained them.
_KERAS_REST = (
    r'optimizer(_weights)?/.*|(.*/)?(fc\d|predictions|flatten|dropout'
    r'|(dense|batch_normalization)(_\d+)*)/.*')

LAYOUTS = (
    Layout(
        # Keras 1 calls a weight 'L/L_W_1:0', Keras 2 and 3 'L/L/kernel:0' and
        # 'L/L/kernel'; a saved model puts folders in front.
        title='Keras', example='block1_conv1/...',
        tensor=_blocks(
            r'(?:.*/)?block(\d)_conv(\d)/(?:block\d_conv\d_)?'
            r'(kernel|bias|W|b)(?:_\d+)?(?::0)?', kernel='kernel|W'),
        ignored=re.compile(_KERAS_REST),
        axes=_HWIO, preprocessing='caffe'),
    Layout(
        # A .weights.h5 file of Keras 3 counts layers of a kind in their order.
        title='Keras 3', example='layers/conv2d/vars/0',
        tensor=_numbered(
            r'(?:.*/)?conv2d(?:_([0-9]{1,4}))?/vars/([01])', kernel='0',
            numbers=range(len(CONVOLUTIONS))),
        ignored=re.compile(_KERAS_REST),
        axes=_HWIO, preprocessing='caffe'),
    Layout(
        # What tf2onnx makes of a Keras model: it transposes the kernels and
        # gives the constants of its own a number behind two underscores.
        title='Keras in ONNX', example='.../block1_conv1/.../ReadVariableOp:0',
        tensor=_blocks(
            r'(?:.*/)?block(\d)_conv(\d)(?:_\d+)?/'
            r'((?:Conv2D|convolution|BiasAdd)/ReadVariableOp|Squeeze)(?::0)?',
            kernel='(Conv2D|convolution)/.*'),
        ignored=re.compile(rf'\w+__\d+(:0)?|{_KERAS_REST}'),
        axes=_OIHW, preprocessing='caffe'),
    Layout(
        # A ReLU follows each convolution in `features`, and a pooling layer the
        # last one of each block.
        title='torchvision', example='features.0.weight',
        tensor=_numbered(
            r'features\.(?:module\.)?([0-9]{1,4})\.(weight|bias)',
            kernel='weight',
            numbers=(0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)),
        ignored=re.compile(r'classifier\.(module\.)?\d+\.(weight|bias)'),
        axes=_OIHW, preprocessing='torchvision'),
    Layout(
        title='Caffe', example='conv1_1/0',
        tensor=_blocks(r'conv(\d)_(\d)/([01])', kernel='0'),
        ignored=re.compile(r'fc\d[\w-]*/\d'),
        axes=_OIHW, preprocessing='caffe', bias_axes=3),
    Layout(
        title='saliency_jax', example='conv1_1/kernel',
        tensor=_own, ignored=re.compile(r'(?!)'),
        axes=_HWIO, preprocessing=None),
)
