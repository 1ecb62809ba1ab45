"""The site: whole, offline, escaped, and honest about its numbers."""

import csv
import html.parser
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.report import charts, packing, site
from saliency_jax.report.chapter import Site
from saliency_jax.report.units import run as reader
from tests.report import made

ROOT = pathlib.Path(__file__).resolve().parents[2]
BAD = '<b>x</b>&"\'$1$_|%'
# Elements without an end tag.
VOID = {'meta', 'link', 'img', 'br', 'input', 'hr', 'col', 'wbr'}


class Page(html.parser.HTMLParser):
  """Collects a page's tags, text and chapters; checks that tags are closed."""

  def __init__(self, path: pathlib.Path):
    super().__init__()
    self.tags: list[tuple[str, dict]] = []
    self.text = ''
    self.open: list[str] = []
    self.source = path.read_text(encoding='utf-8')
    self.feed(self.source)
    assert not self.open, self.open

  def handle_starttag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))
    if tag not in VOID:
      self.open.append(tag)

  def handle_endtag(self, tag):
    assert self.open, tag
    assert self.open.pop() == tag, self.getpos()

  def handle_data(self, data):
    if self.open and self.open[-1] not in ('script', 'style'):
      self.text += data

  def all(self, tag: str) -> list[dict]:
    return [attrs for name, attrs in self.tags if name == tag]

  @property
  def words(self) -> str:
    return ' '.join(self.text.split())


def _popout(path, **settings):
  return made.popout(
      path, made.scores(), kinds=(BAD, 'shape'),
      image_ids=[f'{BAD}{i}' for i in range(6)], **settings)


def _dissect(path, **settings):
  return made.dissect(
      path, made.scores(rows=6),
      labels=['text', BAD, 'text', 'food', 'food', BAD],
      categories=('text', BAD, 'food', 'drink'), image_ids=(BAD, '1002'),
      skipped={f'{BAD}7': f'cannot be read ({BAD})'}, **settings)


