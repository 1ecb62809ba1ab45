"""The pages in a real browser: from disk, offline, without a complaint."""

import numpy as np
import pytest
from scipy import stats

from saliency_jax.ops import overlays, resize
from saliency_jax.report import packing
from saliency_jax.report.units import run as reader
from tests.report.conftest import BAD, IMAGES, LABELS, PLACES


def _half(values) -> float:
  """Returns half the width of the 95 % interval of a mean."""
  return stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)


def _column(page, number: int) -> list[float]:
  """Returns the numbers in a column of the grid."""
  cells = page.locator(f'#units-table tbody tr > :nth-child({number})')
  return [float(x.split('±')[0].replace('−', '-')) for x in cells.all_text_contents()]


def _status(page) -> str:
  return page.locator('#units-status').text_content()


def test_the_grid_sorts_filters_and_turns_pages(visit, pages):
  results = reader.read(pages['run'].parent.parent)
  page = visit(pages['run'], 'units')
  page.wait_for_selector('#units-table tbody tr')
  assert _column(page, 4) == sorted(_column(page, 4), reverse=True)
  button = page.get_by_role('button', name='d′', exact=True)
  button.click()
  assert _column(page, 5) == sorted(_column(page, 5), reverse=True)
  assert _status(page) == '140 units, sorted by d′, highest first'
  page.keyboard.press('Enter')
  assert _column(page, 5) == sorted(_column(page, 5))
  assert page.locator('#units-table th[aria-sort=ascending]').count() == 1
  page.get_by_label('Unit', exact=True).fill('conv4_1:37')
  shown = page.locator('#units-table tbody tr td:nth-child(7)').text_content()
  text = results.scores['conv4_1'][np.array(LABELS) == 'text', 37]
  assert shown.replace('−', '-') == f'{text.mean():.2f}±{_half(text):.2f}'
  page.get_by_role('button', name='Clear').click()
  page.locator('[name=layer]').select_option('conv4_1')
  page.wait_for_function("document.querySelector('#units-status').textContent.startsWith('70 units')")
  names = page.locator('#units-table tbody a')
  assert all(x.startswith('conv4_1:') for x in names.all_text_contents())
  assert names.count() == 50
  page.get_by_role('button', name='Next').click()
  assert names.count() == 20
  page.get_by_label('NSS at least').fill('1.8')
  assert 0 < int(_status(page).split()[0]) < 70
  assert min(_column(page, 4)) >= 1.8
  page.get_by_label('Strongest').select_option(label=BAD)
  found = page.locator('#units-table tbody td:nth-child(2)')
  assert set(found.all_text_contents()) == {BAD}


def test_a_unit_opens_on_its_strongest_category_and_leads_back(visit, pages):
  results = reader.read(pages['run'].parent.parent)
  page = visit(pages['run'], 'units')
  link = page.locator('#units-table tbody a').nth(3)
  name = link.text_content()
  strongest = page.locator('#units-table tbody tr').nth(3).locator('.list').text_content()
  link.focus()
  page.keyboard.press('Enter')
  page.wait_for_selector('#units-one .tile')
  assert page.evaluate('document.activeElement.textContent') == f'Unit {name}'
  # Every map was kept, of both runs, on all four images.
  assert page.locator('#units-one canvas').count() == 8
  select = page.get_by_label('Images by their score on')
  assert select.evaluate('x => x.selectedOptions[0].textContent') == strongest
  layer, unit = name.split(':')
  scores = results.scores[layer][:, int(unit)]
  row = page.locator('#units-one .strips tbody tr').first
  assert f'{scores.mean():.2f} ±' in row.text_content()
  select.select_option('text')
  page.wait_for_function("document.querySelector('#units-one h3').textContent === 'Highest on text'")
  # Every image has one region of text, its first.
  order = page.locator('#units-one .tile a').all_text_contents()
  assert order == [IMAGES[i] for i in np.argsort(-scores[::3], kind='stable')]
  page.get_by_role('checkbox', name='maps').uncheck()
  assert page.locator('#units-one canvas').first.is_hidden()
  page.get_by_role('link', name='All units').click()
  page.wait_for_selector('#units-table tbody tr')
  assert page.evaluate('document.activeElement.textContent') == name
  page.goto(page.url.partition('#')[0] + '#/units/conv9_9:9')
  page.get_by_text('This report shows no such unit.').wait_for()


