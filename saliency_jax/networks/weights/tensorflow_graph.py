"""The constants of a TensorFlow graph: a frozen GraphDef or a SavedModel.

Field numbers: graph.proto, node_def.proto, attr_value.proto, tensor.proto,
tensor_shape.proto, function.proto, meta_graph.proto and saved_model.proto of
TensorFlow. A SavedModel with variables beside it has no weights of its own
here; one that is exported with constants does.
"""

import math
from collections.abc import Iterator

import numpy as np

from saliency_jax.networks.weights import protobuf

_NODES, _LIBRARY, _FUNCTIONS, _FUNCTION_NODES = 1, 2, 1, 3  # GraphDef
_META_GRAPHS, _GRAPH = 2, 2  # SavedModel, MetaGraphDef
_NAME, _OP, _ATTRIBUTES, _KEY, _VALUE, _TENSOR = 1, 2, 5, 1, 2, 8  # NodeDef
_TYPE, _SHAPE, _DIMENSION, _SIZE, _CONTENT, _FLOATS = 1, 2, 2, 1, 4, 5
_FLOAT = 1  # DT_FLOAT
_LARGEST = 1 << 28  # elements that one value may be repeated to


def arrays(data: memoryview) -> dict[str, np.ndarray]:
  """Returns the float32 constants by the names of their nodes.

  Args:
    data: the bytes of a .pb file.

  Raises:
    ValueError: these bytes are no such file, a constant has too few or too many
      values, or two that differ share a name.
  """
  found: dict[str, np.ndarray] = {}
  for node in _nodes(protobuf.Message(data)):
    value = _value(node) if node.text(_OP) == 'Const' else None
    if value is not None:
      name = node.text(_NAME)
      if name in found and not np.array_equal(found[name], value):
        raise ValueError(f'it has two constants {name!r}')
      found[name] = value
  return found


def _nodes(file: protobuf.Message) -> Iterator[protobuf.Message]:
  graphs = [file]
  try:
    file.data(_NODES)
  except ValueError:  # a SavedModel, which begins with its version
    graphs = [graph for meta in file.messages(_META_GRAPHS) for graph in meta.messages(_GRAPH)]
  for graph in graphs:
    yield from graph.messages(_NODES)
    for library in graph.messages(_LIBRARY):
      for function in library.messages(_FUNCTIONS):
        yield from function.messages(_FUNCTION_NODES)


def _value(node: protobuf.Message) -> np.ndarray | None:
  """Returns what a constant is, None if it is of another type than float."""
  for attribute in node.messages(_ATTRIBUTES):
    if attribute.text(_KEY) != 'value':
      continue
    for tensor in attribute.messages(_VALUE)[-1].messages(_TENSOR):
      if tensor.integer(_TYPE) == _FLOAT:
        return _array(tensor, node.text(_NAME))
  return None


def _array(tensor: protobuf.Message, name: str) -> np.ndarray:
  shape = dimensions(tensor, _SHAPE)
  if _CONTENT in tensor:
    content = tensor.data(_CONTENT)[-1]
    if len(content) % 4:
      raise ValueError(f'{name!r} has {len(content)} bytes of floats')
    values = np.frombuffer(content, '<f4')
  else:
    values = tensor.floats(_FLOATS, '<f4')
    # One value stands for as many as there are.
    if len(values) == 1 and 0 < math.prod(shape) <= _LARGEST:
      values = np.broadcast_to(values, math.prod(shape))
  return protobuf.shaped(values, shape, name)


def dimensions(message: protobuf.Message, number: int) -> list[int]:
  """Returns the sizes in the TensorShapeProto that a field of a message is."""
  shapes = message.messages(number)
  return [dimension.integer(_SIZE) for dimension in (shapes[-1].messages(_DIMENSION) if shapes else ())]
