"""SALICON's three layouts give the same pixels; what does not fit is named."""

import json
import pathlib
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
import scipy.io
from PIL import Image

from saliency_jax.data import builders, photographs
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.sources.built import BuiltSource
from saliency_jax.data.sources.salicon import Salicon
from saliency_jax.errors import InputError
from tests.data import made as made_osie
from tests.data import made_salicon as made

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAYOUTS = {'mat': made.mat_files, 'json': made.json_file, 'png': made.pngs, 'npy': made.npys}


@pytest.fixture
def images(tmp_path) -> pathlib.Path:
  return made.photographs(tmp_path / 'images' / 'train')


@pytest.mark.parametrize('layout', LAYOUTS)
def test_every_layout_gives_the_same_pixels(layout, images, tmp_path):
  source = Salicon(images, LAYOUTS[layout](tmp_path / 'fixations'))
  assert source.image_ids == tuple(made.LOOKS)
  for record, (image_id, looks) in zip(source, made.LOOKS.items(), strict=True):
    assert record.image_id == image_id
    assert record.image.shape == (made.HEIGHT, made.WIDTH, 3)
    assert record.fixations.dtype == np.int32
    expected = {(y - 1, x - 1) for points in looks.values() for x, y in points}
    assert set(map(tuple, record.fixations.tolist())) == expected
    # A map cannot tell that two people looked at one pixel.
    count = sum(map(len, looks.values()))
    assert len(record.fixations) == (len(expected) if layout in ('png', 'npy') else count)
    assert record.regions.masks.shape == (0, made.HEIGHT, made.WIDTH)


def test_subjects_of_matlab_files_are_places_and_keep_their_order(images, tmp_path):
  points, subjects, durations, times, idle, _ = Salicon(images, made.mat_files(tmp_path / 'mat')).scanpaths(0)
  assert points.tolist() == [[0, 0], [47, 63], [19, 9], [19, 9]]
  assert subjects.tolist() == [0, 0, 0, 1]
  assert np.isnan(durations).all()
  assert np.isnan(times).all()
  assert idle == 1  # the third one's mouse stood still


def test_subjects_of_json_are_workers_on_all_images(images, tmp_path):
  source = Salicon(images, made.json_file(tmp_path / 'f.json'))
  # 31 is named first, then 7, then 12.
  assert [source.scanpaths(i).subjects.tolist() for i in range(3)] == [[0, 0, 0, 1], [0, 1, 1], [2]]
  assert source.scanpaths(1).points.tolist() == [[0, 63], [1, 32], [2, 33]]


def test_annotations_that_are_there_twice_count_once(images, tmp_path, caplog):
  expected = Salicon(images, made.json_file(tmp_path / 'f.json'))
  value = made.content()
  value['annotations'] += [*value['annotations'][:3], value['annotations'][0] | {'worker_id': 99}]
  (tmp_path / 'g.json').write_text(json.dumps(value))
  found = Salicon(images, tmp_path / 'g.json')
  assert 'g.json: 3 annotations occur twice' in caplog.text
  one, other = found.scanpaths(0), expected.scanpaths(0)
  np.testing.assert_array_equal(one.points[:-3], other.points)
  np.testing.assert_array_equal(one.points[-3:], other.points[:3])
  assert one.idle == other.idle == 1
  # One worker looked twice, at other places: both count, in the file's order.
  value = made.content()
  value['annotations'].append(value['annotations'][1] | {'fixations': [[5, 6]]})
  (tmp_path / 'h.json').write_text(json.dumps(value))
  assert Salicon(images, tmp_path / 'h.json').scanpaths(0).points[3:].tolist() == [[19, 9], [4, 5]]


def test_what_the_mouse_left_outside_is_counted(images, tmp_path):
  value = made.content()
  value['annotations'][0]['fixations'] = [[0, 0], [-20, 70], [49, 64.5], [10.5, 10.49]]
  path = tmp_path / 'f.json'
  path.write_text(json.dumps(value))
  with pytest.raises(
    InputError,
    match=(
      r'f\.json, image .*9\.jpg: the fixation at x = 70, y = -20 lies outside '
      '.* pixels count from 1; 1 of 9 fixations .*drop_outside'
    ),
  ):
    Salicon(images, path)
  found = Salicon(images, path, recorded=Coordinates(drop_outside=True)).scanpaths(0)
  # Half a pixel beyond the edge still is the edge.
  assert found.points[found.subjects == 0].tolist() == [[0, 0], [47, 63], [10, 9]]
  assert found.outside == 1


