"""Folders of saliency maps that others have made."""

import numpy as np
import pytest
import scipy.io
from PIL import Image

from saliency_jax.data import matlab
from saliency_jax.data.map_folder import MapFolder
from saliency_jax.data.value_images import read_grey
from saliency_jax.errors import InputError

VALUES = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def write_png(path):
  Image.fromarray(VALUES).save(path)


def write_mat(path, **variables):
  scipy.io.savemat(
    path,
    variables
    or {'saliency': VALUES / 7, 'sigma': 24.0, 'model': 'x', 'sizes': [1, 2, 3], 'parts': {'a': np.ones((5, 5))}},
  )


WRITERS = {
  'a.png': (write_png, VALUES),
  'b.PNG': (write_png, VALUES),
  '16bit.png': (lambda path: Image.fromarray(VALUES.astype(np.uint16) * 200).save(path), VALUES * 200.0),
  'tuple.tiff': (write_png, VALUES),
  'float.tif': (lambda path: Image.fromarray(VALUES.astype(np.float32) / 7).save(path), VALUES / 7),
  'bits.png': (lambda path: Image.fromarray(VALUES > 99).save(path), VALUES > 99),
  'palette.png': (lambda path: Image.fromarray(VALUES).convert('RGB').quantize(12).save(path), VALUES),
  'grey_alpha.png': (
    lambda path: Image.fromarray(np.stack([VALUES, np.uint8(255) * (VALUES > 0)], axis=2)).save(path),
    VALUES,
  ),
  'alpha.png': (
    lambda path: Image.fromarray(np.stack([VALUES, VALUES, VALUES, 0 * VALUES], axis=2)).save(path),
    VALUES,
  ),
  'double.npy': (lambda path: np.save(path, -VALUES / 7), -VALUES / 7),
  'fortran.npy': (lambda path: np.save(path, np.asfortranarray(VALUES)), VALUES),
  'big_endian.npy': (lambda path: np.save(path, VALUES.astype('>i4')), VALUES),
  'matrix.mat': (write_mat, VALUES / 7),
}


@pytest.mark.parametrize('name', WRITERS)
def test_maps_of_every_kind_are_read(name, tmp_path):
  write, expected = WRITERS[name]
  write(tmp_path / name)
  stem = name.split('.')[0]
  folder = MapFolder(tmp_path)
  folder.check([stem])
  found = folder.read(stem)
  assert found.dtype == np.float32
  np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_an_offset_that_float32_holds_is_no_fault(tmp_path):
  np.save(tmp_path / 'a.npy', 1000 + np.eye(3))
  np.save(tmp_path / 'b.npy', np.full((3, 3), 10**12))
  np.testing.assert_array_equal(MapFolder(tmp_path).read('a'), 1000 + np.eye(3))
  assert not np.ptp(MapFolder(tmp_path).read('b'))


def test_jpeg_loses_little(tmp_path):
  Image.fromarray(np.full((8, 8), 100, np.uint8)).save(tmp_path / 'a.jpeg')
  assert abs(MapFolder(tmp_path).read('a') - 100).max() <= 1


def test_subfolders_are_part_of_the_name(tmp_path):
  for place in ('a', 'x/a', 'x/y/a.b'):
    path = tmp_path / f'{place}.npy'
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.full((2, 2), len(place)))
  (tmp_path / '.x.png').touch()
  (tmp_path / '.trash').mkdir()
  (tmp_path / '.trash' / 'a.png').touch()
  folder = MapFolder(tmp_path)
  folder.check(['a', 'x/a', 'x/y/a.b'])
  assert [folder.read(name)[0, 0] for name in ('a', 'x/a', 'x/y/a.b')] == [1, 3, 7]


def test_missing_maps_are_named_and_counted(tmp_path):
  write_png(tmp_path / 'p3.png')
  with pytest.raises(InputError, match=(r'lacks the maps of 4 of 5 images \(p1, p2, p4, \.\.\.\), and has p3')):
    MapFolder(tmp_path).check(['p1', 'p2', 'p3', 'p4', 'p5'])
  with pytest.raises(InputError, match=r'of 1 of 2 images \(p1\), and has'):
    MapFolder(tmp_path).check(['p1', 'p3'])


def test_two_maps_of_one_image_are_refused(tmp_path):
  write_png(tmp_path / 'p1.png')
  write_png(tmp_path / 'p1.tif')
  write_png(tmp_path / 'p2.png')
  MapFolder(tmp_path).check(['p2'])  # The other image is not asked for.
  with pytest.raises(InputError, match=r'p1\.tif and p1\.png share one name'):
    MapFolder(tmp_path).check(['p1', 'p2'])


def test_no_folder_and_no_map_are_refused(tmp_path):
  with pytest.raises(InputError, match='no folder of saliency maps .*gone'):
    MapFolder(tmp_path / 'gone')
  (tmp_path / 'notes.txt').touch()
  with pytest.raises(InputError, match='holds no saliency map; put .*npy'):
    MapFolder(tmp_path)


def with_value(value, dtype=np.float32):
  array = VALUES.astype(dtype)
  array[1, 2] = value
  return array


class Trap:
  """Runs code where it is unpickled."""

  def __reduce__(self):
    return (exec, ('raise SystemExit("unpickled")',))


