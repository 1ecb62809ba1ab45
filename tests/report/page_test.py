"""The page: whole in one file, escaped, and honest about its numbers."""

import base64
import html.parser
import io
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from saliency_jax.errors import InputError
from saliency_jax.report import page
from tests.report import made

ROOT = pathlib.Path(__file__).resolve().parents[2]
BAD = '<b>x</b>&"\'$1$'


class _Page(html.parser.HTMLParser):
  """Collects a page's tags and text."""

  def __init__(self, source: str):
    super().__init__()
    self.tags: list[tuple[str, dict]] = []
    self.text = ''
    self.feed(source)

  def handle_starttag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))

  def handle_data(self, data):
    self.text += data

  def all(self, tag: str) -> list[dict]:
    return [attrs for name, attrs in self.tags if name == tag]


def _write(path) -> _Page:
  return _Page(page.write(path).read_text(encoding='utf-8'))


@pytest.fixture(scope='module')
def popout(tmp_path_factory):
  """A run on search arrays with bad names, and its page."""
  path = made.popout(
      tmp_path_factory.mktemp('popout'), made.scores(), kinds=(BAD, 'shape'),
      image_ids=[f'{BAD}{i}' for i in range(6)])
  return path, _write(path)


@pytest.fixture(scope='module')
def dissect(tmp_path_factory):
  """A run on a photograph with bad names, and its page."""
  path = made.dissect(
      tmp_path_factory.mktemp('dissect'), made.scores(rows=6),
      labels=['text', BAD, 'text', 'food', 'food', BAD],
      categories=('text', BAD, 'food', 'drink'), image_id=BAD,
      skipped={f'{BAD}7': f'cannot be read ({BAD})'})
  return path, _write(path)


@pytest.fixture(params=['popout', 'dissect'])
def made_page(request):
  return request.getfixturevalue(request.param)


def test_nothing_is_loaded_from_elsewhere(made_page):
  path, parsed = made_page
  assert not {'script', 'iframe', 'object', 'embed', 'base'} & {
      tag for tag, _ in parsed.tags}
  for tag, attrs in parsed.tags:
    for name in ('src', 'srcset', 'href', 'data', 'poster', 'action'):
      value = attrs.get(name, '')
      if value.startswith('data:'):
        continue
      assert tag == 'a' or not value, (tag, name, value)
      assert ':' not in value, f'{value} is relative'
      assert not value or (path / value).is_file(), f'{value} is there'
  source = (path / 'report.html').read_text(encoding='utf-8')
  assert not re.search(r'https?://|@import|url\(', source)


def test_pictures_decode_and_are_described(made_page):
  _, parsed = made_page
  pictures = parsed.all('img')
  assert len(pictures) > 10
  for attrs in pictures:
    assert attrs['alt']
    kind, data = re.fullmatch(
        r'data:image/(png|jpeg);base64,(.+)', attrs['src']).groups()
    picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    picture.load()
    assert picture.format.lower() == kind
    ratio = picture.width / picture.height
    assert int(attrs['width']) / int(attrs['height']) == pytest.approx(
        ratio, rel=0.03)


def test_names_from_files_are_shown_as_text(made_page):
  _, parsed = made_page
  assert BAD in parsed.text
  for tag, attrs in parsed.tags:
    # The page itself uses <b> for the regions' numbers only.
    assert tag != 'b' or attrs.get('class') == 'chip'


def test_skipped_images_are_listed(dissect):
  _, parsed = dissect
  assert f'cannot be read ({BAD})' in parsed.text


def test_it_says_what_was_run(made_page):
  _, parsed = made_page
  for fact in (
      'vgg16', 'imagenet', 'ab' * 32, '1 x cpu', 'jax 0.10.2', 'wall 2.5',
      'CVPR 2019'):
    assert fact in parsed.text


def test_tables_have_the_numbers_and_headers(tmp_path):
  path = made.dissect(
      tmp_path, {'conv5_3': np.array([[2., 1., 0.], [0., -1., -3.]])},
      labels=['text', 'food'], categories=('text', 'food', 'drink'))
  parsed = _write(path)
  words = parsed.text.split()
  assert {'1.50', '−0.50', '–', '1.10', '1.25', '1.48'} <= set(words)
  assert all('scope' in attrs for attrs in parsed.all('th'))
  assert len(parsed.all('caption')) == len(parsed.all('table')) == 2


@pytest.mark.parametrize('layers', [
    ('conv3_1',), ('conv5_3', 'conv2_2'), made.LAYERS])
def test_any_number_of_layers(tmp_path, layers):
  for path in (
      made.popout(tmp_path / 'a', made.scores(layers)),
      made.dissect(
          tmp_path / 'b', made.scores(layers), labels=['text', 'food'] * 3)):
    parsed = _write(path)
    assert all(layer in parsed.text for layer in layers)


def test_a_run_with_one_row_and_no_example(tmp_path):
  assert 'Findings' in _write(made.popout(
      tmp_path / 'a', made.scores(rows=1), examples=0)).text
  assert 'Nothing was measured' in _write(made.dissect(
      tmp_path / 'b', made.scores(rows=1), labels=['text'],
      fixations=[0])).text


def test_regions_left_out_are_told(tmp_path):
  path = made.dissect(tmp_path, made.scores(rows=6), labels=['text'] * 6)
  assert 'The 4 regions with the most fixations; 2 more are left out.' in (
      _write(path).text)


def test_an_unfinished_run_gets_no_page(tmp_path):
  path = made.popout(tmp_path, made.scores())
  (path / 'summary.json').unlink()
  with pytest.raises(InputError, match='is not a finished run'):
    page.write(path)
  assert not (path / 'report.html').exists()


def test_needs_no_jax():
  code = (
      'import sys; from saliency_jax.report import page, tables; '
      'print({"jax", "jaxlib", "flax", "matplotlib.pyplot"} '
      '& set(sys.modules))')
  out = subprocess.run(
      [sys.executable, '-c', code], cwd=ROOT, check=True, text=True,
      capture_output=True)
  assert out.stdout.strip() == 'set()'


def _launch(workdir) -> subprocess.CompletedProcess:
  return subprocess.run(
      [sys.executable, 'launch/report.py', f'--workdir={workdir}'], cwd=ROOT,
      text=True, capture_output=True)


def test_the_entry_point_prints_the_table_and_writes_the_page(popout):
  path, _ = popout
  (path / 'report.html').unlink()
  out = _launch(path)
  assert out.returncode == 0, out.stderr
  assert out.stdout.startswith('Table 5')
  assert (path / 'report.html').is_file()


def test_the_entry_point_reports_a_bad_folder(tmp_path):
  out = _launch(tmp_path)
  assert out.returncode == 2
  assert 'summary.json is missing' in out.stderr
  assert 'Traceback' not in out.stderr
