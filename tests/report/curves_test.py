"""Training curves: what is read, smoothed and where labels stand."""

import numpy as np
import pytest

from saliency_jax.report import curves, style, swept
from tests.report import made_sweep as made


@pytest.fixture
def results(tmp_path):
  return swept.read(made.sweep(tmp_path))


def test_the_numbers_are_those_of_the_journal(results):
  found = curves.curves(results.lines, results.members, 'nss')
  assert found.steps.tolist() == [1, 2, 3, 4]
  # Member k has NSS step / 2 + k, see made_sweep.
  np.testing.assert_array_equal(
      found.trained, np.array([[0.5], [1], [1.5], [2]]) + np.arange(3))
  assert found.epochs.tolist() == [1, 2]
  assert found.epoch_steps.tolist() == [2, 4]
  np.testing.assert_array_equal(
      found.validation.T, list(made.VALIDATION.values()))


def test_smoothing_by_hand():
  values = np.array([[1.], [3], [5], [1]])
  assert curves.smoothed(values, 2).ravel().tolist() == [1, 2, 4, 3]
  assert curves.smoothed(values, 1).tolist() == values.tolist()
  assert curves.smoothed(values, 9).ravel().tolist() == [1, 2, 3, 2.5]


def test_labels_keep_their_distance_and_their_order():
  values = np.array([0., 1., 1.1, 1.05, 3.])
  places = curves.spread(values, 0.5)
  # Three touch: they are centred on their mean, 1.05.
  np.testing.assert_allclose(places, [0, 0.55, 1.55, 1.05, 3.], atol=1e-12)


@pytest.mark.parametrize('narrow', [False, True])
@pytest.mark.parametrize('theme', [style.LIGHT, style.DARK])
def test_the_figure_shows_both(results, theme, narrow):
  found = curves.curves(results.lines, results.members, 'nss')
  figure = curves.draw(found, results.members, 'NSS', theme, narrow=narrow)
  figure.canvas.draw()
  left, right = figure.axes
  assert len(left.lines) == 3
  # The mean over the steps of an epoch.
  assert left.lines[0].get_ydata().tolist() == [0.5, 0.75, 1.25, 1.75]
  assert right.lines[0].get_ydata().tolist() == list(
      made.VALIDATION['depth_0'])
  labels = {text.get_text() for text in right.texts}
  assert {'depth 0', 'depth 3', 'depth all'} <= labels


def test_many_members_get_a_legend(results):
  members = tuple(
      swept.Member(f'depth_3_seed_{i}', 3, 1., 1, 0.1, 0.1, i)
      for i in range(12))
  found = curves.Curves(
      np.array([1, 2]), np.zeros((2, 12)), np.array([1]), np.array([2]),
      np.zeros((1, 12)))
  figure = curves.draw(found, members, 'NSS', style.LIGHT)
  figure.canvas.draw()
  assert len(figure.legends[0].get_texts()) == 12
