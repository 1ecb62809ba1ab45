"""The variables of a TensorFlow checkpoint: NAME.index, NAME.data-0000i-of-n.

The index is a table as LevelDB's (table_format.md of its documentation): blocks
of keys in order, of which each leaves out the letters that it shares with the
one before it, a block of the other blocks' positions, and at the end the
position of that. A value is a BundleEntryProto, or for the key '' the
BundleHeaderProto, of TensorFlow's tensor_bundle.proto. Checksums are not
compared.
"""

import functools
import pathlib
from collections.abc import Callable, Iterator

import ml_dtypes
import numpy as np

from saliency_jax import outside
from saliency_jax.networks.weights import protobuf, tensorflow_graph

_MAGIC, _FOOTER = 0xDB4775248B80FB57, 48
_TRAILER = 5  # bytes behind a block: how it is compressed, and a checksum
_ROW = 64  # bytes that an entry takes in memory beside its name, about
_SHARDS, _ENDIANNESS = 1, 2  # BundleHeaderProto
_TYPE, _SHAPE, _SHARD, _OFFSET, _SIZE, _SLICES = 1, 2, 3, 4, 5, 7  # the entry
_TEXT = 7  # DT_STRING
_TYPES = {
  1: np.dtype('<f4'),
  2: np.dtype('<f8'),
  3: np.dtype('<i4'),
  4: np.dtype('u1'),
  5: np.dtype('<i2'),
  6: np.dtype('i1'),
  9: np.dtype('<i8'),
  10: np.dtype(bool),
  14: np.dtype(ml_dtypes.bfloat16),
  19: np.dtype('<f2'),
}


def arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Returns the variables by name, views of the data files; texts are left out.

  Args:
    path: of NAME.index; the data are beside it.

  Raises:
    ValueError: the index is no such table, or describes what the data files
      have not, or what is not read.
  """
  table = _table(protobuf.mapped(path))
  header = protobuf.Message(table.pop('', memoryview(b'')))
  if header.integer(_ENDIANNESS):
    raise ValueError('it was written by a big-endian machine')
  shards = header.integer(_SHARDS)

  @functools.cache
  def shard(number: int) -> memoryview:
    file = path.with_suffix(f'.data-{number:05d}-of-{shards:05d}')
    if not 0 <= number < shards or not file.is_file():
      raise ValueError(f'{file.name} is not beside it')
    return protobuf.mapped(file)

  found = {}
  for name, value in table.items():
    entry = protobuf.Message(value)
    if entry.integer(_TYPE) != _TEXT:
      found[name] = _array(entry, shard, name)
  return found


def size(path: pathlib.Path) -> int:
  """Returns the bytes of a checkpoint's files."""
  return sum(
    file.stat().st_size for file in path.parent.iterdir() if file == path or file.name.startswith(f'{path.stem}.data-')
  )


def _array(entry: protobuf.Message, shard: Callable[[int], memoryview], name: str) -> np.ndarray:
  code = entry.integer(_TYPE)
  if code not in _TYPES:
    raise ValueError(f'{name!r} is of the TensorFlow data type {code}')
  if _SLICES in entry:
    raise ValueError(f'{name!r} is kept in slices')
  data, start = shard(entry.integer(_SHARD)), entry.integer(_OFFSET)
  stop = start + entry.integer(_SIZE)
  if not 0 <= start <= stop <= len(data):
    raise ValueError(f'{name!r} is cut off')
  if (stop - start) % _TYPES[code].itemsize:
    raise ValueError(f'{name!r} has {stop - start} bytes')
  values = np.frombuffer(data[start:stop], _TYPES[code])
  return protobuf.shaped(values, tensorflow_graph.dimensions(entry, _SHAPE), name)


def _table(data: memoryview) -> dict[str, memoryview]:
  footer = data[max(len(data) - _FOOTER, 0) :]
  if len(footer) < _FOOTER or int.from_bytes(footer[-8:], 'little') != _MAGIC:
    raise ValueError('it does not end like a table of TensorFlow')
  _, position = _handle(footer, 0)  # of what no checkpoint has
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
  """Returns where a block is and how long, and the position after that."""
  start, position = protobuf.varint(data, position)
  length, position = protobuf.varint(data, position)
  return (start, length), position


def _block(data: memoryview, handle: tuple[int, int]) -> memoryview:
  """Returns the rows of a block, without the list of whole keys behind them."""
  start, length = handle
  if start + length + _TRAILER > len(data) - _FOOTER:
    raise ValueError('a block reaches out of it')
  if data[start + length]:
    raise ValueError('it is compressed, as TensorFlow does not do')
  block = data[start : start + length]
  stop = length - 4 - 4 * int.from_bytes(block[-4:], 'little')
  if stop < 0:
    raise ValueError('a block is cut off')
  return block[:stop]


def _rows(block: memoryview, budget: outside.Budget) -> Iterator[tuple[bytes, memoryview]]:
  key, position = b'', 0
  while position < len(block):
    shared, position = protobuf.varint(block, position)
    own, position = protobuf.varint(block, position)
    length, position = protobuf.varint(block, position)
    if shared > len(key) or own + length > len(block) - position:
      raise ValueError('an entry of it is cut off')
    budget.take(_ROW + shared + own)
    key = key[:shared] + bytes(block[position : position + own])
    position += own
    yield key, block[position : position + length]
    position += length
