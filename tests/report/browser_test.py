"""The page in a real browser: from disk, offline, without a complaint."""

import shutil

import numpy as np
import pytest
from matplotlib import colormaps
from scipy import stats

from benchmarks.browser import CHROMIUM
from saliency_jax.ops import resize
from saliency_jax.report import folder, site
from tests.report import made

sync_api = pytest.importorskip('playwright.sync_api')

BAD = '<b>x</b>'
LAYERS = ('conv5_3', 'conv4_1')
LABELS = ['text', BAD, 'food', 'text', BAD, 'food'] * 2
IMAGES = ('2001', BAD, 'a/ä%b', '2004')


@pytest.fixture(scope='module')
def chromium():
  program = next(filter(None, map(shutil.which, CHROMIUM)), None)
  if program is None:
    pytest.skip(f"no browser: none of {', '.join(CHROMIUM)} is installed")
  with sync_api.sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=program)
    yield browser
    browser.close()


@pytest.fixture
def visit(chromium):
  """Opens pages; whatever they load or complain about is checked at the end."""
  requests, complaints, contexts = [], [], []

  def open_page(path, place='', **options):
    context = chromium.new_context(
        viewport={'width': 1300, 'height': 900}, **options)
    contexts.append(context)
    context.on('request', lambda request: requests.append(request.url))
    context.on('console', lambda message: complaints.append(message.text))
    context.on('weberror', lambda error: complaints.append(str(error.error)))
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f'{path.as_uri()}#/{place}')
    return page

  yield open_page
  for context in contexts:
    context.close()
  assert requests
  assert {x.partition(':')[0] for x in requests} <= {'file', 'data'}
  assert not complaints


def _dissect(path, **options):
  return made.dissect(
      path, made.scores(LAYERS, rows=len(LABELS), units=70,
                        seed=options.pop('seed', 0)),
      labels=LABELS, image_ids=IMAGES, **options)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """A run and its page, beside another one."""
  path = tmp_path_factory.mktemp('site')
  other = _dissect(path / 'other', seed=1)
  own = _dissect(path / 'own', weights=f'tuned {BAD}', depth=3)
  return folder.read(own), site.write(own, compare=other)


@pytest.fixture(scope='module')
def single(tmp_path_factory):
  """A single file of a run that keeps maps of none of its images."""
  path = _dissect(tmp_path_factory.mktemp('single'), weights='imagenet')
  for layer in LAYERS:
    np.savez(path / 'maps' / f'{layer}.npz', units=np.zeros(0, int),
             images=np.zeros(0, int), maps=np.zeros((0, 4, 5), np.float16))
  return site.write(path, single_file=True)


@pytest.fixture(scope='module')
def popout(tmp_path_factory):
  return site.write(made.popout(
      tmp_path_factory.mktemp('popout'), made.scores(('conv5_3',), rows=8)))


def _half(values) -> float:
  """Returns half the width of the 95 % interval of a mean."""
  return stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)


def _column(page, number: int) -> list[float]:
  """Returns the numbers in a column of the grid."""
  cells = page.locator(f'#units-table tbody tr > :nth-child({number})')
  return [float(x.split('±')[0].replace('−', '-'))
          for x in cells.all_text_contents()]


def _sort(page, name: str) -> str:
  """Clicks the head of a column and returns the order it announces."""
  button = page.get_by_role('button', name=name, exact=True)
  button.click()
  return button.locator('..').get_attribute('aria-sort')


def _status(page) -> str:
  return page.locator('#units-status').text_content()


def test_the_grid_sorts(visit, run):
  page = visit(run[1], 'units')
  page.wait_for_selector('#units-table tbody tr')
  assert _column(page, 4) == sorted(_column(page, 4), reverse=True)
  assert _sort(page, 'd′') == 'descending'
  assert _column(page, 5) == sorted(_column(page, 5), reverse=True)
  assert _status(page) == '140 units, sorted by d′, highest first'
  page.keyboard.press('Enter')
  assert _column(page, 5) == sorted(_column(page, 5))
  assert _status(page).endswith('d′, lowest first')
  assert page.locator('th[aria-sort=ascending]').count() == 1
  assert _sort(page, 'unit') == 'ascending'
  assert page.locator('#units-table tbody a').first.text_content() == (
      'conv5_3:0')


def test_the_grid_shows_the_means_and_intervals(visit, run):
  results, path = run
  page = visit(path, 'units')
  page.get_by_label('Unit', exact=True).fill('conv4_1:37')
  shown = page.locator('#units-table tbody tr td:nth-child(7)').text_content()
  text = results.scores['conv4_1'][np.array(LABELS) == 'text', 37]
  assert shown.replace('−', '-') == f'{text.mean():.2f}±{_half(text):.2f}'


