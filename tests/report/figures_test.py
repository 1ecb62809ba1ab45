"""Figures of few and many layers: they are drawn, and show the numbers."""

import functools
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.container import BarContainer
from PIL import Image

from saliency_jax.report import (
    best_units,
    comparison,
    figures,
    folder,
    small_multiples,
    spreads,
    style,
)
from saliency_jax.report.figures import Series
from saliency_jax.report.numbers import number, signed
from tests.report import made

# One layer, one that the paper lacks beside one that it has, and the paper's.
LAYERS = [('conv3_1',), ('conv5_3', 'conv2_2'), made.LAYERS]


def _popout(tmp_path, layers):
  return folder.read(made.popout(tmp_path, made.scores(layers)))


def _dissect(tmp_path, layers):
  return folder.read(made.dissect(
      tmp_path, made.scores(layers), labels=['text', 'food', 'text'] * 2,
      categories=('text', 'food', '$<b>x$ of many more letters')))


def _bars(results, theme, narrow=False):
  means = comparison.layer_means(comparison.means(results))
  return figures.bars(
      means.layers, [
          Series('run', 'run', means.run[:, 0],
                 best_units.standard_errors(results)),
          Series('other', 'other', means.run[:, 0]),
          Series('paper', 'paper', means.paper[:, 0])],
      theme, label='NMM', narrow=narrow)


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
    scores = best_units.per_kind(popout)
    _assert_drawn(spreads.by_kind(scores, layers, theme, narrow=narrow))
    _assert_drawn(small_multiples.by_column(
        comparison.means(dissect), [1, 2, 0], None, theme, narrow=narrow,
        labels=('a', 'b'), label='NSS'))
    for results in (popout, dissect):
      table = comparison.means(results)
      _assert_drawn(_bars(results, theme, narrow=narrow))
      for draw in (figures.matrices, figures.differences):
        _assert_drawn(draw(table, theme, label='NMM', narrow=narrow))


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
  axis = _bars(results, style.LIGHT).axes[0]
  means = comparison.means(results)
  run, other, published = (
      [bar.get_height() for bar in container] for container in axis.containers
      if isinstance(container, BarContainer))
  np.testing.assert_allclose(run, means.run[::-1, 0])
  assert other == run
  np.testing.assert_array_equal(published, [np.nan, 0.94, 0.38])
  assert [x.get_text() for x in axis.get_xticklabels()] == [
      'conv3_1', 'conv5_2', 'conv5_3']


def test_panels_of_categories_draw_the_paper_s_values(tmp_path):
  table = comparison.means(_dissect(tmp_path, ('conv5_3', 'conv5_2')))
  other = np.array([[1., 2., 3.], [4., 5., 6.]])
  figure = small_multiples.by_column(
      table, [1, 2, 3], other, style.LIGHT, narrow=False, labels=('a', 'b'),
      label='NSS')
  text, food, unknown = figure.axes[:3]
  assert [x.get_height() for x in food.containers[0]] == pytest.approx(
      table.run[::-1, 1])
  assert [x.get_height() for x in food.containers[1]] == [5., 2.]
  # The paper's Table 2: text in conv5_2 1.59, in conv5_3 1.10.
  dashes = text.collections[0].get_segments()
  assert [line[0][1] for line in dashes] == [1.59, 1.10]
  assert all(
      np.isnan(line).any() or not len(line)
      for line in unknown.collections[0].get_segments())


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('narrow', [False, True])
@pytest.mark.parametrize('count', [2, 32])
def test_panels_have_room_for_the_names_of_layers(tmp_path, count, narrow):
  """No row of panels writes into the next, whatever a layer is called."""
  layers = [f'layer{i}.0.downsample.{i}' for i in range(count)]
  figure = small_multiples.by_column(
      comparison.means(_dissect(tmp_path, layers)), [1, 2, 3], None,
      style.LIGHT, narrow=narrow, labels=('a', 'b'), label='NSS')
  style.png(figure)
  panels = [axis.get_tightbbox() for axis in figure.axes if axis.get_visible()]
  assert not any(
      one.overlaps(other)
      for i, one in enumerate(panels) for other in panels[:i])


def test_spreads_show_every_array_and_its_quartiles():
  scores = {'a': [np.array([1., 2., 3., 10.])], 'b': [np.array([5.])]}
  axis = spreads.by_kind(scores, ('conv1_1',), style.LIGHT).axes[0]
  dots, quartiles = axis.collections
  assert sorted(dots.get_offsets()[:, 0].tolist()) == [1, 2, 3, 5, 10]
  # By hand, linear between the order statistics: 1.75 and 4.75.
  np.testing.assert_allclose(
      quartiles.get_segments()[0], [[1.75, 0], [4.75, 0]])
  assert spreads.quartiles(np.array([1., 2., 3., 10.]))[1] == 2.5


def test_scale_of_differences_is_even():
  scale = figures.even_scale(np.array([-1., 3., np.nan]))
  assert (scale.vmin, scale.vmax) == (-3, 3)
  nothing = figures.even_scale(np.zeros(2))
  assert nothing.vmin < nothing.vmax


def test_vector_files_hold_text_and_fonts(tmp_path):
  table = comparison.means(_dissect(tmp_path, ('conv5_3', 'conv5_2')))
  drawn = figures.matrices(table, style.LIGHT, label='NSS')
  svg, pdf = (style.vector(drawn, kind) for kind in ('svg', 'pdf'))
  texts = ''.join(ElementTree.fromstring(svg).itertext())
  assert 'conv5_3' in texts
  assert number(float(table.run[0, 0])) in texts
  assert pdf.startswith(b'%PDF')
  assert b'/FontFile2' in pdf, 'a TrueType font is embedded'
  assert b'/Type3' not in pdf
  assert style.vector(drawn, 'svg') == svg


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
  assert [signed(x) for x in (0.5, -0.5, 0.001)] == ['+0.50', '−0.50', '0.00']
