"""MATLAB's files as SciPy writes them, and damaged ones."""

import io
import struct
import zlib

import numpy as np
import pytest
import scipy.io

from saliency_jax import sandbox
from saliency_jax.data import matlab
from saliency_jax.errors import InputError


def saved(value, compressed=False, name='x') -> bytes:
  stream = io.BytesIO()
  scipy.io.savemat(stream, {name: value}, do_compression=compressed)
  return stream.getvalue()


@pytest.fixture
def read(tmp_path):
  def of(data: bytes, name: str = 'x'):
    (tmp_path / 'a.mat').write_bytes(data)
    return matlab.load(tmp_path / 'a.mat', name)

  return of


def cell(*items) -> np.ndarray:
  found = np.empty((1, len(items)), object)
  found[0] = items
  return found


NESTED = cell({'img': 'a.jpg', 'n': np.arange(6).reshape(2, 3)}, cell('é', 2.5), [], np.array([[True, False]]))


@pytest.mark.parametrize('compressed', [False, True])
def test_numbers_keep_shape_and_type(compressed, read):
  for dtype in ('i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8'):
    value = np.arange(6, dtype=dtype).reshape(2, 3)
    found = read(saved(value, compressed))
    assert found.dtype == value.dtype
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize('compressed', [False, True])
def test_cells_structures_and_texts(compressed, read):
  (first,), second, third, fourth = read(saved(NESTED, compressed))
  assert first['img'] == 'a.jpg'
  assert first['n'].tolist() == [[0, 1, 2], [3, 4, 5]]
  assert second[0] == 'é'
  assert second[1].tolist() == [[2.5]]
  assert third.size == 0
  assert fourth.tolist() == [[1, 0]]


def test_structure_arrays_lie_in_structures(read):
  # As SALICON's gaze and MIT1003's DATA: [n, 1] elements, arrays in each.
  people = np.empty((3, 1), [('fixations', object), ('timestamp', object)])
  for count, row in enumerate(people):
    row[0]['fixations'] = np.arange(2 * count, dtype=np.uint16).reshape(-1, 2)
    row[0]['timestamp'] = np.array([[count + 0.5]])
  (found,) = read(saved({'DATA': people, 'name': 'a'}))
  assert found['name'] == 'a'
  assert [each['fixations'].shape for each in found['DATA']] == [(0, 2), (1, 2), (2, 2)]
  assert found['DATA'][2]['fixations'].tolist() == [[0, 1], [2, 3]]
  assert found['DATA'][1]['timestamp'].tolist() == [[1.5]]
  assert read(saved(people[:0])) == []


def test_files_are_loaded_by_name(tmp_path, read):
  with pytest.raises(InputError, match=r'There is no file .*a\.mat'):
    matlab.load(tmp_path / 'a.mat', 'x')
  with pytest.raises(InputError, match=r'a\.mat is no usable MATLAB file: '):
    read(b'none')
  value = read(saved({'y': 2.5}))
  assert matlab.field(value, 'y', np.ndarray, 'here').tolist() == [[2.5]]
  for name, kind in (('z', np.ndarray), ('y', str)):
    with pytest.raises(InputError, match=f'here has no valid field {name}'):
      matlab.field(value, name, kind, 'here')


def test_the_other_byte_order(read):
  def element(kind, data):
    data += bytes(-len(data) % 8)
    return struct.pack('>II', kind, len(data)) + data

  body = (
    element(6, struct.pack('>II', 6, 0))
    + element(5, struct.pack('>ii', 1, 2))
    + struct.pack('>HH', 1, 1)
    + b'x\0\0\0'  # a short element
    + element(9, struct.pack('>dd', 1.5, -2))
  )
  found = read(b'x' * 124 + b'\1\0MI' + element(14, body))
  assert found.tolist() == [[1.5, -2]]
  assert found.dtype.isnative


def test_only_the_named_variable_is_read(read):
  stream = io.BytesIO()
  scipy.io.savemat(stream, {'z': np.array([1j]), 'x': 3.0, 'w': scipy.sparse.csc_array(np.eye(3))})
  assert read(stream.getvalue()).tolist() == [[3]]
  assert read(stream.getvalue(), 'y') is None
  for name, said in (('z', 'complex'), ('w', r"sparse, save MATLAB's full\(\)")):
    with pytest.raises(InputError, match=said):
      read(stream.getvalue(), name)


def test_damaged_files_are_refused(read, monkeypatch):
  monkeypatch.setattr(sandbox, '_BESIDE', -(2**26))  # a smaller bomb does
  packed = zlib.compress(bytes(2**27))
  claims = bytearray(saved(cell(1.0, 2.0)))
  place = claims.index(struct.pack('<IIii', 5, 8, 1, 2)) + 8
  claims[place : place + 8] = struct.pack('<ii', 2**31 - 1, 2**31 - 1)
  bomb = saved(1.0)[:128] + struct.pack('<II', 15, len(packed)) + packed
  for data in (bomb, bytes(claims), *(saved(NESTED)[:size] for size in (100, 300)), saved('photograph.jpg')[:-8]):
    with pytest.raises(InputError, match=r'a\.mat is no usable MATLAB file: '):
      read(data)


def test_no_damage_ends_more_than_its_file(read):
  # Not compressed: nothing stands between a changed byte and SciPy's reader.
  rng, whole, refused = np.random.default_rng(0), saved(NESTED), 0
  for _ in range(30):
    broken = bytearray(whole)
    broken[rng.integers(len(broken))] = rng.integers(256)
    try:
      read(bytes(broken))
    except InputError:
      refused += 1
  assert refused > 2
  assert len(read(whole)) == 4


def test_a_process_that_ends_is_started_again(read):
  assert len(read(saved(NESTED))) == 4
  sandbox._processes[0].kill()
  with pytest.raises(InputError, match='takes too long or too much memory, or crashes'):
    read(saved(NESTED))
  assert len(read(saved(NESTED))) == 4
