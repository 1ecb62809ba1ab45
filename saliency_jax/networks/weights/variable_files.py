"""The one format in which this package keeps variables: safetensors.

A file has a tensor for each variable, named by its path ('conv1_1/kernel'),
with its collection in front if it is not a parameter ('batch_stats:bn1/mean');
and 'mean', the preprocessing's. Its metadata hold the source of the variables,
the preprocessing, and a digest of all tensors, which is checked on loading.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np
import safetensors
import safetensors.numpy

from saliency_jax import files, outside
from saliency_jax.errors import InputError
from saliency_jax.networks import trees
from saliency_jax.networks.preprocess import Preprocess

_VERSION = '2'  # written to every file


class Ported(NamedTuple):
  """A network's variables, and the preprocessing that they expect."""

  variables: dict[str, trees.Tree]  # {'params': ..., 'batch_stats': ...}
  preprocess: Preprocess
  family: str = ''  # key of `port_table.FAMILIES`, '' for a model's own


class Saved(NamedTuple):
  """The content of a file."""

  ported: Ported
  name: str  # the user's name for the weights
  sha256: str  # see `digest`


def named(variables: Mapping[str, trees.Tree]) -> dict[str, np.ndarray]:
  """Returns variables by name, as in a file."""
  return {
    name if collection == 'params' else f'{collection}:{name}': x
    for collection, tree in variables.items()
    for name, x in trees.flatten(tree).items()
  }


def nested(arrays: Mapping[str, np.ndarray]) -> dict[str, trees.Tree]:
  """Inverts `named`."""
  found: dict[str, dict] = {'params': {}}
  for name, x in arrays.items():
    collection, _, path = name.rpartition(':')
    found.setdefault(collection or 'params', {})[path] = x
  return {collection: trees.nest(tree) for collection, tree in found.items()}


def tensors(ported: Ported) -> dict[str, np.ndarray]:
  """Returns the tensors of a file by name, 'mean' last."""
  return named(ported.variables) | {'mean': np.array(ported.preprocess.mean, np.float32)}


def digest(ported: Ported) -> str:
  """Returns the sha256 that identifies variables, whatever their source.

  It covers a line 'name sha256' for each tensor (float32 values in C order,
  '<f4'), and one for preprocessing that is more than subtracting a mean.
  """
  lines = [
    f'{name} {hashlib.sha256(np.ascontiguousarray(x, "<f4")).hexdigest()}\n'
    for name, x in sorted(tensors(ported).items())
  ]
  rest = ported.preprocess._replace(mean=(), image_size=0, resize=Preprocess().resize)
  if rest != Preprocess(0, (), (1.0, 1.0, 1.0), 1.0):
    lines.append(f'preprocess {json.dumps(rest)}\n')
  return hashlib.sha256(''.join(lines).encode()).hexdigest()


def read(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
  """Returns the arrays of any safetensors file by name, and its metadata.

  Files from `save` have a 'version' and a 'preprocess'.

  Raises:
    Exception: whatever the library and the system raise; see `outside.reading`.
  """
  arrays = {}
  with safetensors.safe_open(path, 'numpy') as file:
    for name in file.keys():  # noqa: SIM118
      try:
        arrays[name] = file.get_tensor(name)
      except AttributeError:  # NumPy has no such type
        raise ValueError(f'{name!r} is of the type {file.get_slice(name).get_dtype()!r}') from None
    return arrays, file.metadata() or {}


def save(path: str | os.PathLike, ported: Ported, name: str, source: str) -> None:
  """Writes a file of variables, completely or not at all.

  Raises:
    InputError: the folder cannot be written.
  """
  metadata = {
    'name': name,
    'source': source,
    'sha256': digest(ported),
    'version': _VERSION,
    'preprocess': json.dumps(ported.preprocess._asdict()),
  }
  arrays = {
    name: np.asarray(x, order='C')  # a scalar remains one
    for name, x in jax.tree.map(np.asarray, tensors(ported)).items()
  }
  try:
    with files.replacing(path) as temporary:
      # `save_file` would make a file that only its owner may read.
      temporary.write_bytes(safetensors.numpy.save(arrays, metadata))
  except (OSError, safetensors.SafetensorError) as error:
    raise InputError(
      f'{path} cannot be written ({getattr(error, "strerror", error)}); make room or name another folder.'
    ) from error


def load(path: str | os.PathLike) -> Saved:
  """Reads and verifies what `save` wrote.

  Raises:
    InputError: the file is damaged or of another version, or its tensors are
      not those that were written.
  """
  with outside.reading(path, 'file of variables', 'delete it'):
    arrays, metadata = read(path)
    if metadata.get('version') != _VERSION:
      raise ValueError('it is of another version')
    preprocess = _preprocess(metadata['preprocess'], arrays.pop('mean'))
    for name, x in arrays.items():
      if x.dtype.kind == 'f' and not np.isfinite(x).all():
        raise ValueError(f'{name} has values that are not finite')
    ported = Ported(nested(arrays), preprocess)
    sha256 = digest(ported)
    if metadata.get('sha256') != sha256:
      raise ValueError('its tensors are not those that were saved')
    return Saved(ported, metadata['name'], sha256)


def _preprocess(text: str, mean: np.ndarray) -> Preprocess:
  values = json.loads(text)
  if not np.array_equal(np.float32(values['mean']), mean):
    raise ValueError('its tensors are not those that were saved')
  return Preprocess(**values).check()