def test_what_lies_outside_a_photograph_that_is_not_surveyed_is_told(images, tmp_path, monkeypatch):
  number, (last, looks) = len(made.LOOKS) - 1, [*made.LOOKS.items()][-1]
  moved = {subject: [*points, (70, 10)] for subject, points in looks.items()}
  monkeypatch.setitem(made.LOOKS, last, moved)
  files, said = made.mat_files(tmp_path / 'mat'), r'the fixation at x = 70, y = 10 lies outside .*drop_outside'
  with pytest.raises(InputError, match=said):
    Salicon(images, files)
  monkeypatch.setattr(photographs, '_SAMPLED', 1)
  source = Salicon(images, files)
  with pytest.raises(InputError, match=said):
    source[number]


def test_a_folder_with_one_json_file_is_read(images, tmp_path):
  made.json_file(tmp_path / 'fixations' / 'fixations_train2014.json')
  assert len(Salicon(images, tmp_path / 'fixations')) == 3


@pytest.mark.parametrize('layout', LAYOUTS)
def test_sources_travel_to_other_processes(layout, images, tmp_path):
  source = Salicon(images, LAYOUTS[layout](tmp_path / 'fixations'))
  copy = pickle.loads(pickle.dumps(source))
  np.testing.assert_array_equal(copy[1].fixations, source[1].fixations)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_built_records_are_equal(layout, images, tmp_path):
  raw = Salicon(images, LAYOUTS[layout](tmp_path / 'fixations'))
  built = BuiltSource(builders.build(raw, 'salicon', tmp_path / 'built'))
  assert built.image_ids == raw.image_ids
  for index in range(len(raw)):
    np.testing.assert_array_equal(built[index].image, raw[index].image, strict=True)
    for found, expected in zip(built.scanpaths(index)[:4], raw.scanpaths(index)[:4], strict=True):
      np.testing.assert_array_equal(found, expected, strict=True)
    assert built[index].regions.categories == ()
    np.testing.assert_array_equal(built[index].regions.masks, raw[index].regions.masks)


def test_the_entry_point(images, tmp_path):
  fixations = made.mat_files(tmp_path / 'fixations')
  command = [
    sys.executable,
    ROOT / 'launch' / 'build_dataset.py',
    '--dataset=salicon',
    f'--source={images}',
    f'--output={tmp_path}',
  ]
  run = subprocess.run([*command, f'--fixations={fixations}'], capture_output=True, text=True, check=False)
  assert run.returncode == 0, run.stderr
  raw = Salicon(images, fixations)
  assert f'fixations   {made_osie.fingerprint(raw)[1]:,}\n' in run.stdout
  built = BuiltSource(tmp_path / 'salicon' / '1.1.0')
  assert made_osie.fingerprint(built) == made_osie.fingerprint(raw)
  run = subprocess.run(command, capture_output=True, text=True, check=False)
  assert run.returncode == 2
  assert 'say where it is with --source and --fixations' in run.stderr


def test_absent_and_unseen_images_are_named(images, tmp_path, caplog):
  fixations = made.json_file(tmp_path / 'f.json')
  names = sorted(path.name for path in images.iterdir())
  shutil.copy(images / names[0], images / 'other.jpg')
  with pytest.raises(
    InputError,
    match=(
      r'f\.json has no fixations for 1 of 4 photographs in .*train, the first '
      r'is other\.jpg'
    ),
  ):
    Salicon(images, fixations)
  (images / 'other.jpg').unlink()
  (images / names[1]).unlink()
  assert len(Salicon(images, fixations)) == 2
  assert f'fixations of 1 images that are not in {images} are left out; the first is {names[1]}' in caplog.text


