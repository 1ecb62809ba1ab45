import contextlib
import tempfile

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from saliency_jax.errors import InputError
from saliency_jax.networks.weights import tensorflow_graph, weight_files
from tests.networks.weights.made import field

_KERNEL = np.arange(12, dtype='<f4').reshape(3, 2, 2)


def _tensor(array, content=True, dtype=1):
  shape = b''.join(field(2, field(1, size)) for size in array.shape)
  values = field(4, array.tobytes()) if content else b''.join(field(5, float(value)) for value in array.ravel())
  return field(1, dtype) + field(2, shape) + values


def _node(name, tensor, op='Const'):
  attributes = field(5, field(1, 'dtype') + field(2, field(6, 1))) + field(
    5, field(1, 'value') + field(2, field(8, tensor))
  )
  return field(1, name) + field(2, op) + attributes


def _read(data):
  with tempfile.NamedTemporaryFile() as file:
    file.write(data)
    file.flush()
    return tensorflow_graph.arrays(file.name)


def test_constants_of_a_frozen_graph():
  graph = (
    field(1, _node('a/kernel', _tensor(_KERNEL)))
    + field(1, _node('b', _tensor(_KERNEL[0], content=False)))
    + field(1, _node('size', _tensor(np.array([2, 3], '<i4'), dtype=3)))
    + field(1, _node('a/kernel/read', _tensor(_KERNEL), 'Identity'))
  )
  found = _read(graph)
  assert set(found) == {'a/kernel', 'b'}
  np.testing.assert_array_equal(found['a/kernel'], _KERNEL)
  np.testing.assert_array_equal(found['b'], _KERNEL[0])


def test_constants_in_the_functions_of_a_saved_model():
  function = field(3, _node('a/kernel', _tensor(_KERNEL)))
  library = field(2, field(1, function) + field(1, function))
  graph = field(1, _node('b', _tensor(_KERNEL[0]))) + library
  model = field(1, 1) + field(2, field(2, graph))
  assert set(_read(model)) == {'a/kernel', 'b'}


def test_a_constant_with_nan_is_one():
  node = field(1, _node('a', _tensor(np.full(2, np.nan, '<f4'))))
  assert list(_read(node)) == list(_read(node + node)) == ['a']


def test_one_value_stands_for_all():
  tensor = field(1, 1) + field(2, field(2, field(1, 5))) + field(5, 1.5)
  found = _read(field(1, _node('bias', tensor)))['bias']
  np.testing.assert_array_equal(found, np.full(5, 1.5))


@pytest.mark.parametrize(
  ('graph', 'reason'),
  [
    (field(1, _node('a', _tensor(_KERNEL))) + field(1, _node('a', _tensor(_KERNEL + 1))), "two constants 'a'"),
    (field(1, _node('a', _tensor(_KERNEL)[:-4])), 'Error parsing'),
    (field(1, _node('a', field(1, 1) + field(2, field(2, field(1, 1 << 60))) + field(5, 1.0))), "'a' has 1 values"),
    (field(1, _node('a', field(1, 1) + field(4, b'123'))), 'multiple of element size'),
  ],
)
def test_what_is_refused(graph, reason, tmp_path):
  path = tmp_path / 'model.pb'
  path.write_bytes(graph)
  with pytest.raises(InputError, match=reason) as refusal:
    weight_files.read_arrays(path)
  assert str(path) in str(refusal.value)


@given(st.binary(max_size=80), st.integers(0, 200))
def test_damage_is_an_error_of_its_own_or_read(junk, at):
  graph = field(1, _node('a/kernel', _tensor(_KERNEL)))
  at = min(at, len(graph))
  for data in (junk, graph[:at] + junk + graph[at:]):
    with contextlib.suppress(ValueError, DecodeError):
      _read(data)
