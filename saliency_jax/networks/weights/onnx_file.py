"""The initializers (constant tensors) of an ONNX graph.

Field numbers: onnx.proto of ONNX 1.x (ModelProto, GraphProto, TensorProto).
"""

import ml_dtypes
import numpy as np

from saliency_jax.networks.weights import protobuf

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_FLOAT_DATA, _INT32_DATA, _INT64_DATA, _DOUBLE_DATA = 4, 5, 7, 10
_EXTERNAL_DATA = 13

# TensorProto.DataType of what a checkpoint holds.
_TYPES = {
  1: np.dtype('<f4'),
  6: np.dtype('<i4'),
  7: np.dtype('<i8'),
  9: np.dtype(bool),
  10: np.dtype('<f2'),
  11: np.dtype('<f8'),
  16: np.dtype(ml_dtypes.bfloat16),
}


def arrays(data: memoryview) -> dict[str, np.ndarray]:
  """Returns the initializers of a model by name, views where possible.

  Args:
    data: the bytes of the file.

  Raises:
    ValueError: these bytes are no ONNX model, or a tensor is kept in another
      file, is of a type that is not read, or has too few or too many values.
  """
  graphs = protobuf.Message(data).messages(_GRAPH)
  if len(graphs) != 1:
    raise ValueError(f'it has {len(graphs)} graphs where a model has one')
  return {tensor.text(_NAME): _array(tensor) for tensor in graphs[0].messages(_INITIALIZER)}


def _array(tensor: protobuf.Message) -> np.ndarray:
  name = tensor.text(_NAME)
  code = tensor.integer(_DATA_TYPE)
  if code not in _TYPES:
    raise ValueError(f'{name!r} is of the ONNX data type {code}')
  if _EXTERNAL_DATA in tensor:
    raise ValueError(f'the values of {name!r} are kept in another file')
  return protobuf.shaped(_values(tensor, _TYPES[code]), tensor.integers(_DIMS), name)


def _values(tensor: protobuf.Message, dtype: np.dtype) -> np.ndarray:
  if _RAW_DATA in tensor:
    return np.frombuffer(tensor.data(_RAW_DATA)[-1], dtype)
  if dtype == np.float32:
    return tensor.floats(_FLOAT_DATA, '<f4')
  if dtype == np.float64:
    return tensor.floats(_DOUBLE_DATA, '<f8')
  if dtype == np.int64:
    return np.array(tensor.integers(_INT64_DATA), np.int64)
  integers = np.array(tensor.integers(_INT32_DATA), np.int64)
  if dtype.itemsize == 2:  # The bits of a half, one in each integer.
    return integers.astype(np.uint16).view(dtype)
  return integers.astype(dtype)
