"""pysaliency's own HDF5 files are read, and damaged ones are refused."""

import fcntl
import pathlib
import shutil

import h5py
import numpy as np
import pytest
from PIL import Image

from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.sources.pysaliency_file import Pysaliency
from saliency_jax.errors import InputError
from tests.data import made_pysaliency


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
  return made_pysaliency.copy(tmp_path / 'theirs')


def test_trains_of_pysaliency_are_read(folder):
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  assert source.image_ids == ('a', 'b', 'c')
  for index, (image_id, trains) in enumerate(made_pysaliency.TRAINS.items()):
    rows = np.array([row for train in trains.values() for row in train])
    points, subjects, durations, times, *_ = source.scanpaths(index)
    np.testing.assert_array_equal(points, rows[:, 1::-1].astype(int))
    assert subjects.tolist() == [subject for subject, train in trains.items() for _ in train]
    np.testing.assert_allclose(times, rows[:, 2] * 1000, rtol=1e-6)
    np.testing.assert_allclose(durations, rows[:, 3] * 1000, rtol=1e-6)
    record = source[index]
    assert record.image.shape == (*made_pysaliency.SIZES[image_id], 3)
    assert record.fixations.tolist() == points.tolist()


def test_single_fixations_of_pysaliency_are_read(folder):
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'fixations.hdf5')
  points, subjects, durations, times, *_ = source.scanpaths(0)
  assert points.tolist() == [[2, 3], [4, 6], [0, 1], [0, 5], [4, 0]]
  assert subjects.tolist() == [0, 0, 0, 3, 3]
  np.testing.assert_allclose(times, [800, 350, 100, 600, 200], rtol=1e-6)
  assert np.isnan(durations).all()


def test_sizes_are_those_of_a_source_alone(folder):
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  with h5py.File(folder / 'stimuli.hdf5', 'r+') as file:
    file['shapes'][0] = [60, 80, 3]
  other = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  assert (source.size(0), other.size(0)) == (made_pysaliency.SIZES['a'], (60, 80))


def test_a_file_that_another_program_has_locked_is_read(folder):
  with (folder / 'stimuli.hdf5').open('rb') as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    assert Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5').image_ids == ('a', 'b', 'c')


def test_images_with_one_stem_are_told_apart(folder):
  names = ['cat/Action/001.png', 'cat/Art/001.png', 'cat/Art/002.png']
  for name in names:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.new('L', (9, 9)).save(folder / name)
  with h5py.File(folder / 'stimuli.hdf5', 'r+') as file:
    file['filenames'][:] = names
    for index in range(3):
      file['shapes'][index] = [9, 9]
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  assert source.image_ids == ('Action-001', 'Art-001', 'Art-002')
  assert source[2].image_id == 'Art-002'
  with h5py.File(folder / 'stimuli.hdf5', 'r+') as file:
    file['filenames'][1] = names[0]
  with pytest.raises(InputError, match='names an image twice'):
    Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')


def test_older_trains_are_read(folder):
  with h5py.File(folder / 'trains.hdf5', 'r+') as file:
    file.attrs['version'] = np.bytes_('1.0')
    del file['scanpath_attributes'], file['scanpath_fixation_attributes']
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  assert len(source[0].fixations) == 5
  assert np.isnan(source.scanpaths(0).durations).all()


def _moved(file, source, target):
  values = file[source][()]
  del file[source]
  file[target] = values


def as_1_1(file):
  _moved(file, 'scanpath_fixation_attributes/durations', 'scanpath_attributes/train_durations')
  del file['scanpath_fixation_attributes']


def as_1_3(file):
  file['train_lengths'] = (~np.isnan(file['train_xs'][()])).sum(axis=1)


