"""OSIE's layout: the fingerprint, records, and what does not fit together."""

import pathlib
import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import osie_download
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.fixations import make
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from tests.data import made


@pytest.fixture
def own_osie(tiny_osie, tmp_path) -> pathlib.Path:
  """The tiny data set, to be broken."""
  return shutil.copytree(tiny_osie, tmp_path / 'own')


def test_the_fingerprint_of_500_photographs(osie_dir):
  expected = 500, 70_424, 'd08eae8a799bde82c688baa6edac703cf4222c411a2fe6f8878000c5588c0324'
  assert made.fingerprint(Osie(osie_dir)) == expected


def test_a_record_of_osie(osie_dir, osie_sr_dir, reference_dir):
  packaged, drawn = Osie(osie_dir), Osie(osie_dir, osie_sr_dir)
  assert packaged.image_ids == drawn.image_ids
  index = drawn.image_ids.index('1023')
  for source in (packaged, drawn):
    record = source[index]
    assert record.image_id == '1023'
    with Image.open(osie_dir / 'stimuli' / '1023.jpg') as image:
      np.testing.assert_array_equal(record.image, np.asarray(image))
    with Image.open(reference_dir / '1023_fixation_map.png') as image:
      fixated = np.argwhere(np.asarray(image))
    np.testing.assert_array_equal(np.unique(record.fixations, axis=0), fixated)
    assert len(record.fixations) == 162
  np.testing.assert_array_equal(packaged[index].regions.masks, drawn[index].regions.masks)


def test_records_of_a_made_set(tiny_osie):
  source = Osie(tiny_osie, tiny_osie)
  assert source.image_ids == tuple(made.SIZES)
  assert len(source) == 5
  found = {record.image_id: record for record in source}
  for image_id, size in made.SIZES.items():
    image, fixations, regions = found[image_id][1:]
    assert image.shape == (*size, 3)
    assert image.dtype == np.uint8
    assert fixations.shape == (made.SUBJECTS * 8, 2)
    assert fixations.dtype == np.int32
    assert regions.masks.shape == (len(regions.ids), *size)
    # Everybody looked at the middle.
    _, counts = np.unique(fixations, axis=0, return_counts=True)
    assert counts.max() >= made.SUBJECTS
  counts = [len(found[image_id].regions.ids) for image_id in made.SIZES]
  assert counts == [4, 3, 3, 3, 0]
  record = found['2001']
  inside = [mask[tuple(record.fixations.T)].sum() for mask in record.regions.masks]
  assert inside[3] == 0
  assert min(inside[:3]) > 0


def test_scanpaths_go_with_the_record(tiny_osie):
  source = Osie(tiny_osie)
  for index in range(len(source)):
    points, subjects, durations, *_ = source.scanpaths(index)
    np.testing.assert_array_equal(points, source[index].fixations)
    np.testing.assert_array_equal(subjects, np.repeat(np.arange(made.SUBJECTS), 8))
    assert ((durations >= 60) & (durations < 600)).all()


def test_the_layout_of_the_repository_is_read(tiny_osie, tmp_path):
  shutil.copytree(tiny_osie, tmp_path / 'data')
  inner, outer = Osie(tiny_osie), Osie(tmp_path)
  assert outer.image_ids == inner.image_ids
  assert made.fingerprint(outer) == made.fingerprint(inner)


def test_sources_travel_to_other_processes(tiny_osie):
  source = Osie(tiny_osie, tiny_osie)
  copy = pickle.loads(pickle.dumps(source))
  np.testing.assert_array_equal(copy[1].image, source[1].image)
  np.testing.assert_array_equal(copy[1].regions.masks, source[1].regions.masks)


def test_missing_folders_are_refused(tmp_path):
  with pytest.raises(InputError, match='There is no folder .*gone'):
    Osie(tmp_path / 'gone')
  with pytest.raises(InputError, match='neither stimuli/ nor data/stimuli/'):
    Osie(tmp_path)
  (tmp_path / 'stimuli').mkdir()
  made.fixations_mat(tmp_path / 'eye' / 'fixations.mat', {'a.jpg': []})
  with pytest.raises(InputError, match=r'stimuli holds no image; put'):
    Osie(tmp_path)


def test_missing_fixations_are_refused(own_osie):
  (own_osie / 'eye' / 'fixations.mat').unlink()
  with pytest.raises(InputError, match=r'There is no file .*fixations\.mat'):
    Osie(own_osie)


def test_absent_photographs_are_named(own_osie):
  for name in ('2002', '2004'):
    (own_osie / 'stimuli' / f'{name}.jpg').unlink()
  with pytest.raises(
    InputError,
    match=(
      r'fixations\.mat names 2 of 5 images that are not in .*stimuli, the '
      r'first is 2002\.jpg; add the photographs'
    ),
  ):
    Osie(own_osie)


def test_photographs_without_fixations_are_named(own_osie):
  for name in ('3001', '3000', '3002'):
    shutil.copy(own_osie / 'stimuli' / '2001.jpg', own_osie / 'stimuli' / f'{name}.jpg')
  with pytest.raises(
    InputError,
    match=(
      r'fixations\.mat has no fixations for 3 of 8 photographs in .*, the '
      r'first is 3000\.jpg; add the fixations'
    ),
  ):
    Osie(own_osie)


def test_regions_of_other_photographs_are_refused(tiny_osie, osie_sr_dir):
  with pytest.raises(InputError, match='names none of the photographs'):
    Osie(tiny_osie, osie_sr_dir)


