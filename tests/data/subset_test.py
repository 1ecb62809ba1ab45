"""A subset shows what the whole shows, at its own places."""

import pickle

import numpy as np
import pytest

from saliency_jax.data import builders
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.sources.built import BuiltSource
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.subset import subset
from saliency_jax.errors import InputError


def test_photographs_keep_their_files_and_observers(tiny_osie):
  whole = Osie(tiny_osie, tiny_osie)
  part = subset(whole, ['2004', '2001'])
  assert part.image_ids == ('2004', '2001')
  assert len(part) == len(list(part)) == 2
  for index, place in enumerate((3, 0)):
    assert part[index].image_id == whole.image_ids[place]
    np.testing.assert_array_equal(part[index].image, whole[place].image)
    assert part.photograph(index) == whole.photograph(place)
    for found, expected in zip(part.scanpaths(index), whole.scanpaths(place), strict=True):
      np.testing.assert_array_equal(found, expected)
  assert part[-1].image_id == '2001'
  for read in (part.__getitem__, part.scanpaths, part.photograph):
    with pytest.raises(IndexError):
      read(2)
  assert (part.patterns, part.gives) == ((), whole.gives)
  assert pickle.loads(pickle.dumps(part))[1].image_id == '2001'


def test_search_arrays_keep_their_patterns():
  whole = SearchArrays(count=5, size=128)
  part = subset(whole, whole.image_ids[3:0:-2])
  assert part.patterns == (whole.patterns[3], whole.patterns[1])
  assert part.gives == {'targets'}
  assert part.size(0) == (128, 128)
  # From which their chance level is drawn.
  np.testing.assert_array_equal(part.items(part.image_ids[0], 2), whole.items(part.image_ids[0], 2))


def test_a_built_data_set_has_none_of_a_kind(tiny_osie, tmp_path):
  whole = BuiltSource(builders.build(Osie(tiny_osie, tiny_osie), 'osie', tmp_path))
  part = subset(whole, ['2002'])
  assert part.patterns == ()
  assert part.content(0) == whole.content(1)
  np.testing.assert_array_equal(part.scanpaths(0).points, whole.scanpaths(1).points)


def test_a_subset_of_a_subset(tiny_osie):
  whole = Osie(tiny_osie)
  part = subset(subset(whole, ['2005', '2003', '2001']), ['2003'])
  assert [record.image_id for record in part] == ['2003']


def test_images_that_are_not_there_are_counted(tiny_osie):
  whole = Osie(tiny_osie)
  with pytest.raises(InputError, match=('2 of 3 images are not in the data set, the first is 9999')):
    subset(whole, ['2001', '9999', '1000'])
  with pytest.raises(InputError, match='chosen twice'):
    subset(whole, ['2001', '2001'])
