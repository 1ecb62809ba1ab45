"""The site: whole, offline, escaped, and honest about its numbers."""

import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

import pytest

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.report import facts, site
from saliency_jax.report.chapter import Site
from tests.report import made
from tests.report.parsed import BAD, Page

ROOT = pathlib.Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures('undrawn')


def _popout(path, **settings):
  return made.popout(path, made.scores(), kinds=(BAD, 'shape'), image_ids=[f'{BAD}{i}' for i in range(6)], **settings)


def _dissect(path, **settings):
  return made.dissect(
    path,
    made.scores(rows=6),
    labels=['text', BAD, 'text', 'food', 'food', BAD],
    categories=('text', BAD, 'food', 'drink'),
    image_ids=(BAD, '1002'),
    skipped={f'{BAD}7': f'cannot be read ({BAD})'},
    **settings,
  )


MAKE = {'popout': _popout, 'dissect': _dissect}


@pytest.fixture(scope='module', params=['popout', 'dissect', 'compared'])
def folder(request, undrawn, tmp_path_factory):
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
def single(request, undrawn, tmp_path_factory):
  path = MAKE[request.param](tmp_path_factory.mktemp('single'))
  written = site.write(path, single_file=True)
  assert written == path / 'report.html'
  assert not (path / 'report').exists()
  return Page(written)


def _urls(parsed: Page):
  for tag, attrs in parsed.tags:
    for name in ('src', 'srcset', 'href', 'data', 'poster', 'action', 'formaction', 'background', 'ping'):
      if attrs.get(name):
        yield tag, attrs[name]


def test_every_link_leads_to_a_file_or_a_chapter(folder, page):
  ids = {attrs['id'] for _, attrs in page.tags if 'id' in attrs}
  chapters = {x['id'] for x in page.all('section') if x.get('class') == 'chapter'}
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
  assert any(x.get('class') == 'unit' for x in page.all('a')), 'from the text that names it'


def test_nothing_is_loaded_from_elsewhere(page):
  assert not {'iframe', 'object', 'embed', 'base'} & {tag for tag, _ in page.tags}
  assert all('src' not in attrs for attrs in page.all('script'))
  sources = page.source.replace('http://www.w3.org/2000/svg', '')
  assert not re.search(r'https?://|@import|url\(', sources)
  policy = next(x['content'] for x in page.all('meta') if 'http-equiv' in x)
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
    json.loads(text[len(start) : -3])
    assert '<' not in text


def test_a_single_file_refers_to_nothing_outside(single):
  for tag, url in _urls(single):
    if not url.startswith('#'):
      assert url.startswith('data:'), (tag, url[:80])
  blocks = [x['data-name'] for x in single.all('script') if 'data-name' in x]
  assert 'images' in blocks
  values = re.findall(r'<script type="application/json" data-name="[^"]+">(.*?)</script>', single.source, re.DOTALL)
  assert len(values) == len(blocks)
  for value in values:
    json.loads(value)
    assert '<' not in value
  assert '<code>summary.json</code>' in single.source


def test_names_from_files_are_shown_as_text(page):
  page.shows_names_as_text()


def test_names_from_files_are_shown_as_text_in_a_single_file(single):
  single.shows_names_as_text()


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
  assert f'cannot be read ({BAD})' in Page(tmp_path / 'report' / 'index.html').text


def test_it_says_what_was_run(page):
  for fact in (
    'vgg16',
    'imagenet',
    'ab' * 32,
    '1 x cpu',
    'jax 0.10.2',
    'wall 2.5',
    'data.seed 3',
    'CVPR 2019',
    'conv5_3 5, conv5_1 5',
  ):
    assert fact in page.words
  assert '/home/somebody' not in page.text  # where the weights came from


def test_the_folder_is_replaced_as_a_whole(tmp_path):
  path = made.popout(tmp_path, made.scores())
  (path / 'report').mkdir()
  (path / 'report' / 'old.html').touch()
  (path / f'{files.TEMPORARY}killed').mkdir()
  site.write(path)
  assert not (path / 'report' / 'old.html').exists()
  before = (path / 'report' / 'index.html').read_bytes()
  (path / 'maps' / 'conv4_1.npz').write_bytes(b'damaged')
  with pytest.raises(InputError, match='conv4_1.npz'):
    site.write(path)
  assert (path / 'report' / 'index.html').read_bytes() == before
  assert not list(path.glob(f'{files.TEMPORARY}*')), 'nothing half-made is left'


def test_the_same_files_give_the_same_page(tmp_path):
  path = made.popout(tmp_path, made.scores())
  first, second = (
    (site.write(path).read_bytes(), {x.name: x.read_bytes() for x in path.rglob('report/figures/*')}) for _ in range(2)
  )
  assert first == second


def test_an_unfinished_run_gets_no_page(tmp_path):
  path = made.popout(tmp_path, made.scores())
  (path / 'summary.json').unlink()
  for single_file in (False, True):
    with pytest.raises(InputError, match='is not a finished run'):
      site.write(path, single_file=single_file)
  assert not list(path.glob('*report*'))


@pytest.mark.parametrize('name', ['../x', '/x', 'a/../b', 'a b', '', 'a//b', '.a', 'a/.b', 'a<b'])
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
  code = 'import sys; from saliency_jax.report import site; print({"jax", "jaxlib", "flax"} & set(sys.modules))'
  out = subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True, text=True, capture_output=True)
  assert out.stdout.strip() == 'set()'


def _launch(*flags) -> subprocess.CompletedProcess:
  return subprocess.run([sys.executable, 'launch/report.py', *flags], cwd=ROOT, text=True, capture_output=True)


def test_the_entry_point_prints_the_table_and_writes_the_page(tmp_path):
  path = made.popout(tmp_path / 'a', made.scores(('conv5_3',)))
  other = made.popout(tmp_path / 'b', made.scores(('conv5_3',), seed=1), depth=3)
  out = _launch(f'--workdir={path}', f'--compare={other}', '--single_file')
  assert out.returncode == 0, out.stderr
  assert out.stdout.startswith('Table 5')
  assert 'compared: imagenet, depth 3\n' in out.stdout
  assert out.stdout.endswith(f'The page: {path}/report.html\n')
  assert 'imagenet, depth 3' in (path / 'report.html').read_text()


@pytest.mark.parametrize(
  ('summary', 'flags', 'problem'),
  [
    (None, (), 'summary.json is missing'),
    ({'layout': 1}, (), 'has layout 1, and this version reads 3'),
    ({'job': 'cook'}, (), "names the job 'cook'"),
    ({}, ('--compare={path}/none',), 'is not a folder'),
  ],
)
def test_the_entry_point_reports_a_bad_folder(tmp_path, summary, flags, problem):
  path = made.popout(tmp_path / 'run', made.scores())
  if summary is None:
    (path / 'summary.json').unlink()
  else:
    made.edit(path / 'summary.json', **summary)
  out = _launch(f'--workdir={path}', *(x.format(path=path) for x in flags))
  assert out.returncode == 2
  assert problem in out.stderr
  assert len(out.stderr.strip().splitlines()) == 1
  assert 'Traceback' not in out.stderr


def test_numbers_of_the_facts_are_easy_to_read():
  summary = {'units': {'conv5_3': 1234567}, 'seconds': {'reading': 1234.567}}
  assert facts.facts(summary, {}) == {
    'Units': 'conv5_3 1,234,567',
    'Seconds': 'reading 1,234.6',
    'Data': 'made or fetched by the job',
  }
