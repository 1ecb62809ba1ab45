"""The pages of a dissection and a pop-out run: their numbers and pictures."""

import csv
import json
import pathlib
import re

import numpy as np
import pytest

from saliency_jax.report import chart_files, packing, site
from saliency_jax.report.chapter import Site
from saliency_jax.report.units import run as reader
from saliency_jax.report.units import shown
from tests.report import made
from tests.report.parsed import BAD, Page

pytestmark = pytest.mark.usefixtures('undrawn')


def test_numbers_stand_beside_the_paper_s_with_the_difference(tmp_path):
  path = made.dissect(
    tmp_path,
    {'conv5_3': np.array([[2.0, 1.0, 0.0], [0.0, -1.0, -3.0]])},
    labels=['text', 'food'],
    categories=('text', 'food', 'drink'),
  )
  page = Page(site.write(path))
  # Of text: units 0 and 1 score 1.50, the paper's Table 2 has 1.10.
  hints = [attrs.get('data-hint', '') for attrs in page.all('td')]
  assert (
    'conv5_3, text: 95 % interval 1.30 to 1.70, held out 1.25, chance 0.50 to 1.00, paper 1.10, difference +0.40'
  ) in hints
  assert not page.checked('colour'), 'photographs are grey'
  # An arrow where a value leaves its chance band.
  assert '1.50↑ (95 % interval 1.30 to 1.70, held out 1.25' in page.words
  assert '−0.50↓ (95 % interval −0.70 to −0.30, held out −0.75' in page.words
  # Drink has no region here: no number, no difference.
  assert not any('1.48' in hint for hint in hints)
  assert _rows(tmp_path / 'report/tables/best_units.csv')[3] == ['conv5_3', 'drink', '0', *[''] * 6]


def _rows(path: pathlib.Path) -> list[list[str]]:
  with open(path, newline='', encoding='utf-8') as file:
    return list(csv.reader(file))


def test_tables_hold_the_numbers_of_the_run(tmp_path):
  scored = {'conv5_3': np.array([[2.0, 1.0, 0.0], [0.0, -1.0, -3.0]])}
  path = made.dissect(tmp_path, scored, labels=['text', BAD])
  site.write(path)
  tables = path / 'report' / 'tables'
  assert _rows(tables / 'table.csv') == [
    ['layer', 'source', 'text', BAD],
    ['conv5_3', 'this run', '1.5', '-0.5'],
    ['conv5_3', 'held out', '1.25', '-0.75'],
    ['conv5_3', 'chance, from', '0.5', '0.5'],
    ['conv5_3', 'chance, to', '1', '1'],
    ['conv5_3', 'paper', '1.1', ''],
  ]
  assert _rows(tables / 'counts.csv')[1:] == [
    ['conv5_3', 'this run', '1', '0'],
    ['conv5_3', 'chance, from', '0', '0'],
    ['conv5_3', 'chance, to', '1', '1'],
    ['conv5_3', 'paper', '2', ''],
  ]
  # With fixed digits, which counts have none of.
  for name, line in (('table', ['1.50', '-0.50 |']), ('counts', ['1', '0 |'])):
    assert (tables / f'{name}.md').read_text().splitlines()[2].split(' | ')[1:] == ['this run', *line]
  assert _rows(tables / 'best_units.csv')[1] == [
    'conv5_3',
    'text',
    '1',
    '1.5',
    '1.25',
    '0.5',
    '1',
    '1',
    'conv5_3:0 conv5_3:1',
  ]
  for csv_file in tables.glob('*.csv'):
    assert csv_file.with_suffix('.md').is_file()
    assert csv_file.with_suffix('.tex').is_file()
  figures = path / 'report' / 'figures'
  assert {x.stem for x in figures.glob('*.svg')} == {'table', 'counts', 'layers'}


