"""A reader of the protobuf wire format: ONNX, Caffe and TensorFlow.

Encoding: https://protobuf.dev/programming-guides/encoding. A message is a run
of fields, each a tag (number and wire type) and a payload. Only the level that
is asked for is parsed, payloads are views of the file's bytes, and every length
is checked against what is there, so half a gigabyte of floats costs nothing
until it is used.
"""

import math
import mmap
import os
from collections.abc import Sequence

import numpy as np

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def mapped(path: str | os.PathLike) -> memoryview:
  """Returns a file's bytes, read as they are used."""
  with open(path, 'rb') as file:
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


class Message:
  """One level of a message: its fields by number, their payloads unparsed.

  Everything raises `ValueError`, with the reason, on bytes that are no message
  or on a field of another type than the one asked for.
  """

  def __init__(self, data: memoryview):
    """Splits `data`, a view of bytes, into fields.

    Raises:
      ValueError: a field reaches past the end, or is of an unknown wire type.
    """
    self._fields: dict[int, list[tuple[int, int | memoryview]]] = {}
    position = 0
    while position < len(data):
      tag, position = varint(data, position)
      number, wire = tag >> 3, tag & 7
      if wire == _VARINT:
        payload, position = varint(data, position)
      elif wire in (_FIXED64, _BYTES, _FIXED32):
        size = {_FIXED64: 8, _FIXED32: 4}.get(wire)
        if size is None:
          size, position = varint(data, position)
        if size > len(data) - position:
          raise ValueError(f'a field of {size} bytes where {len(data) - position} are left')
        payload = data[position : position + size]
        position += size
      else:
        raise ValueError(f'a field of the unknown wire type {wire}')
      if not number:
        raise ValueError('a field without a number')
      self._fields.setdefault(number, []).append((wire, payload))

  def __contains__(self, number: int) -> bool:
    return number in self._fields

  def data(self, number: int) -> list[memoryview]:
    """Returns the bytes of every occurrence of a bytes field."""
    return [payload for _, payload in self._typed(number, _BYTES)]

  def messages(self, number: int) -> list['Message']:
    """Returns every occurrence of a field that is itself a message."""
    return [Message(payload) for payload in self.data(number)]

  def text(self, number: int) -> str:
    """Returns a string field, '' if it is absent; the last one counts."""
    values = self.data(number)
    return str(values[-1], 'utf-8') if values else ''

  def integers(self, number: int) -> list[int]:
    """Returns a repeated int32 or int64 field, packed or not."""
    values = []
    for wire, payload in self._typed(number, _VARINT, _BYTES):
      if wire == _VARINT:
        values.append(payload)
        continue
      position = 0
      while position < len(payload):
        value, position = varint(payload, position)
        values.append(value)
    return [value - (1 << 64) if value >> 63 else value for value in values]

  def integer(self, number: int) -> int:
    """Returns an integer field, 0 if it is absent; the last one counts."""
    return (self.integers(number) or [0])[-1]

  def floats(self, number: int, dtype: str) -> np.ndarray:
    """Returns a repeated float field, packed or not, as `[N]` of `dtype`.

    Packed in one piece, as every writer does, it is a view without a copy.

    Args:
      number: the field.
      dtype: '<f4' for float, '<f8' for double.
    """
    single = _FIXED32 if dtype == '<f4' else _FIXED64
    pieces = [payload for _, payload in self._typed(number, single, _BYTES)]
    data = pieces[0] if len(pieces) == 1 else b''.join(pieces)
    return np.frombuffer(data, dtype)

  def _typed(self, number: int, *wires: int) -> list[tuple[int, int | memoryview]]:
    fields = self._fields.get(number, [])
    for wire, _ in fields:
      if wire not in wires:
        raise ValueError(f'field {number} has the wire type {wire}')
    return fields


def shaped(values: np.ndarray, shape: Sequence[int], name: str) -> np.ndarray:
  """Returns `values` `[N]` as an array of `shape`, a view.

  Raises:
    ValueError: `shape` does not hold N elements; the message gives `name`.
  """
  if min(shape, default=0) < 0 or math.prod(shape) != values.size:
    raise ValueError(f'{name!r} has {values.size} values for the shape {tuple(shape)}')
  return values.reshape(shape)


def varint(data: memoryview, position: int) -> tuple[int, int]:
  """Returns the unsigned number at `position` and the position after it."""
  value = 0
  for count in range(10):
    if position + count >= len(data):
      raise ValueError('the bytes end inside a number')
    byte = data[position + count]
    value |= (byte & 0x7F) << (7 * count)
    if byte < 0x80:
      return value & ((1 << 64) - 1), position + count + 1
  raise ValueError('a number of more than ten bytes')
