"""Every kind of data set opens, and wrong words are refused."""

import inspect

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import builders, catalogue
from saliency_jax.data import pysaliency_export as export
from saliency_jax.data.popout import masked_folder
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.sources.osie import Osie
from saliency_jax.errors import InputError
from tests.data import made_salicon


@pytest.fixture
def options(tiny_osie, tmp_path) -> dict[str, dict]:
  """What opens a small data set of each kind."""
  osie = Osie(tiny_osie, tiny_osie)
  images = tiny_osie / 'stimuli'
  table, maps, data = (tmp_path / name for name in ('t.csv', 'maps', 'DATA'))
  table.write_text('image,x,y\n' + ''.join(
      f'{image_id},1,2\n' for image_id in osie.image_ids))
  maps.mkdir()
  (data / 'ann').mkdir(parents=True)
  for record in osie:
    pixels = np.zeros(record.image.shape[:2], np.uint8)
    pixels[2, 1] = 1
    Image.fromarray(pixels).save(maps / f'{record.image_id}.png')
    (data / 'ann' / f'{record.image_id}.mat').touch()
  export.write_stimuli(osie, tmp_path / 'stimuli.hdf5')
  export.write_trains(osie, tmp_path / 'trains.hdf5')
  masked_folder.save(SearchArrays(count=2, size=128), tmp_path / 'arrays')
  built = builders.build(builders.OsieBuilder(osie, tmp_path / 'built'))
  return {
      'osie': {'images': tiny_osie, 'regions': tiny_osie},
      'salicon': {
          'images': made_salicon.photographs(tmp_path / 'salicon'),
          'fixations': made_salicon.json_file(tmp_path / 'f.json')},
      'table': {'images': images, 'fixations': table, 'origin': 1},
      'maps': {'images': images, 'fixations': maps, 'regions': tiny_osie},
      'mit1003': {'images': images, 'fixations': data},
      'pysaliency': {'images': tmp_path / 'stimuli.hdf5',
                     'fixations': tmp_path / 'trains.hdf5'},
      'popout': {'images': tmp_path / 'arrays'},
      'built': {'images': built}}


def test_every_kind_opens(options):
  assert options.keys() == catalogue.KINDS.keys()
  sizes = {
      kind: len(catalogue.open_source(kind, **given))
      for kind, given in options.items()}
  assert sizes == dict.fromkeys(options, 5) | {'salicon': 3, 'popout': 2}


def test_options_reach_the_reader(options):
  table = catalogue.open_source('table', **options['table'])
  assert table[0].fixations.tolist() == [[1, 0]]
  maps = catalogue.open_source('maps', **options['maps'])
  assert maps[0].fixations.tolist() == [[2, 1]]
  assert len(maps[0].regions.ids) == 4


def test_search_arrays_are_drawn_or_read(options):
  drawn = catalogue.open_source('popout', count=3, seed=0, size=128)
  assert drawn.image_ids == SearchArrays(count=3, size=128).image_ids
  assert len(catalogue.open_source('popout', images='')) == 80
  with pytest.raises(InputError, match='are not drawn; leave count and seed'):
    catalogue.open_source('popout', **options['popout'], count=3, seed=0)


@pytest.mark.parametrize('kind', catalogue.KINDS)
def test_what_a_kind_takes_is_what_its_reader_takes(kind):
  opener, needs, takes = catalogue.KINDS[kind]
  parameters = inspect.signature(opener).parameters.values()
  if not any(each.kind == each.VAR_KEYWORD for each in parameters):
    assert {each.name for each in parameters} == {*needs, *takes}
    assert {each.name for each in parameters
            if each.default is each.empty} == set(needs)


@pytest.mark.parametrize(('kind', 'given', 'message'), [
    ('mit', {}, "no kind of data set 'mit'; give one of osie, salicon, table"),
    ('table', {'images': 'a', 'fixations': ''},
     "of the kind 'table' needs fixations"),
    ('built', {}, "of the kind 'built' needs images"),
    ('osie', {'images': 'a', 'fixations': 'b'},
     "of the kind 'osie' has no use for fixations; leave it out"),
    ('salicon', {'images': 'a', 'fixations': 'b', 'origin': 1},
     'no use for origin'),
])
def test_wrong_words_are_refused(kind, given, message):
  with pytest.raises(InputError, match=message):
    catalogue.open_source(kind, **given)
