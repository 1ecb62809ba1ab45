"""Figure 7, its tests and what speaks against them, against plain NumPy."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from saliency_jax import outside
from saliency_jax.experiments import chance, figure7
from saliency_jax.experiments.output import Region
from saliency_jax.report import json_shapes
from saliency_jax.workdir import Folder

HEIGHTS = {'text': 3.0, 'food': 1.0, 'person head': 2.0, 'drink': 0.0}


@pytest.fixture(scope='module')
def regions() -> list[Region]:
  """Regions of five categories, one of a single region, one not fixated."""
  rng = np.random.default_rng(2)
  found = [
    Region(str(i % 7), i, category, 3, HEIGHTS[category] + rng.normal(), 2 + rng.normal() / 2)
    for i, category in enumerate(['text', 'food', 'person head'] * 6 + ['drink'])
  ]
  return [*found, Region('2', 30, 'plant', 0, np.nan, np.nan)]


@pytest.fixture(scope='module')
def units(regions) -> pd.DataFrame:
  """Thirteen units that follow the output, in another order than regions."""
  rng = np.random.default_rng(3)
  listed = regions[-2::-1]
  scores = np.array([rng.normal(size=13) + HEIGHTS[region.category] for region in listed])
  return pd.DataFrame(scores.astype(np.float32), pd.MultiIndex.from_tuples([(r.image_id, r.region_id) for r in listed]))


@pytest.fixture(scope='module')
def written(regions, units, tmp_path_factory):
  """Notes, rows and statistics; once, as its p values take seconds."""
  path = tmp_path_factory.mktemp('figure7')
  notes = figure7.write(
    Folder(path, {}),
    {('net', 'osie'): regions, ('gbvs', 'osie'): regions},
    {('net', 'osie'): units},
    top=10,
    resamples=200,
  )
  with open(path / 'figure7.csv', newline='') as file:
    rows = list(csv.DictReader(file))

  def refuse(constant):
    raise AssertionError(f'{constant} is no JSON')

  return path, notes, rows, json.loads((path / 'statistics.json').read_text(), parse_constant=refuse)


def test_every_region_and_category_has_a_line(regions, written):
  path, notes, rows, _ = written
  assert notes['regions_without_fixations'] == {'osie': 1}
  with open(path / 'output.csv', newline='') as file:
    listed = list(csv.reader(file))
  assert len(listed) == 1 + 2 * len(regions)
  assert listed[len(regions)] == ['net', 'osie', '2', '30', 'plant', '0', '', '', '', '']
  # In the order of the paper's table, without what nobody looked at.
  assert [(row['category'], row['regions']) for row in rows[:4]] == [
    ('person head', '6'),
    ('text', '6'),
    ('food', '6'),
    ('drink', '1'),
  ]
  text = [r for r in regions if r.category == 'text']
  apart = [r.output_saliency - r.human_saliency for r in text]
  assert min(apart) < 0 < max(apart)
  assert float(rows[1]['output']) == pytest.approx(np.mean([r.output_saliency for r in text]), abs=1e-6)
  assert float(rows[1]['bias']) == pytest.approx(np.mean(apart), abs=1e-6)
  # Eq. 3 takes the absolute value of every region before it averages.
  assert float(rows[1]['difference']) == pytest.approx(sum(map(abs, apart)) / len(apart), abs=1e-6)
  for name in ('inner', 'output', 'difference'):
    low, value, high = (float(rows[1][name + end]) for end in ('_low', '', '_high'))
    assert low < value < high
  assert rows[5]['inner'] == rows[5]['inner_low'] == ''
  # Nothing is held out of one photograph, and it has no interval.
  assert rows[3]['inner_held_out'] == ''
  assert rows[3]['output_low'] == rows[3]['output_high'] == ''


def test_inner_saliency_is_that_of_the_ten_best_units(regions, units, written):
  _, _, rows, _ = written
  of_category = {(r.image_id, r.region_id): r.category for r in regions}
  labels = np.array([of_category[key] for key in units.index])
  for row in rows[:4]:
    means = units.to_numpy()[labels == row['category']].mean(axis=0)
    assert float(row['inner']) == pytest.approx(np.sort(means)[-10:].mean(), abs=1e-5)
    if row['inner_held_out']:
      assert float(row['inner_held_out']) <= float(row['inner'])


def test_inner_saliency_stands_beside_what_chance_gives(regions, units, written):
  of_category = {(r.image_id, r.region_id): r.category for r in regions}
  labels = np.array([of_category[key] for key in units.index])
  bands = chance.bands(
    units.to_numpy(float)[::-1], labels[::-1], units.index.get_level_values(0).to_numpy(str)[::-1], top=10
  )[0]
  for row in written[2][:3]:
    for end, value in bands[row['category']]._asdict().items():
      assert float(row[f'inner_chance_{end}']) == pytest.approx(value, abs=1e-6)
  assert float(written[2][1]['inner_chance_high']) < float(written[2][1]['inner'])  # of text
  assert written[2][5]['inner_chance_high'] == ''  # of no network


def test_correlations_and_comparisons_are_those_of_the_columns(regions, written):
  _, _, rows, (net, gbvs) = written
  assert gbvs['inner_output'] is gbvs['paper_anova'] is None
  columns = {name: [float(row[name]) for row in rows[:4]] for name in ('inner', 'output', 'difference')}
  assert net['inner_output']['rho'] == pytest.approx(stats.spearmanr(columns['inner'], columns['output']).statistic)
  assert net['inner_output']['low'] <= net['inner_output']['rho']
  assert net['inner_output']['halves'] > 0.5
  samples = [[r.difference for r in regions if r.category == category] for category in ('person head', 'text', 'food')]
  assert net['difference']['anova']['p'] == pytest.approx(stats.f_oneway(*samples).pvalue)
  assert net['difference']['left_out'] == {'drink': 1}
  assert net['difference']['clusters'] == 7
  assert [g['size'] for g in net['output']['groups']] == [6, 6, 6]
  heads = net['heads']
  others = [r.difference for r in regions if r.fixations and r.category != 'person head']
  assert heads['difference'] == pytest.approx(np.mean(samples[0]) - np.mean(others))
  assert (heads['heads'], heads['others']) == (6, 13)
  images = [
    np.array([int(r.image_id) for r in regions if r.fixations and (r.category == 'person head') == of])
    for of in (True, False)
  ]
  # Sums of residuals in photographs, and their degrees of freedom.
  sums = np.zeros((2, 7))
  for row, values, of in zip(sums, (samples[0], others), images, strict=True):
    np.add.at(row, of, (np.array(values) - np.mean(values)) / len(values))
    row *= np.sqrt(np.unique(of).size / (np.unique(of).size - 1))
  variances = (sums**2).sum(axis=1)
  degrees = variances.sum() ** 2 / (variances**2 / [np.unique(of).size - 1 for of in images]).sum()
  margin = stats.t.isf(0.025, degrees) * np.sqrt(((sums[0] - sums[1]) ** 2).sum())
  assert heads['p'] == pytest.approx(
    2 * stats.t.sf(abs(heads['difference']) / margin * stats.t.isf(0.025, degrees), degrees)
  )
  assert (heads['low'], heads['high']) == pytest.approx((heads['difference'] - margin, heads['difference'] + margin))


def test_the_paper_s_analysis_is_one_of_category_means(written):
  _, _, rows, (net, _) = written
  # By hand for one head among four: balanced in the measurement.
  table = np.array([[float(row[name]) for row in rows[:4]] for name in ('inner', 'difference')])
  cells = [table[:, :1].mean(axis=1), table[:, 1:].mean(axis=1)]
  within = ((table[:, 1:] - cells[1][:, None]) ** 2).sum()
  measurement = 4 * np.ptp(table.mean(axis=1)) ** 2 / 2
  found = net['paper_anova']
  assert found['categories'] == 4
  assert found['measurement']['df_residual'] == 4
  assert found['measurement']['f'] == pytest.approx(measurement / (within / 4), rel=1e-4)
  cluster = 1.5 * (cells[0].mean() - cells[1].mean()) ** 2
  assert found['cluster']['f'] == pytest.approx(cluster / (within / 4), rel=1e-4)


def test_p_values_are_corrected_over_models_and_measures(written):
  *_, found = written
  tests = [one[name] for one in found for name in ('output', 'difference')]
  assert [test['p_holm'] for test in tests] == pytest.approx(
    multipletests([test['clustered']['p'] for test in tests], method='holm')[1]
  )
  pairs = [pair for test in tests for pair in test['pairs']]
  assert len(pairs) == 12
  assert [pair['p_holm'] for pair in pairs] == pytest.approx(
    multipletests([pair['p_clustered'] for pair in pairs], method='holm')[1]
  )
  first, second = (found[0][name] for name in ('inner_output', 'inner_difference'))
  assert first['p_holm'] == min(1, max(2 * min(first['p'], second['p']), first['p']))


def test_what_cannot_be_tested_is_null(tmp_path):
  lonely = [Region('1', 1, 'text', 2, 1.0, 2.0)]
  of_no_region = pd.DataFrame(np.zeros((0, 3), np.float32), pd.MultiIndex.from_arrays([[], []]))
  figure7.write(Folder(tmp_path, {}), {('net', 'osie'): lonely}, {('net', 'osie'): of_no_region}, top=10, resamples=10)
  (found,) = json.loads((tmp_path / 'statistics.json').read_text())
  assert {
    found[key] for key in ('inner_output', 'inner_difference', 'output', 'difference', 'paper_anova', 'heads')
  } == {None}


def test_heads_on_one_photograph_are_not_compared(regions, tmp_path):
  """Neither were they where that is the only one, and the page refused them."""
  moved = [x._replace(image_id='1') if x.category == 'person head' else x for x in regions]
  for listed, others in ((moved, True), ([x._replace(image_id='1') for x in regions], False)):
    figure7.write(Folder(tmp_path, {}), {('net', 'osie'): listed}, {}, top=10, resamples=10)
    found = json.loads((tmp_path / 'statistics.json').read_text())
    outside.check(found, json_shapes.STATISTICS)
    assert found[0]['heads'] is None
    assert bool(found[0]['difference']['clustered']) == others
