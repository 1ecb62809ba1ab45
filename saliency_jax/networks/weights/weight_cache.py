"""The one format that ported weights are kept in: safetensors.

A file has the 26 tensors 'conv1_1/kernel', ... and 'mean', and as metadata
where they come from and a digest over them, which is checked on loading.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import safetensors
import safetensors.numpy

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.networks.vgg import WIDTHS
from saliency_jax.networks.weights import array_files
from saliency_jax.networks.weights.conversion import Trunk, port

# Kept with every file: raise it when porting changes, and old files go.
_VERSION = '1'


class Origin(NamedTuple):
  """Where a trunk comes from."""
  name: str  # what the user calls the weights
  source: str  # what was ported: a path, or the title of a source
  source_sha256: str  # of the file that was ported
  preprocessing: str  # family that was asked for, '' for the layout's own


class Kept(NamedTuple):
  """A trunk in the store."""
  trunk: Trunk
  origin: Origin
  sha256: str  # see `digest`


def tensors(trunk: Trunk) -> dict[str, np.ndarray]:
  """Returns the tensors of a trunk by name: 'conv1_1/kernel', ..., 'mean'."""
  named = {f'{layer}/{kind}': array for layer, kinds in trunk.params.items()
           for kind, array in kinds.items()}
  return named | {'mean': trunk.mean}


def fingerprints(trunk: Trunk) -> dict[str, str]:
  """Returns the sha256 of each tensor: its float32 values, C order, '<f4'."""
  return {name: hashlib.sha256(np.ascontiguousarray(array, '<f4')).hexdigest()
          for name, array in tensors(trunk).items()}


def combined(prints: Mapping[str, str]) -> str:
  """Returns one sha256 over `fingerprints`: of the lines 'name sha256'."""
  lines = ''.join(f'{name} {prints[name]}\n' for name in sorted(prints))
  return hashlib.sha256(lines.encode()).hexdigest()


def digest(trunk: Trunk) -> str:
  """Returns the sha256 that identifies the weights, whatever their source."""
  return combined(fingerprints(trunk))


def save(path: str | os.PathLike, trunk: Trunk, origin: Origin) -> Kept:
  """Writes a trunk, the whole file or none.

  Raises:
    InputError: the folder cannot be written.
  """
  sha256 = digest(trunk)
  metadata = origin._asdict() | {'sha256': sha256, 'version': _VERSION}
  try:
    with files.replacing(path) as temporary:
      # `save_file` would make a private file of its own.
      temporary.write_bytes(safetensors.numpy.save(tensors(trunk), metadata))
  except (OSError, safetensors.SafetensorError) as error:
    raise InputError(
        f'{path} cannot be written ({getattr(error, "strerror", error)}); make '
        f'room or name another folder.') from error
  return Kept(trunk, origin, sha256)


def load(
    path: str | os.PathLike, *, widths: Mapping[str, int] = WIDTHS) -> Kept:
  """Reads and verifies what `save` wrote.

  Raises:
    InputError: the file is damaged, of another version, or its tensors are not
      those that were written.
  """
  trunk = port(array_files.read_arrays(path), widths=widths)
  with safetensors.safe_open(path, 'numpy') as file:
    metadata = dict(file.metadata() or {})
  sha256 = digest(trunk)
  if metadata.pop('version', None) != _VERSION:
    raise InputError(f'{path} is of another version; delete it.')
  if metadata.pop('sha256', None) != sha256:
    raise InputError(f'{path} has not the tensors that were saved; delete it.')
  if set(metadata) != set(Origin._fields):
    raise InputError(f'{path} does not say where it comes from; delete it.')
  return Kept(trunk, Origin(**metadata), sha256)
