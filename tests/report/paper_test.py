"""The paper's numbers, spot-checked against its pages."""

import json

import numpy as np
import pytest

from saliency_jax.report import paper
from saliency_jax.report.units import run as units
from tests.report import made


def _by_row(number, of='means'):
  """Returns row -> category -> number."""
  table = paper.table(number, of)
  return {row: {name: x for (at, name), x in table.items() if at == row} for row in paper.rows(number)}


def test_table2_is_by_layer_and_category():
  table = _by_row(2)
  assert list(table) == ['conv5_3', 'conv5_2', 'conv5_1', 'conv4_3', 'conv4_2', 'conv4_1']
  assert all(len(row) == 12 for row in table.values())
  assert table['conv4_3']['person head'] == 3.46
  assert table['conv4_1']['other'] == 0.72
  assert paper.table(2, 'above')['conv5_2', 'animal head'] == 50


def test_table5_and_the_paper_s_choices():
  assert [*paper.table(5).items()] == [
    ((layer, 'target'), x)
    for layer, x in {
      'conv5_3': 0.38,
      'conv5_2': 0.94,
      'conv5_1': 1.47,
      'conv4_3': 1.96,
      'conv4_2': 1.94,
      'conv4_1': 2.12,
    }.items()
  ]
  assert not paper.table(5, 'above')
  assert (paper.facts()['top_units'], paper.facts()['threshold']) == (10, 1.5)
  assert 'CVPR 2019' in paper.facts()['source']


def test_tables_3_and_6_are_by_depth():
  table, counts = _by_row(3), _by_row(3, 'above')
  assert list(table) == [0, 1, 2, 3, 4, 5, 6, 13]
  assert all(len(row) == 12 for row in table.values())
  assert table[0] == _by_row(2)['conv5_3']
  assert table[3]['person head'] == 3.28
  assert table[paper.ALL]['other'] == 1.07
  # Object and other are not legible in the copy that was read.
  assert counts[5] == {
    'person head': 71,
    'animal head': 77,
    'animal part': 37,
    'vehicle': 46,
    'drink': 28,
    'person part': 28,
    'food': 24,
    'plant': 20,
    'symbol': 25,
    'text': 0,
  }
  assert [sum(of.values()) for of in counts.values()] == [45, 137, 153, 207, 225, 356, 294, 111]
  assert counts[0] == {
    category: count for category, count in _by_row(2, 'above')['conv5_3'].items() if category in counts[0]
  }
  # No count of ten or more with a mean up to T, and no mean above T without.
  for depth, of in counts.items():
    for category, count in of.items():
      mean = table[depth][category]
      assert mean > 1.5 or count < 10
      assert count or mean <= 1.5
  assert paper.table(6)[2, 'target'] == 0.98
  assert paper.table(6)[0, 'target'] == paper.table(5)['conv5_3', 'target']


def test_figure_4_in_percent_is_table_3_s():
  table = paper.table(3)
  # By hand, from the printed means.
  for category, expected in {
    'person head': [116, 169, 171, 179, 174, 155, 136],
    'text': [6, 20, 22, 14, 25, 14, 9],
    'drink': [34, 11, 14, 10, 20, 12, -10],
  }.items():
    found = [100 * (table[depth, category] / table[0, category] - 1) for depth in [1, 2, 3, 4, 5, 6, paper.ALL]]
    np.testing.assert_allclose(found, expected, atol=0.51)


@pytest.mark.parametrize(
  ('change', 'name'),
  [
    ({}, 'Table 2'),
    ({'depth': 3}, 'Table 3 at depth 3'),
    ({'depth': 9}, ''),
    ({'weights': 'random'}, ''),
    ({'image_ids': ('mine',)}, ''),
  ],
)
def test_only_the_paper_s_data_stand_beside_it(tmp_path, change, name):
  run = units.read(made.dissect(tmp_path, made.scores(rows=1), labels=['text'], **change))
  assert run.published == name
  assert np.isfinite(run.values('paper')).any() == bool(name)


def test_another_threshold_or_network_leaves_its_numbers_out(tmp_path):
  path = made.dissect(tmp_path, made.scores(rows=1), labels=['text'])
  config = path / 'config.json'
  config.write_text(config.read_text().replace('1.5', '1.25'))
  assert np.isnan(units.read(path).values('paper_above')).all()
  config.write_text(config.read_text().replace('vgg16', 'alexnet'))
  assert units.read(path).published == ''


def test_tables_3_and_6_are_of_networks_trained_on_saliency(tmp_path):
  path = made.dissect(tmp_path, made.scores(rows=1), labels=['text'], depth=3)
  summary = json.loads((path / 'summary.json').read_text())
  for task, name in (('saliency', 'Table 3 at depth 3'), ('scene', '')):
    summary['weights']['task'] = task
    (path / 'summary.json').write_text(json.dumps(summary))
    assert units.read(path).published == name
