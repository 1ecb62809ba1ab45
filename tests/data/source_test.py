"""Every kind of data set opens, and wrong words are refused."""

import dataclasses
import inspect

import numpy as np
import pytest
from PIL import Image

from configs import base
from saliency_jax.data import builders, fingerprints, source
from saliency_jax.data import pysaliency_export as export
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.popout import masked_folder
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.subset import subset
from saliency_jax.errors import InputError
from tests.data import made_salicon


@pytest.fixture
def options(tiny_osie, tmp_path) -> dict[str, dict]:
  """What opens a small data set of each kind."""
  osie = Osie(tiny_osie, tiny_osie)
  images = tiny_osie / 'stimuli'
  table, maps, mit = (tmp_path / name for name in ('t.csv', 'maps', 'ALLFIXATIONMAPS'))
  table.write_text('image,x,y\n' + ''.join(f'{image_id},1,2\n' for image_id in osie.image_ids))
  maps.mkdir()
  mit.mkdir()
  for record in osie:
    pixels = np.zeros(record.image.shape[:2], np.uint8)
    pixels[2, 1] = 1
    Image.fromarray(pixels).save(maps / f'{record.image_id}.png')
    Image.fromarray(pixels * 255).save(mit / f'{record.image_id}_fixPts.jpg', quality=75)
    for mark in ('_fixMap', ''):  # densities, and what is no map
      Image.fromarray(pixels).save(mit / f'{record.image_id}{mark}.jpg')
  export.write_stimuli(osie, tmp_path / 'stimuli.hdf5')
  export.write_trains(osie, tmp_path / 'trains.hdf5')
  masked_folder.save(SearchArrays(count=2, size=128), tmp_path / 'arrays')
  built = builders.build(osie, 'osie', tmp_path / 'built')
  return {
    'osie': {'dir': tiny_osie, 'regions': tiny_osie},
    'salicon': {
      'dir': made_salicon.photographs(tmp_path / 'salicon'),
      'fixations': made_salicon.json_file(tmp_path / 'f.json'),
    },
    'table': {'dir': images, 'fixations': table, 'origin': 1},
    'maps': {'dir': images, 'fixations': maps, 'regions': tiny_osie},
    'mit1003': {'dir': images, 'fixations': mit},
    'pysaliency': {'dir': tmp_path / 'stimuli.hdf5', 'fixations': tmp_path / 'trains.hdf5'},
    'images': {'dir': images},
    'popout': {'dir': tmp_path / 'arrays'},
    'built': {'dir': built},
  }


def test_every_kind_opens(options):
  assert options.keys() == source.KINDS.keys()
  sizes = {kind: len(source.open_source(kind, **given)) for kind, given in options.items()}
  assert sizes == dict.fromkeys(options, 5) | {'salicon': 3, 'popout': 2}


def test_options_reach_the_reader(options):
  table = source.open_source('table', **options['table'])
  assert table[0].fixations.tolist() == [[1, 0]]
  maps = source.open_source('maps', **options['maps'])
  assert maps[0].fixations.tolist() == [[2, 1]]
  assert len(maps[0].regions.ids) == 4
  assert source.open_source('mit1003', **options['mit1003'])[0].fixations.tolist() == [[2, 1]]
  with pytest.raises(InputError, match=r'_fixPts\..*; give ALLFIXATIONMAPS'):
    source.open_source('mit1003', options['maps']['dir'], fixations=options['maps']['fixations'])


def test_search_arrays_are_drawn_or_read(options):
  drawn = source.open_source('popout', count=3, seed=0, size=128)
  assert drawn.image_ids == SearchArrays(count=3, size=128).image_ids
  assert len(source.open_source('popout', dir='')) == 80
  with pytest.raises(InputError, match='are not drawn; leave count and seed'):
    source.open_source('popout', **options['popout'], count=3, seed=0)


@pytest.mark.parametrize('kind', source.KINDS)
def test_what_a_kind_takes_is_what_its_reader_takes(kind):
  opener, needs, takes = source.KINDS[kind]
  first, *parameters = inspect.signature(opener).parameters.values()
  assert 'dir' in needs + takes
  assert (first.default is first.empty) == ('dir' in needs)
  if not any(each.kind == each.VAR_KEYWORD for each in parameters):
    taken = {*needs, *takes} - {'dir'}
    if 'recorded' in {each.name for each in parameters}:
      fields = {each.name for each in dataclasses.fields(Coordinates)}
      assert kind == 'maps' or taken & fields >= {'scale', 'offset', 'missing', 'drop_outside'}
      taken = taken - fields | {'recorded'}
    assert {each.name for each in parameters} == taken
    assert {each.name for each in parameters if each.default is each.empty} == set(needs) - {'dir'}