def test_only_the_photograph_at_fault_fails(own_osie):
  path = own_osie / 'stimuli' / '2002.jpg'
  path.write_bytes(path.read_bytes()[:900])
  made.labelme(own_osie / 'labelme' / '2003.json', 131, 98, [])
  source = Osie(own_osie, own_osie)
  assert source[0].image_id == '2001'
  with pytest.raises(InputError, match=r'2002\.jpg is truncated'):
    source[1]
  with pytest.raises(InputError, match=r'2003\.json is for an image of 98 x'):
    source[2]


def test_fixations_of_a_larger_photograph_are_refused(own_osie):
  made.photograph(own_osie / 'stimuli' / '2004.jpg', 60, 60, np.random.default_rng(0))
  with pytest.raises(
    InputError,
    match=(
      r'fixations\.mat, image 2004\.jpg: .* lies outside the '
      '60 x 60 image'
    ),
  ):
    Osie(own_osie)


def test_regions_of_osie_are_only_of_its_own_photographs(osie_dir, tmp_path):
  """Of three photographs that are called as in OSIE, one is OSIE's."""
  rng = np.random.default_rng(0)
  for name in ('1001', '1004'):  # one with a known hash, one without
    made.photograph(tmp_path / 'stimuli' / f'{name}.jpg', 600, 800, rng)
  made.fixations_mat(
    tmp_path / 'eye' / 'fixations.mat',
    {f'{name}.jpg': made.scanpaths(600, 800, rng) for name in ('1001', '1023', '1004')},
  )
  shutil.copy(osie_dir / 'stimuli' / '1023.jpg', tmp_path / 'stimuli')
  source = Osie(tmp_path)
  assert source.gives == {'fixations', 'regions'}
  counts = {each.image_id: len(each.regions.ids) for each in source}
  whole = Osie(osie_dir)
  own = whole[whole.image_ids.index('1023')].regions.ids
  assert counts == {'1001': 0, '1004': 0, '1023': len(own)}
  (tmp_path / 'stimuli' / '1023.jpg').write_bytes((tmp_path / 'stimuli' / '1001.jpg').read_bytes())
  source = Osie(tmp_path)
  assert source.gives == {'fixations'}
  assert not any(len(record.regions.ids) for record in source)


class _Any(Source):
  """Photographs in files, each with two fixations."""

  def __init__(self, folder):
    self.image_ids, self._folder = ('1004', '1006'), folder

  def content(self, index):
    return (self._folder / f'{self.image_ids[index]}.jpg').read_bytes()

  def scanpaths(self, index):
    return make(np.zeros((2, 2)))


def test_photographs_without_a_hash_are_osies_among_its_fixations(tmp_path, monkeypatch):
  rng = np.random.default_rng(0)
  made.photograph(tmp_path / '1004.jpg', 600, 800, rng)
  made.photograph(tmp_path / '1006.jpg', 600, 799, rng)
  for count, expected in ((4, {'1004'}), (5, set())):
    with monkeypatch.context() as context:
      context.setattr(osie_download, '_PHOTOGRAPHS', 2)
      context.setattr(osie_download, '_FIXATIONS', count)
      assert osie_download.own_images(_Any(tmp_path)) == expected
  names, content = [str(1001 + i) for i in range(700)], (tmp_path / '1004.jpg').read_bytes()
  known = {line[-8:-4] for line in osie_download.HASHES.read_text().splitlines()}
  for count, given, expected in (
    (98_321, {'fixations'}, {*names} - known),
    (98_320, {'fixations'}, set()),
    (98_321, set(), set()),
  ):
    looked = {index: make(np.zeros((count if index == 0 else 0, 2))) for index in range(700)}
    whole = Source()
    whole.image_ids, whole.gives = names, given
    whole.content, whole.scanpaths = lambda *_: content, looked.__getitem__
    assert osie_download.own_images(whole) == expected


def test_photographs_of_any_ending_are_read_and_hidden_files_are_not(own_osie):
  before = [record.fixations.tolist() for record in Osie(own_osie)]
  stimuli = own_osie / 'stimuli'
  (stimuli / '2001.jpg').rename(stimuli / '2001.JPG')
  with Image.open(stimuli / '2003.jpg') as image:
    image.save(stimuli / '2003.png')
  (stimuli / '2003.jpg').unlink()
  (stimuli / '._2002.jpg').touch()
  source = Osie(own_osie)
  assert source.image_ids == tuple(made.SIZES)
  assert [record.fixations.tolist() for record in source] == before


def test_what_lies_outside_can_be_left_out_and_is_counted(own_osie):
  looked = {f'{image_id}.jpg': made.scanpaths(*size, np.random.default_rng(0)) for image_id, size in made.SIZES.items()}
  for x, outside in ((163.9, 0), (164.1, 1), (170, 1)):  # of 163 pixels, from 1, and half a pixel
    looked['2002.jpg'][0][0, 0] = x
    made.fixations_mat(own_osie / 'eye' / 'fixations.mat', looked)
    assert Osie(own_osie, recorded=Coordinates(drop_outside=True)).scanpaths(1).outside == outside
  with pytest.raises(InputError, match='1 of 160 fixations .*drop_outside'):
    Osie(own_osie)
  source = Osie(own_osie, recorded=Coordinates(drop_outside=True))
  assert [source.scanpaths(i).outside for i in range(5)] == [0, 1, 0, 0, 0]