def test_the_grid_filters_and_turns_pages(visit, run):
  page = visit(run[1], 'units')
  page.locator('[name=layer]').select_option('conv4_1')
  assert _status(page).startswith('70 units')
  names = page.locator('#units-table tbody a')
  assert all(x.startswith('conv4_1:') for x in names.all_text_contents())
  assert names.count() == 50
  page.get_by_role('button', name='Next page of units').click()
  assert names.count() == 20
  page.get_by_label('Unit', exact=True).fill(':1')
  assert _status(page).startswith('11 units'), '1 and 10 to 19'
  page.get_by_role('button', name='Clear').click()
  page.get_by_label('NSS at least').fill('1.8')
  page.wait_for_function(
      "!document.querySelector('#units-status').textContent"
      ".startsWith('140')")
  assert 0 < int(_status(page).split()[0]) < 140
  assert min(_column(page, 4)) >= 1.8
  page.get_by_label('Answers most').select_option(label=BAD)
  found = page.locator('#units-table tbody td:nth-child(2)')
  assert set(found.all_text_contents()) == {BAD}


def test_a_unit_opens_and_leads_back(visit, run):
  results, path = run
  page = visit(path, 'units')
  link = page.locator('#units-table tbody a').nth(3)
  name = link.text_content()
  link.focus()
  page.keyboard.press('Enter')
  heading = page.locator('#units-one h2')
  heading.wait_for()
  assert heading.text_content() == f'Unit {name}'
  page.wait_for_selector('#units-one .tile')
  assert page.evaluate('document.activeElement.tagName') == 'H2'
  # Every map was kept, of both runs, on all four images.
  assert page.locator('#units-one canvas').count() == 8
  assert 'map of unit' in page.locator(
      '#units-one .overlay').first.get_attribute('aria-label')
  layer, unit = name.split(':')
  scores = results.scores[layer][:, int(unit)]
  row = page.locator('#units-one .strips tbody tr').first
  assert f'{scores.mean():.2f} ±' in row.text_content()
  page.get_by_label('Images by their score on').select_option('text')
  # Every image has one region of text, its first.
  highest = scores[::3]
  page.wait_for_function(
      "document.querySelector('#units-one h3').textContent"
      " === 'Highest on text'")
  order = page.locator('#units-one .tile a').all_text_contents()
  assert order == [IMAGES[i] for i in np.argsort(-highest, kind='stable')]
  page.get_by_role('link', name='All units').click()
  page.wait_for_selector('#units-table tbody tr')
  assert page.evaluate('document.activeElement.textContent') == name


def test_units_have_neighbours(visit, run):
  page = visit(run[1], 'units/conv4_1:0')
  page.get_by_label('Neighbours').get_by_role('link').last.click()
  page.wait_for_function(
      "document.querySelector('#units-one h2').textContent"
      " !== 'Unit conv4_1:0'")
  assert page.url.partition('#')[2] != '/units/conv4_1:0'
  page.goto(page.url.partition('#')[0] + '#/units/conv9_9:9')
  page.get_by_text('This run has no such unit.').wait_for()


def test_two_runs_stand_side_by_side(visit, run):
  results, path = run
  page = visit(path, 'units/conv5_3:55')
  page.wait_for_selector('#units-one .tile')
  other = folder.read(results.path.parent / 'other')
  own, beside = (
      x.scores['conv5_3'][:, 55].astype(float) for x in (results, other))
  row = page.locator('#units-one .strips tbody tr').first
  texts = [x.replace('−', '-') for x in row.locator('td').all_text_contents()]
  assert texts[1].startswith(f'{own.mean():.2f} ')
  assert texts[2].startswith(f'{beside.mean():.2f} ')
  assert texts[3] == (
      f'{(own - beside).mean():.2f} ± {_half(own - beside):.2f}')
  assert page.locator('#units-one .tile').first.locator(
      '.overlay').count() == 2
  page.goto(path.as_uri() + '#/units')
  page.locator('[name=shown]').select_option('2')
  values = page.locator('#units-table tbody tr td:nth-child(6)')
  page.get_by_label('Unit', exact=True).fill('conv5_3:55')
  assert values.first.text_content().replace('−', '-').startswith(
      f'{(own - beside).mean():.2f}')


def test_an_image_opens(visit, run):
  results, path = run
  page = visit(path, 'images')
  page.wait_for_selector('.gallery .tile')
  page.get_by_label('With a region of').select_option('food')
  assert page.locator('.gallery .tile').count() == 4
  page.get_by_label('Name').fill('ä%')
  assert page.locator('#images-status').text_content() == '1 photograph'
  page.locator('.gallery a').click()
  main = page.locator('.photograph .overlay').first
  main.wait_for()
  assert page.locator('#images-one h2').text_content() == 'Photograph a/ä%b'
  assert main.locator('path.outline.casing').count() == 3
  points = main.locator('path.points').last
  assert points.get_attribute('d').count('M') == 7
  page.get_by_role('checkbox', name='7 fixations').uncheck()
  assert points.is_hidden()
  page.get_by_role('checkbox', name='3 regions').uncheck()
  assert main.locator('.tag').first.is_hidden()
  # The third image's rows are 6 to 8; its output and people's map are there.
  best = results.scores['conv4_1'][6].argmax()
  assert page.locator('.answer a', has_text=f'conv4_1:{best}').count()
  assert page.get_by_text('Where the model and people look').is_visible()
  page.locator('.answer a').first.click()
  page.wait_for_selector('#units-one .tile')


