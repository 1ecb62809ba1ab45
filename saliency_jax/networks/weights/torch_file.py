"""Reads the tensors of a .pth file without torch and without unpickling.

torch.save has two layouts. A zip file (torch 1.6 and later) has the pickle in
'NAME/data.pkl' and each storage in 'NAME/data/KEY', uncompressed. The legacy
layout has five pickles (a magic number, a version, the writer's system, the
object, the keys of the storages), then for each key the number of elements as
an int64 and the elements. `torch_stream` says what is read of a pickle.
"""

import functools
import io
import math
import mmap
import pathlib
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from absl import logging

from saliency_jax.networks.weights import torch_stream

_ZIP_MAGIC = b'PK\x03\x04'
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001


def arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Returns the tensors of a state_dict by name.

  A state_dict under 'state_dict' or 'model', or the only one in a training
  checkpoint, is unwrapped, and a leading 'module.' (torch.nn.DataParallel) or
  '_orig_mod.' (torch.compile) is removed.

  Raises:
    ValueError: the file is damaged, its pickle does more than describe tensors,
      or it holds no state_dict.
    OSError, zipfile.BadZipFile: it cannot be read at all.
  """
  with open(path, 'rb') as file:
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
  if data[:4] == _ZIP_MAGIC:
    with zipfile.ZipFile(path) as archive:
      content, read = _zip(archive)
      return _named_arrays(content, read)
  content, read = _legacy(data)
  return _named_arrays(content, read)


_Reader = Callable[[torch_stream.Storage], bytes | memoryview]


def _zip(archive: zipfile.ZipFile) -> tuple[Any, _Reader]:
  pickles = [name for name in archive.namelist() if name.count('/') == 1 and name.endswith('/data.pkl')]
  if len(pickles) != 1:
    raise ValueError('it is a zip file, but not from torch')
  folder = pickles[0].removesuffix('data.pkl')

  def member(name: str) -> bytes:
    # Uncompressed members cannot be larger than the file.
    if archive.getinfo(folder + name).compress_type != zipfile.ZIP_STORED:
      raise ValueError(f'its member {name!r} is compressed')
    return archive.read(folder + name)

  if f'{folder}byteorder' in archive.namelist() and member('byteorder') != b'little':
    raise ValueError('it was written by a big-endian machine')
  content, _ = torch_stream.interpret(io.BytesIO(member('data.pkl')))
  # Tensors may share a storage, which is read once.
  read = functools.cache(lambda key: member(f'data/{key}'))
  return content, lambda storage: read(storage.key)


def _legacy(data: mmap.mmap) -> tuple[Any, _Reader]:
  magic, _ = torch_stream.interpret(data)
  if magic != _LEGACY_MAGIC:
    raise ValueError('it does not begin like a file of torch')
  version, _ = torch_stream.interpret(data)
  system, _ = torch_stream.interpret(data)
  if version != _LEGACY_VERSION or not isinstance(system, dict):
    raise ValueError(f'its version is not {_LEGACY_VERSION}')
  if system.get('little_endian') is not True:
    raise ValueError('it was written by a big-endian machine')
  content, storages = torch_stream.interpret(data)
  keys, _ = torch_stream.interpret(data)
  if (
    not isinstance(keys, list)
    or len(keys) != len(storages)
    or not all(isinstance(key, str) and key in storages for key in keys)
  ):
    raise ValueError('its list of storages does not fit its tensors')
  view, position, blocks = memoryview(data), data.tell(), {}
  for key in keys:
    storage = storages[key]
    size = int.from_bytes(view[position : position + 8], 'little', signed=True)
    end = position + 8 + storage.size * storage.dtype.itemsize
    if size != storage.size or not position + 8 <= end <= len(view):
      raise ValueError(f'its storage {key!r} is cut off or of another size')
    blocks[key] = view[position + 8 : end]
    position = end
  return content, lambda storage: blocks[storage.key]


def _named_arrays(content: Any, read: _Reader) -> dict[str, np.ndarray]:
  states = [key for key, x in content.items() if _is_state(x)] if isinstance(content, dict) else []
  for name in ('state_dict', 'model', *(states if len(states) == 1 else ())):
    if isinstance(content, dict) and isinstance(content.get(name), dict):
      averages = [
        key for key, x in content.items() if 'ema' in str(key).split('_') and isinstance(x, dict) and key != name
      ]
      if averages:
        logging.warning(
          'A weight file has %s beside %r. The latter is read; to use the former, save it in a file of its own.',
          averages,
          name,
        )
      content = content[name]
  if not isinstance(content, dict):
    raise ValueError('it holds no state_dict')
  named = {}
  for name, value in content.items():
    if isinstance(value, torch_stream.Parameter):
      value = value.tensor
    if not isinstance(name, str) or not isinstance(value, torch_stream.Tensor):
      raise ValueError(f'it holds no state_dict: its entry {name!r} is no tensor')
    key = name.removeprefix('_orig_mod.').removeprefix('module.').removeprefix('_orig_mod.')
    named[key] = _array(value, read, name)
  if len(named) != len(content):
    raise ValueError('it has the same name with and without "module."')
  return named


def _is_state(x: Any) -> bool:
  tensors = torch_stream.Tensor, torch_stream.Parameter
  return isinstance(x, dict) and bool(x) and all(isinstance(y, tensors) for y in x.values())


def _array(tensor: torch_stream.Tensor, read: _Reader, name: str) -> np.ndarray:
  """Returns the view that `tensor` describes, if it lies in its storage."""
  storage, shape, strides = tensor.storage, tensor.shape, tensor.strides
  count = math.prod(shape)
  last = tensor.offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
  if min((tensor.offset, *shape, *strides)) < 0 or count > storage.size or (count and last >= storage.size):
    raise ValueError(f'{name!r} extends beyond its storage')
  data = read(storage)
  step = storage.dtype.itemsize
  if len(data) != storage.size * step:
    raise ValueError(f'the storage of {name!r} has {len(data)} bytes, not {storage.size * step}')
  values = np.frombuffer(data, storage.dtype)[tensor.offset :]
  return np.lib.stride_tricks.as_strided(values, shape, [stride * step for stride in strides], writeable=False)
