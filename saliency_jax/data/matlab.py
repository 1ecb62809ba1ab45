"""Variables in MATLAB files, versions 5 to 7; see `sandbox`."""

import os
from typing import Any

import numpy as np

from saliency_jax import outside, sandbox
from saliency_jax.errors import InputError

# A variable's value: numbers in MATLAB's own shape (two axes or more), a text,
# or the contents of a cell or a structure array, columns first.
Value = np.ndarray | str | list['Value'] | list[dict[str, 'Value']]


def load(path: str | os.PathLike, name: str) -> Value | None:
  """Returns one variable of a file, or None if it has none of this name.

  Other variables may be of any class.

  Raises:
    InputError: the file cannot be read or is damaged, or the variable is
      complex, sparse, an object or a function.
  """
  with outside.reading(path, 'MATLAB file'):
    value = sandbox.read('matlab', path, name).get(name)
    if isinstance(value, ValueError):
      raise value
    return value


def read_matrix(path: str | os.PathLike) -> np.ndarray:
  """Returns the only numeric matrix in a file.

  Raises:
    InputError: the file cannot be read, is damaged, or has none or several.
  """
  with outside.reading(path, 'MATLAB file'):
    variables = sandbox.read('matlab', path)
    # Single numbers and vectors may accompany the matrix.
    matrices = {name: x for name, x in variables.items() if isinstance(x, np.ndarray) and min(x.shape) > 1}
    if not matrices:
      for problem in (x for x in variables.values() if isinstance(x, ValueError)):
        raise problem
  if len(matrices) != 1:
    raise InputError(
      f'{path} holds {len(matrices)} matrices of numbers ({", ".join(matrices) or "none"}); save the map alone.'
    )
  return next(iter(matrices.values()))


def field(value: Value | None, name: str, kind: type, where: str) -> Any:
  """Returns a field of a structure, or of an array of one, if it is a `kind`.

  Raises:
    InputError: there is no such field, or it is of another type.
  """
  structure = value[0] if isinstance(value, list) and len(value) == 1 else value
  content = structure.get(name) if isinstance(structure, dict) else None
  if not isinstance(content, kind):
    raise InputError(f'{where} has no valid field {name}; is it a file of this data set?')
  return content
