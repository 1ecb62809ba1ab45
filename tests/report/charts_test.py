"""Charts: what is drawn, in whose colours, and how large for a paper."""

import re

import numpy as np
import pytest

from saliency_jax.ops import overlays, resize
from saliency_jax.report import chart_files, charts, labels, matrices

SERIES = {'this run': charts.css('run'), 'paper': charts.css('paper')}
ROWS = [
  {'x': x, 'y': y, 'who': who, 'low': y - 0.5, 'high': y + 0.5}
  for x, y in (('conv5_3', 1.0), ('conv4_1', 2.0))
  for who in SERIES
]
LINES = charts.lines(ROWS, SERIES, x='depth', label='NSS', title='<text>')
PANELS = {
  'bars': charts.bars(ROWS, SERIES, label='mean NSS (SD)', width=320),
  'lines': LINES,
  'dots': charts.dots(
    [{'name': row['x'] + row['who'], 'x': row['y'], **row} for row in ROWS], SERIES, label='NSS', ceiling=3.0
  ),
  'strips': charts.strips(
    [{'name': 'colour', 'x': 1.0}, {'name': 'colour', 'x': 2.0}],
    [{'name': 'colour', 'low': 1.0, 'x': 1.5, 'high': 2.0}],
    label='NMM',
    title='conv5_3',
  ),
  'scatter': charts.scatter(
    [
      {
        'name': str(x),
        'x': x,
        'x_low': 0.0,
        'x_high': 2.0,
        'y': x,
        'y_low': 0.0 if x < 2 else np.nan,
        'y_high': 2.0,
        'who': 'paper',
      }
      for x in (1.0, 2.0)
    ],
    SERIES,
    x='inner',
    label='output',
    title='rho',
  ),
}


def test_lines_over_numbers_have_ticks_and_no_points():
  rows = [{'x': x, 'y': x / 7, 'who': 'paper'} for x in range(100)]
  drawn = [charts.lines(rows, SERIES, x='step', label='NSS', continuous=over) for over in (True, False)]
  numbers, names = (len(re.findall('<text', chart_files.for_page(spec, ''))) for spec in drawn)
  assert numbers < 20 < 100 < names
  assert [len(spec['layer']) for spec in (*drawn, LINES)] == [1, 3, 3]


def test_points_without_a_second_value_leave_an_empty_panel():
  row = dict.fromkeys(('y', 'y_low', 'y_high'), np.nan) | {'name': 'a', 'x': 1.0, 'x_low': 0.0, 'x_high': 2.0}
  spec = charts.scatter([row | {'who': 'paper'}], SERIES, x='inner', label='output', title='')
  assert 'inner' in chart_files.for_page(spec, '')
  # A margin of 4 % at either end; 1 where there is one value alone.
  one = charts.scatter(
    [row | {'who': 'paper', 'x_low': 1.0, 'x_high': 1.0}], SERIES, x='inner', label='output', title='', from_zero=True
  )
  domains = [
    [each['layer'][0]['encoding'][axis]['scale']['domain'] for axis in ('x', 'y')] for each in (PANELS['scatter'], one)
  ]
  assert domains == [[[-0.08, 2.08], [-0.08, 2.08]], [[0, 2], [0, 1]]]


def test_names_lie_within_a_scatter_s_panel():
  rows = [
    {'name': name, 'x': x, 'y': y, 'who': 'paper', **{f'{axis}_{end}': 1.0 for axis in 'xy' for end in ('low', 'high')}}
    for name, x, y in (('a', 0.0, 0.0), ('on the right', 2.0, 1.0), ('b', 1.0, 2.0))
  ]
  spec = charts.scatter(rows, SERIES, x='inner', label='output', title='rho')
  assert spec['title'] == 'rho'
  assert [spec['layer'][0]['encoding'][axis]['title'] for axis in 'xy'] == ['inner', 'output']
  size = spec['width'], spec['height']
  assert spec['data']['values'] == labels.placed(rows, [[-0.08, 2.08]] * 2, size)


@pytest.mark.parametrize('name', PANELS)
def test_a_page_s_figure_has_the_style_sheet_s_colours(name):
  svg = chart_files.for_page(PANELS[name], 'says "<this>"')
  assert svg.startswith('<svg class="chart" role="img" aria-label="says &quot;&lt;this>&quot;"')
  assert len(re.findall(' role=', svg)) == 1, 'one image, with one name'
  used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
  assert {x for x in used if not x.startswith('var(')} <= {'none', 'transparent'}
  assert 'url(' not in svg, 'no identifiers, of which two pages have one each'


def test_values_are_where_they_are_drawn():
  svg = chart_files.for_page(PANELS['bars'], '')
  bars = [float(x) for x in re.findall(r'h[0-9.]+v(-?[0-9.]+)h', svg)]
  one, two = sorted({abs(x) for x in bars if abs(x) > 20})[:2]
  assert two == pytest.approx(2 * one, rel=0.02)