def test_a_config_names_the_keys_that_are_read():
  assert set(base.data_keys()) == set(source.KEYS)


def test_what_is_known_of_the_images_is_said(options):
  gives = {kind: source.open_source(kind, **given).gives for kind, given in options.items()}
  assert gives.pop('popout') == {'targets'}
  assert not gives.pop('images')
  for kind in ('osie', 'maps', 'built'):
    assert gives.pop(kind) == {'fixations', 'regions'}
  assert set(gives.values()) == {frozenset({'fixations'})}


@pytest.mark.parametrize(
  ('kind', 'wants', 'message'),
  [
    ('popout', 'fixations', 'config.mine.dir=.* holds search arrays; give'),
    ('popout', 'regions', 'holds search arrays'),
    ('osie', 'targets', 'holds photographs; give search arrays'),
    ('images', 'fixations', 'has no fixations; give --config.mine.kind'),
    ('table', 'regions', 'labelled region.*--config.mine.regions'),
  ],
)
def test_a_job_says_what_it_cannot_do_without(kind, wants, message, options):
  group = dict(base.data_keys(kind)) | options[kind]
  with pytest.raises(InputError, match=message):
    source.open_group(group, key='config.mine', wants=wants)


def test_a_config_opens_what_python_opens(options):
  for kind, given in options.items():
    group = dict(base.data_keys(kind)) | given
    opened = source.open_group(group)
    assert opened.image_ids == source.open_source(kind, **given).image_ids


@pytest.mark.parametrize(
  ('key', 'value', 'message'),
  [
    ('fixations', 'all', 'config.data.fixations .*analysis.fixations=all'),
    ('sigma', -1.0, 'config.data.sigma is -1'),
    ('sigma', float('nan'), 'config.data.sigma is nan'),
    ('kind', 'tables', "no kind of data set 'tables'"),
    ('part', 'quiz', "'quiz'; it is all, train, validation, test of"),
  ],
)
def test_wrong_values_are_refused(key, value, message, tiny_osie):
  group = dict(base.data_keys()) | {'dir': str(tiny_osie), key: value}
  with pytest.raises(InputError, match=message):
    source.open_group(group)


def test_osie_is_kept_where_the_config_says(tmp_path):
  (tmp_path / 'osie').mkdir()
  with pytest.raises(InputError, match=f'^{tmp_path}/osie is not OSIE as fetched earlier'):
    source.open_group(base.data_keys(), cache_dir=str(tmp_path))


def test_what_a_run_has_not_seen_is_a_part(options, tmp_path):
  given, run = options['table'], tmp_path / 'run'
  whole = source.open_source('table', **given)
  seen = fingerprints.of(subset(whole, whole.image_ids[1:3]))
  fingerprints.write(run, [x._replace(image_id=f'renamed {x.image_id}') for x in seen])
  part = source.open_source('table', part=str(run), **given)
  assert part.image_ids == whole.image_ids[:1] + whole.image_ids[3:]
  assert part.scanpaths(1).points.tolist() == [[1, 0]]
  fingerprints.write(run, fingerprints.of(whole))
  with pytest.raises(InputError, match='was trained on all 5 images'):
    source.open_source('table', part=str(run), **given)


def test_the_home_folder_is_found(options, monkeypatch):
  monkeypatch.setenv('HOME', str(options['popout']['dir'].parent))
  assert len(source.open_source('popout', '~/arrays')) == 2


def test_regions_of_a_built_data_set_are_its_own(options):
  built = options['built']['dir']
  with pytest.raises(InputError, match='regions of its own; leave regions out'):
    source.open_source('osie', built.parent.parent, regions='labels')


@pytest.mark.parametrize(
  ('kind', 'given', 'message'),
  [
    ('mit', {}, "no kind of data set 'mit'; give one of osie, salicon, table"),
    ('table', {'dir': 'a', 'fixations': ''}, "of the kind 'table' needs fixations"),
    ('built', {}, "of the kind 'built' needs dir"),
    ('osie', {'dir': 'a', 'fixations': 'b'}, "of the kind 'osie' has no use for fixations; leave fixations out"),
    ('salicon', {'dir': 'a', 'fixations': 'b', 'origin': 1}, 'no use for origin'),
  ],
)
def test_wrong_words_are_refused(kind, given, message):
  with pytest.raises(InputError, match=message):
    source.open_source(kind, **given)
