"""Weight files of other programs, as named arrays.

What the names mean is not known here: see `layouts`. Nothing that a file holds
is executed, and a file cannot make this process read another one.
"""

import mmap
import os
import pathlib
import re
import zipfile
import zlib
from collections.abc import Callable

import h5py
import ml_dtypes
import numpy as np
import safetensors

from saliency_jax.errors import InputError
from saliency_jax.networks.weights import caffe_file, onnx_file, torch_file

# The largest array to unpack: fc6 of VGG-16, the largest of any layout, has
# 411 MB, and a small compressed file can ask for all the memory there is.
_LARGEST = 1 << 30
_NUMBERS = 'fiub'  # kinds of NumPy types

_FAILURES = (
    ValueError, KeyError, OSError, RuntimeError, EOFError, OverflowError,
    MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error,
    safetensors.SafetensorError)


def read_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
  """Reads every array of a weight file.

  Args:
    path: a file whose suffix says what it is: .h5 or .hdf5 (Keras), .onnx,
      .safetensors, .pth, .pt or .pth.tar (torch), .caffemodel, .npz.

  Returns:
    The arrays by name, in the file's own shapes and types (bfloat16 becomes
    float32). They may be read-only views of the file, which must not change.
    Names join folders by '/', e.g. 'block1_conv1/kernel:0' of HDF5; Caffe's
    blobs are 'conv1_1/0', 'conv1_1/1'.

  Raises:
    InputError: the suffix is unknown, the file is missing, damaged, hostile or
      without arrays; the message names the file and the reason.
  """
  path = pathlib.Path(path)
  suffix = next((s for s in _READERS if path.name.lower().endswith(s)), None)
  if suffix is None:
    raise InputError(
        f'{path} is of no format that can be read: the name of a weight file '
        f'ends in {", ".join(_READERS)}.')
  try:
    arrays = _READERS[suffix](path)
  except _FAILURES as error:
    reason = re.sub(r'\s+', ' ', str(error)).strip(' .') or 'out of memory'
    raise InputError(
        f'{path} cannot be read as a {suffix} file: {reason}.') from error
  if not arrays:
    raise InputError(f'{path} holds no arrays, so it is no weight file.')
  return {name: array.astype(np.float32)
          if array.dtype == ml_dtypes.bfloat16 else array
          for name, array in arrays.items()}


def _hdf5(path: pathlib.Path) -> dict[str, np.ndarray]:
  arrays = {}
  # Links are followed by hand, so that none leads out of the file or back.
  with h5py.File(path, 'r') as file:
    groups, seen = [('', file)], set()
    while groups:
      prefix, group = groups.pop()
      address = h5py.h5o.get_info(group.id).addr
      if address in seen:
        raise ValueError(f'its group {prefix!r} is linked twice')
      seen.add(address)
      for key in group:
        if not isinstance(key, str):
          raise ValueError(f'its group {prefix!r} has a name that is no text')
        name = prefix + key
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
          raise ValueError(f'{name!r} is a link, and links are not followed')
        item = group[key]
        if isinstance(item, h5py.Group):
          groups.append((f'{name}/', item))
        elif isinstance(item, h5py.Dataset):
          arrays[name] = _dataset(item, name)
  return arrays


def _dataset(item: h5py.Dataset, name: str) -> np.ndarray:
  if item.is_virtual or item.external:
    raise ValueError(f'the values of {name!r} are kept in another file')
  if item.dtype.kind not in _NUMBERS or item.nbytes > _LARGEST:
    raise ValueError(f'{name!r} is no array of numbers below 1 GiB')
  return np.asarray(item[()])


def _npz(path: pathlib.Path) -> dict[str, np.ndarray]:
  with zipfile.ZipFile(path) as archive:
    for member in archive.infolist():
      if member.file_size > _LARGEST:
        raise ValueError(f'its member {member.filename!r} is above 1 GiB')
  with np.load(path, allow_pickle=False) as file:
    arrays = {name: file[name] for name in file.files}
  for name, array in arrays.items():
    # NumPy hands over a member that is no .npy file as raw bytes.
    if not isinstance(array, np.ndarray) or array.dtype.kind not in _NUMBERS:
      raise ValueError(f'{name!r} is no array of numbers')
  return arrays


def _safetensors(path: pathlib.Path) -> dict[str, np.ndarray]:
  with safetensors.safe_open(path, 'numpy') as file:
    return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _mapped(
    arrays: Callable[[memoryview], dict[str, np.ndarray]],
) -> Callable[[pathlib.Path], dict[str, np.ndarray]]:
  """Returns a reader of files for a reader of bytes."""
  def read(path: pathlib.Path) -> dict[str, np.ndarray]:
    with open(path, 'rb') as file:
      data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return arrays(memoryview(data))

  return read


_READERS: dict[str, Callable[[pathlib.Path], dict[str, np.ndarray]]] = {
    '.h5': _hdf5,
    '.hdf5': _hdf5,
    '.onnx': _mapped(onnx_file.arrays),
    '.safetensors': _safetensors,
    '.pth': torch_file.arrays,
    '.pt': torch_file.arrays,
    '.pth.tar': torch_file.arrays,
    '.caffemodel': _mapped(caffe_file.arrays),
    '.npz': _npz,
}
