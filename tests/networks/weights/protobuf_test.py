import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency_jax.networks.weights import protobuf
from tests.networks.weights import made


def _message(data: bytes) -> protobuf.Message:
  return protobuf.Message(memoryview(data))


def test_documented_examples():
  # https://protobuf.dev/programming-guides/encoding: `a: 150`, `b: "testing"`,
  # an embedded message, and packed and unpacked repeated numbers.
  assert _message(b'\x08\x96\x01').integers(1) == [150]
  assert _message(b'\x12\x07testing').text(2) == 'testing'
  embedded = _message(b'\x1a\x03\x08\x96\x01').messages(3)
  assert embedded[0].integers(1) == [150]
  assert _message(b'\x32\x06\x03\x8e\x02\x9e\xa7\x05').integers(6) == [3, 270, 86942]
  assert _message(b'\x28\x01\x28\x02\x28\x03').integers(5) == [1, 2, 3]
  assert _message(b'\x08' + b'\xfe' + b'\xff' * 8 + b'\x01').integers(1) == [-2]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_integers_round_trip(values):
  packed = made.field(4, b''.join(map(made.varint, values)))
  unpacked = b''.join(made.field(4, value) for value in values)
  assert _message(packed).integers(4) == values
  assert _message(unpacked).integers(4) == values


def test_floats_packed_unpacked_and_in_pieces():
  values = np.array([1.5, -2, 3], '<f4')
  packed = made.field(5, values.tobytes())
  unpacked = b''.join(made.field(5, float(value)) for value in values)
  pieces = made.field(5, values[:1].tobytes()) + made.field(5, values[1:].tobytes())
  for data in (packed, unpacked, pieces):
    np.testing.assert_array_equal(_message(data).floats(5, '<f4'), values)
  assert _message(b'').floats(5, '<f4').size == 0
  doubles = made.field(5, struct.pack('<2d', 0.1, 0.2))
  assert _message(doubles).floats(5, '<f8').tolist() == [0.1, 0.2]


def test_packed_floats_are_views():
  data = bytearray(made.field(5, np.zeros(3, '<f4').tobytes()))
  floats = protobuf.Message(memoryview(data)).floats(5, '<f4')
  data[-4:] = struct.pack('<f', 9)
  assert floats.tolist() == [0, 0, 9]


def test_the_last_string_counts_and_absence_is_empty():
  message = _message(made.field(1, 'a') + made.field(1, 'b'))
  assert message.text(1) == 'b'
  assert message.text(2) == ''
  assert message.integers(2) == []
  assert 1 in message
  assert 2 not in message


@pytest.mark.parametrize(
  ('data', 'reason'),
  [
    (b'\x12\x08testing', '8 bytes where 7'),
    (b'\x08', 'end inside'),
    (b'\x08\x96', 'end inside'),
    (b'\x08' + b'\xff' * 10, 'ten bytes'),
    (b'\x0d\0\0', '4 bytes where 2'),
    (b'\x12' + b'\xff' * 9 + b'\x01', 'bytes where 0'),
    (b'\x0b', 'wire type 3'),
    (b'\x02\x00', 'without a number'),
  ],
)
def test_malformed(data, reason):
  with pytest.raises(ValueError, match=reason):
    _message(data)


def test_fields_of_another_type():
  message = _message(made.field(1, 3) + made.field(2, 1.5))
  for ask in (message.text, message.messages):
    with pytest.raises(ValueError, match='wire type 0'):
      ask(1)
  with pytest.raises(ValueError, match='wire type 5'):
    message.integers(2)
  with pytest.raises(ValueError, match='wire type 5'):
    message.floats(2, '<f8')


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_an_error(data):
  try:
    message = _message(data)
    for number in range(1, 16):
      if number in message:
        message.integers(number)
  except ValueError:
    pass


@pytest.mark.parametrize('shape', [(2, 2), (-1, -3), (), (10**30,)])
def test_shape_must_fit(shape):
  with pytest.raises(ValueError, match="'x' has 3 values for the shape"):
    protobuf.shaped(np.zeros(3), shape, 'x')
