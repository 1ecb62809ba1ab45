"""The tables of scores in a real browser."""

import shutil

import pytest

from benchmarks.browser import CHROMIUM
from saliency_jax.report import site
from tests.report import made_scores

sync_api = pytest.importorskip('playwright.sync_api')


@pytest.fixture(scope='module')
def page(tmp_path_factory):
  program = next(filter(None, map(shutil.which, CHROMIUM)), None)
  if program is None:
    pytest.skip(f"no browser: none of {', '.join(CHROMIUM)} is installed")
  run = made_scores.folder(
      tmp_path_factory.mktemp('scores') / 'run', examples=0)
  # Without regions there are fewer figures to wait for.
  for name in ('figure7.csv', 'output.csv', 'statistics.json'):
    (run / name).unlink()
  written = site.write(run)
  complaints = []
  with sync_api.sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=program)
    opened = browser.new_page(viewport={'width': 390, 'height': 844})
    opened.set_default_timeout(20_000)
    opened.on('console', lambda message: complaints.append(message.text))
    opened.on('pageerror', lambda error: complaints.append(str(error)))
    opened.goto(f'{written.as_uri()}#/scores')
    yield opened
    browser.close()
  assert not complaints


def test_a_click_on_a_metric_sorts_by_its_better_end(page):
  table = page.locator('table.sortable').first

  def models():
    return table.locator('tbody th').all_text_contents()

  assert models() == ['net', 'gbvs', 'centre']
  kl = table.locator('thead th', has_text='KL')
  kl.get_by_role('button').click()
  # Low KL is good: 3 less the NSS.
  assert models() == ['net', 'gbvs', 'centre']
  assert kl.get_attribute('aria-sort') == 'ascending'
  kl.get_by_role('button').click()
  assert models() == ['centre', 'gbvs', 'net']
  assert kl.get_attribute('aria-sort') == 'descending'
  model = table.locator('thead th', has_text='model')
  model.get_by_role('button').click()
  assert models() == ['centre', 'gbvs', 'net']
  assert kl.get_attribute('aria-sort') is None
  # People are no model, and stay below.
  assert table.locator('tfoot th').all_text_contents() == ['other people']


def test_a_line_without_a_value_stays_last(page):
  table = page.locator('table.sortable').nth(1)
  head = table.locator('thead th', has_text='GSI')
  page.evaluate(
      '(cell) => { cell.dataset.order = ""; }',
      table.locator('tbody tr', has_text='gbvs').locator('td').first
      .element_handle())
  for _ in range(2):
    head.get_by_role('button').click()
    assert table.locator('tbody th').all_text_contents()[-1] == 'gbvs'


def test_nothing_is_wider_than_a_phone(page):
  assert page.evaluate(
      'document.documentElement.scrollWidth <= window.innerWidth')