def test_the_spread_over_arrays_of_a_kind(tmp_path):
  x = np.array([[1.0, 3.0, 0.0], [9.0, 9.0, 0.0], [3.0, 5.0, 0.0]])
  path = made.popout(tmp_path, {'conv5_3': x}, kinds=('colour', 'shape'))
  (path / 'table5_kinds.csv').write_text(
    'layer,kind,arrays,mean_nmm_top10,held_out\nconv5_3,shape,1,9,\nconv5_3,colour,2,3,2.25\n'
  )
  page = Page(site.write(path))
  # Of colour: the best units' means are 2 and 4.
  assert _rows(path / 'report' / 'tables' / 'kinds.csv')[1:] == [
    ['shape', 'conv5_3', '1', '9', '', '9', '9', '9', ''],
    ['colour', 'conv5_3', '2', '3', '1.41421', '2.5', '3', '3.5', '2.25'],
  ]
  assert ('colour, conv5_3: held out 2.25, SD 1.41, quartiles 2.50, 3.00, 3.50, 2 arrays') in [
    x.get('data-hint') for x in page.all('td')
  ]


def test_the_easiest_and_the_hardest_arrays(tmp_path):
  x = np.array([[1.0, 2.0, 0.0], [9.0, 8.0, 0.0], [3.0, 5.0, 0.0], [4.0, 4.0, 7.0]])
  path = made.popout(tmp_path, {'conv5_3': x})
  page = Page(site.write(path))
  found = [
    re.match('Map of unit conv5_3:(.) over array array-0(.),', x)
    for x in (a.get('aria-label', '') for a in page.all('div') if 'data-place' in a)
  ]
  assert page.checked('colour')
  # The first is the overview's. Two of four are easy: 1 by 8.5, then 2 and 3 by
  # 4 and 4; the array's own best unit is shown, of array 3 one that is not
  # among the layer's best.
  assert [x.groups() for x in found] == [('0', '1'), ('0', '1'), ('1', '2'), ('1', '0'), ('2', '3')]
  text = (path / 'report' / 'data' / 'places.js').read_text()
  places = json.loads(text.partition(',')[2].rpartition(')')[0])
  run = reader.read(path)
  picture = shown.strongest(run, Site(run, None, root=None)).picture
  assert (picture.margin, picture.coloured) == (0.02, True), 'colours are the subject'
  kept = run.kept.maps('conv5_3')
  at = np.flatnonzero((kept.units == 2) & (kept.images == 3))[0]
  assert places[4]['map'] == packing.grid(packing.cells(kept.cells[at]))
  # The layer that responds most comes first; an array without scores is none.
  lost = np.where(np.arange(4)[:, None] == 2, np.nan, x)
  run = reader.read(made.popout(tmp_path / 'two', {'conv5_3': x, 'conv4_1': lost + 2}))
  found = shown.extremes(run._replace(table=run.table.assign(mean=[1.0, 2.0])), Site(run, None, root=None))
  assert [(of['layer'], *([x.image for x in of['ends'][end]] for end in ('easiest', 'hardest'))) for of in found] == [
    ('conv4_1', ['array-01'], ['array-00']),
    ('conv5_3', ['array-01', 'array-02'], ['array-00', 'array-03']),
  ]


@pytest.mark.parametrize(('count', 'group'), [(9, 'text'), (10, 'food')])
def test_the_strongest_response_is_of_ten_regions_or_more(count, group, tmp_path):
  labels = ['text'] * 10 + ['food'] * count
  values = np.array([1.0 + (label == 'food') for label in labels])[:, None].repeat(3, axis=1)
  run = reader.read(made.dissect(tmp_path, {'conv5_3': values}, labels=labels))
  strongest = shown.strongest(run, Site(run, None, root=None))
  assert strongest.group == group
  assert (strongest.picture.margin, strongest.picture.coloured) == (0, False)


def test_a_wide_table_has_the_page_s_width_and_one_photograph_is_one(tmp_path):
  for count in (16, 17):
    path = made.dissect(tmp_path / str(count), made.scores(rows=count), labels=[f'category {i}' for i in range(count)])
    html = site.write(path).read_text()
    assert ('<div class="first dissect wide">' in html) == (count == 17)
    assert 'in the labelled regions of 1 photograph.' in html


