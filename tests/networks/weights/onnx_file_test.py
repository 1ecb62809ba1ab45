import numpy as np
import pytest

from saliency_jax.networks.weights import onnx_file
from tests.networks.weights import made


def _arrays(*initializers: bytes) -> dict[str, np.ndarray]:
  return onnx_file.arrays(memoryview(made.onnx_model(*initializers)))


def _typed(code: int, number: int, payload: bytes, *dims: int) -> bytes:
  return (
    b''.join(made.field(1, dim) for dim in dims)
    + made.field(2, code)
    + made.field(number, payload)
    + made.field(8, 'x')
  )


@pytest.mark.parametrize('dtype', ['float32', 'float16', 'float64', 'int64'])
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
  packed = made.varint(-5) + made.varint(6)
  np.testing.assert_array_equal(_arrays(_typed(7, 7, packed, 2))['x'], [-5, 6])
  np.testing.assert_array_equal(_arrays(_typed(6, 5, packed, 2))['x'], [-5, 6])


def test_halves_are_bits_in_integers():
  # 1.5 is 0x3e00 as IEEE half and 0x3fc0 as bfloat16; the top bit is the sign.
  half = made.varint(0x3E00) + made.varint(0xBE00)
  np.testing.assert_array_equal(_arrays(_typed(10, 5, half, 2))['x'], [1.5, -1.5])
  brain = made.varint(0x3FC0) + made.varint(0xBFC0)
  np.testing.assert_array_equal(_arrays(_typed(16, 5, brain, 2))['x'].astype(np.float32), [1.5, -1.5])


@pytest.mark.parametrize(
  ('tensor', 'reason'),
  [
    (_typed(8, 9, b'ab', 2), "'x' is of the ONNX data type 8"),
    (_typed(1, 9, b'\0' * 8, 3), r"'x' has 2 values for the shape \(3,\)"),
    (_typed(1, 9, b'\0' * 7, 2), 'buffer size'),
    (_typed(1, 9, b'\0' * 8, -1, -2), "'x' has 2 values"),
    (_typed(1, 13, made.field(1, 'location'), 1), 'kept in another file'),
  ],
)
def test_hostile_tensors(tensor, reason):
  with pytest.raises(ValueError, match=reason):
    _arrays(tensor)


def test_no_graph():
  with pytest.raises(ValueError, match='0 graphs'):
    onnx_file.arrays(memoryview(made.field(1, 7)))
