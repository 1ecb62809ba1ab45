"""Output saliency, Figure 7 and its tests, against the paper's way in NumPy."""

import csv
import json

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats

from saliency_jax.data import pixel_sets
from saliency_jax.experiments import figure7, inner, output
from saliency_jax.experiments.forward import Settings
from saliency_jax.experiments.output import Region
from saliency_jax.networks import registry
from saliency_jax.networks.weights.known_weights import Weights
from saliency_jax.workdir import Folder
from tests import brute_force
from tests.experiments import made

CHOOSE = pixel_sets.distinct_fixations_in_regions
SETTINGS = Settings(made.IMAGE_SIZE, 4, 0, 'raise')


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
    assert region.difference == pytest.approx(
        abs(by_model - by_people), abs=1e-4)


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
  large[:, ::2] += .01 * human.max()
  large[:, 1::2] -= .01 * human.max()
  for region in output.measure(record, large, human, CHOOSE):
    assert region.difference == pytest.approx(0, abs=.2)


def test_all_fixations_may_count():
  record = made.Photographs(3)[1]
  record = record._replace(fixations=np.repeat(record.fixations, 2, axis=0))
  counted = [
      [r.fixations for r in output.measure(
          record, np.eye(4), human_map(record), choose)]
      for choose in (CHOOSE, pixel_sets.all_fixations_in_regions)]
  assert counted[1] == [2 * n for n in counted[0]]


def test_a_photograph_without_regions_has_none():
  record = made.Photographs(3)[0]
  assert output.measure(record, np.eye(4), human_map(record), CHOOSE) == []


def test_inner_saliency_is_that_of_the_best_units_by_category(tmp_path):
  source = made.Photographs(5)
  network, params = made.network()
  found = inner.inner_saliency(
      source, Weights(params, made.MEAN, 'made', '', '', ''), CHOOSE,
      settings=SETTINGS, dtype='float32', folder=tmp_path / 'partial', job={},
      title='', widths=made.WIDTHS)
  scores: dict[str, list] = {}
  for record in source:
    small = np.asarray(Image.fromarray(record.image).resize(
        (made.IMAGE_SIZE,) * 2, Image.Resampling.BILINEAR))
    maps = np.asarray(network.apply(params, small[None])['conv5_3'])[0]
    for category, points in zip(
        record.regions.categories, CHOOSE(record).pixels, strict=True):
      if len(points):
        scores.setdefault(category, []).append(brute_force.scores(
            maps, [points], record.image.shape[:2])[0])
  # The network has 7 units, fewer than 10: the best are all.
  assert found == pytest.approx({
      category: np.mean(rows) for category, rows in scores.items()}, abs=1e-4)
  assert registry.LAYERS['vgg16'][-1] == inner.LAYER


@pytest.fixture
def regions() -> list[Region]:
  """Regions of four categories, one of a single region, one not fixated."""
  rng = np.random.default_rng(2)
  found = [
      Region('1', i, category, 3, mean + rng.normal(), 2 + rng.normal() / 2)
      for i, (category, mean) in enumerate(
          [('text', 3), ('food', 1), ('person head', 2)] * 6 + [('drink', 0)])]
  return [*found, Region('2', 1, 'plant', 0, np.nan, np.nan)]


INNER = {'text': 3., 'food': 1.5, 'person head': 2., 'drink': 1.}


def test_the_files_of_figure_7(regions, tmp_path):
  key, classical = ('net', 'osie'), ('gbvs', 'osie')
  notes = figure7.write(
      Folder(tmp_path, {}), {key: regions, classical: regions}, {key: INNER})
  assert notes['regions_without_fixations'] == {'osie': 1}
  with open(tmp_path / 'output.csv', newline='') as file:
    rows = list(csv.reader(file))
  assert rows[0] == list(output.HEADER)
  assert len(rows) == 1 + 2 * len(regions)
  assert rows[len(regions)] == [
      'net', 'osie', '2', '1', 'plant', '0', '', '', '', '']
  with open(tmp_path / 'figure7.csv', newline='') as file:
    rows = list(csv.DictReader(file))
  # In the order of the paper's table, without what nobody looked at.
  assert [row['category'] for row in rows[:4]] == [
      'person head', 'text', 'food', 'drink']
  text = [r for r in regions if r.category == 'text']
  assert float(rows[1]['output']) == pytest.approx(
      np.mean([r.output_saliency for r in text]), abs=1e-6)
  apart = [r.output_saliency - r.human_saliency for r in text]
  assert min(apart) < 0 < max(apart)
  assert float(rows[1]['bias']) == pytest.approx(np.mean(apart), abs=1e-6)
  # Eq. 3 takes the absolute value of every region before it averages.
  assert float(rows[1]['difference']) == pytest.approx(
      sum(map(abs, apart)) / len(apart), abs=1e-6)
  assert rows[1]['inner'] == '3.000000'
  assert rows[5]['inner'] == ''

  def refuse(constant):
    raise AssertionError(f'{constant} is no JSON')

  net, gbvs = json.loads(
      (tmp_path / 'statistics.json').read_text(), parse_constant=refuse)
  assert gbvs['inner_output'] is None
  means = [
      np.mean([r.output_saliency for r in regions if r.category == category])
      for category in INNER]
  assert net['inner_output']['rho'] == pytest.approx(
      stats.spearmanr(list(INNER.values()), means).statistic)
  samples = [
      [r.difference for r in regions if r.category == category]
      for category in ('person head', 'text', 'food')]
  assert net['difference']['anova']['p'] == pytest.approx(
      stats.f_oneway(*samples).pvalue)
  assert net['difference']['left_out'] == {'drink': 1}
  assert [g['size'] for g in net['output']['groups']] == [6, 6, 6]


def test_what_cannot_be_tested_is_null(tmp_path):
  lonely = [Region('1', 1, 'text', 2, 1., 2.)]
  figure7.write(Folder(tmp_path, {}), {('net', 'osie'): lonely}, {})
  found, = json.loads((tmp_path / 'statistics.json').read_text())
  assert {found[key] for key in (
      'inner_output', 'inner_difference', 'output', 'difference')} == {None}
