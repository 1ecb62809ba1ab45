"""Reading fixations.mat: the authors' own map, and what must be refused."""

import numpy as np
import pytest
import scipy.io
from PIL import Image

from saliency_jax.data import fixations
from saliency_jax.data.sources.osie import Osie
from saliency_jax.errors import InputError
from tests.data import made


def test_the_authors_own_map_is_reproduced(osie_dir, reference_dir):
  found = Osie(osie_dir)
  found = found.scanpaths(found.image_ids.index('1023'))
  drawn = np.zeros((600, 800), bool)
  drawn[tuple(found.points.T)] = True
  with Image.open(reference_dir / '1023_fixation_map.png') as image:
    np.testing.assert_array_equal(drawn, np.asarray(image) > 0)
  assert len(found.points) == 162
  assert len(np.unique(found.points, axis=0)) == 161
  assert found.points.dtype == np.int32


def test_subjects_durations_and_order_are_kept(tmp_path):
  path = tmp_path / 'fixations.mat'
  made.fixations_mat(
    path, {'a.jpg': [np.array([[3.4, 1, 250], [2.5, 4, 100]]), np.zeros((0, 3)), np.array([[1, 1, 90]])], 'b.jpg': []}
  )
  found = fixations.read_fixations(path)
  assert list(found) == ['a.jpg', 'b.jpg']
  points, subjects, durations, times, idle, outside = found['a.jpg']
  assert (idle, outside) == (1, 0)  # the second one fixated nothing
  np.testing.assert_allclose(points, [[1, 3.4], [4, 2.5], [1, 1]])
  np.testing.assert_array_equal(subjects, [0, 0, 2])
  np.testing.assert_array_equal(durations, [250, 100, 90])
  assert (subjects.dtype, durations.dtype) == (np.int32, np.float32)
  assert times.dtype == np.float32
  assert np.isnan(times).tolist() == [True] * 3
  assert found['b.jpg'].points.shape == (0, 2)


def test_what_was_not_recorded_is_not_known():
  _, subjects, durations, times, *left_out = fixations.make(np.zeros((2, 2), np.int32))
  assert (subjects.tolist(), left_out) == ([0, 0], [0, 0])
  assert np.isnan([durations, times]).all()


def saved(path, value):
  scipy.io.savemat(path, value)
  return path


def subject(x, y, duration):
  return {'fix_x': np.atleast_2d(x), 'fix_y': np.atleast_2d(y), 'fix_duration': np.atleast_2d(duration)}


def cell(*items):
  found = np.empty((len(items), 1), object)
  found[:, 0] = items
  return found


@pytest.mark.parametrize(
  ('value', 'message'),
  [
    ({'other': 1}, "no cell 'fixations'"),
    ({'fixations': np.ones((2, 2))}, "no cell 'fixations'"),
    ({'fixations': cell('a.jpg')}, 'entry 1 has no valid field img'),
    ({'fixations': cell({'img': 'a.jpg'})}, r'image a\.jpg has no valid field subjects'),
    ({'fixations': cell({'img': 3.0, 'subjects': cell()})}, 'entry 1 has no valid field img'),
    (
      {'fixations': cell({'img': 'a.jpg', 'subjects': cell({'fix_x': 1.0})})},
      r'image a\.jpg, subject 1 has no valid field fix_y',
    ),
    (
      {
        'fixations': cell(
          {'img': 'a.jpg', 'subjects': cell(subject([1.0], [1.0], [9]), subject([1.0, 2.0], [1.0], [9]))}
        )
      },
      'subject 2: fix_x, fix_y and fix_duration have 2, 1 and 1 values',
    ),
    (
      {'fixations': cell({'img': 'a.jpg', 'subjects': cell(subject([1.0, np.nan], [1.0, 2.0], [9, 9]))})},
      r'image a\.jpg, subject 1 has a fixation that is not a number',
    ),
    (
      {'fixations': cell({'img': 'a.jpg', 'subjects': cell(subject([1.0], [np.inf], [9]))})},
      'subject 1 has a fixation',
    ),
    (
      {'fixations': cell({'img': 'a.jpg', 'subjects': cell(subject('left', [1.0], [9]))})},
      'subject 1 has no valid field fix_x',
    ),
    (
      {'fixations': cell({'img': 'a.jpg', 'subjects': cell()}, {'img': 'a.png', 'subjects': cell()})},
      r'image a\.png, entry 2: the name is empty or occurs twice',
    ),
  ],
)
def test_another_layout_is_refused(value, message, tmp_path):
  path = saved(tmp_path / 'fixations.mat', value)
  with pytest.raises(InputError, match=f'fixations.mat.*{message}'):
    fixations.read_fixations(path)


def test_other_files_are_refused(tiny_osie, tmp_path):
  path = tmp_path / 'fixations.mat'
  with pytest.raises(InputError, match=r'There is no file .*fixations\.mat'):
    fixations.read_fixations(path)
  whole = (tiny_osie / 'eye' / 'fixations.mat').read_bytes()
  header = b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM'
  for data, message in (
    (b'', 'MATLAB file'),
    (b'text', 'MATLAB file'),
    (whole[:1000], 'MATLAB file'),
    (header + b'\x89HDF\r\n\x1a\n' + bytes(400), 'save it with -v7'),
  ):
    path.write_bytes(data)
    with pytest.raises(InputError, match=f'fixations.mat is no usable .*{message}'):
      fixations.read_fixations(path)
