"""Ports another program's arrays to a network's variables by a table of names.

Porting is total: every variable comes from one array of its shape, and every
other array of the file is one that the table ignores by name.
"""

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights.variable_files import Ported, nested

_HALF = (0.5, 0.5, 0.5)
_ONE = (1.0, 1.0, 1.0)
# The preprocessing that networks were trained with; all at 224 pixels.
FAMILIES: Mapping[str, Preprocess] = {
  'torchvision': Preprocess(),
  # Many of timm's models, DINO and DINOv2.
  'timm': Preprocess(resize='bicubic'),
  # Steiner et al. 2021, whose vision transformers are in timm.
  'augreg': Preprocess(mean=_HALF, std=_HALF, resize='bicubic'),
  'clip': Preprocess(
    mean=(0.48145466, 0.4578275, 0.40821073), std=(0.26862954, 0.26130258, 0.27577711), resize='bicubic'
  ),
  # VGG of ILSVRC-2014 in Caffe, and in Keras, which has the same weights.
  'caffe': Preprocess(224, (123.68, 116.779, 103.939), _ONE, 1.0, bgr=True),
  # VGG-16 of Places365 in Caffe.
  'places365': Preprocess(224, (116.676, 112.514, 104.051), _ONE, 1.0, bgr=True),
  # Caffe's weights as torchvision has them for VGG-16's features.
  'vgg_features': Preprocess(224, (123.0, 117.0, 104.0), _ONE, 1.0),
}
CAFFE = FAMILIES['caffe']
_SCALED = 0.04  # less than the gain of any first layer for images of unit variance
# Our axes in another program's order; for dense layers the last two.
_AXES = {
  'oihw': (2, 3, 1, 0),
  'iohw': (2, 3, 0, 1),  # transposed convolutions of Caffe and torch
}


class Rule(NamedTuple):
  """How some arrays become variables."""

  array: str  # regular expression for the whole name
  # The variable's name as in `variable_files`, with groups of the expression;
  # dots in them become slashes.
  variable: str
  # Of the array's axes: a key of `_AXES`, '' for ours. It may include 'flat' if
  # their number may differ, and 'reversed' if a kernel's first two are flipped,
  # as for Theano's true convolution.
  order: str = ''


def torch_layer(theirs: str, ours: str = r'\1', order: str = 'oihw') -> tuple[Rule, ...]:
  """Returns the rules for a layer or norm of PyTorch; see `Rule`."""
  return (
    Rule(rf'{theirs}[._]weight', f'{ours}/kernel', order),
    Rule(rf'{theirs}[._]weight', f'{ours}/scale'),
    Rule(rf'{theirs}[._]bias', f'{ours}/bias'),
    Rule(rf'{theirs}\.running_mean', f'batch_stats:{ours}/mean'),
    Rule(rf'{theirs}\.running_var', f'batch_stats:{ours}/var'),
  )


def caffe_layer(theirs: str, ours: str = r'\1', order: str = 'oihw') -> tuple[Rule, ...]:
  """Returns the rules for a layer of Caffe; see `Rule`."""
  return Rule(f'{theirs}/0', f'{ours}/kernel', order), Rule(f'{theirs}/1', f'{ours}/bias', 'flat')


class Table(NamedTuple):
  """One program's names for an architecture."""

  title: str  # of the program, for messages
  # Of the rules that match, the first whose variable the network has applies.
  rules: tuple[Rule, ...]
  ignored: str  # regular expression for arrays to leave out, if no rule has them
  # A key of `FAMILIES` or a model's own; '' if the network decides, or the
  # user.
  preprocessing: str | Preprocess = 'torchvision'

  def matches(self, array: str) -> list[tuple[str, str]]:
    """Returns the variables that an array may become, and its axes' order."""
    found = ((re.fullmatch(rule.array, array), rule) for rule in self.rules)
    return [(match.expand(rule.variable).replace('.', '/'), rule.order) for match, rule in found if match]


# For architectures of which nobody has published a file.
OWN = Table("this package's own names", (Rule('(.*)', r'\1'),), 'mean')


def porter(
  network: str,
  *tables: Table,
  preprocessing: str = '',
  renamed: Callable[[Mapping], Mapping] = dict,
  detect_family: Callable[[Mapping, Table], str] = lambda arrays, table: '',
) -> Callable[..., Ported]:
  """Returns `port(arrays, expected, preprocessing) -> Ported` of a network.

  Its arguments are what `weight_files.read_arrays` returns, the shape of every
  variable by its name, and a key of `FAMILIES`, or None to take it from the
  arrays or the table. It raises an `InputError` if the arrays are not those of
  the network, or the preprocessing is unknown or must be stated.

  Args:
    tables: the one that matches most names is used.
    preprocessing: of the network, where the table has none.
    renamed: renames arrays whose own names do not say enough.
    detect_family: returns the key of `FAMILIES` that the values reveal, or ''.
  """
  usual = preprocessing

  def port(
    arrays: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]], preprocessing: str | None = None
  ) -> Ported:
    reversed_ = getattr(arrays, 'backend', '') == 'theano'
    own = getattr(arrays, 'preprocess', None)
    if own and preprocessing:
      raise InputError(f'It was written by this package with its preprocessing; leave {preprocessing!r} out.')
    if not own:
      arrays = renamed(_without_prefix(arrays, tables))
    table = OWN if own else recognise(network, tables, arrays)
    variables = {}
    found = _assign(network, table, arrays, expected)
    for name, shape in expected.items():
      array, order = found[name]
      if reversed_ and not order and len(shape) == 4:
        order = 'reversed'
      variables[name] = _tensor(arrays[array], array, order, network, shape)
    family = own or preprocessing or detect_family(arrays, table) or table.preprocessing or usual
    return Ported(nested(variables), _preprocess(network, table, family), family if isinstance(family, str) else '')

  return port


