"""The folder and the pages of a sweep and of a run, and what they say."""

import csv
import json
import re
import types

import numpy as np
import pandas as pd
import pytest

from saliency_jax.errors import InputError
from saliency_jax.ops import resize
from saliency_jax.report import best_units, site
from saliency_jax.report.chapter import Site
from saliency_jax.report.depths import before_after, depths_page, swept, training_chapter
from tests.report import made_sweep as made


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """A sweep, one of whose names is hostile."""
  folder = made.sweep(tmp_path_factory.mktemp('sweep'))
  path = folder / 'before_after' / 'views.json'
  path.write_text(path.read_text().replace('"colour"', '"<b>$x$</b>"'))
  return folder


@pytest.fixture(scope='module')
def page(folder) -> str:
  return site.write(folder).read_text(encoding='utf-8')


def test_what_was_written_is_read(folder):
  results = swept.read(folder)
  assert [(x.label, x.depth, x.score, x.step) for x in results.members] == [
    ('depth 0', 0, 1.625, 4),
    ('depth 3', 3, 2.75, 2),
    ('depth all', 13, 2.25, 4),
  ]
  for key, expected in (
    ('mean', made.MEANS),
    ('paper', made.PAPER),
    ('above', made.ABOVE),
    ('paper_above', made.PAPER_ABOVE),
  ):
    np.testing.assert_array_equal(best_units.values(results.seen, key), [*expected.values()])
  assert best_units.values(results.seen, 'sets')[0].tolist() == [20, 10, 5]
  assert np.isnan(best_units.values(results.unseen, 'mean')[:, 2]).all()
  assert results.arrays['mean'].tolist() == [0.25, 1.0, 0.2]
  assert results.arrays['paper'].tolist() == [0.38, 0.92, 0.73]
  assert len(results.lines) == 6
  photograph, array = results.views
  assert (photograph.unit, array.unit) == ('conv5_3:287', 'conv5_3:288')
  assert photograph.maps['depth_3'][1, 2] == 2
  assert (photograph.placement, array.placement) == (resize.TILING, (-0.5, 4.0))
  picture, mask = photograph.read()
  assert picture.shape == (*made.SIZE, 3)
  assert mask.sum() == mask[10:20, 30:45].sum() == 150
  assert results.depth_name(3) == '3'
  # Of every network 'all' is what trains all of its stages.
  last = results._replace(members=(results.members[0]._replace(name='depth_all_seed_1', depth=4),))
  assert [last.depth_name(x) for x in (4, 13)] == ['all', '13']


def test_a_sweep_without_numbers_of_the_paper_has_no_line_of_it(folder):
  found = swept.read(folder)
  drawn = types.SimpleNamespace(chart=lambda name, specs, text, legend: [*legend])
  assert depths_page._first(found, drawn) == ['this run', 'paper']
  found = found._replace(seen=found.seen.assign(paper=np.nan), arrays=None)
  assert depths_page._first(found, drawn) == ['this run']


def test_curves_have_the_depths_of_the_paper_and_means_of_an_epoch_s_steps(folder, monkeypatch):
  found, site = swept.read(folder), types.SimpleNamespace(chart=lambda name, specs, *rest: specs, table=lambda *_: None)
  monkeypatch.setattr(depths_page.charts, 'lines', lambda points, *_, **of: points)
  seen = found.seen.assign(paper=found.seen['paper'].mask(found.seen['depth'] == 3))
  first = depths_page._first(found._replace(seen=seen), site)[0]
  assert [(x['x'], x['y']) for x in first if x['who'] == 'paper'] == [
    (depth, pytest.approx(np.mean(made.PAPER[name]))) for depth, name in (('0', 'depth_0'), ('all', 'depth_all'))
  ]
  training, validation = training_chapter.chapter(found, site).context['curves']
  steps = [line for line in found.lines if line['kind'] == 'train']
  nss = [line['nss']['depth_3'] for line in steps]
  assert [(x['x'], x['y']) for x in training if x['who'] == 'depth 3'] == [
    (line['step'], np.mean(nss[max(0, i - 1) : i + 1])) for i, line in enumerate(steps)
  ]
  assert [x['y'] for x in validation if x['who'] == 'depth 3'] == [*made.VALIDATION['depth_3']]


def test_maps_of_all_trained_depths_are_shown_where_there_are_several(folder):
  found = swept.read(folder)
  for members, large, small in (
    (found.members, 'depth all', ['depth 3', 'depth all']),
    (found.members[:1] + found.members[2:], 'depth all', []),
    (found.members[:2], 'depth 0', []),  # the best one was not trained
  ):
    fewer = found._replace(members=members)
    view = before_after.chapter(fewer, Site(fewer, None, root=None)).context['parts'][0]['views'][0]
    assert view['title'] == 'text, conv5_3:287'
    shown = [[x.text.partition(':')[0] for x in view[of]] for of in ('large', 'small')]
    assert shown == [['photograph img0', 'depth 0', large], small]