def as_scanpaths(file):
  as_1_3(file)
  for ours, theirs in (
    ('train_xs', 'xs'),
    ('train_ys', 'ys'),
    ('train_ns', 'n'),
    ('train_lengths', 'lengths'),
    ('train_ts', 'fixation_attributes/ts'),
    ('train_subjects', 'scanpath_attributes/subject'),
    ('scanpath_fixation_attributes/durations', 'fixation_attributes/durations'),
  ):
    _moved(file, ours, f'scanpaths/{theirs}')
  file.attrs['type'] = np.bytes_('ScanpathFixations')


@pytest.mark.parametrize(('version', 'rewrite'), [('1.1', as_1_1), ('1.3', as_1_3), ('1.0', as_scanpaths)])
def test_other_versions_hold_the_same(version, rewrite, folder):
  """As the writers of the other versions of pysaliency lay them out."""
  paths = folder / 'stimuli.hdf5', folder / 'trains.hdf5'
  before = Pysaliency(*paths)
  with h5py.File(paths[1], 'r+') as file:
    rewrite(file)
    file.attrs['version'] = np.bytes_(version)
  after = Pysaliency(*paths)
  for index in range(len(before)):
    for one, other in zip(before.scanpaths(index), after.scanpaths(index), strict=True):
      np.testing.assert_array_equal(one, other)


def change(name, values, file='trains.hdf5'):
  def apply(folder):
    with h5py.File(folder / file, 'r+') as opened:
      del opened[name]
      if values is not None:
        opened[name] = values

  return apply


def mark(file, **attributes):
  def apply(folder):
    with h5py.File(folder / file, 'r+') as opened:
      for name, value in attributes.items():
        opened.attrs[name] = value

  return apply


ONES = np.ones((4, 4))
_ = np.nan
FAR = [[1, 1, 1, _], [1, 1, _, _], [6, _, _, _], [1, 1, 1, 1]]


@pytest.mark.parametrize(
  ('apply', 'message'),
  [
    (
      mark('trains.hdf5', type=np.bytes_('Scanpaths')),
      r'trains\.hdf5 is no usable HDF5 file: it holds Scanpaths 1\.2, where '
      'FixationTrains or Fixations or ScanpathFixations of pysaliency should',
    ),
    (mark('stimuli.hdf5', version=np.bytes_('3.0')), r'stimuli\.hdf5 .* it holds FileStimuli 3\.0'),
    (mark('stimuli.hdf5', type=np.bytes_('Stimuli')), 'it holds Stimuli 2.1'),
    (mark('trains.hdf5', type=5), 'it holds nothing of pysaliency'),
    (change('train_xs', None), r"trains\.hdf5 .* it has no 'train_xs'"),
    (change('train_xs', ONES[0]), "'train_xs' is not an array of numbers with 2"),
    (change('train_ys', ONES[:3]), 'arrays are of different lengths'),
    (change('train_ns', [0, 0, 1]), 'arrays are of different lengths'),
    (change('train_ns', [0, 0, 1, 0.5]), 'images or subjects are not whole numbers'),
    (change('train_ns', [0, 0, 1, np.nan]), 'are not whole numbers'),
    (change('train_subjects', [0, 0, 1, np.inf]), 'are not whole numbers'),
    (change('train_ns', [0, 0, 1, 3]), r'trains\.hdf5 has a fixation on image 3, but there are 3 stimuli'),
    (change('train_ns', [0, 0, 1, -1]), 'a fixation on image -1'),
    (change('train_ns', [0, 0, 2, 2]), r'trains\.hdf5 has no fixations for 1 of 3 .* the first is b\.png'),
    (
      change('train_xs', FAR),
      r'trains\.hdf5, image b\.png: the fixation at x = 6, y = 3\.3 lies outside the 6 x 4 '
      r'image b\.png',
    ),
    (change('train_ys', ONES * -1), r'at x = 1, y = -1 lies outside the 7 x 5'),
    (change('train_ys', ONES * np.nan), 'y = nan lies outside'),
    (change('shapes', ONES, 'stimuli.hdf5'), "'shapes' is not a list of rows"),
    (change('filenames', [1, 2, 3], 'stimuli.hdf5'), "'filenames' is not a list of texts"),
    (change('filenames', ['a', 'b'], 'stimuli.hdf5'), 'does not have one shape per file name'),
  ],
)
def test_what_is_wrong_is_named(apply, message, folder):
  apply(folder)
  with pytest.raises(InputError, match=message):
    Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')


