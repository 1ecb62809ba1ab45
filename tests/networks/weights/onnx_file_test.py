import tempfile

import numpy as np
import pytest

from saliency_jax.networks.weights import onnx_file
from tests.networks.weights import made


def _arrays(*initializers: bytes) -> dict[str, np.ndarray]:
  with tempfile.NamedTemporaryFile() as file:
    file.write(made.onnx_model(*initializers))
    file.flush()
    return onnx_file.arrays(file.name)


def _typed(code: int, number: int, payload: bytes, *dims: int) -> bytes:
  return (
    b''.join(made.field(1, dim) for dim in dims)
    + made.field(2, code)
    + made.field(number, payload)
    + made.field(8, 'x')
  )


@pytest.mark.parametrize('dtype', ['float32', 'float16', 'float64'])
def test_raw_data(dtype):
  array = np.arange(-3, 3).reshape(2, 3).astype(dtype)
  read = _arrays(made.onnx_tensor('w', array))
  assert list(read) == ['w']
  assert read['w'].dtype == dtype
  np.testing.assert_array_equal(read['w'], array)


def test_a_number_has_no_dimensions():
  read = _arrays(made.onnx_tensor('w', np.float32(2.5)))['w']
  assert read.shape == ()
  assert read == 2.5


def test_values_in_typed_fields():
  floats = np.array([[1.5, -2.5]], '<f4')
  read = _arrays(_typed(1, 4, floats.tobytes(), 1, 2))
  np.testing.assert_array_equal(read['x'], floats)
  doubles = np.array([0.1], '<f8')
  assert _arrays(_typed(11, 10, doubles.tobytes(), 1))['x'] == 0.1
  one_by_one = b''.join(made.field(4, float(x)) for x in floats.ravel())
  read = _arrays(made.field(1, 2) + made.field(2, 1) + one_by_one + made.field(8, 'x'))
  np.testing.assert_array_equal(read['x'], floats[0])


def test_what_is_no_float_is_left_out():
  assert list(_arrays(made.onnx_tensor('n', np.arange(3)), made.onnx_tensor('w', np.ones(1)))) == ['w']


@pytest.mark.parametrize(
  ('tensor', 'reason'),
  [
    (_typed(1, 9, b'\0' * 8, 3), r"'x' has 2 values for the shape \(3,\)"),
    (_typed(1, 9, b'\0' * 7, 2), 'buffer size'),
    (_typed(1, 9, b'\0' * 8, -1, -2), "'x' has 2 values"),
    # Halves whose bits stand in integers are not read.
    (_typed(10, 5, b'\x80\x78', 1), "'x' has 0 values for the shape"),
    (_typed(1, 13, made.field(1, 'location'), 1), 'kept in another file'),
  ],
)
def test_hostile_tensors(tensor, reason):
  with pytest.raises(ValueError, match=reason):
    _arrays(tensor)