def test_two_runs_stand_side_by_side(tmp_path, monkeypatch):
  monkeypatch.setattr(chart_files, 'for_page', lambda spec, alt: f'<svg><title>{alt}</title></svg>')
  before, after = (
    made.dissect(
      tmp_path / name,
      {layer: np.full((4, 3), value) for layer, value in levels.items()},
      labels=['text'] * 4,
      image_ids=('1001', '1002', '1003', '1004'),
      depth=depth,
    )
    for name, depth, levels in (
      ('before', None, {'conv5_3': 1.0, 'conv5_2': 2.0}),
      ('after', 2, {'conv5_3': 2.5, 'conv5_2': 1.5}),
    )
  )
  # In samples of photographs one gap hardly varies, the other does by far.
  gaps = np.float32([np.linspace(1.4, 1.6, 201), np.linspace(-2.5, 1.5, 201)])[..., None]
  np.save(before / 'samples.npy', 0 * gaps)
  np.save(after / 'samples.npy', gaps)
  page = Page(site.write(after, compare=before))
  assert 'layertext conv5_3 +1.50* (imagenet, depth 2 2.50, imagenet 1.00, 95 % interval of the diff' in page.words
  assert (
    '−0.50 (imagenet, depth 2 1.50, imagenet 2.00, 95 % interval of the difference −4.06 to 3.06, p = 0.73 corrected)'
  ) in page.words
  assert 'imagenet, depth 2imagenetheld outpaper' in page.words
  assert (
    'by layer: imagenet, depth 2: conv5_3 2.50, conv5_2 1.50; imagenet: conv5_3 1.00, conv5_2 2.00; held out: '
    'conv5_3 2.25, conv5_2 1.25; paper: conv5_3 1.32, conv5_2 \N{EN DASH}'
  ) in page.words
  tables = after / 'report' / 'tables'
  assert _rows(tables / 'difference_means.csv')[1:3] == [
    ['conv5_3', 'imagenet, depth 2', '2.5'],
    ['conv5_3', 'imagenet', '1'],
  ]
  # The paper's Table 3 at depth 2 stands beside conv5_3: text 1.32.
  assert _rows(tables / 'layers.csv') == [
    ['layer', 'imagenet, depth 2', 'imagenet', 'held out', 'paper'],
    ['conv5_3', '2.5', '1', '2.25', '1.32'],
    ['conv5_2', '1.5', '2', '1.25', ''],
  ]


def test_layers_are_compared_over_the_categories_of_both(tmp_path):
  values = np.array([1.0, 1.0, 3.0, 3.0])[:, None].repeat(3, axis=1)
  before, after = (
    made.dissect(
      tmp_path / name, {'conv5_3': values}, labels=['text', 'text', 'food', 'food'], depth=depth, fixations=fixations
    )
    for name, depth, fixations in (('before', None, [9, 9, 0, 0]), ('after', 2, None))
  )
  site.write(after, compare=before)
  # Food, which nobody looked at before, is left out of held-out means as well.
  assert _rows(after / 'report/tables/layers.csv')[1][:4] == ['conv5_3', '1', '1', '0.75']


def test_names_of_compared_runs_are_never_equal(tmp_path):
  runs = [made.popout(tmp_path / x / 'run', made.scores()) for x in 'ab']
  labels = [Site(reader.read(runs[0]), reader.read(x), root=None).labels for x in runs]
  assert labels == [('this run', 'other run')] * 2
  made.popout(tmp_path / 'c', made.scores())
  assert Site(reader.read(runs[0]), reader.read(tmp_path / 'c'), root=None).labels == ('imagenet (run)', 'imagenet (c)')


@pytest.mark.parametrize('layers', [('conv3_1',), ('conv5_3', 'conv2_2'), made.LAYERS])
def test_any_number_of_layers(tmp_path, layers):
  for path in (
    made.popout(tmp_path / 'a', made.scores(layers)),
    made.dissect(tmp_path / 'b', made.scores(layers), labels=['text', 'food'] * 3),
  ):
    page = Page(site.write(path))
    assert all(layer in page.text for layer in layers)


def test_a_run_with_one_row_and_no_image(tmp_path):
  assert 'Findings' in Page(site.write(made.popout(tmp_path / 'a', made.scores(rows=1), shown=0))).text
  assert not [*(tmp_path / 'a/report/figures').glob('easiest_hardest.*')]
  page = Page(site.write(made.dissect(tmp_path / 'b', made.scores(rows=1), labels=['text'], fixations=[0], shown=0)))
  assert 'Nothing was measured' in page.text
  assert 'images' not in [x.get('id') for x in page.all('section')]
