"""All of an image's fixations as one set of pixels."""

import numpy as np
import pytest

from saliency_jax.data import pixel_sets
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.types import Record, Regions, Source, no_regions
from saliency_jax.ops import pixel_weights


def record(*points) -> Record:
  return Record('a', np.zeros((4, 6, 3), np.uint8), np.array(points, np.int32).reshape(-1, 2), no_regions(4, 6))


def test_every_fixation_counts():
  chosen = pixel_sets.all_fixations(record([3, 5], [0, 1], [3, 5]))
  assert chosen.labels == ('fixations',)
  assert chosen.ids.tolist() == [1]
  assert chosen.ids.dtype == np.int32
  assert chosen.counts.tolist() == [3]
  assert chosen.pixels[0].tolist() == [[3, 5], [0, 1], [3, 5]]


def test_every_pixel_counts_once():
  chosen = pixel_sets.distinct_fixations(record([3, 5], [0, 1], [3, 5]))
  assert chosen.counts.tolist() == [2]
  assert chosen.pixels[0].tolist() == [[0, 1], [3, 5]]
  assert (chosen.labels, chosen.ids.tolist()) == (('fixations',), [1])


def test_regions_keep_their_numbers():
  masks = np.arange(48).reshape(2, 4, 6) % 5 < 2
  regions = Regions(np.array([7, 3], np.int32), ('face', 'text'), masks)
  chosen = pixel_sets.regions(record()._replace(regions=regions))
  assert (chosen.ids.tolist(), chosen.labels) == ([7, 3], ('face', 'text'))
  np.testing.assert_array_equal(chosen.pixels, masks)


@pytest.mark.parametrize('choose', [pixel_sets.all_fixations, pixel_sets.distinct_fixations])
def test_an_image_that_nobody_saw_has_an_empty_set(choose):
  chosen = choose(record())
  assert chosen.counts.tolist() == [0]
  weights = pixel_weights.cell_weights(chosen.pixels, (4, 6), (2, 2))
  assert not weights.sets.any()


def test_weights_are_of_all_fixations():
  chosen = pixel_sets.all_fixations(record([0, 0], [3, 5], [3, 5]))
  weights = pixel_weights.cell_weights(chosen.pixels, (4, 6), (2, 2)).sets
  # The corners lie in one cell each: a third and two thirds.
  np.testing.assert_allclose(weights, [[[1 / 3, 0], [0, 2 / 3]]], atol=1e-7)


def test_the_target_stands_for_fixations_of_search_arrays():
  array = SearchArrays(count=1, size=128)[0]
  chosen = pixel_sets.target(array)
  assert chosen.labels == ('target',)
  assert chosen.counts.tolist() == [array.regions.masks[0].sum()]


def test_a_target_stands_beside_other_items_of_its_array():
  arrays = SearchArrays(count=2, size=128)
  chosen = pixel_sets.target_and_items(arrays.items, 5, arrays[1])
  assert chosen.labels == ('target', *['item'] * 5)
  assert chosen.ids.tolist() == [1, -1, -2, -3, -4, -5]
  np.testing.assert_array_equal(chosen.pixels[0], arrays[1].regions.masks[0])
  np.testing.assert_array_equal(chosen.pixels[1:], arrays.items(arrays.image_ids[1], 5))


def test_the_target_is_found_wherever_it_stands():
  masks = np.zeros((2, 4, 6), bool)
  masks[0, 0], masks[1, 3, 2] = True, True
  chosen = pixel_sets.target(
    record()._replace(regions=Regions(np.array([1, 2], np.int32), ('distractors', 'target'), masks))
  )
  assert chosen.ids.tolist() == [2]
  assert chosen.counts.tolist() == [1]


def test_regions_of_other_photographs_lie_where_they_lay_there():
  class Known(list, Source):
    image_ids = ('a', 'b')

  def of(name, size, points, label='face'):
    mask = np.ones((1, *size), bool)
    return Record(name, np.zeros((*size, 3), np.uint8), np.array(points), Regions(np.array([4]), (label,), mask))

  choose = pixel_sets.distinct_fixations_in_regions
  source = Known([of('a', (4, 6), [[3, 5], [0, 0]]), of('b', (8, 3), [[2, 1]])])
  a, b = map(pixel_sets.with_exchanged(choose, source, 20), source)
  assert a.labels == b.labels == ('face', pixel_sets.EXCHANGED)
  assert a.ids.tolist() == [4, -1]
  # Of 8 rows and 3 columns the centre of (2, 1) is at 5/16 and a half.
  assert a.pixels[1].tolist() == [[1, 3]]
  assert b.pixels[1].tolist() == [[1, 0], [7, 2]]
  source[1] = of('b', (8, 3), [[2, 1]], 'text')
  assert pixel_sets.with_exchanged(choose, source, 20) is choose
