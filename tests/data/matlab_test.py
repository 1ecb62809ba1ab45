"""Our reader of MATLAB files beside SciPy's, and on damaged files."""

import io
import struct
import zlib

import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.data import matlab
from saliency_jax.errors import InputError


def saved(value, compressed=False, name='x') -> bytes:
  stream = io.BytesIO()
  scipy.io.savemat(stream, {name: value}, do_compression=compressed)
  return stream.getvalue()


def cell(*items) -> np.ndarray:
  found = np.empty((1, len(items)), object)
  found[0] = items
  return found


NESTED = cell({'img': 'a.jpg', 'n': np.arange(6).reshape(2, 3)}, cell('é', 2.5), [], np.array([[True, False]]))


@pytest.mark.parametrize('compressed', [False, True])
@pytest.mark.parametrize('dtype', ['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8'])
def test_numbers_keep_their_shape(dtype, compressed):
  value = np.arange(6, dtype=dtype).reshape(2, 3)
  found = matlab.parse(saved(value, compressed), 'x')
  assert found.dtype == value.dtype
  assert found.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize('compressed', [False, True])
def test_cells_structures_and_texts(compressed):
  (first,), second, third, fourth = matlab.parse(saved(NESTED, compressed), 'x')
  assert first['img'] == 'a.jpg'
  assert first['n'].tolist() == [[0, 1, 2], [3, 4, 5]]
  assert second[0] == 'é'
  assert second[1].tolist() == [[2.5]]
  assert third.size == 0
  assert fourth.tolist() == [[1, 0]]


def test_structure_arrays_lie_in_structures():
  # As SALICON's gaze and MIT1003's DATA: [n, 1] elements, arrays in each.
  people = np.empty((3, 1), [('fixations', object), ('timestamp', object)])
  for count, row in enumerate(people):
    row[0]['fixations'] = np.arange(2 * count, dtype=np.uint16).reshape(-1, 2)
    row[0]['timestamp'] = np.array([[count + 0.5]])
  (found,) = matlab.parse(saved({'DATA': people, 'name': 'a'}), 'x')
  assert found['name'] == 'a'
  assert [each['fixations'].shape for each in found['DATA']] == [(0, 2), (1, 2), (2, 2)]
  assert found['DATA'][2]['fixations'].tolist() == [[0, 1], [2, 3]]
  assert found['DATA'][1]['timestamp'].tolist() == [[1.5]]
  assert matlab.parse(saved(people[:0]), 'x') == []


def test_arrays_of_nothing_along_billions_are_refused():
  data = bytearray(saved(np.zeros((0, 4))))
  place = data.index(struct.pack('<IIii', 5, 8, 0, 4)) + 8
  for rows, columns, message in ((2**31 - 1, 0, None), (0, 2**31 - 1, None), (0, -1, 'an array has no size')):
    data[place : place + 8] = struct.pack('<ii', rows, columns)
    if message is None:
      assert matlab.parse(bytes(data), 'x').shape == (rows, columns)
    else:
      with pytest.raises(ValueError, match=message):
        matlab.parse(bytes(data), 'x')


def test_many_axes_are_refused():
  assert matlab.parse(saved(np.zeros((2, 3, 1, 2))), 'x').shape == (2, 3, 1, 2)
  with pytest.raises(ValueError, match='has no size'):
    matlab.parse(saved(np.zeros((2,) * 9)), 'x')


def test_files_are_loaded_by_name(tmp_path):
  path = tmp_path / 'a.mat'
  with pytest.raises(InputError, match=r'There is no file .*a\.mat'):
    matlab.load(path, 'x')
  path.write_bytes(b'none')
  with pytest.raises(InputError, match=r'a\.mat is no usable MATLAB file: it'):
    matlab.load(path, 'x')
  path.write_bytes(saved({'y': 2.5}))
  value = matlab.load(path, 'x')
  assert matlab.field(value, 'y', np.ndarray, 'here').tolist() == [[2.5]]
  for name, kind in (('z', np.ndarray), ('y', str)):
    with pytest.raises(InputError, match=f'here: no proper field {name}'):
      matlab.field(value, name, kind, 'here')


def test_the_other_byte_order():
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
  data = bytes(124) + b'\1\0MI' + element(14, body)
  assert matlab.parse(data, 'x').tolist() == [[1.5, -2]]


def test_only_the_named_variable_is_read():
  stream = io.BytesIO()
  scipy.io.savemat(stream, {'z': np.array([1j]), 'x': 3.0})
  assert matlab.parse(stream.getvalue(), 'x').tolist() == [[3]]
  assert matlab.parse(stream.getvalue(), 'y') is None
  with pytest.raises(ValueError, match='complex'):
    matlab.parse(stream.getvalue(), 'z')


def test_sparse_arrays_are_refused():
  with pytest.raises(ValueError, match='sparse, save MATLAB.s full'):
    matlab.parse(saved(scipy.sparse.csc_array(np.eye(3))), 'x')


def test_all_of_osie_as_scipy_reads_it(osie_dir):
  path = osie_dir / 'eye' / 'fixations.mat'
  ours = matlab.parse(path.read_bytes(), 'fixations')
  theirs = scipy.io.loadmat(path)['fixations'].ravel()
  assert len(ours) == len(theirs) == 500
  for (one,), other in zip(ours, theirs, strict=True):
    assert one['img'] == other['img'].item().item()
    subjects = other['subjects'].item().ravel()
    for (mine,), its in zip(one['subjects'], subjects, strict=True):
      for name in ('fix_x', 'fix_y', 'fix_duration'):
        np.testing.assert_array_equal(mine[name], its[name].item())


def test_a_bomb_is_refused():
  packed = zlib.compress(bytes(2**26 + 2**22))
  data = saved(1.0)[:128] + struct.pack('<II', 15, len(packed)) + packed
  with pytest.raises(ValueError, match='unpacks to more'):
    matlab.parse(data, 'x')


def test_deep_nesting_is_refused():
  value = 1.0
  for _ in range(40):
    value = cell(value)
  with pytest.raises(ValueError, match='nested too deeply'):
    matlab.parse(saved(value), 'x')


@pytest.mark.parametrize('size', [0, 100, 127, 128 + 4, 300, 400])
def test_a_cut_file_is_refused(size):
  with pytest.raises(ValueError, match='it ends too early|no MATLAB file'):
    matlab.parse(saved(NESTED)[:size], 'x')


def test_a_cut_text_is_refused():
  whole = saved('photograph.jpg')
  assert matlab.parse(whole, 'x') == 'photograph.jpg'
  with pytest.raises(ValueError, match='ends too early'):
    matlab.parse(whole[:-8], 'x')


def test_a_cell_that_claims_billions_is_refused():
  data = bytearray(saved(cell(1.0, 2.0)))
  place = data.index(struct.pack('<IIii', 5, 8, 1, 2)) + 8
  data[place : place + 8] = struct.pack('<ii', 2**31 - 1, 2**31 - 1)
  with pytest.raises(ValueError, match='ends too early'):
    matlab.parse(bytes(data), 'x')


@settings(max_examples=300)
@given(st.data())
def test_damage_never_crashes(data):
  # Not compressed: nothing but the reader stands between damage and memory.
  broken = bytearray(saved(NESTED))
  for _ in range(data.draw(st.integers(1, 4))):
    place = data.draw(st.integers(0, len(broken) - 1))
    broken[place] = data.draw(st.integers(0, 255))
  try:
    matlab.parse(bytes(broken), 'x')
  except ValueError:
    return