def test_two_runs_stand_side_by_side(visit, pages):
  page = visit(pages['run'], 'units/conv5_3:55')
  page.wait_for_selector('#units-one .tile')
  folder = pages['run'].parent.parent
  own, beside = (reader.read(x).scores['conv5_3'][:, 55].astype(float) for x in (folder, folder.parent / 'other'))
  row = page.locator('#units-one .strips tbody tr').first
  texts = [x.replace('−', '-') for x in row.locator('td').all_text_contents()]
  assert texts[1].startswith(f'{own.mean():.2f} ')
  assert texts[2].startswith(f'{beside.mean():.2f} ')
  assert texts[3] == (f'{(own - beside).mean():.2f} ± {_half(own - beside):.2f}')
  page.goto(pages['run'].as_uri() + '#/units')
  page.locator('[name=shown]').select_option('2')
  page.get_by_label('Unit', exact=True).fill('conv5_3:55')
  values = page.locator('#units-table tbody tr td:nth-child(6)')
  assert values.first.text_content().replace('−', '-').startswith(f'{(own - beside).mean():.2f}')
  assert page.locator('#units-bar-1').is_visible()


def test_an_image_opens(visit, pages):
  page = visit(pages['run'], 'images')
  page.get_by_label('With a region of').select_option('food')
  assert page.locator('.gallery .tile:visible').count() == 4
  page.get_by_label('Name').fill('ä%')
  assert page.locator('#images-status').text_content() == '1 image'
  page.locator('.gallery a:visible').click()
  main = page.locator('.photograph .overlay').first
  main.wait_for()
  assert page.locator('#images-one h2').text_content() == 'Photograph a/ä%b'
  assert main.locator('path.outline.casing').count() == 3
  # As wide as there is room, and where that would be too tall, less: 60rem.
  size = '(x, ratio) => (x.style.setProperty("--ratio", ratio), [x.clientWidth, x.clientHeight])'
  wide, tall = (main.evaluate(size, x) for x in ('2 / 1', '1 / 20'))
  assert wide[0] == pytest.approx(2 * wide[1], abs=1)
  assert tall == [48, 960]
  points = main.locator('path.points').last
  assert points.get_attribute('d').count('M') == 7
  page.get_by_role('checkbox', name='fixations').uncheck()
  assert points.is_hidden()
  # The third image's rows are 6 to 8; its output and people's map are there.
  results = reader.read(pages['run'].parent.parent)
  best = results.scores['conv4_1'][6].argmax()
  assert page.locator('.layers a', has_text=f'conv4_1:{best}').count()
  assert page.get_by_text('Where the model and people look').is_visible()
  page.locator('.layers a').first.click()
  page.wait_for_selector('#units-one .tile')


def test_maps_are_upsampled_and_coloured_as_in_files(visit, pages):
  page = visit(pages['run'])
  cells = np.random.default_rng(0).integers(0, 256, (4, 5))
  for placement in (resize.TILING, resize.Placement(-0.48, 5.5)):
    found = page.evaluate(
      """([cells, placement]) => Array.from(viewer.upsample(
            {h: 4, w: 5, cells: Uint8Array.from(cells), ...placement}, 33, 47))""",
      [cells.ravel().tolist(), packing.placed(placement)],
    )
    expected = resize.bilinear(33, 4, placement) @ cells @ resize.bilinear(47, 5, placement).T
    np.testing.assert_allclose(np.reshape(found, (33, 47)), expected, atol=1e-3)
  shares = np.linspace(0, 1, 101)
  for name in ('values', 'differences'):
    found = page.evaluate('([name, all]) => all.map(x => viewer.colour(name, x))', [name, shares.tolist()])
    # Each is one of 256.
    of = overlays.colours(name, np.floor(255 * shares + 0.5) / 255)
    assert found == [[overlays.hexed(x), overlays.legible(x)] for x in of]
  levels = np.arange(0, 256, 15)
  found = page.evaluate(
    """levels => levels.map(q => [...viewer.overlay(
          {url: 'data:,', width: 5, height: 4},
          {label: '', map: {h: 1, w: 1, cells: Uint8Array.of(q)}}).querySelector(
          'canvas').getContext('2d').getImageData(9, 9, 1, 1).data])""",
    levels.tolist(),
  )
  found, expected = np.array(found) / 255, overlays.shades(packing.LOWEST + packing.STEP * levels)
  np.testing.assert_allclose(found[:, 3], expected[:, 3], atol=0.003)
  # A canvas keeps colours times opacities.
  np.testing.assert_allclose(found[:, :3] * found[:, 3:], expected[:, :3] * expected[:, 3:], atol=0.01)


