"""The initializers (constant tensors) of an ONNX graph.

Field numbers: onnx.proto of ONNX 1.x.
"""

import pathlib

import ml_dtypes
import numpy as np
from google.protobuf.message import Message

from saliency_jax.networks.weights import protobuf_messages

_ONNX = protobuf_messages.defined(
  ModelProto={'graph': (7, 'GraphProto')},
  GraphProto={'initializer': (5, 'TensorProto*')},
  TensorProto={
    'dims': (1, 'int64*'),
    'data_type': (2, 'int32'),
    'float_data': (4, 'float*'),
    'name': (8, 'string'),
    'raw_data': (9, 'bytes'),
    'double_data': (10, 'double*'),
    'external_data': (13, 'bytes*'),
  },
)
# TensorProto.DataType of weights.
_TYPES = {1: np.dtype('<f4'), 10: np.dtype('<f2'), 11: np.dtype('<f8'), 16: np.dtype(ml_dtypes.bfloat16)}


def arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Returns the floating-point initializers of a model by name.

  Raises:
    ValueError: a tensor is kept in another file, or has too few or too many
      values. See also `protobuf_messages.read`.
  """
  graph = protobuf_messages.read(_ONNX.ModelProto, path).graph
  return {tensor.name: _array(tensor) for tensor in graph.initializer if tensor.data_type in _TYPES}


def _array(tensor: Message) -> np.ndarray:
  if tensor.external_data:
    raise ValueError(f'the values of {tensor.name!r} are kept in another file')
  if tensor.raw_data:
    values = np.frombuffer(tensor.raw_data, _TYPES[tensor.data_type])
  elif tensor.double_data:
    values = np.array(tensor.double_data, '<f8')
  else:
    values = np.array(tensor.float_data, '<f4')
  return protobuf_messages.shaped(values, tensor.dims, tensor.name)