def test_a_gap_in_a_train_is_no_end(folder):
  change('train_xs', [[1, _, 1, _], *FAR[1:]])(folder)
  with pytest.raises(InputError, match=r'trains\.hdf5, image a\.png: .* x = nan, y = 4\.9'):
    Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  change('x', [1] * 9 + [_], 'fixations.hdf5')(folder)
  with pytest.raises(InputError, match=r'fixations\.hdf5, image a\.png: .* x = nan'):
    Pysaliency(folder / 'stimuli.hdf5', folder / 'fixations.hdf5')


def test_nothing_leads_to_another_file(folder):
  secret = folder / 'secret.hdf5'
  shutil.copy(folder / 'trains.hdf5', secret)
  layout = h5py.VirtualLayout((4, 4), 'f8')
  layout[:] = h5py.VirtualSource(str(secret), 'train_xs', (4, 4))
  (folder / 'raw').write_bytes(bytes(128))

  def external(file):
    file['train_xs'] = h5py.ExternalLink(str(secret), 'train_xs')

  def soft(file):
    file['train_xs'] = h5py.SoftLink('/train_ys')

  def virtual(file):
    file.create_virtual_dataset('train_xs', layout)

  def elsewhere(file):
    file.create_dataset('train_xs', (4, 4), 'f8', external=[(str(folder / 'raw'), 0, 128)])

  def group(file):
    del file['scanpath_fixation_attributes']
    file['train_xs'] = np.zeros((4, 4))
    file['scanpath_fixation_attributes'] = h5py.ExternalLink(str(secret), 'scanpath_fixation_attributes')

  for put, message in (
    (external, 'links are not followed'),
    (soft, 'links are not followed'),
    (virtual, 'are kept in another file'),
    (elsewhere, 'are kept in another file'),
    (group, 'links are not followed'),
  ):
    with h5py.File(folder / 'trains.hdf5', 'w') as file:
      with h5py.File(secret) as its:
        for name in its:
          its.copy(name, file)
        file.attrs.update(its.attrs)
      del file['train_xs']
      put(file)
    with pytest.raises(InputError, match=rf'trains\.hdf5 .*{message}'):
      Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')


def test_other_files_are_refused(folder, tmp_path):
  with pytest.raises(InputError, match=r'There is no file .*gone\.hdf5'):
    Pysaliency(tmp_path / 'gone.hdf5', folder / 'trains.hdf5')
  path = tmp_path / 'cut.hdf5'
  whole = (folder / 'trains.hdf5').read_bytes()
  for data in (b'', b'text', whole[:700], whole[:3000]):
    path.write_bytes(data)
    with pytest.raises(InputError, match=r'cut\.hdf5 is no usable HDF5 file'):
      Pysaliency(folder / 'stimuli.hdf5', path)


def test_images_of_another_size_are_refused(folder):
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  Image.new('RGB', (8, 8)).save(folder / 'images' / 'b.png')
  with pytest.raises(InputError, match=r'are on a b\.png of 6 x 4 pixels, and it has 8 x 8'):
    source[1]
  (folder / 'images' / 'a.png').unlink()
  with pytest.raises(InputError, match=r'There is no image file .*a\.png'):
    source[0]


def test_what_lies_outside_can_be_left_out_and_is_counted(folder):
  change('train_xs', FAR)(folder)
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5', recorded=Coordinates(drop_outside=True))
  found = [source.scanpaths(index) for index in range(len(source))]
  assert [len(each.points) for each in found] == [5, 0, 4]
  assert [each.outside for each in found] == [0, 1, 0]
