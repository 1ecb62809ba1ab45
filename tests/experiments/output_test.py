"""Inner and output saliency against the paper's way in NumPy."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from saliency_jax.data import pixel_sets
from saliency_jax.experiments import figure7, output
from saliency_jax.experiments.forward import Probe
from saliency_jax.ledger import Ledger
from tests import brute_force, tiny
from tests.experiments import made

CHOOSE = pixel_sets.distinct_fixations_in_regions


def human_map(record) -> np.ndarray:
  counts = np.zeros(record.image.shape[:2])
  np.add.at(counts, tuple(record.fixations.T), 1)
  return ndimage.gaussian_filter(counts, 4)


@pytest.mark.parametrize('index', [1, 2])
def test_saliency_of_regions_against_full_maps(index):
  record = made.Photographs(3)[index]
  size = record.image.shape[:2]
  cells = np.random.default_rng(index).normal(size=(5, 7)).astype(np.float32)
  human = human_map(record)
  regions = output.measure(record, cells, human, CHOOSE)
  pixels = CHOOSE(record).pixels
  assert [r.category for r in regions] == list(record.regions.categories)
  assert [r.region_id for r in regions] == record.regions.ids.tolist()
  for region, points in zip(regions, pixels, strict=True):
    assert region.fixations == len(points)
    if not len(points):
      assert np.isnan(region[-2:]).all()
      continue
    by_model = brute_force.score(cells, points, size)
    by_people = brute_force.score(human, points, size)
    assert region.output_saliency == pytest.approx(by_model, abs=1e-4)
    assert region.human_saliency == pytest.approx(by_people, abs=1e-6)
    assert region.bias == pytest.approx(by_model - by_people, abs=1e-4)
    assert region.difference == pytest.approx(abs(by_model - by_people), abs=1e-4)


def test_a_prediction_of_the_human_map_itself_has_no_difference():
  record = made.Photographs(3)[2]
  human = human_map(record)
  for region in output.measure(record, 3 * human - 1, human, CHOOSE):
    assert region.difference == pytest.approx(0, abs=1e-4)


def test_a_map_larger_than_the_photograph_is_averaged_down():
  record = made.Photographs(3)[2]
  human = human_map(record)
  large = human.repeat(3, axis=0).repeat(2, axis=1).astype(np.float32)
  # Every other column of the large map is broken; averaging evens it out.
  large[:, ::2] += 0.01 * human.max()
  large[:, 1::2] -= 0.01 * human.max()
  for region in output.measure(record, large, human, CHOOSE):
    assert region.difference == pytest.approx(0, abs=0.2)


def test_a_map_larger_in_one_axis_alone_is_averaged_down_too():
  record = made.Photographs(3)[2]
  human = human_map(record)
  large = human.repeat(2, axis=0).astype(np.float32)
  large[::2] += 0.01 * human.max()
  large[1::2] -= 0.01 * human.max()
  for region in output.measure(record, large, human, CHOOSE):
    assert region.difference == pytest.approx(0, abs=0.02)


def test_a_constant_human_map_scores_nothing():
  record = made.Photographs(3)[2]
  flat = np.ones(record.image.shape[:2])
  for region in output.measure(record, np.eye(4), flat, CHOOSE):
    assert region.human_saliency == 0
    assert region.bias == region.output_saliency


def test_all_fixations_may_count():
  record = made.Photographs(3)[1]
  record = record._replace(fixations=np.repeat(record.fixations, 2, axis=0))
  counted = [
    [r.fixations for r in output.measure(record, np.eye(4), human_map(record), choose)]
    for choose in (CHOOSE, pixel_sets.all_fixations_in_regions)
  ]
  assert counted[1] == [2 * n for n in counted[0]]


def test_a_photograph_without_regions_has_none():
  record = made.Photographs(3)[0]
  assert output.measure(record, np.eye(4), human_map(record), CHOOSE) == []


def test_units_are_scored_on_every_region_with_a_fixation(tmp_path):
  source, network = made.Photographs(5), tiny.vgg()
  size = network.preprocess.image_size
  found = figure7.unit_scores(
    source,
    Probe(network, (network.top_tap,), made.READING),
    CHOOSE,
    ledger=Ledger(tmp_path / 'partial', {'': 0}),
    title='',
  )
  expected = {}
  for record in source:
    small = np.asarray(Image.fromarray(record.image).resize((size, size), Image.Resampling.BILINEAR))
    maps = network.maps(small, network.readout_tap)[network.readout_tap][0]
    for number, points in zip(record.regions.ids.tolist(), CHOOSE(record).pixels, strict=True):
      if len(points):
        expected[record.image_id, number] = brute_force.scores(maps, [points], record.image.shape[:2])[0]
  assert [*found.index] == [*expected]
  np.testing.assert_allclose(found, [*expected.values()], atol=1e-4)
