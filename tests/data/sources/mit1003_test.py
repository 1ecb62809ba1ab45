"""MIT1003's layout, and fixations found in gaze samples made by hand."""

import pathlib
import warnings

import numpy as np
import pytest
import scipy.io
from PIL import Image

from saliency_jax.data.sources.mit1003 import Mit1003, find_fixations
from saliency_jax.errors import InputError

LONG = 'i05june05_static_street_boston_with_a_name_that_matlab_cuts_p1010764'
HEIGHT, WIDTH = 60, 80


def gaze(*stays: tuple[float, float, int]) -> np.ndarray:
  """Returns samples `[n, 2]`: at (x, y) for so many samples, in turn."""
  return np.concatenate([np.tile([[x, y]], (n, 1)) for x, y, n in stays])


def test_fixations_lie_between_jumps():
  centres, spans = find_fixations(gaze((10, 10, 48), (200, 90, 24), (9, 9, 23)))
  assert centres.tolist() == [[10, 10], [200, 90]]
  np.testing.assert_allclose(spans, [[0, 200], [200, 300]])  # ms


def test_a_fixation_may_drift_one_degree():
  # 35 pixels along both axes together, and then one more.
  drift = np.column_stack([np.arange(36.0), np.full(36, 7)])
  centres, spans = find_fixations(np.concatenate([drift, gaze((36, 7, 24))]))
  assert centres.tolist() == [[17.5, 7], [36, 7]]
  np.testing.assert_allclose(spans, [[0, 150], [150, 250]])


def test_a_saccade_is_passed_over():
  path = np.linspace([10, 10], [300, 200], 7)[1:-1]
  centres, _ = find_fixations(np.concatenate([gaze((10, 10, 30)), path, gaze((300, 200, 30))]))
  assert centres.tolist() == [[10, 10], [300, 200]]


def test_blinks_end_fixations():
  for blink in ((-5, -5), (np.nan, np.nan), (3, -1)):
    centres, spans = find_fixations(gaze((3, 3, 24), (*blink, 2), (3, 3, 30), (*blink, 9), (3, 3, 23)))
    assert centres.tolist() == [[3, 3], [3, 3]]
    np.testing.assert_allclose(spans * 0.24, [[0, 24], [26, 56]])


def test_nothing_is_found_in_little():
  for samples in (np.zeros((0, 2)), gaze((3, 3, 23)), gaze((-1, -1, 99))):
    centres, spans = find_fixations(samples)
    assert centres.shape == spans.shape == (0, 2)


def save(path: pathlib.Path, samples, name=None) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  value = {
    (name or path.stem)[:63]: {
      'imgName': path.stem,
      'DATA': np.array([[(samples, 240)]], [('eyeData', object), ('rate', object)]),
    }
  }
  scipy.io.savemat(path, value, long_field_names=True)


@pytest.fixture
def folders(tmp_path):
  images, data = tmp_path / 'ALLSTIMULI', tmp_path / 'DATA'
  images.mkdir()
  for name in (LONG, 'istatic'):
    Image.new('RGB', (WIDTH, HEIGHT)).save(images / f'{name}.jpeg')
  first = (40, 30, 48)
  save(data / 'ajs' / f'{LONG}.mat', gaze(first, (1, 1, 24), (80.4, 60.4, 48)))
  save(data / 'zb' / f'{LONG}.mat', gaze(first, (500, 2, 60), (3, 44, 36)))
  save(data / 'zb' / 'istatic.mat', gaze(first))
  save(data / 'zb' / 'shuff_stimnames.mat', gaze(first))
  (data / 'README.txt').write_text('fifteen people')
  return images, data


def test_folders_of_subjects_are_read(folders):
  source = Mit1003(*folders)
  assert source.image_ids == (LONG, 'istatic')
  points, subjects, durations, times, _, outside = source.scanpaths(0)
  # Everybody's first fixation is left out, and zb's far off the photograph.
  assert points.tolist() == [[0, 0], [59, 79], [43, 2]]
  assert subjects.tolist() == [0, 0, 1]
  assert outside == 1
  np.testing.assert_allclose(durations, [100, 200, 150])
  np.testing.assert_allclose(times, [200, 300, 450])
  assert source[0].fixations.tolist() == points.tolist()
  assert source[1].fixations.shape == (0, 2)


def test_other_layouts_are_refused(folders, tmp_path):
  images, data = folders
  with pytest.raises(InputError, match='no folder of eye-tracking data .*gone'):
    Mit1003(images, tmp_path / 'gone')
  source = Mit1003(images, data)
  path = data / 'zb' / 'istatic.mat'
  save(path, gaze((1, 1, 9)), 'iother')
  with pytest.raises(InputError, match=r'istatic\.mat has no variable istatic'):
    source[1]
  save(path, np.ones((4, 1)))
  with pytest.raises(InputError, match=r'istatic\.mat: eyeData is no \[n, 2\]'):
    source[1]
  scipy.io.savemat(path, {'istatic': {'data': 1}})
  with pytest.raises(InputError, match=r'istatic\.mat: no proper field DATA'):
    source[1]
  path.unlink()
  with pytest.raises(
    InputError,
    match=(
      r'DATA has no fixations for 1 of 2 photographs in .*ALLSTIMULI, the '
      r'first is istatic\.jpeg'
    ),
  ):
    Mit1003(images, data)


def test_no_sample_warns(folders):
  save(folders[1] / 'zb' / 'istatic.mat', np.full((99, 2), np.nan))
  with warnings.catch_warnings():
    warnings.simplefilter('error')
    assert Mit1003(*folders)[1].fixations.shape == (0, 2)
