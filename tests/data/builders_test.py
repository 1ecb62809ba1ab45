"""Built data sets give the records that they were built from, exactly."""

import pathlib
import pickle
import shutil
import subprocess
import sys

import jax
import numpy as np
import pytest
import tensorflow_datasets as tfds

from saliency_jax.data import batch_rows, builders, images, pipeline, pixel_sets
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.sources.built import READY, BuiltSource
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.subset import subset
from saliency_jax.errors import InputError
from tests.data import made

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def photographs(tiny_osie) -> Osie:
  return Osie(tiny_osie, tiny_osie)


@pytest.fixture(scope='module')
def built(photographs, tmp_path_factory) -> pathlib.Path:
  return builders.build(photographs, 'osie', tmp_path_factory.mktemp('built'), 32)


def assert_equal(found, expected):
  """Compares two records, types included."""
  assert found.image_id == expected.image_id
  assert found.regions.categories == expected.regions.categories
  for one, other in (
    (found.image, expected.image),
    (found.fixations, expected.fixations),
    (found.regions.ids, expected.regions.ids),
    (found.regions.masks, expected.regions.masks),
  ):
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one, other, strict=True)


def test_photographs_come_back_exactly(photographs, built):
  source = BuiltSource(built)
  assert source.image_ids == photographs.image_ids
  assert source.patterns == ()
  for found, expected in zip(source, photographs, strict=True):
    assert_equal(found, expected)
  for index in range(len(source)):
    for one, other in zip(source.scanpaths(index), photographs.scanpaths(index), strict=True):
      np.testing.assert_array_equal(one, other, strict=True)
  np.testing.assert_array_equal(images.read_image(source.content(0), ''), source[0].image)
  assert made.fingerprint(source) == made.fingerprint(photographs)
  assert_equal(source[-1], photographs[4])
  with pytest.raises(IndexError):
    source[5]


@pytest.mark.parametrize(
  ('side', 'resize', 'choose'),
  [
    (32, 'bilinear', pixel_sets.distinct_fixations_in_regions),
    (32, 'bilinear', pixel_sets.nothing),
    (32, 'bicubic', pixel_sets.nothing),
    (24, 'bilinear', pixel_sets.regions),
  ],
)
def test_a_batch_is_the_same_whether_its_images_lie_ready(photographs, built, side, resize, choose):
  preparation = batch_rows.Preparation(choose, side, ((4, 4), (2, 2)), resize=resize)
  source = subset(BuiltSource(built), photographs.image_ids[::-1])
  found, expected = (
    list(pipeline.batches(each, preparation, pipeline.in_rows(order, 4)))
    for each, order in ((source, [3, 0, 2, 4, 4, 1]), (photographs, [1, 4, 2, 0, 0, 3]))
  )
  for one, other in zip(found, expected, strict=True):
    for name in ('images', 'weights', 'ids', 'labels', 'counts', 'problems'):
      jax.tree.map(
        lambda x, y: np.testing.assert_array_equal(x, y, strict=True), getattr(one, name), getattr(other, name)
      )


def test_images_that_lie_ready_are_those_of_the_data_set(built, tmp_path):
  folder = shutil.copytree(built, tmp_path / '1.1.0')
  place = folder / READY.format(32, 'bilinear')
  np.save(place, np.load(place)[:4])
  with pytest.raises(InputError, match='not of these images.*build it again'):
    BuiltSource(folder).squared(0, 32, 'bilinear')


def test_masks_and_points_are_of_the_image(built, monkeypatch):
  source = BuiltSource(built)
  example = source._example(0)
  for wrong in (
    {'regions': example['regions'] | {'mask': example['regions']['mask'][:, :-1]}},
    {'fixations': example['fixations'] | {'point': example['fixations']['point'] + 1000}},
  ):
    monkeypatch.setattr(source, '_example', lambda _, wrong=wrong: example | wrong)
    with pytest.raises(InputError, match='masks or points of .* are of another image'):
      source[0]


def test_osie_comes_back_exactly(osie_dir, osie_sr_dir, tmp_path):
  raw = Osie(osie_dir, osie_sr_dir)
  raw.image_ids = raw.image_ids[::42]  # A dozen of the 500.
  source = BuiltSource(builders.build(raw, 'osie', tmp_path))
  for found, expected in zip(source, raw, strict=True):
    assert_equal(found, expected)


