"""Real kinds of input that once gave a plausible wrong number."""

import pathlib
import shutil
import types

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data.map_folder import MapFolder
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.source import open_source
from saliency_jax.data.types import CATEGORIES
from saliency_jax.errors import InputError
from saliency_jax.experiments import evaluation, predictors, scored_images
from saliency_jax.experiments.score_lists import Scored

CASES = pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'cases'
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f'the cases are not at {CASES}')


def opened(case, kind='table', file='fix.csv', **options):
  return open_source(kind, CASES / case / 'images', fixations=CASES / case / file, **options)


@pytest.mark.parametrize(
  ('case', 'expected', 'options'),
  [
    ('centre_origin', 3.252861, {'offset': 'centre', 'scale': '1,-1'}),
    ('screen_xy', 3.252861, {'offset': '-60,-45'}),
    ('zero_zero', 3.252861, {'missing': '0,0'}),
    # Its coordinates were rounded on the display.
    ('salicon_scale', 3.25, {'kind': 'salicon', 'file': 'fix.json', 'scale': '0.25'}),
    ('same_map', 0.658219, {}),
    ('fixpts_jpeg', 3.252861, {'kind': 'maps', 'file': 'points', 'maxima': True}),
  ],
)
def test_scores_of_what_is_read(case, expected, options):
  """NSS of the maps beside, over distinct pixels; float64 of its own."""
  source, found = opened(case, **options), []
  maps = MapFolder(CASES / case / 'maps')
  for index, image_id in enumerate(source.image_ids):
    saliency = maps.read(image_id, source.size(index)).astype(np.float64)
    points = np.unique(source.scanpaths(index).points, axis=0)
    found.append((saliency[tuple(points.T)].mean() - saliency.mean()) / saliency.std())
  assert np.mean(found) == pytest.approx(expected, abs=0.01 if case == 'salicon_scale' else 5e-7)


@pytest.mark.parametrize(
  ('case', 'message', 'options'),
  [
    ('zero_zero', '58 of 232 .*missing=0,0', {'missing': '0,0'}),
    ('centre_origin', '155 of 174 .*offset=centre, and scale=1,-1', {'offset': 'centre', 'scale': '1,-1'}),
    ('screen_xy', '37 of 174 .*offset=-60,-45', {'offset': '-60,-45'}),
    ('salicon_scale', '168 of 174 .*scale=0.25,0.25', {'kind': 'salicon', 'file': 'fix.json', 'scale': '0.25'}),
  ],
)
def test_coordinates_are_refused_and_read_as_stated(case, message, options):
  expected = opened('subject_column')
  kind = {name: options[name] for name in ('kind', 'file') if name in options}
  for given in (kind, kind | {'drop_outside': True}):
    with pytest.raises(InputError, match=message):
      opened(case, **given)
  found = opened(case, **options)
  assert found.image_ids == expected.image_ids
  for index in range(len(found)):
    one, other = found.scanpaths(index), expected.scanpaths(index)
    # The screen of SALICON's case has 4 pixels for one, and was rounded.
    np.testing.assert_allclose(one.points, other.points, atol=case == 'salicon_scale')


def test_the_subjects_of_a_capital_column_are_told_apart():
  assert len(np.unique(opened('subject_column').scanpaths(0).subjects)) == 5


@pytest.mark.parametrize('case', ['fixpts_jpeg', 'density'])
def test_maps_of_no_points_are_refused(case):
  source = opened(case, 'maps', 'points')
  for index in range(len(source)):
    with pytest.raises(InputError, match='grey levels'):
      source[index]


def test_label_images_of_two_readings_are_refused(tmp_path):
  case = CASES / 'class_numbers'
  with pytest.raises(InputError, match='the classes 1, 10, which may be'):
    open_source('osie', case / 'osie', regions=case)
  for name in ('Object', 'Class'):
    shutil.copytree(case / f'Segmentation{name}', tmp_path / f'Segmentation{name}')
  (tmp_path / 'class_names.txt').write_text('\n'.join(['_background_', *CATEGORIES]))
  source = open_source('osie', case / 'osie', regions=tmp_path)
  assert {x for record in source for x in record.regions.categories} == {CATEGORIES[0], 'plant'}


def test_its_own_predictions_are_a_folder_of_maps(tmp_path):
  for path in (CASES / 'own_predictions').iterdir():
    shutil.copy(path, tmp_path)
  (tmp_path / 'predicted.jsonl').touch()
  MapFolder(tmp_path).check(['1001'])


@pytest.mark.parametrize(
  ('case', 'counts'), [('group_id', {'animal part': [16, 16], 'object': None}), ('labelme_rect4', {'object': None})]
)
def test_shapes_of_labelme_are_regions(case, counts):
  source = open_source('osie', CASES / case / 'osie', regions=CASES / case / 'labelme')
  found: dict[str, list[int]] = {}
  for record in source:
    for category, mask in zip(record.regions.categories, record.regions.masks, strict=True):
      found.setdefault(category, []).append(int(mask[tuple(record.fixations.T)].sum()))
  assert found.keys() == counts.keys()
  for category, expected in counts.items():
    assert expected is None or found[category] == expected


def test_cameras_write_capitals():
  source = open_source('osie', CASES / 'osie_upper', regions=CASES / 'group_id' / 'labelme')
  assert source.image_ids == ('1001', '1002')


def test_a_mask_is_read_by_its_colours():
  for record in open_source('popout', CASES / 'palette_mask'):
    with Image.open(CASES / 'palette_mask' / 'targets' / f'{record.image_id}.png') as image:
      expected = np.array(image.convert('RGB')).any(axis=2)
    np.testing.assert_array_equal(record.regions.masks[0], expected)
    assert 0 < expected.mean() < 0.1


def test_an_image_that_is_too_small_is_told_first():
  dataset = types.SimpleNamespace(name='mine', source=opened('small_image'), reading=Reading(4))
  models = [predictors.of_classical(name, name) for name in ('itti', 'gbvs', 'bms')]
  with pytest.raises(InputError, match='Image 1001 is 54 x 64 pixels, less than the 64 x 64 that itti can take'):
    evaluation._check_sizes(dataset, models)
  dataset.reading = Reading(4, 'skip')
  evaluation._check_sizes(dataset, models)
  assert list(dataset.reading.skipped) == ['1001', '1002']


def test_one_map_of_all_images_is_told():
  source, maps = opened('same_map'), MapFolder(CASES / 'same_map' / 'maps')
  about = [scored_images.about(maps.read(x), (150, 200)) for x in source.image_ids]
  scoring = types.SimpleNamespace(dataset=types.SimpleNamespace(source=source))
  assert Scored(scoring, range(4), {'m': about}, {}).odd('same') == {'m': list(source.image_ids)}


def test_maps_in_colour_are_refused():
  with pytest.raises(InputError, match='has colours on'):
    MapFolder(CASES / 'jet_maps' / 'maps').read('1001')
