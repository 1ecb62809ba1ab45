"""Figures of few and many layers: they are drawn, and show the numbers."""

import functools
import io

import numpy as np
import pytest
from matplotlib.container import BarContainer
from PIL import Image

from saliency_jax.report import comparison, figures, folder, style
from saliency_jax.report.numbers import number
from tests.report import made

# One layer, one that the paper lacks beside one that it has, and the paper's.
LAYERS = [('conv3_1',), ('conv5_3', 'conv2_2'), made.LAYERS]


def _popout(tmp_path, layers):
  return folder.read(made.popout(tmp_path, made.scores(layers)))


def _dissect(tmp_path, layers):
  return folder.read(made.dissect(
      tmp_path, made.scores(layers), labels=['text', 'food', 'text'] * 2,
      categories=('text', 'food', '$<b>x$ of many more letters')))


def _assert_drawn(figure):
  picture = Image.open(io.BytesIO(style.png(figure)))
  assert picture.width > 300
  assert picture.height > 200
  alpha = np.asarray(picture)[..., 3]
  assert 0.02 < (alpha > 0).mean() < 0.98, 'ink, on a transparent ground'


@pytest.mark.parametrize('narrow', [False, True])
@pytest.mark.parametrize('layers', LAYERS)
def test_every_figure_is_drawn(tmp_path, layers, narrow):
  popout = _popout(tmp_path / 'popout', layers)
  dissect = _dissect(tmp_path / 'dissect', layers)
  for theme in (style.LIGHT, style.DARK):
    _assert_drawn(figures.kinds(popout, theme, narrow=narrow))
    for results in (popout, dissect):
      _assert_drawn(figures.bars(results, theme, label='NMM', narrow=narrow))
      _assert_drawn(figures.matrices(
          comparison.means(results), theme, label='NMM', narrow=narrow))


def test_matrices_share_a_scale_and_print_the_values(tmp_path):
  table = comparison.means(_dissect(tmp_path, made.LAYERS))
  run, published, _ = figures.matrices(table, style.LIGHT, label='NSS').axes
  assert run.images[0].norm is published.images[0].norm
  for axis, values in ((run, table.run), (published, table.paper)):
    assert [text.get_text() for text in axis.texts] == [
        number(x) for x in values.ravel().tolist()]


def test_narrow_matrices_are_the_wide_ones_turned(tmp_path):
  table = comparison.means(_dissect(tmp_path, made.LAYERS))
  draw = functools.partial(
      figures.matrices, table, style.LIGHT, label='NSS')
  wide, narrow = draw(), draw(narrow=True)
  np.testing.assert_array_equal(
      narrow.axes[1].images[0].get_array(),
      wide.axes[1].images[0].get_array()[::-1].T)
  assert [x.get_text() for x in narrow.axes[1].get_xticklabels()] == list(
      made.LAYERS[::-1])


def test_bars_go_from_the_last_layer_to_the_first(tmp_path):
  results = _popout(tmp_path, ('conv5_3', 'conv5_2', 'conv3_1'))
  axis = figures.bars(results, style.LIGHT, label='NMM').axes[0]
  means = comparison.means(results)
  run, published = (
      [bar.get_height() for bar in container] for container in axis.containers
      if isinstance(container, BarContainer))
  np.testing.assert_allclose(run, means.run[::-1, 0])
  np.testing.assert_array_equal(published, [np.nan, 0.94, 0.38])
  assert [x.get_text() for x in axis.get_xticklabels()] == [
      'conv3_1', 'conv5_2', 'conv5_3']


def test_scale_starts_at_zero_or_below():
  scale = figures.scale(np.array([1., 2.]), np.array([np.nan, 3.]))
  assert (scale.vmin, scale.vmax) == (0, 3)
  assert figures.scale(np.array([-1., 2.])).vmin == -1
  nothing = figures.scale(np.array([np.nan]))
  assert nothing.vmin < nothing.vmax


def test_ink_is_legible_on_every_colour():
  # Of black and white, one has a contrast of 4.5 (WCAG AA) on any colour.
  assert style.legible((0, 0, 0)) == '#ffffff'
  assert style.legible((1, 1, 1)) == '#000000'
  # sRGB 0.46 has luminance 0.18, where both contrasts are sqrt(21).
  assert style.legible((0.45,) * 3) == '#ffffff'
  assert style.legible((0.47,) * 3) == '#000000'


def test_numbers():
  assert [number(x) for x in (1.005, -0.25, -0.001, float('nan'))] == [
      '1.00', '−0.25', '0.00', '–']
  assert number(-0.04, 1) == '0.0'
