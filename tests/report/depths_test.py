"""The pages of a sweep and of a run, and the lines that their figures draw."""

import re

import numpy as np
import pytest

from saliency_jax.report import by_depth, site, style, swept
from saliency_jax.report.by_depth import Line
from saliency_jax.report.comparison import Comparison
from tests.report import made_sweep as made

TABLE = Comparison(
    ('depth 3 a', 'depth 0', 'depth 3 b', 'depth all'), ('text', 'food'),
    np.array([[2., 3], [1, 1], [4, 5], [0, np.nan]]),
    np.array([[3., 2], [1, 1], [3, 2], [np.nan, np.nan]]))


def test_members_of_one_depth_are_averaged():
  table = by_depth.merged(TABLE, [3, 0, 3, 13])
  assert table.layers == ('0', '3', 'all')
  np.testing.assert_array_equal(
      table.run, [[1, 1], [3, 4], [0, np.nan]])
  gains = by_depth.gains(table)
  np.testing.assert_array_equal(gains.run, [[0, 0], [2, 3], [-1, np.nan]])
  np.testing.assert_array_equal(
      gains.paper, [[0, 0], [2, 1], [np.nan, np.nan]])
  low, high = by_depth.ends(TABLE, [3, 0, 3, 13])
  np.testing.assert_array_equal(low, [[1, 1], [2, 3], [0, np.nan]])
  np.testing.assert_array_equal(high, [[1, 1], [4, 5], [0, np.nan]])
  assert by_depth.ends(TABLE, [3, 0, 1, 13]) is None
  percent = by_depth.percent(table._replace(run=table.run * [2, .5]))
  np.testing.assert_allclose(percent.run, [[0, 0], [200, 300], [-100, np.nan]])


@pytest.mark.parametrize('narrow', [False, True])
@pytest.mark.parametrize('theme', [style.LIGHT, style.DARK])
def test_a_panel_draws_its_column(theme, narrow):
  table = by_depth.merged(TABLE, [3, 0, 3, 13])
  figure = by_depth.panels(
      table.layers, table.columns,
      [Line('this run', 'run', table.run),
       Line('paper', 'paper', table.paper)],
      theme, label='mean NSS (SD)', narrow=narrow)
  figure.canvas.draw()
  text, food = figure.axes[:2]
  assert (text.get_title(loc='left'), food.get_title(loc='left')) == (
      'text', 'food')
  drawn = {line.get_label(): line.get_ydata().tolist() for line in food.lines
           if not line.get_label().startswith('_')}
  # All is missing: the line ends at depth 3.
  assert drawn == {'this run': [1, 4], 'paper': [1, 2]}
  assert [x.get_text() for x in text.get_xticklabels()][0] == '0'
  assert [x.get_text() for x in text.get_xticklabels()][-1] == 'all'


def page(folder) -> str:
  return site.write(folder).read_text(encoding='utf-8')


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """The folder of a sweep, one of whose names is hostile, and its page."""
  folder = made.sweep(tmp_path_factory.mktemp('sweep'))
  path = folder / 'before_after' / 'views.json'
  path.write_text(path.read_text().replace('"colour"', '"<b>$x$</b>"'))
  return folder, page(folder)


def test_the_page_of_a_sweep_shows_every_number(whole):
  folder, html = whole
  for name in ('depths', 'before_after', 'training'):
    assert f'<section class="chapter" id="{name}"' in html
  cells = re.findall(r'<td style="[^"]*"(?: title="[^"]*")?>([^<]*)', html)
  for values in (*made.MEANS.values(), *made.PAPER.values()):
    for value in values:
      assert f'{value:.2f}' in [cell.rstrip('↑↓') for cell in cells]
  for name in ('figure4', 'units_above', 'table6', 'validation', 'figure5',
               'before_after_arrays', 'training', 'table3'):
    for kind in ('svg', 'pdf'):
      assert (folder / 'report' / 'figures' / f'{name}.{kind}').is_file()
  for name in ('table3', 'table3_counts', 'table3_unseen', 'table6',
               'validation', 'training'):
    for kind in ('csv', 'md', 'tex'):
      assert (folder / 'report' / 'tables' / f'{name}.{kind}').is_file()
  # Every picture that is named is there.
  for url in re.findall(r'<img[^>]* src="([^"]+)"', html):
    assert (folder / 'report' / url).is_file(), url


def test_a_unit_is_shown_in_every_member(whole):
  html = whole[1]
  assert html.count('<article class="before-after">') == 2
  for caption in ('photograph img0: text', 'depth 0: NSS 0.5 (constant)',
                  'depth all: NSS 2.5', 'depth 3: NSS 1.5',
                  'depth 0: NMM 0.5 (constant)'):
    assert f'<figcaption>{caption}</figcaption>' in html


def test_names_from_the_folder_are_text(whole):
  assert '<b>$x$' not in whole[1]
  assert 'search array img1: &lt;b&gt;$x$' in whole[1]


@pytest.mark.parametrize('changes', [
    {'measured': ('regions',), 'unseen': False, 'members': ('depth_0',)},
    {'measured': ('popout',), 'members': ('depth_3', 'depth_all'),
     'views': False}])
def test_what_was_not_measured_is_left_out(changes, tmp_path):
  html = page(made.sweep(tmp_path, **changes))
  measured = changes.get('measured', ('regions', 'popout'))
  assert ('table3.csv' in html) == ('regions' in measured)
  assert ('table6.csv' in html) == ('popout' in measured)
  assert ('table3_unseen' in html) == (
      'regions' in measured and changes.get('unseen', True))


def test_a_run_has_its_curves(tmp_path):
  html = page(made.run(tmp_path))
  assert 'id="training"' in html
  assert 'id="depths"' not in html
  assert 'One network' in html


def test_everything_fits_into_one_file(tmp_path):
  made.sweep(tmp_path, ('depth_0', 'depth_3'), measured=('popout',))
  html = site.write(tmp_path, single_file=True).read_text(encoding='utf-8')
  sources = re.findall(r'<img[^>]* src="([^"]{20})', html)
  assert len(sources) > 5
  assert all(source.startswith('data:image/') for source in sources)


def test_the_titles_of_panels_count_regions():
  assert by_depth.titles(('text', 'a' * 30), (3, 1)) == [
      'text (3)', f'{"a" * 19}… (1)']


def test_depths_are_named_as_in_the_paper():
  assert [swept.depth_name(depth) for depth in (0, 6, 13)] == ['0', '6', 'all']