def _without_prefix(arrays: Mapping[str, np.ndarray], tables: Iterable[Table]) -> Mapping[str, np.ndarray]:
  """Returns arrays without a common prefix of their names, such as 'model.', if no table knows any of them."""
  known = any(table.matches(name) for table in tables for name in arrays)
  start = 0 if known else os.path.commonprefix([*arrays]).rfind('.') + 1
  return {name[start:]: x for name, x in arrays.items()}


def some(names: Iterable[str]) -> str:
  """Returns the first three of `names` for a message, and how many follow."""
  names = list(names)
  rest = f' and {len(names) - 3} more' if len(names) > 3 else ''
  return ', '.join(map(repr, names[:3])) + rest


def recognise(network: str, tables: Iterable[Table], arrays: Iterable[str]) -> Table:
  """Returns the table that matches most of the arrays' names.

  Raises:
    InputError: none matches any of them.
  """
  known = {table: sum(bool(table.matches(name)) for name in arrays) for table in tables}
  best = max(known, key=known.__getitem__)
  if not known[best]:
    raise InputError(
      f'These are no weights of {network} in the layout of '
      f'{" or ".join(table.title for table in known)}: the arrays are called '
      f'{some(arrays)}.'
    )
  return best


def _assign(network: str, table: Table, arrays: Iterable[str], expected: Iterable[str]) -> dict[str, tuple[str, str]]:
  """Returns the array of each variable, and the order of its axes."""
  found: dict[str, tuple[str, str]] = {}
  unknown = []
  for array in arrays:
    meant = table.matches(array)
    variable, order = next((each for each in meant if each[0] in expected), ('', ''))
    if variable in found:
      raise InputError(
        f'The arrays {found[variable][0]!r} and {array!r} are both '
        f'{variable} of {network}; give a file with one network.'
      )
    if variable in expected:
      found[variable] = array, order
    elif not re.fullmatch(table.ignored, array):
      unknown.append(array)
  if unknown:
    raise InputError(
      f'The weights in the layout of {table.title} have {some(unknown)}, '
      f'which {network} does not have; give a file of this network only.'
    )
  missing = [variable for variable in expected if variable not in found]
  if missing:
    raise InputError(
      f'The weights in the layout of {table.title} lack {some(missing)} of '
      f'{network}; give a file with the whole network.'
    )
  return found


def _tensor(array: np.ndarray, name: str, order: str, network: str, shape: tuple[int, ...]) -> np.ndarray:
  words = order.split()
  axes = next((_AXES[word][-len(shape) :] for word in words if word in _AXES), range(len(shape)))
  wanted = tuple(shape[axis] for axis in np.argsort(axes))
  ported = array.reshape(wanted) if 'flat' in words and array.size == math.prod(wanted) else array
  if ported.shape != wanted or not jnp.issubdtype(array.dtype, jnp.floating):
    raise InputError(f'The array {name!r} is {array.dtype} {array.shape}, where {network} has floats {wanted}.')
  ported = ported.transpose(axes)
  if 'reversed' in words:
    ported = ported[::-1, ::-1]
  with np.errstate(over='ignore'):  # an overflow becomes an infinity, which is refused below
    result = np.array(ported, np.float32, order='C')
  if not np.isfinite(result).all():
    raise InputError(f'The array {name!r} has values that are not finite.')
  return result


def _preprocess(network: str, table: Table, family: str | Preprocess) -> Preprocess:
  if isinstance(family, Preprocess):
    return family
  if not family:
    raise InputError(
      f"{table.title}'s weights of {network} do not state their "
      f'preprocessing; set config.network.preprocessing to '
      f'{" or ".join(FAMILIES)}.'
    )
  return stated(family, network)


def stated(family: str, network: str) -> Preprocess:
  """Returns a family of preprocessing by name, or raises an `InputError`."""
  if family not in FAMILIES:
    raise InputError(
      f'There is no family of preprocessing {family!r} for {network}; choose one of {", ".join(FAMILIES)}.'
    )
  return FAMILIES[family]


def check_scale(kernels: np.ndarray, factors: np.ndarray | float = 1.0) -> None:
  """Checks that a first layer is scaled for images of unit variance.

  In torchvision's networks, noise of unit variance leaves it with a deviation
  of about .3 (ResNets) to 1. Kernels are `[K, ...]`; a norm multiplies the units
  by factors `[K]`.

  Raises:
    InputError: it is scaled as for images in 0-255.
  """
  norms = np.linalg.norm(np.asarray(kernels, np.float64).reshape(len(kernels), -1), axis=1)
  gain = np.median(norms * factors)
  if 0 < gain < _SCALED:
    raise InputError(
      f"The first layer of these weights has a gain of {gain:.2g}, where torchvision's have .3 to 1: it is scaled for "
      'images in 0-255; set config.network.preprocessing to caffe (BGR) or vgg_features (RGB), or to torchvision if '
      "they take torchvision's."
    )
