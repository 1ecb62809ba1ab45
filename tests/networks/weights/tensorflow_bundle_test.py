"""Checkpoints written here, after the format's description."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency_jax import outside
from saliency_jax.errors import InputError
from saliency_jax.networks.weights import tensorflow_bundle, weight_files
from tests.networks.weights.made import field

_KERNEL = np.arange(12, dtype='<f4').reshape(3, 2, 2)
_ARRAYS = {
  'net/conv1/biases': np.array([1.5, -2], '<f4'),
  'net/conv1/weights': _KERNEL,
  'net/conv2/weights': _KERNEL + 100,
  'step': np.array(7, '<f8'),
}
_CODES = {'<f4': 1, '<f8': 2}
_ONE_SHARD = field(1, 1)


def _varint(value):
  low, rest = value & 127, value >> 7
  return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def _block(rows):
  """A block whose keys are whole at the first row alone, and its trailer."""
  content, before = b'', b''
  for key, value in rows:
    shared = 0
    while shared < min(len(key), len(before)) and key[shared] == before[shared]:
      shared += 1
    content += _varint(shared) + _varint(len(key) - shared) + _varint(len(value)) + key[shared:] + value
    before = key
  return content + struct.pack('<II', 0, 1), b'\0' + b'sum!'


def _table(rows, magic=0xDB4775248B80FB57):
  """A table of two blocks of data."""
  data, positions = b'', []
  for part in (rows[:3], rows[3:]):
    content, trailer = _block(part)
    positions.append((part[-1][0], _varint(len(data)) + _varint(len(content))))
    data += content + trailer
  for block in ([], positions):  # the meta index, the index
    content, trailer = _block(block)
    handle = _varint(len(data)) + _varint(len(content))
    data += content + trailer
    if not block:
      footer = handle
  return data + (footer + handle).ljust(40, b'\0') + struct.pack('<Q', magic)


def _entry(array, offset, **changes):
  shape = b''.join(field(2, field(1, size)) for size in array.shape)
  fields = {1: _CODES[array.dtype.str], 2: shape, 4: offset, 5: array.nbytes}
  fields |= {int(k[1:]): value for k, value in changes.items()}
  return b''.join(field(number, value) for number, value in fields.items())


def _write(folder, header=_ONE_SHARD, **changes):
  rows, data = [(b'', header)], b''
  for name, array in sorted(_ARRAYS.items()):
    rows.append((name.encode(), _entry(array, len(data), **(changes if name == 'step' else {}))))
    data += array.tobytes()
  path = folder / 'model.ckpt.index'
  path.write_bytes(_table(rows))
  (folder / 'model.ckpt.data-00000-of-00001').write_bytes(data)
  return path


def test_every_variable_of_a_checkpoint(tmp_path):
  found = weight_files.read_arrays(_write(tmp_path))
  assert list(found) == sorted(_ARRAYS)
  for name, array in _ARRAYS.items():
    assert found[name].dtype == array.dtype
    np.testing.assert_array_equal(found[name], array)
  for code in (7, 9):  # texts and integers
    assert 'step' not in weight_files.read_arrays(_write(tmp_path, f1=code))


@pytest.mark.parametrize(
  ('options', 'reason'),
  [
    ({'header': field(1, 1) + field(2, 1)}, 'big-endian'),
    ({'header': field(1, 2)}, 'data-00000-of-00002 is not beside it'),
    ({'f3': 1}, 'data-00001-of-00001 is not beside it'),
    ({'f4': 1 << 40}, "'step' is cut off"),
    ({'f5': 7}, 'multiple of element size'),
    ({'f5': 16}, "'step' is cut off"),
    ({'f7': b''}, 'kept in slices'),
    ({'f2': field(2, field(1, 3))}, "'step' has 1 values"),
  ],
)
def test_what_is_refused(options, reason, tmp_path):
  path = _write(tmp_path, **options)
  with pytest.raises(InputError, match=reason) as refusal:
    weight_files.read_arrays(path)
  assert str(path) in str(refusal.value)


def test_tables_that_are_none():
  rows = [(name.encode(), b'') for name in 'abcd']
  read = lambda data: tensorflow_bundle._table(memoryview(data))  # noqa: E731
  assert list(read(_table(rows))) == list('abcd')
  for data, reason in (
    (b'', 'end like'),
    (_table(rows, magic=1), 'end like'),
    (_table([*rows[:3], rows[0]]), "two entries 'a'"),
    (_table(rows).replace(b'\0sum!', b'\1sum!', 1), 'compressed'),
    (_table(rows)[50:], 'extends beyond'),
  ):
    with pytest.raises(ValueError, match=reason):
      read(data)
  for block in (b'\0\1\5k1234', b'\0\5\1k123', b'\0\1\0k\2\1\0l'):  # a value, a key, what a key shares
    with pytest.raises(ValueError, match='an entry of it is cut off'):
      [*tensorflow_bundle._rows(memoryview(block), outside.Budget(100))]
  # A few letters that stand for many keys, each of a long one's length.
  size = 1 << 20
  bomb = (
    b'\0' + _varint(size) + b'\0' + b'x' * size + b''.join(_varint(size) + b'\1\0' + bytes([i]) for i in range(250))
  )
  with pytest.raises(ValueError, match='more than a file of its size'):
    for _ in tensorflow_bundle._rows(memoryview(bomb), outside.Budget(len(bomb))):
      pass


@given(st.binary(max_size=40), st.integers(0, 250))
def test_damage_is_a_value_error_or_read(junk, at):
  table = _table([(name.encode(), b'1') for name in 'abcd'])
  at = min(at, len(table))
  for data in (junk, table[:at] + junk + table[at + len(junk) :]):
    with contextlib.suppress(ValueError):
      tensorflow_bundle._table(memoryview(data))