@pytest.mark.parametrize(
  ('name', 'write', 'message'),
  [
    ('a.npy', lambda path: np.save(path, with_value(np.nan)), r'is NaN at 1 of 12 pixels; save only finite'),
    ('a.npy', lambda path: np.save(path, with_value(-np.inf)), 'is infinite at 1 of 12 pixels'),
    ('a.npy', lambda path: np.save(path, with_value(1e300, float)), 'is infinite at 1 of 12'),
    # In float32 it would be constant, of which every NSS is 0.
    ('a.npy', lambda path: np.save(path, 1e8 + np.eye(3)), 'has values from 100000000.0 to 100000001.0, which float32'),
    ('a.npy', lambda path: np.save(path, np.int32(1e8 + np.eye(3))), 'from 100000000.0 to 100000001.0, which'),
    ('a.tif', lambda path: Image.fromarray(with_value(np.nan)).save(path), 'is NaN at 1 of 12'),
    ('a.mat', lambda path: write_mat(path, x=with_value(np.nan)), 'is NaN at 1 of 12'),
    ('a.npy', lambda path: np.save(path, VALUES[None]), r'an array of shape \[1, 3, 4\]; save one value'),
    ('a.mat', lambda path: write_mat(path, x=np.ones((2, 3, 4))), r'an array of shape \[2, 3, 4\]'),
    ('a.npy', lambda path: np.save(path, VALUES.ravel()), r'shape \[12\]'),
    ('a.npy', lambda path: np.save(path, np.zeros((0, 3))), r'shape \[0, 3\]'),
    ('a.npy', lambda path: np.save(path, VALUES + 1j), 'holds complex128'),
    ('a.npy', lambda path: np.save(path, np.array([[Trap()]], object)), 'no usable .npy'),
    ('a.npy', lambda path: path.write_bytes(b'\x93NUMPY'), 'no usable .npy'),
    ('a.npy', lambda path: path.write_bytes(b'nothing'), 'no usable .npy'),
    ('a.png', lambda path: path.write_bytes(b'nothing'), 'is truncated, dam'),
    ('a.tif', lambda path: path.write_bytes(b'II*\0\x08\0\0\0'), 'is truncated, damaged'),
    (
      'a.tif',
      lambda path: Image.fromarray(VALUES).save(path, save_all=True, append_images=[Image.fromarray(VALUES)]),
      'holds several images',
    ),
    ('a.mat', lambda path: path.write_bytes(b'nothing'), 'no usable MATLAB file: '),
    ('a.mat', lambda path: write_mat(path, x='text', y=1.0), r'holds 0 matrices of numbers \(none\)'),
    (
      'a.mat',
      lambda path: write_mat(path, x=VALUES, y=VALUES, z=1.0),
      r'holds 2 matrices of numbers \(x, y\); save the map alone',
    ),
    ('a.mat', lambda path: write_mat(path, x=VALUES + 1j), 'no usable MATLAB file: a number is complex'),
    ('a.png', lambda path: path.mkdir(), 'is truncated, damaged'),
    ('a.mat', lambda path: path.mkdir(), r'cannot be read \(Is a directory'),
  ],
)
def test_what_is_wrong_with_a_map_is_named(name, write, message, tmp_path):
  write(tmp_path / name)
  with pytest.raises(InputError, match=rf'{name}.* ({message})'):
    MapFolder(tmp_path).read('a')


def test_cut_files_are_refused(tmp_path):
  for name, (write, _) in WRITERS.items():
    path = tmp_path / name
    write(path)
    whole = path.read_bytes()
    for size in (0, 5, 40):
      path.write_bytes(whole[:size])
      with pytest.raises(InputError):
        MapFolder(tmp_path).read(name.split('.')[0])
    path.unlink()


@pytest.mark.parametrize('dense', [1, 3])
def test_what_is_sparse_beside_a_map_does_not_matter(dense, tmp_path):
  path = tmp_path / 'x.mat'
  scipy.io.savemat(path, {'a': scipy.sparse.csc_array(np.eye(3)), 'b': np.ones((dense, 2))})
  if dense == 3:
    assert matlab.read_matrix(path).shape == (3, 2)
    return
  with pytest.raises(InputError, match='is sparse'):
    matlab.read_matrix(path)


def test_grey_maps_of_more_than_8_bits_are_read(tmp_path):
  values = np.array([[0, 70_000]], np.int32)
  Image.fromarray(values).save(tmp_path / 'x.tif')
  assert read_grey(tmp_path / 'x.tif').tolist() == values.tolist()


def test_exchanged_sides_are_refused(tmp_path):
  np.save(tmp_path / 'a.npy', np.zeros((20, 15)))
  folder = MapFolder(tmp_path)
  assert folder.read('a', (400, 300)).shape == (20, 15)
  for check in (folder.read, folder.check_size):
    with pytest.raises(InputError, match=(r'a\.npy is 15 x 20 and its image 400 x 300; exchange its width')):
      check('a', (300, 400))
  np.save(tmp_path / 'a.npy', np.zeros((14, 14)))
  assert MapFolder(tmp_path).read('a', (300, 400)).shape == (14, 14)
