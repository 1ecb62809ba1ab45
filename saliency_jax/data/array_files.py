"""One array of numbers in a file: NumPy's .npy, or the matrix of a .mat."""

import pathlib

import numpy as np

from saliency_jax.data import matlab
from saliency_jax.errors import InputError


def read_npy(path: pathlib.Path) -> np.ndarray:
  """Opens a .npy file of real numbers, mapped so that its size comes first.

  Raises:
    InputError: it is no such file.
    OSError: it cannot be read.
  """
  try:
    array = np.lib.format.open_memmap(path, mode='r')
  except (ValueError, EOFError, SyntaxError, TypeError, OverflowError,
          MemoryError) as error:
    raise InputError(
        f'{path} is no usable .npy file of numbers; save it with numpy.save.'
    ) from error
  if array.dtype.kind not in 'biuf':
    raise InputError(
        f'{path} holds {array.dtype}, no real numbers; save float32.')
  return array


def read_matrix(path: pathlib.Path) -> np.ndarray:
  """Reads the one matrix of numbers in a MATLAB file.

  Raises:
    InputError: the file is damaged, or has none or several.
    OSError: it cannot be read.
  """
  data = path.read_bytes()
  found = {}
  try:
    for name in matlab.names(data):
      try:
        value = matlab.parse(data, name)
      except matlab.FormatError:  # A class that is no matrix of numbers.
        continue
      # A single number, or a list, is something else beside the matrix.
      if isinstance(value, np.ndarray) and min(value.shape) > 1:
        found[name] = value
  except matlab.FormatError as error:
    raise InputError(
        f'{path} is no usable MATLAB file: {error}.') from error
  if len(found) != 1:
    raise InputError(
        f'{path} holds {len(found)} matrices of numbers '
        f'({", ".join(found) or "none"}); save the map alone.')
  return next(iter(found.values()))