def test_names_from_files_are_text(visit, pages):
  for place in ('units', 'units/conv5_3:1', 'images', 'images/%3Cb%3Ex%3C%2Fb%3E'):
    page = visit(pages['run'], place)
    shown = page.locator('.chapter:not([hidden])')
    shown.get_by_text(BAD).locator('visible=true').first.wait_for()
    assert 'x' not in page.locator('b').all_text_contents()
  assert page.locator('#images-one h2').text_content() == f'Photograph {BAD}'


def test_one_file_holds_everything(visit, pages):
  page = visit(pages['single'], 'units/conv5_3:3')
  page.wait_for_selector('#units-one .tile')
  text = page.locator('#units-one').inner_text()
  assert 'No map of conv5_3:3 was kept' in text
  assert page.locator('#units-one canvas').count() == 0
  page.goto(f'{pages["single"].as_uri()}#/images/1004')
  picture = page.locator('.photograph .overlay img').first
  picture.wait_for()
  assert picture.get_attribute('src').startswith('data:image/jpeg')
  page.wait_for_function("document.querySelector('.photograph img').naturalWidth === 60")


def test_search_arrays_keep_their_colours(visit, pages):
  page = visit(pages['popout'])
  page.wait_for_selector('.example canvas')
  image = page.locator('.example img')
  style = 'x => getComputedStyle(x).filter'
  assert image.evaluate(style) == 'none'
  page.get_by_role('checkbox', name='colour images').uncheck()
  assert 'grayscale' in image.evaluate(style)
  page.goto(f'{pages["popout"].as_uri()}#/units/conv5_3:2')
  page.wait_for_selector('#units-one .tile')
  page.locator('#units-one .tile a').first.click()
  page.wait_for_selector('.photograph.array path.outline.casing')


def test_a_note_follows_the_arrow_keys(visit, pages):
  page = visit(pages['run'])
  cell = page.locator('td[data-hint]').first
  cell.focus()
  note = page.locator('.note')
  first = note.text_content()
  assert first.startswith('conv5_3, text: 95 % interval')
  page.keyboard.press('ArrowDown')
  assert note.text_content().startswith('conv4_1, text: 95 % interval')
  page.keyboard.press('ArrowUp')
  assert note.text_content() == first
  page.keyboard.press('Escape')
  assert note.is_hidden()


def test_tables_of_scores_sort_by_their_better_end(visit, pages):
  page = visit(pages['scores'])
  table = page.locator('table.scores').first

  def models():
    return table.locator('tbody th').all_text_contents()

  page.evaluate(  # a line without a value
    "document.querySelectorAll('.scores td[data-order]')[3].dataset.order = ''"
  )
  assert models() == ['net', 'gbvs', 'centre']
  kl = table.locator('thead th', has_text='KL')
  kl.get_by_role('button').click()
  assert models() == ['net', 'centre', 'gbvs'], 'low KL is good'
  assert kl.get_attribute('aria-sort') == 'ascending'
  kl.get_by_role('button').click()
  assert models() == ['centre', 'net', 'gbvs'], 'without a value: last'
  table.locator('thead th', has_text='model').get_by_role('button').click()
  assert models() == ['centre', 'gbvs', 'net']
  # People are no model, and stay below.
  assert table.locator('tfoot th').all_text_contents() == ['other people']


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_phones_need_not_scroll_sideways(visit, pages, scheme):
  for name, places in PLACES.items():
    page = visit(pages[name], color_scheme=scheme)
    page.set_viewport_size({'width': 390, 'height': 844})
    for place in places:
      page.goto(f'{pages[name].as_uri()}#/{place}')
      page.locator('h1:visible, h2:visible').first.wait_for()
      page.wait_for_timeout(50)
      assert page.evaluate('document.documentElement.scrollWidth - innerWidth') <= 0, place
  # A chart's lines and letters are the style sheet's.
  chart, ink, ground = page.evaluate(
    """[document.querySelector('svg.chart text').getAttribute('fill') &&
          getComputedStyle(document.querySelector('svg.chart text')).fill,
          getComputedStyle(document.body).color,
          getComputedStyle(document.body).backgroundColor]"""
  )
  assert chart == ink
  light = sum(map(int, ground[4:-1].split(',')))
  assert (light < 150) == (scheme == 'dark')
