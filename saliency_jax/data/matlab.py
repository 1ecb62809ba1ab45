"""Variables of MATLAB's files, version 5 to 7; see `sandbox`."""

import os
from typing import Any

import numpy as np

from saliency_jax import outside, sandbox
from saliency_jax.errors import InputError

# What a variable can be: numbers in MATLAB's own shape (two axes or more), a
# text, or, with the elements in MATLAB's order (columns first), a cell's
# contents or the elements of a structure array.
Value = np.ndarray | str | list['Value'] | list[dict[str, 'Value']]


def load(path: str | os.PathLike, name: str) -> Value | None:
  """Returns one variable of a file, None if it has none of this name.

  The others may be of any class.

  Raises:
    InputError: the file cannot be read, or is damaged, or the variable holds
      complex numbers, or is sparse, an object or a function.
  """
  with outside.reading(path, 'MATLAB file'):
    found = sandbox.read('matlab', path, name).get(name)
    if isinstance(found, ValueError):
      raise found
    return found


def read_matrix(path: str | os.PathLike) -> np.ndarray:
  """Reads the one matrix of numbers in a file.

  Raises:
    InputError: the file cannot be read, is damaged, or has none or several.
  """
  with outside.reading(path, 'MATLAB file'):
    held = sandbox.read('matlab', path)
    # A single number, or a list, is something else beside the matrix.
    found = {name: x for name, x in held.items() if isinstance(x, np.ndarray) and min(x.shape) > 1}
    if not found:
      for problem in (x for x in held.values() if isinstance(x, ValueError)):
        raise problem
  if len(found) != 1:
    raise InputError(
      f'{path} holds {len(found)} matrices of numbers ({", ".join(found) or "none"}); save the map alone.'
    )
  return next(iter(found.values()))


def field(value: Value | None, name: str, kind: type, where: str) -> Any:
  """Returns one field of a single structure.

  Args:
    value: what should be a structure: an array of one element, or an element.
    name: the field's.
    kind: the type that its value must have.
    where: the file and the place in it, for the error.

  Raises:
    InputError: there is no such field, or it is of another type.
  """
  structure = value[0] if isinstance(value, list) and len(value) == 1 else value
  found = structure.get(name) if isinstance(structure, dict) else None
  if not isinstance(found, kind):
    raise InputError(f'{where}: no proper field {name}; is it a file of this data set?')
  return found
