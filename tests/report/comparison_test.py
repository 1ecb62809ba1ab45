"""Numbers beside the paper's, against numbers worked out by hand."""

import math

import numpy as np
import pytest

from saliency_jax.report import best_units, comparison, findings, folder, paper
from tests.report import made


def _four_layers(tmp_path, levels=(0.5, 1.0, 1.5, 2.5)):
  """A run whose every unit scores its layer's level on every array."""
  layers = ('conv5_3', 'conv5_1', 'conv4_1', 'conv3_1')
  return folder.read(made.popout(tmp_path, {
      layer: np.full((4, 3), level)
      for layer, level in zip(layers, levels, strict=True)}))


def test_correlation_is_pearson_s_over_the_shared_cells(tmp_path):
  table = comparison.means(_four_layers(tmp_path))
  run, published = np.array([0.5, 1.0, 1.5]), np.array([0.38, 1.47, 2.12])
  r = ((run - run.mean()) * (published - published.mean())).mean() / (
      run.std() * published.std())
  assert table.shared[:, 0].tolist() == [True, True, True, False]
  assert table.correlation == pytest.approx(r, abs=1e-12)
  assert table.difference == pytest.approx((run - published).mean())


def test_correlation_is_undefined_with_few_or_equal_values(tmp_path):
  table = comparison.means(_four_layers(tmp_path))
  two = table._replace(
      layers=table.layers[:2], run=table.run[:2], paper=table.paper[:2])
  assert math.isnan(two.correlation)
  assert math.isnan(table._replace(run=np.ones_like(table.run)).correlation)


def test_table2_of_the_paper_correlates_with_itself():
  published = paper.table2()
  values = np.array([list(row.values()) for row in published.values()])
  table = comparison.Comparison(
      tuple(published), tuple(published['conv5_3']), values * 2 + 1, values)
  assert table.shared.sum() == 72
  assert table.correlation == pytest.approx(1)


def test_layer_means_average_the_same_categories_on_both_sides(tmp_path):
  results = folder.read(made.dissect(
      tmp_path, {'conv5_3': np.array([[1., 3.], [2., 2.]]),
                 'conv3_1': np.array([[5., 5.], [0., 4.]])},
      labels=['text', 'food'], categories=('text', 'food', 'drink')))
  table = comparison.means(results)
  assert comparison.averaged_columns(table).tolist() == [True, True, False]
  means = comparison.layer_means(table)
  np.testing.assert_allclose(means.run[:, 0], [2, 3.5])
  np.testing.assert_allclose(
      means.paper[:, 0], [(1.10 + 1.25) / 2, np.nan])


def test_counts_are_compared_only_at_the_paper_s_threshold(tmp_path):
  path = made.dissect(
      tmp_path, {'conv5_3': np.array([[1.6, 1.4, 2.]])}, labels=['text'])
  assert comparison.counts(folder.read(path)).run.tolist() == [[2]]
  assert comparison.counts(folder.read(path)).paper.tolist() == [[2]]
  made.edit(path / 'config.json', analysis={'top_units': 2, 'threshold': 2.})
  assert np.isnan(comparison.counts(folder.read(path)).paper).all()


def test_standard_error_over_arrays_and_within_categories(tmp_path):
  # The two best units are 0 and 1; their means by array are 1, 2 and 6.
  x = np.array([[1., 1., 0.], [3., 1., 0.], [4., 8., 0.]])
  results = folder.read(made.popout(tmp_path / 'popout', {'conv5_3': x}))
  np.testing.assert_allclose(
      best_units.standard_errors(results),
      [math.sqrt((4 + 1 + 9) / 2) / math.sqrt(3)])
  # By hand: of text, SE of (1, 3) is 1; of food, SE of (2, 6) is 2.
  y = np.array([[1., 1.], [3., 3.], [2., 2.], [6., 6.]])
  results = folder.read(made.dissect(
      tmp_path / 'dissect', {'conv5_3': y},
      labels=['text', 'text', 'food', 'food']))
  np.testing.assert_allclose(
      best_units.standard_errors(results), [math.sqrt(1 + 4) / 2])


