"""Reads safetensors: a length, a header in JSON, and the tensors' bytes.

Format: https://github.com/huggingface/safetensors. The library of that name
knows types that NumPy does not.
"""

import json
import mmap
import os

import ml_dtypes
import numpy as np

from saliency_jax.networks.weights import protobuf

_TYPES = {
  'F64': np.dtype('<f8'),
  'F32': np.dtype('<f4'),
  'F16': np.dtype('<f2'),
  'BF16': np.dtype(ml_dtypes.bfloat16),
  'I64': np.dtype('<i8'),
  'I32': np.dtype('<i4'),
  'I16': np.dtype('<i2'),
  'I8': np.dtype('i1'),
  'U64': np.dtype('<u8'),
  'U32': np.dtype('<u4'),
  'U16': np.dtype('<u2'),
  'U8': np.dtype('u1'),
  'BOOL': np.dtype(bool),
}
_METADATA = '__metadata__'
_LARGEST = 10**7  # bytes of a header


def mapped(path: str | os.PathLike) -> memoryview:
  """Returns a file's bytes, read as they are used."""
  with open(path, 'rb') as file:
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def read(data: memoryview) -> tuple[dict[str, np.ndarray], dict[str, str]]:
  """Returns the tensors by name, views of `data`, and the metadata.

  Raises:
    ValueError: these bytes are no such file, or a tensor is of a type that is
      not read.
    KeyError, TypeError, AttributeError: its header is of another layout.
  """
  start = 8 + int.from_bytes(data[:8], 'little')
  if not 8 < start <= min(len(data), _LARGEST):
    raise ValueError('its header is cut off')
  header = json.loads(bytes(data[8:start]))
  metadata, arrays = dict(header.pop(_METADATA, None) or {}), {}
  left = len(data) - start
  for name, of in header.items():
    first, last = of['data_offsets']
    left -= last - first
    if not 0 <= first <= last <= len(data) - start or left < 0:
      raise ValueError(f'{name!r} is cut off, or overlaps another')
    if of['dtype'] not in _TYPES:
      raise ValueError(f'{name!r} is of the type {of["dtype"]!r}')
    arrays[name] = protobuf.shaped(
      np.frombuffer(data[start + first : start + last], _TYPES[of['dtype']]), of['shape'], name
    )
  return arrays, metadata