@pytest.mark.parametrize(('count', 'width'), [(1, 252), (6, 510)])
def test_files_fit_a_paper_s_columns_in_letters_of_7_points(count, width):
  svg, pdf = chart_files.for_paper([LINES] * count)
  assert f'MediaBox [0 0 {width} '.encode() in pdf
  assert 'var(' not in svg
  scale = width / float(re.search('viewBox="0 0 ([0-9.]+)', svg)[1])
  sizes = [float(x) for x in re.findall(r'font-size="([0-9.]+)', svg)]
  assert min(sizes) * scale > 6.9
  assert '&lt;text&gt;' in svg or '&lt;text>' in svg, 'names are text'
  assert chart_files.for_paper([LINES] * count) == (svg, pdf)


def test_a_matrix_is_a_table_and_a_figure():
  values = np.array([[1.0, -2.0], [np.nan, 3.0]])
  one = matrices.matrix(
    'Mean', ['a', 'b'], ['x', 'y'], values, label='SD', regions=[3, 4], mark=lambda i, j: '*' if i == j == 0 else ''
  )
  assert [[cell['text'] for cell in cells] for _, cells in one.rows] == [['1.00*', '−2.00'], ['–', '3.00']]
  assert one.domain == (-2.0, 3.0)
  assert one.rows[1][1][1]['background'] == '#fde725'  # the end of viridis
  assert '3.00' in chart_files.for_paper([one.spec()])[0]
  change = matrices.matrix('d', ['a', 'b'], ['x', 'y'], values, label='SD', differences=True)
  assert change.domain == (-3.0, 3.0)
  assert change.rows[0][1][0]['text'] == '+1.00'
  # What is written as 0 has not the colour of an end.
  none = matrices.matrix('d', ['a'], ['x', 'y'], np.array([[1e-4, 0]]), label='SD', differences=True)
  assert none.domain == (-0.01, 0.01)
  assert [re.findall("'scheme': '(.*?)'", str(x.spec())) for x in (one, change)] == [['viridis'], ['redblue']]


def test_colours_by_hand():
  """Half-pixel centres: cells 0 and 6 at four pixels are 0, 1.5, 4.5 and 6."""
  grey = np.full((1, 4, 3), 128, np.uint8)
  ground = 0.1 + 0.65 * 128 / 255
  found = overlays.under_map(grey, np.array([[0.0, 6.0]]))[0] / 255
  # Plasma ends in yellow, laid over at 0.75; at a quarter it is violet.
  np.testing.assert_allclose(
    found[[0, 1, 3]],
    [
      [ground] * 3,
      0.25 * ground + 0.75 * np.array([0.491, 0.013, 0.658]),
      0.25 * ground + 0.75 * np.array([0.940, 0.975, 0.131]),
    ],
    atol=0.02,
  )
  red = np.broadcast_to(np.array([255, 0, 0], np.uint8), (1, 4, 3))
  # A map of the image's own size need not lie on its pixels: a cell further right.
  whole = np.array([[6.0, 0, 0, 0]])
  for shift, lit in ((0.0, 0), (1.0, 1)):
    moved = overlays.under_map(grey, whole, resize.Placement(shift, 4.0))[0] / 255
    np.testing.assert_allclose(moved[lit], found[3], atol=1e-2)
  kept = overlays.under_map(red, np.array([[0.0, 6.0]]), coloured=True)[0]
  assert kept[0].tolist() == [255, 0, 0]
  assert kept[3, 0] > 200 < kept[3, 1] + 100


def test_letters_stand_out_from_every_colour():
  for scale in overlays.SCALES:
    for colour in overlays.colours(scale, np.linspace(0, 1, 50)):
      linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
      light = linear @ (0.2126, 0.7152, 0.0722)
      contrast = 1.05 / (light + 0.05) if overlays.legible(colour) == '#fff' else (light + 0.05) / 0.05
      assert contrast > 4.5, (scale, colour)


def test_a_colour_bar_lies_below_a_picture():
  framed = np.asarray(overlays.with_bar(np.full((40, 200, 3), 9, np.uint8)))
  assert (framed[:40] == 9).all()
  line = framed[48].astype(int)
  assert np.ptp(line[2]) < 9, 'grey at the mean'
  assert line[-2, 0] > 180 > 100 > line[-2, 2], 'yellow at the end'
  numbers = framed[56:].min(axis=(0, 2))
  assert max(numbers[:20].min(), numbers[60:80].min(), numbers[-40:].min()) < 90, 'at both ends and between'
  assert numbers[96:104].min() < 90, 'a 3 in the middle'
  narrow = np.asarray(overlays.with_bar(np.full((40, 100, 3), 9, np.uint8)))
  assert narrow[56:, 46:54].min() > 200, 'no 3 where the numbers would touch'


def test_scales_are_smooth_and_end_as_matplotlib_s():
  for name, ends in (
    ('values', ('#440154', '#fde725')),
    ('maps', ('#0d0887', '#f0f921')),
    ('differences', ('#053061', '#67001f')),
  ):
    stops = overlays.colours(name, np.linspace(0, 1, 33))
    assert tuple(map(overlays.hexed, stops[[0, -1]])) == ends
    # A digit that is wrong makes a step in one channel and back.
    assert np.abs(np.diff(stops, n=2, axis=0)).max() < 0.08, name