def test_maps_are_upsampled_and_coloured_as_stated(visit, run):
  page = visit(run[1])
  cells = np.random.default_rng(0).integers(0, 256, (4, 5))
  found = page.evaluate(
      '''cells => Array.from(viewer.upsample(
          {h: 4, w: 5, cells: Uint8Array.from(cells)}, 33, 47))''',
      cells.ravel().tolist())
  expected = resize.bilinear(33, 4) @ cells @ resize.bilinear(47, 5).T
  np.testing.assert_allclose(
      np.reshape(found, (33, 47)), expected, atol=1e-3)
  shares = np.linspace(0, 1, 101)
  for name, known in (
      ('values', 'viridis'), ('maps', 'plasma'), ('differences', 'RdBu_r')):
    colours = page.evaluate(
        '([name, all]) => all.map(x => viewer.colour(name, x))',
        [name, shares.tolist()])
    np.testing.assert_allclose(
        colours, colormaps[known](shares)[:, :3] * 255, atol=5)
  assert page.evaluate(
      'viewer.ink([253, 231, 37]) + viewer.ink([68, 1, 84])') == '#000#fff'
  # At the mean and below a map is transparent, from 1.5 SD on it is not.
  assert page.evaluate('[-1, 0, 1.5, 6].map(x => viewer.shade(x)[3])') == [
      0, 0, .75, .75]


def test_names_from_files_are_text(visit, run):
  page = visit(run[1], 'units')
  page.wait_for_selector('#units-table tbody tr')
  for place in (
      'units', 'units/conv5_3:1', 'images', 'images/%3Cb%3Ex%3C%2Fb%3E'):
    page.goto(f'{run[1].as_uri()}#/{place}')
    shown = page.locator('.chapter:not([hidden])')
    shown.get_by_text(BAD).locator('visible=true').first.wait_for()
    assert 'x' not in page.locator('b').all_text_contents()
  assert page.locator('#images-one h2').text_content() == f'Photograph {BAD}'


def test_one_file_holds_everything(visit, single):
  page = visit(single, 'units')
  _sort(page, 'd′')
  assert _column(page, 5) == sorted(_column(page, 5), reverse=True)
  page.goto(f'{single.as_uri()}#/units/conv5_3:3')
  page.wait_for_selector('#units-one .tile')
  text = page.locator('#units-one').inner_text()
  assert 'No map of conv5_3:3 was kept' in text
  assert page.locator('#units-one canvas').count() == 0
  page.goto(f'{single.as_uri()}#/images/2004')
  picture = page.locator('.photograph .overlay img').first
  picture.wait_for()
  assert picture.get_attribute('src').startswith('data:image/jpeg')
  page.wait_for_function(
      "document.querySelector('.photograph img').naturalWidth === 60")
  assert [x.name for x in single.parent.iterdir()].count('report') == 0


def test_search_arrays(visit, popout):
  page = visit(popout, 'units/conv5_3:2')
  page.wait_for_selector('#units-one .tile')
  rows = page.locator('#units-one .strips tbody th').all_text_contents()
  assert rows[0] == 'all arrays'
  assert set(rows[1:]) == {'colour', 'shape'}
  page.locator('#units-one .tile a').first.click()
  page.wait_for_selector('.photograph.array')
  assert page.locator('.photograph path.outline.casing').count() == 1
  assert page.locator('.points').count() == 0


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_phones_need_not_scroll_sideways(visit, run, scheme):
  page = visit(run[1], color_scheme=scheme)
  page.set_viewport_size({'width': 390, 'height': 844})
  for place, awaited in (
      ('overview', '#overview h1'), ('layers', '#layers h1'),
      ('units', '#units-table tbody tr'), ('units/conv5_3:1', '.strips'),
      ('images', '.gallery .tile'), ('images/2001', '.answer')):
    page.goto(f'{run[1].as_uri()}#/{place}')
    page.wait_for_selector(awaited)
    assert page.evaluate(
        'document.documentElement.scrollWidth - innerWidth') <= 0, place
  ground, ink = page.evaluate(
      '''[getComputedStyle(document.body).backgroundColor,
          getComputedStyle(document.querySelector('#images-one h2')).color]
          .map(x => x.match(/\\d+/g).slice(0, 3).reduce((a, b) => +a + +b))''')
  assert (ground < 150 < 600 < ink) == (scheme == 'dark')


def test_the_keyboard_is_enough(visit, run):
  page = visit(run[1], 'units')
  page.wait_for_selector('#units-table tbody tr')
  page.get_by_role('button', name='Clear').focus()
  page.keyboard.press('Tab')  # the region that scrolls
  page.keyboard.press('Tab')
  assert page.evaluate('document.activeElement.dataset.key') == 'unit'
  assert page.evaluate(
      'getComputedStyle(document.activeElement).outlineStyle') == 'solid'
  page.keyboard.press('Enter')
  assert _status(page).endswith('sorted by unit, lowest first')
  for element in page.locator('canvas').all():
    assert element.locator('xpath=ancestor::*[@role="img"]').count() == 1