@pytest.fixture(scope='module', autouse=True)
def _quick():
  """Figures have tests of their own; one page draws them."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(charts, 'for_page', lambda spec, alt: '<svg></svg>')
    patch.setattr(charts, 'for_paper', lambda specs: ('<svg/>', b'%PDF'))
    yield


MAKE = {'popout': _popout, 'dissect': _dissect}


@pytest.fixture(scope='module', params=['popout', 'dissect', 'compared'])
def folder(request, tmp_path_factory):
  """A run with bad names and its site; compared with one of the same name."""
  root = tmp_path_factory.mktemp(request.param)
  job = request.param if request.param in MAKE else 'dissect'
  path, other = MAKE[job](root / BAD.replace('/', '')), ''
  if request.param == 'compared':
    other = MAKE[job](root / 'other', depth=3, weights=BAD)
  site.write(path, compare=other)
  return path


@pytest.fixture(scope='module')
def page(folder):
  return Page(folder / 'report' / 'index.html')


@pytest.fixture(scope='module', params=['popout', 'dissect'])
def single(request, tmp_path_factory):
  path = MAKE[request.param](tmp_path_factory.mktemp('single'))
  written = site.write(path, single_file=True)
  assert written == path / 'report.html'
  assert not (path / 'report').exists()
  return Page(written)


def _urls(parsed: Page):
  for tag, attrs in parsed.tags:
    for name in ('src', 'srcset', 'href', 'data', 'poster', 'action',
                 'formaction', 'background', 'ping'):
      if attrs.get(name):
        yield tag, attrs[name]


def test_every_link_leads_to_a_file_or_a_chapter(folder, page):
  ids = {attrs['id'] for _, attrs in page.tags if 'id' in attrs}
  chapters = {x['id'] for x in page.all('section')
              if x.get('class') == 'chapter'}
  for tag, url in _urls(page):
    if url.startswith('#/'):
      assert url[2:].split('/')[0] in chapters, url
    elif url.startswith('#'):
      assert url[1:] in ids, url
    elif url != 'data:,':
      assert ':' not in url, f'{url} is relative'
      target = folder / 'report' / urllib.parse.unquote(url)
      assert target.is_file(), (tag, url)
      # The pages can be copied alone: their pictures and files travel.
      assert tag == 'a' or not url.startswith('..'), url


def test_nothing_is_loaded_from_elsewhere(page):
  assert not {'iframe', 'object', 'embed', 'base'} & {
      tag for tag, _ in page.tags}
  assert all('src' not in attrs for attrs in page.all('script'))
  sources = page.source.replace('http://www.w3.org/2000/svg', '')
  assert not re.search(r'https?://|@import|url\(', sources)
  policy = next(
      x['content'] for x in page.all('meta') if 'http-equiv' in x)
  assert policy.startswith("default-src 'none'; ")
  assert 'eval' not in policy
  assert '*' not in policy
  assert not [x for _, attrs in page.tags for x in attrs if x.startswith('on')]


def test_data_files_are_calls_with_json(folder):
  paths = list((folder / 'report' / 'data').rglob('*.js'))
  assert paths
  for path in paths:
    text = path.read_text(encoding='ascii')
    name = path.relative_to(folder / 'report' / 'data').with_suffix('')
    start = f'report.give({json.dumps(str(name))},'
    assert text.startswith(start)
    assert text.endswith(');\n')
    json.loads(text[len(start):-3])
    assert '<' not in text


def test_a_single_file_refers_to_nothing_outside(single):
  for tag, url in _urls(single):
    if not url.startswith('#'):
      assert url.startswith('data:'), (tag, url[:80])
  blocks = [
      x['data-name'] for x in single.all('script') if 'data-name' in x]
  assert 'images' in blocks
  values = re.findall(
      r'<script type="application/json" data-name="[^"]+">(.*?)</script>',
      single.source, re.DOTALL)
  assert len(values) == len(blocks)
  for value in values:
    json.loads(value)
    assert '<' not in value
  assert '<code>summary.json</code>' in single.source


def _shows_names_as_text(page: Page):
  assert BAD in page.text
  assert '<b>x' not in page.source


def test_names_from_files_are_shown_as_text(page):
  _shows_names_as_text(page)


def test_names_from_files_are_shown_as_text_in_a_single_file(single):
  _shows_names_as_text(single)


def test_ids_are_the_page_s_alone_and_references_lead_to_them(page):
  ids = [attrs['id'] for _, attrs in page.tags if 'id' in attrs]
  assert len(ids) == len(set(ids))
  for _, attrs in page.tags:
    for name in ('aria-labelledby', 'aria-describedby', 'aria-controls', 'for'):
      for reference in attrs.get(name, '').split():
        assert reference in ids


def test_the_frame_can_be_used_without_seeing_it(page):
  assert page.all('html')[0]['lang'] == 'en'
  assert len(page.all('main')) == len(page.all('footer')) == 1
  assert 'skip' in page.all('a')[0]['class']
  for attrs in page.all('img'):
    assert 'alt' in attrs
  for attrs in page.all('th'):
    assert attrs['scope'] in ('row', 'col', 'rowgroup', 'colgroup')
  for attrs in page.all('nav'):
    assert attrs['aria-label']
  for attrs in page.all('div'):
    if 'scroll' in attrs.get('class', '').split():
      assert attrs['tabindex'] == '0'
      assert attrs['role'] == 'region'
      assert attrs['aria-label']
  chapters = [x for x in page.all('section') if x.get('class') == 'chapter']
  assert len(page.all('h1')) == len(chapters) > 2


def test_skipped_images_are_listed(tmp_path):
  site.write(_dissect(tmp_path))
  assert f'cannot be read ({BAD})' in Page(
      tmp_path / 'report' / 'index.html').text


def test_it_says_what_was_run(page):
  for fact in (
      'vgg16', 'imagenet', 'ab' * 32, '1 x cpu', 'jax 0.10.2', 'wall 2.5',
      'data.seed 3', 'CVPR 2019', '5 units each'):
    assert fact in page.words


def test_numbers_stand_beside_the_paper_s_with_the_difference(tmp_path):
  path = made.dissect(
      tmp_path, {'conv5_3': np.array([[2., 1., 0.], [0., -1., -3.]])},
      labels=['text', 'food'], categories=('text', 'food', 'drink'))
  page = Page(site.write(path))
  # Of text: units 0 and 1 score 1.50, the paper's Table 2 has 1.10.
  hints = [attrs.get('data-hint', '') for attrs in page.all('td')]
  assert ('conv5_3, text: 95 % interval 1.30 to 1.70, held out 1.25, chance '
          '0.50 to 1.00, the paper 1.10, difference +0.40') in hints
  # An arrow where a value leaves its chance band.
  assert '1.50↑ (95 % interval 1.30 to 1.70, held out 1.25' in page.words
  assert '−0.50↓ (95 % interval −0.70 to −0.30, held out −0.75' in page.words
  # Drink has no region here: no number, no difference.
  assert not any('1.48' in hint for hint in hints)


def _rows(path: pathlib.Path) -> list[list[str]]:
  with open(path, newline='', encoding='utf-8') as file:
    return list(csv.reader(file))


def test_tables_hold_the_numbers_of_the_run(tmp_path):
  scored = {'conv5_3': np.array([[2., 1., 0.], [0., -1., -3.]])}
  path = made.dissect(tmp_path, scored, labels=['text', BAD])
  site.write(path)
  tables = path / 'report' / 'tables'
  assert _rows(tables / 'table.csv') == [
      ['layer', 'source', 'text', BAD], ['conv5_3', 'this run', '1.5', '-0.5'],
      ['conv5_3', 'held out', '1.25', '-0.75'],
      ['conv5_3', 'chance, from', '0.5', '0.5'],
      ['conv5_3', 'chance, to', '1', '1'], ['conv5_3', 'paper', '1.1', '']]
  assert _rows(tables / 'counts.csv')[1] == ['conv5_3', 'this run', '1', '0']
  assert _rows(tables / 'best_units.csv')[1] == [
      'conv5_3', 'text', '1', '1.5', '1', 'conv5_3:0 conv5_3:1']
  for csv_file in tables.glob('*.csv'):
    assert csv_file.with_suffix('.md').is_file()
    assert csv_file.with_suffix('.tex').is_file()
  figures = path / 'report' / 'figures'
  assert {x.stem for x in figures.glob('*.svg')} == {
      'table', 'counts', 'layers', 'layers_categories'}


def test_the_spread_over_arrays_of_a_kind(tmp_path):
  x = np.array([[1., 3., 0.], [9., 9., 0.], [3., 5., 0.]])
  path = made.popout(tmp_path, {'conv5_3': x}, kinds=('colour', 'shape'))
  page = Page(site.write(path))
  # Of colour: the best units' means are 2 and 4.
  assert _rows(path / 'report' / 'tables' / 'kinds.csv')[1:] == [
      ['shape', 'conv5_3', '1', '9', '', '9', '9', '9'],
      ['colour', 'conv5_3', '2', '3', '1.41421', '2.5', '3', '3.5']]
  assert ('colour, conv5_3: SD 1.41, quartiles 2.50, 3.00, 3.50, 2 arrays') in [
      x.get('data-hint') for x in page.all('td')]


def test_the_easiest_and_the_hardest_arrays(tmp_path):
  x = np.array([[1., 2., 0.], [9., 8., 0.], [3., 5., 0.], [4., 4., 7.]])
  path = made.popout(tmp_path, {'conv5_3': x})
  page = Page(site.write(path))
  shown = [re.match('Map of unit conv5_3:(.) over array array-0(.),', x)
           for x in (a.get('aria-label', '') for a in page.all('div')
                     if 'data-place' in a)]
  # The first is the overview's. Two of four are easy: 1 by 8.5, then 2 and 3 by
  # 4 and 4; the array's own best unit is shown, of array 3 one that is not
  # among the layer's best.
  assert [x.groups() for x in shown] == [
      ('0', '1'), ('0', '1'), ('1', '2'), ('1', '0'), ('2', '3')]
  text = (path / 'report' / 'data' / 'places.js').read_text()
  places = json.loads(text.partition(',')[2].rpartition(')')[0])
  kept = reader.read(path).kept.maps('conv5_3')
  at = np.flatnonzero((kept.units == 2) & (kept.images == 3))[0]
  assert places[4]['map'] == packing.grid(packing.cells(kept.cells[at]))


def test_two_runs_stand_side_by_side(tmp_path):
  before, after = (
      made.dissect(tmp_path / name, {
          layer: np.full((1, 3), value) for layer, value in levels.items()},
          labels=['text'], depth=depth)
      for name, depth, levels in (
          ('before', None, {'conv5_3': 1., 'conv5_2': 2.}),
          ('after', 2, {'conv5_3': 2.5, 'conv5_2': 1.5})))
  page = Page(site.write(after, compare=before))
  assert '+1.50 (imagenet, depth 2 2.50, imagenet 1.00)' in page.words
  assert '−0.50 (imagenet, depth 2 1.50, imagenet 2.00)' in page.words
  tables = after / 'report' / 'tables'
  assert _rows(tables / 'difference_means.csv')[1:3] == [
      ['conv5_3', 'imagenet, depth 2', '2.5'], ['conv5_3', 'imagenet', '1']]
  # The paper's Table 3 at depth 2 stands beside conv5_3: text 1.32.
  assert _rows(tables / 'layers.csv') == [
      ['layer', 'imagenet, depth 2', 'imagenet', 'paper'],
      ['conv5_3', '2.5', '1', '1.32'], ['conv5_2', '1.5', '2', '']]


def test_names_of_compared_runs_are_never_equal(tmp_path):
  runs = [made.popout(tmp_path / x / 'run', made.scores()) for x in 'ab']
  labels = [
      Site(reader.read(runs[0]), reader.read(x), root=None).labels
      for x in runs]
  assert labels == [('this run', 'other run')] * 2
  made.popout(tmp_path / 'c', made.scores())
  assert Site(
      reader.read(runs[0]), reader.read(tmp_path / 'c'), root=None
  ).labels == ('imagenet (run)', 'imagenet (c)')


@pytest.mark.parametrize('layers', [
    ('conv3_1',), ('conv5_3', 'conv2_2'), made.LAYERS])
def test_any_number_of_layers(tmp_path, layers):
  for path in (
      made.popout(tmp_path / 'a', made.scores(layers)),
      made.dissect(
          tmp_path / 'b', made.scores(layers), labels=['text', 'food'] * 3)):
    page = Page(site.write(path))
    assert all(layer in page.text for layer in layers)


def test_a_run_with_one_row_and_no_image(tmp_path):
  assert 'Findings' in Page(site.write(made.popout(
      tmp_path / 'a', made.scores(rows=1), shown=0))).text
  page = Page(site.write(made.dissect(
      tmp_path / 'b', made.scores(rows=1), labels=['text'], fixations=[0],
      shown=0)))
  assert 'Nothing was measured' in page.text
  assert 'images' not in [x.get('id') for x in page.all('section')]


def test_the_folder_is_replaced_as_a_whole(tmp_path):
  path = made.popout(tmp_path, made.scores())
  (path / 'report').mkdir()
  (path / 'report' / 'old.html').touch()
  site.write(path)
  assert not (path / 'report' / 'old.html').exists()
  before = (path / 'report' / 'index.html').read_bytes()
  (path / 'maps' / 'conv4_1.npz').write_bytes(b'damaged')
  with pytest.raises(InputError, match='conv4_1.npz'):
    site.write(path)
  assert (path / 'report' / 'index.html').read_bytes() == before
  assert not list(path.glob('.report*')), 'nothing half-made is left'


def test_the_same_files_give_the_same_page(tmp_path):
  path = made.popout(tmp_path, made.scores())
  first, second = (
      (site.write(path).read_bytes(),
       {x.name: x.read_bytes() for x in path.rglob('report/figures/*')})
      for _ in range(2))
  assert first == second


def test_an_unfinished_run_gets_no_page(tmp_path):
  path = made.popout(tmp_path, made.scores())
  (path / 'summary.json').unlink()
  for single_file in (False, True):
    with pytest.raises(InputError, match='is not a finished run'):
      site.write(path, single_file=single_file)
  assert not list(path.glob('*report*'))


@pytest.mark.parametrize(
    'name', ['../x', '/x', 'a/../b', 'a b', '', 'a//b', '.a', 'a/.b', 'a<b'])
def test_data_cannot_be_put_elsewhere(tmp_path, name):
  for root in (tmp_path, None):
    with pytest.raises(ValueError, match='cannot be the name'):
      Site(None, root=root).data(name, 1)
  assert not list(tmp_path.rglob('*.js'))


def test_data_is_what_browsers_take():
  made_site = Site(None, root=None)
  made_site.data('a/b', {'x': '</script><!--'})
  assert '<' not in made_site.data_blocks['a/b']
  assert json.loads(made_site.data_blocks['a/b']) == {'x': '</script><!--'}
  with pytest.raises(ValueError, match='already'):
    made_site.data('a/b', 1)
  with pytest.raises(ValueError, match='JSON'):
    made_site.data('c', float('nan'))


def test_needs_no_jax():
  code = (
      'import sys; from saliency_jax.report import site; '
      'print({"jax", "jaxlib", "flax"} '
      '& set(sys.modules))')
  out = subprocess.run(
      [sys.executable, '-c', code], cwd=ROOT, check=True, text=True,
      capture_output=True)
  assert out.stdout.strip() == 'set()'


def _launch(*flags) -> subprocess.CompletedProcess:
  return subprocess.run(
      [sys.executable, 'launch/report.py', *flags], cwd=ROOT, text=True,
      capture_output=True)


def test_the_entry_point_prints_the_table_and_writes_the_page(tmp_path):
  path = made.popout(tmp_path / 'a', made.scores(('conv5_3',)))
  other = made.popout(
      tmp_path / 'b', made.scores(('conv5_3',), seed=1), depth=3)
  out = _launch(f'--workdir={path}', f'--compare={other}', '--single_file')
  assert out.returncode == 0, out.stderr
  assert out.stdout.startswith('Table 5')
  assert out.stdout.endswith(f'The page: {path}/report.html\n')
  assert 'imagenet, depth 3' in (path / 'report.html').read_text()


@pytest.mark.parametrize(('summary', 'flags', 'problem'), [
    (None, (), 'summary.json is missing'),
    ({'layout': 1}, (), 'has layout 1 where this version reads 3'),
    ({'job': 'cook'}, (), "names the job 'cook'"),
    ({}, ('--compare={path}/none',), 'is not a folder')])
def test_the_entry_point_reports_a_bad_folder(
    tmp_path, summary, flags, problem):
  path = made.popout(tmp_path / 'run', made.scores())
  if summary is None:
    (path / 'summary.json').unlink()
  else:
    made.edit(path / 'summary.json', **summary)
  out = _launch(
      f'--workdir={path}', *(x.format(path=path) for x in flags))
  assert out.returncode == 2
  assert problem in out.stderr
  assert len(out.stderr.strip().splitlines()) == 1
  assert 'Traceback' not in out.stderr


def test_predicted_maps_have_a_page(tmp_path):
  (tmp_path / 'predicted.jsonl').write_text(
      json.dumps(['a.npy', 'a.png', 'a_overlay.png']) + '\n')
  for name, value in (
      ('summary.json', {
          'job': 'predict', 'layout': 3, 'network': {'name': BAD},
          'device': '1 x cpu', 'weights': {'name': 'mine', 'sha256': '0' * 64},
          'seconds': {}, 'counts': {'images': 1}, 'skipped': {'b': BAD},
          'versions': {}}),
      ('config.json', {})):
    (tmp_path / name).write_text(json.dumps(value))
  with pytest.raises(InputError, match="names 'a.npy', which is not in"):
    site.write(tmp_path)
  for name in ('a.npy', 'a.png', 'a_overlay.png'):
    (tmp_path / name).write_bytes(b'x')
  page = Page(site.write(tmp_path))
  shown, = page.all('img')
  # The pages can be copied alone: their pictures travel.
  assert (tmp_path / 'report' / shown['src']).read_bytes() == b'x'
  _shows_names_as_text(page)
  assert site.text(tmp_path) == f'1 maps of {BAD} (mine)'
