"""The constants of a TensorFlow graph: a frozen GraphDef or a SavedModel.

Field numbers: the .proto files of TensorFlow's core/framework and
core/protobuf. A SavedModel has its weights here only if it was exported with
constants instead of variables.
"""

import math
import pathlib
from collections.abc import Iterator

import numpy as np
from google.protobuf.message import Message

from saliency_jax.networks.weights import protobuf_messages

# A protobuf map is encoded as repeated entries.
_TENSORFLOW = protobuf_messages.defined(
  SavedModel={'meta_graphs': (2, 'MetaGraphDef*')},
  MetaGraphDef={'graph_def': (2, 'GraphDef')},
  GraphDef={'node': (1, 'NodeDef*'), 'library': (2, 'FunctionDefLibrary')},
  FunctionDefLibrary={'function': (1, 'FunctionDef*')},
  FunctionDef={'node_def': (3, 'NodeDef*')},
  NodeDef={'name': (1, 'string'), 'op': (2, 'string'), 'attr': (5, 'AttrEntry*')},
  AttrEntry={'key': (1, 'string'), 'value': (2, 'AttrValue')},
  AttrValue={'tensor': (8, 'TensorProto')},
  TensorProto={
    'dtype': (1, 'int32'),
    'tensor_shape': (2, 'TensorShapeProto'),
    'tensor_content': (4, 'bytes'),
    'float_val': (5, 'float*'),
  },
  **protobuf_messages.TENSOR_SHAPE,
)
_FLOAT = 1  # DT_FLOAT
_LARGEST = 1 << 28  # elements to which one value may be repeated


def arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Returns the float32 constants by the names of their nodes.

  Raises:
    ValueError: a constant has too few or too many values, or two different ones
      share a name. See also `protobuf_messages.read`.
  """
  found: dict[str, np.ndarray] = {}
  for graph in _graphs(path):
    for node in (*graph.node, *(node for function in graph.library.function for node in function.node_def)):
      for value in (entry.value.tensor for entry in node.attr if entry.key == 'value'):
        if node.op != 'Const' or value.dtype != _FLOAT:
          continue
        array = _array(value, node.name)
        if node.name in found and not np.array_equal(found[node.name], array, equal_nan=True):
          raise ValueError(f'it has two constants {node.name!r}')
        found[node.name] = array
  return found


def _graphs(path: pathlib.Path) -> Iterator[Message]:
  # A SavedModel begins with its version number, field 1; GraphDef's is a
  # message.
  if bytes(protobuf_messages.mapped(path)[:1]) != b'\x08':
    return iter([protobuf_messages.read(_TENSORFLOW.GraphDef, path)])
  return (meta.graph_def for meta in protobuf_messages.read(_TENSORFLOW.SavedModel, path).meta_graphs)


def _array(tensor: Message, name: str) -> np.ndarray:
  shape = [dim.size for dim in tensor.tensor_shape.dim]
  if tensor.tensor_content:
    values = np.frombuffer(tensor.tensor_content, '<f4')
  else:
    values = np.array(tensor.float_val, '<f4')
    # A single value is repeated to fill the shape.
    if len(values) == 1 and 0 < math.prod(shape) <= _LARGEST:
      values = np.broadcast_to(values, math.prod(shape))
  return protobuf_messages.shaped(values, shape, name)