def test_folders_that_cannot_be_told_are_refused(images, tmp_path):
  for place, message in (
    (tmp_path / 'gone', 'There are no fixations at .*gone; give SALICON'),
    (tmp_path / 'images', 'images holds no files, so the layout'),
  ):
    with pytest.raises(InputError, match=message):
      Salicon(images, place)
  both = made.pngs(tmp_path / 'both')
  made.json_file(both / 'a.json')
  with pytest.raises(InputError, match=r'both holds 1 \.json, 3 \.png files'):
    Salicon(images, both)
  two = made.json_file(tmp_path / 'two' / 'a.json').parent
  made.json_file(two / 'b.json')
  with pytest.raises(InputError, match=r'two holds 2 \.json files'):
    Salicon(images, two)
  with pytest.raises(InputError, match='There is no folder of images .*gone'):
    Salicon(tmp_path / 'gone', two / 'a.json')


@pytest.mark.parametrize(
  ('gaze', 'message'),
  [
    (None, "no structure array 'gaze'"),
    ({'location': np.ones((2, 2))}, 'person 1 has no valid field fixations'),
    ({'fixations': 'none'}, 'person 1 has no valid field fixations'),
    ({'fixations': np.ones((2, 3))}, r'person 1: .* not an \[n, 2\] array'),
    ({'fixations': np.array([[1, np.nan]])}, 'finite numbers'),
  ],
)
def test_another_structure_is_refused(gaze, message, images, tmp_path):
  folder = made.mat_files(tmp_path / 'mat')
  name = sorted(made.LOOKS)[1]
  scipy.io.savemat(folder / f'{name}.mat', {'x': 1} if gaze is None else {'gaze': gaze})
  source = Salicon(images, folder)
  assert source[0].image_id == sorted(made.LOOKS)[0]
  with pytest.raises(InputError, match=rf'{name}\.mat.*{message}'):
    source[1]


def broken(change) -> str:
  value = made.content()
  change(value)
  return json.dumps(value)


@pytest.mark.parametrize(
  ('text', 'message'),
  [
    ('', 'no usable JSON file'),
    ('[1, 2]', 'no usable JSON file'),
    ('{"images": []}', "no usable JSON file of SALICON: it lacks 'annotat"),
    ('{"images": [' + '[' * 100_000, 'nested too deeply'),
    (json.dumps(made.content())[:-400], 'no usable JSON file'),
    (broken(lambda v: v['images'][0].pop('width')), "its 'images' lacks 'width'"),
    (broken(lambda v: v['annotations'][0].pop('worker_id')), "it lacks 'worker_id'"),
    (broken(lambda v: v['annotations'][0].update(image_id='9')), "its 'image_id' is '9'"),
    (broken(lambda v: v['annotations'][0].update(worker_id=[])), 'no usable JSON file of SALICON'),
    (broken(lambda v: v['annotations'][0].pop('fixations')), "it lacks 'fixations'"),
    (broken(lambda v: v['annotations'][0].update(fixations=None)), 'image 9: the fixations are not'),
    (broken(lambda v: v['images'].pop(1)), 'has fixations on 1 images that it does not describe, the first is 25'),
    (
      broken(lambda v: v['annotations'][0].update(fixations=[[1, 2], [3]])),
      r'image 9: the fixations are not an \[n, 2\] array',
    ),
    (
      broken(lambda v: v['annotations'][0].update(fixations=[1, 2])),
      r'image 9: the fixations are not an \[n, 2\] array',
    ),
    (broken(lambda v: v['annotations'][0].update(fixations=[[1, None]])), 'finite numbers'),
    (broken(lambda v: v['annotations'][0].update(fixations=[[1, 10**400]])), 'finite numbers'),
    (broken(lambda v: v['images'][1].update(v['images'][0], id=25)), 'gives two images one name'),
  ],
)
def test_other_json_is_refused(text, message, images, tmp_path):
  path = tmp_path / 'f.json'
  path.write_text(text)
  with pytest.raises(InputError, match=rf'f\.json.*{message}'):
    Salicon(images, path)


def test_photographs_of_another_size_are_refused(images, tmp_path):
  name = sorted(made.LOOKS)[2]
  Image.new('RGB', (32, 24)).save(images / f'{name}.jpg')
  for fixations, message in (
    (made.json_file(tmp_path / 'f.json'), rf'f\.json are on a {name}\.jpg of 64 x 48 pixels, and it has 32 x'),
    (made.pngs(tmp_path / 'png'), rf'{name}\.png is 64 x 48, but its photograph is 32 x 24 pixels'),
  ):
    source = Salicon(images, fixations)
    for read in (source.scanpaths, source.__getitem__):
      with pytest.raises(InputError, match=message):
        read(2)
