"""From the arrays of another program to the parameters of `networks.vgg`.

Every checkpoint is ported to one convention: the input is RGB in 0-255 minus
the mean of its family, with no scale and no change of channels left, because
both are linear and are folded into the kernel of conv1_1. Zero padding stays
what it was: a zero is the mean colour before and after.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.vgg import CONVOLUTIONS
from saliency_jax.networks.weights import layouts
from saliency_jax.networks.weights.variable_files import Ported


class Family(NamedTuple):
  """What a network was trained to see: (image - mean) * scale, of an RGB image
  in 0-255, and then its channels in this order.
  """
  mean: tuple[float, float, float]  # RGB, in 0-255
  scale: tuple[float, float, float]  # RGB
  bgr: bool


_STD = (0.229, 0.224, 0.225)
FAMILIES: dict[str, Family] = {
    # VGG of ILSVRC-2014 in Caffe, and Keras, which took over its weights.
    'caffe': Family((123.68, 116.779, 103.939), (1., 1., 1.), bgr=True),
    # torchvision's own training: (image / 255 - mean) / std.
    'torchvision': Family(
        (0.485 * 255, 0.456 * 255, 0.406 * 255),
        tuple(1 / (255 * std) for std in _STD), bgr=False),
    # VGG-16 of Places365 in Caffe.
    'places365': Family(
        (116.676, 112.514, 104.051), (1., 1., 1.), bgr=True),
}


def port(
    arrays: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[int, ...]],
    preprocessing: str | None = None,
) -> Ported:
  """Ports the weights of a VGG-16, all of them, or raises.

  The layout (Keras, Keras in ONNX, torchvision, Caffe, this package's own) is
  told from the names of the arrays. Keras's and Caffe's weights get the family
  'caffe', torchvision's 'torchvision'. A Caffe net with a layer fc8a is the one
  of Places365, whose authors renamed ILSVRC's fc8, and gets 'places365'. Where
  that is wrong, `preprocessing` says so: Caffe's weights under torchvision's
  names, e.g., are of the family 'caffe'. Dense layers, and with them batch
  normalization and optimizer slots, are left out by name; any other array that
  is not one of the 26 tensors is an error.

  Args:
    arrays: what `weight_files.read_arrays` returns.
    expected: the shapes of the 26 tensors, 'conv1_1/kernel' and so on.
    preprocessing: a key of `FAMILIES` to use instead of the layout's.

  Returns:
    The parameters, float32, kernels `[3, 3, I, O]`, and the preprocessing that
    is left: the family's mean is taken from an image.

  Raises:
    InputError: the layout is unknown, a tensor is missing, of another shape,
      not finite or there twice, or an array is unknown; the message names it.
  """
  layout = layouts.recognise(arrays)
  family = _family(layout, arrays, preprocessing)
  expected = {**expected} | ({} if family else {'mean': (3,)})
  sources = _assign(layout, arrays, expected)
  tensors = {
      name: _tensor(layout, arrays[source], source, expected[name])
      for name, source in sources.items()}
  if family:
    first = tensors['conv1_1/kernel'].astype(np.float64)
    if family.bgr:
      first = first[:, :, ::-1]
    tensors['conv1_1/kernel'] = np.ascontiguousarray(
        first * np.reshape(family.scale, (3, 1)), np.float32)
    tensors['mean'] = np.array(family.mean, np.float32)
  params = {name: {kind: tensors[f'{name}/{kind}']
                   for kind in ('kernel', 'bias')} for name in CONVOLUTIONS}
  return Ported({'params': params}, Preprocess(
      224, tuple(map(float, tensors['mean'])), (1., 1., 1.), 1.))


def _family(
    layout: layouts.Layout,
    arrays: Mapping[str, np.ndarray],
    preprocessing: str | None,
) -> Family | None:
  """Returns the family, or None for weights that are ported already."""
  if layout.preprocessing is None:
    if preprocessing is not None:
      raise InputError(
          'These weights are ported already and have their preprocessing '
          f'within; leave {preprocessing!r} out.')
    return None
  if preprocessing is None:
    places = layout.title == 'Caffe' and 'fc8a/0' in arrays
    preprocessing = 'places365' if places else layout.preprocessing
  if preprocessing not in FAMILIES:
    raise InputError(
        f'There is no family of preprocessing {preprocessing!r}; choose one of '
        f'{", ".join(FAMILIES)}.')
  return FAMILIES[preprocessing]


def _assign(
    layout: layouts.Layout,
    arrays: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[int, ...]],
) -> dict[str, str]:
  """Returns the name of the array of each tensor that is expected."""
  found: dict[str, str] = {}
  unknown = []
  for name in arrays:
    if layout.ignored.fullmatch(name):
      continue
    tensor = layout.tensor(name)
    if tensor not in expected:
      unknown.append(name)
    elif tensor in found:
      raise InputError(
          f'The arrays {found[tensor]!r} and {name!r} are both {tensor}; give '
          'a file with one VGG-16.')
    else:
      found[tensor] = name
  if unknown:
    raise InputError(
        f'The {layout.title} weights have {layouts.some(unknown)}, which '
        'VGG-16 has not; give a file with this network alone.')
  missing = [tensor for tensor in expected if tensor not in found]
  if missing:
    raise InputError(
        f'The {layout.title} weights lack {layouts.some(missing)}; give a file '
        f'with all {len(CONVOLUTIONS)} convolutions of VGG-16.')
  return {tensor: found[tensor] for tensor in expected}


def _tensor(
    layout: layouts.Layout,
    array: np.ndarray,
    name: str,
    shape: tuple[int, ...],
) -> np.ndarray:
  """Returns `array` as float32 of `shape` (HWIO), after checking it."""
  if len(shape) == 4:
    wanted = [tuple(shape[axis] for axis in np.argsort(layout.axes))]
  else:
    wanted = [shape, (1,) * layout.bias_axes + shape]
  if array.shape not in wanted or array.dtype.kind != 'f':
    raise InputError(
        f'The array {name!r} is {array.dtype} {array.shape}, where VGG-16 in '
        f"{layout.title}'s layout has floats {wanted[0]}.")
  if len(shape) == 4:
    array = array.transpose(layout.axes)
  with np.errstate(over='ignore'):  # an overflow is found as an infinity
    result = np.array(array.reshape(shape), np.float32, order='C')
  if not np.isfinite(result).all():
    raise InputError(f'The array {name!r} has values that are not finite.')
  return result