def test_search_arrays_come_back_exactly(tmp_path):
  arrays = SearchArrays(count=17, seed=3, size=128)
  (tmp_path / 'search_arrays' / 'incomplete.KILLED_1.1.0').mkdir(parents=True)
  folder = builders.build(arrays, 'search_arrays', tmp_path)
  assert [*folder.parent.iterdir()] == [folder]
  source = BuiltSource(folder)
  assert source.patterns == arrays.patterns
  for found, expected in zip(source, arrays, strict=True):
    assert_equal(found, expected)
  with pytest.raises(InputError, match='has no fixations'):
    source.scanpaths(0)


def test_regions_may_overlap(tiny_osie, tmp_path):
  folder = shutil.copytree(tiny_osie, tmp_path / 'own')
  height, width = made.SIZES['2002']
  shapes = [made.shape('text', height, width, 1, kind) for kind in ('rectangle', 'circle')]
  made.labelme(folder / 'labelme' / '2002.json', height, width, shapes)
  raw = Osie(folder, folder)
  assert raw[1].regions.masks.all(axis=0).any()
  source = BuiltSource(builders.build(raw, 'osie', tmp_path))
  assert_equal(source[1], raw[1])


def test_photographs_are_kept_byte_by_byte(built, photographs):
  examples = tfds.builder_from_directory(str(built)).as_data_source(
    'train', decoders={'image': tfds.decode.SkipDecoding()}
  )
  for index, example in enumerate(examples):
    assert example['image'] == photographs.photograph(index).read_bytes()


def test_any_tfds_program_can_read_it(built, photographs):
  examples = tfds.builder_from_directory(str(built)).as_data_source('train')
  for example, expected in zip(examples, photographs, strict=True):
    np.testing.assert_array_equal(example['image'], expected.image)
    masks = np.unpackbits(example['regions']['mask'], axis=-1, count=expected.image.shape[1])
    np.testing.assert_array_equal(masks, expected.regions.masks)


def test_a_built_source_travels_to_other_processes(built):
  source = BuiltSource(built)
  assert_equal(pickle.loads(pickle.dumps(source))[2], source[2])


def test_nothing_is_built_over(built, photographs):
  with pytest.raises(InputError, match='holds a data set already; remove it'):
    builders.build(photographs, 'osie', built.parent.parent)


def test_a_damaged_photograph_leaves_no_data_set(tiny_osie, tmp_path):
  folder = shutil.copytree(tiny_osie, tmp_path / 'own')
  path = folder / 'stimuli' / '2003.jpg'
  path.write_bytes(path.read_bytes()[:900])
  with pytest.raises(InputError, match=r'2003\.jpg is truncated[^\n]*$'):
    builders.build(Osie(folder, folder), 'osie', tmp_path / 'out')
  assert not [path for path in (tmp_path / 'out').rglob('*') if path.is_file()]


def test_other_folders_are_refused(tiny_osie, built, tmp_path):
  damaged = shutil.copytree(built, tmp_path / 'damaged')
  for path in damaged.glob('*array_record*'):
    path.write_bytes(path.read_bytes()[:1000])
  for folder in (tmp_path / 'gone', tiny_osie, damaged):
    with pytest.raises(InputError, match=('is no usable data set that was built here')):
      BuiltSource(folder)


def test_the_entry_point(tiny_osie, tmp_path):
  command = [
    sys.executable,
    ROOT / 'launch' / 'build_dataset.py',
    '--dataset=osie',
    f'--source={tiny_osie}',
    f'--regions={tiny_osie}',
    f'--output={tmp_path}',
  ]
  first = subprocess.run(command, capture_output=True, text=True, check=False)
  assert first.returncode == 0, first.stderr
  folder = tmp_path / 'osie' / '1.1.0'

  assert f'built in    {folder}\n' in first.stdout
  assert 'fixations   160\n' in first.stdout
  assert len(BuiltSource(folder)) == 5

  second = subprocess.run(command, capture_output=True, text=True, check=False)
  assert second.returncode == 2
  assert 'holds a data set already' in second.stderr
  assert 'Traceback' not in second.stderr
