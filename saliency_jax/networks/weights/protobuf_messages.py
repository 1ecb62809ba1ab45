"""Protobuf messages from tables of their fields: ONNX, Caffe and TensorFlow.

The protobuf library parses them. It skips fields that are not in a table, and
raises its own error for bytes that are no such message.
"""

import math
import mmap
import os
import types
from collections.abc import Mapping, Sequence

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

_LARGEST = 2**31 - 1  # bytes of a message
# TensorFlow's; see `defined`.
TENSOR_SHAPE = {'TensorShapeProto': {'dim': (2, 'Dim*')}, 'Dim': {'size': (1, 'int64')}}
_Field = descriptor_pb2.FieldDescriptorProto


def defined(**messages: Mapping[str, tuple[int, str]]) -> types.SimpleNamespace:
  """Returns classes of messages.

  Args:
    **messages: {field: (number, type)} of each; a type is one of protobuf's
      ('int64') or of these messages, and ends in '*' if it is repeated.
  """
  file = descriptor_pb2.FileDescriptorProto(name='messages.proto', syntax='proto3')
  for title, fields in messages.items():
    message = file.message_type.add(name=title)
    for name, (number, kind) in fields.items():
      field = message.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
      if kind.endswith('*'):
        field.label, kind = _Field.LABEL_REPEATED, kind[:-1]
      if kind in messages:
        field.type_name = f'.{kind}'
      else:
        field.type = _Field.Type.Value(f'TYPE_{kind.upper()}')
  pool = descriptor_pool.DescriptorPool()
  pool.Add(file)
  return types.SimpleNamespace(
    **{title: message_factory.GetMessageClass(pool.FindMessageTypeByName(title)) for title in messages}
  )


def read(kind: type[Message], path: str | os.PathLike) -> Message:
  """Returns the message that a file holds.

  Raises:
    ValueError: it is larger than any message.
    google.protobuf.message.DecodeError: it is no such message.
  """
  if os.path.getsize(path) > _LARGEST:
    raise ValueError('it is larger than 2 GiB, the limit of such files')
  return kind.FromString(mapped(path))


def mapped(path: str | os.PathLike) -> memoryview:
  """Returns a file's bytes, mapped into memory."""
  with open(path, 'rb') as file:
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def shaped(values: np.ndarray, shape: Sequence[int], name: str) -> np.ndarray:
  """Returns `values` `[N]` as an array of `shape`, a view.

  Raises:
    ValueError: `shape` does not hold N elements; the message gives `name`.
  """
  if min(shape, default=0) < 0 or math.prod(shape) != values.size:
    raise ValueError(f'{name!r} has {values.size} values for the shape {tuple(shape)}')
  return values.reshape(shape)
