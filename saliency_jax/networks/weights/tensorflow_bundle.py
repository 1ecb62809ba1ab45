"""The variables of a TensorFlow checkpoint: NAME.index, NAME.data-0000i-of-n.

The index is a LevelDB table (see its table_format.md): blocks of sorted keys,
each key without the prefix that it shares with the previous one; a block with
the positions of the other blocks; and a footer with the position of that. A
value is a BundleEntryProto, or for the key '' the BundleHeaderProto, of
TensorFlow's tensor_bundle.proto. Checksums are not verified.
"""

import functools
import pathlib
from collections.abc import Callable, Iterator

import ml_dtypes
import numpy as np
from google.protobuf.message import Message

from saliency_jax import outside
from saliency_jax.networks.weights import protobuf_messages

_MAGIC, _FOOTER = 0xDB4775248B80FB57, 48
_TRAILER = 5  # bytes after a block: type of compression, checksum
_ROW = 64  # approximate bytes of an entry in memory, besides its name
_TENSORFLOW = protobuf_messages.defined(
  BundleHeaderProto={'num_shards': (1, 'int32'), 'endianness': (2, 'int32')},
  BundleEntryProto={
    'dtype': (1, 'int32'),
    'shape': (2, 'TensorShapeProto'),
    'shard_id': (3, 'int32'),
    'offset': (4, 'int64'),
    'size': (5, 'int64'),
    'slices': (7, 'bytes*'),
  },
  **protobuf_messages.TENSOR_SHAPE,
)
# DataType of weights.
_TYPES = {1: np.dtype('<f4'), 2: np.dtype('<f8'), 14: np.dtype(ml_dtypes.bfloat16), 19: np.dtype('<f2')}


def arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Returns the floating-point variables by name, views of the data files beside NAME.index.

  Raises:
    ValueError: the index is not such a table, does not fit the data files, or
      uses a feature that is not supported.
  """
  table = _table(protobuf_messages.mapped(path))
  header = _TENSORFLOW.BundleHeaderProto.FromString(table.pop('', b''))
  if header.endianness:
    raise ValueError('it was written by a big-endian machine')

  @functools.cache
  def shard(number: int) -> memoryview:
    file = path.with_suffix(f'.data-{number:05d}-of-{header.num_shards:05d}')
    if not 0 <= number < header.num_shards or not file.is_file():
      raise ValueError(f'{file.name} is not beside it')
    return protobuf_messages.mapped(file)

  found = {}
  for name, value in table.items():
    entry = _TENSORFLOW.BundleEntryProto.FromString(value)
    if entry.dtype in _TYPES:
      found[name] = _array(entry, shard, name)
  return found


def _array(entry: Message, shard: Callable[[int], memoryview], name: str) -> np.ndarray:
  if entry.slices:
    raise ValueError(f'{name!r} is kept in slices')
  data, start, stop = shard(entry.shard_id), entry.offset, entry.offset + entry.size
  if not 0 <= start <= stop <= len(data):
    raise ValueError(f'{name!r} is cut off')
  values = np.frombuffer(data[start:stop], _TYPES[entry.dtype])
  return protobuf_messages.shaped(values, [dim.size for dim in entry.shape.dim], name)


def _table(data: memoryview) -> dict[str, memoryview]:
  footer = data[max(len(data) - _FOOTER, 0) :]
  if len(footer) < _FOOTER or int.from_bytes(footer[-8:], 'little') != _MAGIC:
    raise ValueError('it does not end like a TensorFlow table')
  _, position = _handle(footer, 0)  # of the metaindex, which checkpoints leave empty
  index, _ = _handle(footer, position)
  budget, found = outside.Budget(len(data)), {}
  for _, handle in _rows(_block(data, index), budget):
    for key, value in _rows(_block(data, _handle(handle, 0)[0]), budget):
      name = str(key, 'utf-8')
      if name in found:
        raise ValueError(f'it has two entries {name!r}')
      found[name] = value
  return found


def _handle(data: memoryview, position: int) -> tuple[tuple[int, int], int]:
  """Returns a block's (start, length), and the position after the handle."""
  start, position = _varint(data, position)
  length, position = _varint(data, position)
  return (start, length), position


def _block(data: memoryview, handle: tuple[int, int]) -> memoryview:
  """Returns the rows of a block, without the restart points after them."""
  start, length = handle
  if start + length + _TRAILER > len(data) - _FOOTER:
    raise ValueError('a block extends beyond its end')
  if data[start + length]:
    raise ValueError('it is compressed, which TensorFlow never does')
  block = data[start : start + length]
  stop = length - 4 - 4 * int.from_bytes(block[-4:], 'little')
  if stop < 0:
    raise ValueError('a block is cut off')
  return block[:stop]


def _rows(block: memoryview, budget: outside.Budget) -> Iterator[tuple[bytes, memoryview]]:
  key, position = b'', 0
  while position < len(block):
    shared, position = _varint(block, position)
    own, position = _varint(block, position)
    length, position = _varint(block, position)
    if shared > len(key) or own + length > len(block) - position:
      raise ValueError('an entry of it is cut off')
    budget.take(_ROW + shared + own)
    key = key[:shared] + bytes(block[position : position + own])
    position += own
    yield key, block[position : position + length]
    position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
  """Returns the unsigned 64-bit number at `position`, and what is after it."""
  value = 0
  for count, byte in enumerate(data[position : position + 10]):
    value |= (byte & 0x7F) << (7 * count)
    if byte < 0x80:
      return value, position + count + 1
  raise ValueError('a number in it is cut off')