def test_members_of_one_depth_are_averaged(folder):
  table = swept.read(folder).seen
  table.loc[table['member'] == 'depth_all', 'depth'] = 3
  merged = swept.by_depth(table)
  assert merged['depth'].tolist() == [0, 0, 0, 3, 3, 3]
  assert merged['mean'].tolist() == [1.0, 0.75, 1.25, 2.75, 1.625, 1.25]
  # Of several runs the lowest and the highest, of one its own interval.
  np.testing.assert_allclose(merged['low'], [0.8, 0.55, 1.05, 2.0, 1.25, 1.0])
  np.testing.assert_allclose(merged['high'], [1.2, 0.95, 1.45, 3.5, 2.0, 1.5])
  category = table['category'].iloc[0]
  gains = depths_page._gains(swept.read(folder)._replace(seen=table))[category]
  before, after = gains[:2]
  assert {'low', 'high'}.isdisjoint({key for key, x in before.items() if x == x})
  np.testing.assert_allclose([after[key] for key in ('y', 'low', 'high')], [175, 100, 250])


def _member(folder):
  path = folder / 'table3.csv'
  path.write_text(path.read_text().replace('depth_3', 'depth_4'))


def _escape(folder):
  path = folder / 'before_after' / 'views.json'
  path.write_text(path.read_text().replace('before_after/regions/pictures', 'before_after/../../pictures'))


def _fewer_maps(folder):
  with np.load(folder / 'before_after' / 'maps.npz') as archive:
    arrays = {name: array[:1] for name, array in archive.items()}
  np.savez(folder / 'before_after' / 'maps.npz', **arrays)


def _line(folder):
  with open(folder / 'metrics.jsonl', 'a') as file:
    file.write(json.dumps({'step': 5, 'kind': 'train', 'nss': {'a': 1}}) + '\n')


_VIEWS = 'before_after/views.json'


def _changed(name, old, new):
  def damage(folder):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))

  return damage


def _depth(folder):
  path = folder / 'table3.csv'
  path.write_text(path.read_text().replace('depth_0,0,', 'depth_0,7,'))


def _config(folder):
  of = {'analysis': {'top_units': 1, 'threshold': 1.5}}
  (folder / 'config.json').write_text(json.dumps({'regions': of, 'popout': of}))


@pytest.mark.parametrize(
  ('damage', 'said'),
  [
    (lambda folder: (folder / 'table6.csv').unlink(), 'table6.csv is missing'),
    (_member, 'table3.csv does not have the same'),
    (_escape, 'views.json does not fit'),
    (_fewer_maps, 'views.json does not fit'),
    (_changed(_VIEWS, '"best": "depth_', '"best": "depth'), 'views.json does not fit'),
    (_changed(_VIEWS, '"base": "depth_0"', '"base": "depth"'), 'other members'),
    (_changed('metrics.jsonl', '"step": 2', '"step": 0'), 'has other members than'),
    (_changed('metrics.jsonl', '"depth_all"', '"depth_al"'), 'metrics.jsonl'),
    (_line, 'metrics.jsonl is no usable'),
    (_config, 'config.json'),
    (_depth, 'table3.csv has other depths'),
    (lambda folder: (folder / 'summary.json').write_text('{}'), "lacks 'job'"),
  ],
)
def test_a_damaged_folder_is_named_in_one_sentence(damage, said, tmp_path):
  folder = made.sweep(tmp_path)
  damage(folder)
  with pytest.raises(InputError, match=said):
    swept.read(folder)


def test_figure_4_is_in_percent_of_depth_0(tmp_path):
  folder = made.sweep(tmp_path, views=False)
  made_tests = json.loads((folder / 'depth_tests.json').read_text())
  made_tests['gains'] = {'depth_3': {'text': {'gain': 0.5, 'low': 0.25, 'high': 0.75}}}
  (folder / 'depth_tests.json').write_text(json.dumps(made_tests))
  effect = {'f': 12.5, 'df': 2, 'df_residual': 4, 'p': 0.02}
  test = {'f': 8.25, 'df_between': 2, 'df_within': 30.4, 'p': 0.001}
  made_tests['blocked'] = {'effect': effect, 'pairs': [{'p': 0.04}, {'p': 0.2}]}
  made_tests['members'] = {
    'depth_3': {
      'welch': test,
      'clustered': test | {'p': 0.03},
      'p_holm': 0.09,
      'pairs': [{'p': 0.01, 'p_holm': 0.2}, {'p': 0.02, 'p_holm': 0.0}, {'p': 0.3, 'p_holm': None}],
    }
  }
  (folder / 'depth_tests.json').write_text(json.dumps(made_tests))
  page = site.write(folder).read_text(encoding='utf-8')
  # Section 5.2: a line for a member with a test, and one over depths.
  with open(folder / 'report/tables/differ.csv', newline='') as file:
    assert list(csv.reader(file))[1:] == [
      ['depth 3', 'F(2, 30) = 8.25', 'p = 0.001', 'F(2, 30) = 8.25', 'p = 0.030', 'p = 0.090', '2 of 3', '1'],
      ['depths as blocks', 'F(2, 4) = 12.50', 'p = 0.020', '', '', '', '1 of 2', ''],
    ]
  assert 'Holm-corrected over these tests and all members' in page
  # A panel for each category.
  panels = re.findall(r'<svg[^>]* aria-label="Lines of the gain in mean NSS over depth 0 .*?</svg>', page, re.DOTALL)
  ticks = [re.findall(r'>(\N{MINUS SIGN}?[0-9]+)</text>', panel) for panel in panels]
  assert len(panels) == 3
  assert '50' in ticks[0]
  assert ticks[0] == ticks[1] == ticks[2], 'panels share their scales'
  table = pd.read_csv(folder / 'report' / 'tables' / 'figure4.csv')
  [row] = (
    table[(table['category'] == 'text') & (table['of'] == 'this run') & (table['stages trained'] == '3')]
    .iloc[:, 3:]
    .to_numpy()
  )
  # From 0.75 to 1.25 SD, the gain's interval from 0.25 to 0.75 SD.
  np.testing.assert_allclose(row, (200 / 3, 100 / 3, 100), rtol=1e-5)


