"""What is written for pysaliency is as its own files, and comes back."""

import pathlib

import h5py
import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import pysaliency_export as export
from saliency_jax.data.sources.fixation_maps import MappedPhotographs
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.sources.pysaliency_file import Pysaliency
from saliency_jax.errors import InputError
from tests.data import made_pysaliency


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
  return made_pysaliency.copy(tmp_path / 'theirs')


def assert_same(found, expected):
  assert found.image_ids == expected.image_ids
  for index in range(len(expected)):
    for one, other in zip(found.scanpaths(index), expected.scanpaths(index), strict=True):
      np.testing.assert_array_equal(one, other, strict=True)


def contents(path: pathlib.Path) -> dict:
  """Returns types, shapes and attributes of all that a file holds."""
  found = {}

  def visit(name, item):
    found[name] = {key: (type(value), value) for key, value in item.attrs.items()}
    if isinstance(item, h5py.Dataset):
      found[name]['kind'] = item.dtype, item.shape

  with h5py.File(path) as file:
    visit('', file)
    file.visititems(visit)
  return found


def test_our_files_are_as_theirs(folder, tmp_path):
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  ours = tmp_path / 'ours'
  export.write_stimuli(source, ours / 'stimuli.hdf5')
  export.write_trains(source, ours / 'trains.hdf5')
  for name in ('stimuli', 'trains'):
    found = contents(ours / f'{name}.hdf5')
    assert found == contents(folder / f'{name}.hdf5'), name
  with h5py.File(ours / 'stimuli.hdf5') as file:
    assert file['filenames'].asstr()[0] == '../theirs/images/a.png'
    assert file['shapes'][1].tolist() == [4, 6, 3]
  with h5py.File(ours / 'trains.hdf5') as mine, h5py.File(folder / 'trains.hdf5') as its:
    for name in ('train_ns', 'train_subjects', 'train_ts'):
      np.testing.assert_allclose(mine[name][:], its[name][:], rtol=1e-6)
    for name in ('train_xs', 'train_ys'):
      np.testing.assert_array_equal(mine[name][:], np.floor(its[name][:]))
  assert_same(Pysaliency(ours / 'stimuli.hdf5', ours / 'trains.hdf5'), source)


def test_osie_goes_there_and_back(osie_dir, tmp_path):
  raw = Osie(osie_dir)
  export.write_stimuli(raw, tmp_path / 'stimuli.hdf5')
  export.write_trains(raw, tmp_path / 'trains.hdf5')
  trains = Pysaliency(tmp_path / 'stimuli.hdf5', tmp_path / 'trains.hdf5')
  assert_same(trains, raw)
  np.testing.assert_array_equal(trains[7].image, raw[7].image)


def test_maps_without_observers_go_there_and_back(folder, tmp_path):
  maps = tmp_path / 'maps'
  maps.mkdir()
  for name, size in made_pysaliency.SIZES.items():
    pixels = np.zeros(size, np.uint8)
    pixels[2, 3] = pixels[3, 1] = 255
    Image.fromarray(pixels).save(maps / f'{name}.png')
  raw = MappedPhotographs(folder / 'images', maps)
  export.write_stimuli(raw, tmp_path / 's.hdf5')
  export.write_trains(raw, tmp_path / 'f.hdf5')
  assert_same(Pysaliency(tmp_path / 's.hdf5', tmp_path / 'f.hdf5'), raw)


def test_a_failed_export_leaves_no_file(folder, tmp_path):
  source = Pysaliency(folder / 'stimuli.hdf5', folder / 'trains.hdf5')
  (folder / 'images' / 'c.png').unlink()
  with pytest.raises(InputError, match=r'c\.png'):
    export.write_stimuli(source, tmp_path / 'out' / 's.hdf5')
  assert not list((tmp_path / 'out').iterdir())