def test_kinds_come_strongest_first(tmp_path):
  x = np.array([[1., 3., 0.], [4., 6., 0.], [1., 3., 0.]])
  results = folder.read(made.popout(
      tmp_path, {'conv5_3': x}, kinds=('colour', '')))
  assert list(best_units.by_kind(results)) == [best_units.UNNAMED, 'colour']
  arrays = best_units.per_kind(results)['colour'][0]
  np.testing.assert_allclose(arrays, [2, 2])
  np.testing.assert_allclose(best_units.by_kind(results)['colour'], [2])


def test_findings_follow_the_numbers(tmp_path):
  as_paper = ' '.join(findings.sentences(_four_layers(tmp_path / 'a')))
  assert 'r = 0.990 (Pearson, 3 shared layers)' in as_paper
  assert 'conv5_3 least (0.50, in the paper 0.38), which is lowest in the ' in (
      as_paper)
  other = ' '.join(findings.sentences(
      _four_layers(tmp_path / 'b', (2.5, 1., .5, .7))))
  assert 'conv4_1 least (0.50, in the paper 2.12); in the paper conv5_3' in (
      other)


def test_trained_models_stand_beside_their_row_of_the_paper(tmp_path):
  for depth, value, count in ((0, 1.53, 4), (3, 1.94, 17), (13, 1.72, 14)):
    # Of vehicles; the last is the paper's row 'all'.
    results = folder.read(made.dissect(
        tmp_path / str(depth), made.scores(rows=1), labels=['vehicle'],
        depth=depth))
    means = comparison.means(results)
    assert comparison.paper_table(results) == 'Table 3'
    np.testing.assert_array_equal(
        means.paper[:, 0], [value] + [np.nan] * 5)
    assert comparison.counts(results).paper[0, 0] == count
  results = folder.read(made.popout(
      tmp_path / 'popout', made.scores(), depth=4))
  assert comparison.paper_table(results) == 'Table 6'
  assert comparison.means(results).paper[0, 0] == 0.65


def test_a_depth_of_which_the_paper_has_no_row(tmp_path):
  results = folder.read(made.dissect(
      tmp_path, made.scores(rows=1), labels=['text'], depth=8))
  assert comparison.paper_table(results) == ''
  assert np.isnan(comparison.means(results).paper).all()
  assert np.isnan(comparison.counts(results).paper).all()
  assert 'no model with 8 trained' in findings.sentences(results)[0]


def test_two_runs_are_matched_by_name(tmp_path):
  # The second run lists its layers and its categories in another order.
  a = {'conv5_3': np.array([[1., 1.], [2., 2.]]),
       'conv4_1': np.array([[3., 3.], [4., 4.]])}
  first = made.dissect(tmp_path / 'a', a, labels=['text', 'food'])
  b = {layer: a[layer][::-1] + 10 for layer in ('conv4_1', 'conv5_3')}
  second = made.dissect(tmp_path / 'b', b, labels=['food', 'text'])
  results = folder.read(first)
  other = folder.comparable(results, second)
  assert other.layers == ('conv4_1', 'conv5_3')
  table = comparison.of_runs(results, other)
  np.testing.assert_allclose(table.run, [[1, 2], [3, 4]])
  np.testing.assert_allclose(table.paper, [[11, 12], [13, 14]])
  told = [x.text for x in findings.compared(results, other, 'b')]
  assert told[0].startswith(
      'The mean NSS of the best units is 10.00 lower on average than in b; it '
      'is higher in 0 of 4 cells.')
  assert 'The largest fall against b' in told[1]
  assert 'counted once for every category: 6, in b 8.' in told[2]
  made.edit(second / 'config.json', analysis={'top_units': 2, 'threshold': 2.})
  assert np.isnan(comparison.counts_of_runs(
      results, folder.read(second)).paper).all()