def test_the_page_of_a_sweep_shows_every_number(folder, page):
  for name in ('depths', 'before_after', 'training'):
    assert f'<section class="chapter" id="{name}"' in page
  cells = [x.rstrip('↑↓') for x in re.findall(r'<td style="[^>]*>([^<]*)', page)]
  for values in (*made.MEANS.values(), *made.PAPER.values()):
    assert {f'{value:.2f}' for value in values} <= {*cells}
  for kind, names in (
    ('figures', ('by_depth', 'figure4', 'table6', 'figure5', 'before_after_arrays', 'training', 'table3')),
    ('tables', ('table3', 'table3_counts', 'table3_unseen', 'table6', 'figure4', 'training')),
  ):
    for name in names:
      files = {x.suffix for x in (folder / 'report' / kind).glob(f'{name}.*')}
      assert files == ({'.svg', '.pdf'} if kind == 'figures' else {'.csv', '.md', '.tex'}), name
  for alt in (
    'stages trained: depth 0 NSS 1.62, depth 3 NSS 2.75, depth all NSS 2.25 output, validation images"',
    'Curves of NSS; the best on the validation images: depth 0 1.62, depth 3 2.75, depth all 2.25 training images"',
  ):
    assert alt in page
  with open(folder / 'report/tables/training.csv', newline='') as file:
    assert [line[:5] for line in csv.reader(file)] == [
      ['member', 'stages trained', 'best NSS', 'at step', 'last NSS'],
      ['depth 0', '0', '1.625', '4', '1.625'],
      ['depth 3', '3', '2.75', '2', '2.5'],
      ['depth all', '13', '2.25', '4', '2.25'],
    ]
  for url in re.findall(r'<img[^>]* src="([^"]+)"', page):
    assert (folder / 'report' / url).is_file(), url
  for caption in (
    'photograph img0: text',
    'depth 0: NSS 0.5 (constant)',
    'depth all: NSS 2.5',
    'depth 3: NSS 1.5',
    'depth 0: NMM 0.5 (constant)',
  ):
    assert f'<figcaption>{caption}</figcaption>' in page
  assert 'aria-label="map of unit conv5_3:287 of depth 3 over photograph img0"' in page
  assert 'before fine-tuning (depth 0, which leaves the network unchanged)' in page  # whoever trained it
  assert 'depth 6 trains conv4_1 to conv5_3' in page
  assert '<b>$x$' not in page
  assert 'array img1: &lt;b&gt;$x$' in page


@pytest.mark.usefixtures('undrawn_here')
@pytest.mark.parametrize(
  'changes',
  [
    {'measured': ('regions',), 'unseen': False, 'members': ('depth_0',)},
    {'measured': ('popout',), 'members': ('depth_3', 'depth_all'), 'views': False},
    {'measured': ()},
  ],
)
def test_what_was_not_measured_is_left_out(changes, tmp_path):
  folder, measured = made.sweep(tmp_path, **changes), changes['measured']
  for kind in measured:
    (folder / kind / changes['members'][0] / 'summary.json').write_text('{"units": {"conv5_2": 20, "conv5_3": 3}}')
  summary = folder / 'summary.json'
  summary.write_text(summary.read_text().replace('vgg16', 'vgg19'))
  html = site.write(folder, single_file=True).read_text(encoding='utf-8')
  assert 'conv4_1' not in html  # which VGG-16's depth 6 reaches
  assert ('Mean NSS of all units of conv5_3 for' in html) == ('regions' in measured)
  assert (' of all units of conv5_3' in site.text(folder)) == bool(measured)
  assert ('table3.csv' in html) == ('regions' in measured)
  assert ('table6.csv' in html) == ('popout' in measured)
  assert 'table3_unseen' not in html
  assert 'figure4.csv' not in html


@pytest.mark.usefixtures('undrawn_here')
def test_a_run_has_its_curves(tmp_path):
  html = site.write(made.run(tmp_path)).read_text(encoding='utf-8')
  assert 'id="training"' in html
  assert 'id="depths"' not in html
  assert 'One network' in html
