"""Networks that users' functions return, 'package.module:function'."""

import functools
import importlib
import pathlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.networks.network import Network, Provenance, arithmetic
from saliency_jax.networks.weights.variable_files import Ported, digest


def load(name: str, dtype: str) -> Network:
  """Returns the network that 'package.module:function' returns; the working directory is searched too.

  Raises:
    InputError: there is no such function, or it returns no network.
  """
  made = call(name)
  if not isinstance(made, Network):
    raise InputError(
      f'{name} returns a {type(made).__name__}; return what saliency_jax.from_linen or from_function gives.'
    )
  return finished(made, name, dtype)


def code(name: str) -> str:
  """Returns the sha256 of the file that defines a network, '' for the zoo's."""
  module = sys.modules.get(name.rpartition(':')[0].rpartition(':')[2])
  file = pathlib.Path(getattr(module, '__file__', None) or '')
  return files.digest(file) if file.is_file() else ''


def call(name: str, wanted: str = 'saliency_jax.Network') -> Any:
  """Returns what 'package.module:function' returns, which should be a `wanted`.

  Raises:
    InputError: there is no such function, or it fails; the message says where.
  """
  module, _, function = name.partition(':')
  if '' not in sys.path:
    sys.path.append('')  # the working directory
  try:
    return getattr(importlib.import_module(module), function)()
  except InputError:
    raise
  except Exception as error:  # whatever a user's code raises
    frames = [x for x in traceback.extract_tb(error.__traceback__)[1:] if 'importlib' not in x.filename]
    file = getattr(sys.modules.get(module), '__file__', None)
    own = [frame for frame in frames if frame.filename == file]
    at = ''.join(f' at {x.filename}:{x.lineno}' for x in (own or frames)[-1:])
    raise InputError(
      f'config.network.name is {name!r}, which cannot be loaded '
      f'({type(error).__name__}{at}: {" ".join(str(error).split())}); give '
      f"'package.module:function', a function that takes nothing and returns "
      f'a {wanted}.'
    ) from error


def finished(made: Network, name: str, dtype: str, weights: str = '') -> Network:
  """Returns a network with its name, provenance and dtype.

  `weights` is the path they were read from, or '' if the network has its own.
  Parameters and input are cast to `dtype` while it runs.
  """
  made = made.replace(
    name=name,
    provenance=Provenance(
      made.provenance.name or pathlib.Path(weights).stem or name,
      digest(Ported(jax.tree.map(np.asarray, dict(made.variables)), made.preprocess)),
      made.provenance.source or weights or name,
      file_sha256='' if weights in ('', 'random') else files.digest(weights),
    ),
  )
  return made if dtype == made.dtype else made.replace(run=_cast(made.run, dtype), dtype=dtype)


@functools.lru_cache(maxsize=32)
def _cast(run: Callable, dtype: str) -> Callable:
  wanted = arithmetic(dtype)

  def cast(x):
    return x.astype(wanted) if jnp.issubdtype(x.dtype, jnp.floating) else x

  # Batch statistics keep their type: rounding would change the variance.
  return lambda variables, x, *rest: run(
    {**variables, 'params': jax.tree.map(cast, variables['params'])}, cast(x), *rest
  )
