"""NumPy's .npy and .npz files, with every size checked before it is used.

`numpy.load` allocates whatever a header says, and may raise any exception.
"""

import io
import math
import os
import zipfile
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from saliency_jax import files, outside

NUMBERS = 'biuf'  # kinds of types
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def write_npy(path: str | os.PathLike, value: np.ndarray) -> None:
  """Writes a complete .npy file or none; raises as `files.replacing`."""
  with files.replacing(path) as temporary, open(temporary, 'wb') as file:
    np.save(file, value)


def read_npy(path: str | os.PathLike, kinds: str = NUMBERS, advice: str = 'save it with numpy.save') -> np.ndarray:
  """Returns the array in a .npy file, memory-mapped and read-only.

  Raises:
    InputError: it is not such a file.
  """
  with outside.reading(path, '.npy file of numbers', advice), open(path, 'rb') as file:
    shape, order, dtype = _header(file, os.path.getsize(path), kinds)
    if not math.prod(shape):
      return np.zeros(shape, dtype)
    return np.memmap(file, dtype, 'r', file.tell(), shape, order)


def read_npz(
  path: str | os.PathLike, kinds: str = NUMBERS, advice: str = 'save it with numpy.savez'
) -> dict[str, np.ndarray]:
  """Returns the arrays in a .npz file by name, read-only.

  Raises:
    InputError: it is not such a file, or unpacks to more than it should.
  """
  arrays = {}
  with outside.reading(path, '.npz file', advice), open(path, 'rb') as file, zipfile.ZipFile(file) as archive:
    budget = outside.Budget(os.path.getsize(path))
    for member in archive.infolist():
      name = member.filename.removesuffix('.npy')
      if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f'{name!r} is compressed in another way than NumPy does')
      if name in arrays:
        raise ValueError(f'{name!r} occurs twice')
      budget.take(member.file_size)
      data = io.BytesIO(archive.read(member))
      shape, order, dtype = _header(data, member.file_size, kinds)
      arrays[name] = np.frombuffer(data.getbuffer(), dtype, math.prod(shape), data.tell()).reshape(shape, order=order)
      arrays[name].flags.writeable = False
  return arrays


def _header(file: BinaryIO, size: int, kinds: str) -> tuple[tuple[int, ...], str, np.dtype]:
  """Returns shape, order and type of the array whose values follow.

  Raises:
    ValueError: it is damaged, of another kind, or too short for the shape.
  """
  version = npy.read_magic(file)
  if version not in _HEADERS:
    raise ValueError(f'its version is {version}')
  try:
    shape, fortran, dtype = _HEADERS[version](file, max_header_size=10_000)
  except Exception as error:
    raise ValueError('its header is damaged') from error
  if dtype.kind not in kinds:
    raise ValueError(f'it holds {dtype} instead of numbers')
  if min(shape, default=0) < 0 or (math.prod(shape) * dtype.itemsize > size - file.tell()):
    raise ValueError(f'it ends before the values of its shape {shape}')
  return shape, 'F' if fortran else 'C', dtype
