"""What axe-core says of the pages: nothing that is serious."""

import pytest

from tests.report.conftest import PLACES

axe = pytest.importorskip('axe_playwright_python.sync_playwright')


@pytest.mark.parametrize(('name', 'scheme'), [*((name, 'light') for name in PLACES), ('run', 'dark')])
def test_nothing_serious_is_found(chromium, pages, name, scheme):
  context = chromium.new_context(bypass_csp=True, color_scheme=scheme, viewport={'width': 1280, 'height': 900})
  page = context.new_page()
  for place in PLACES[name]:
    page.goto(f'{pages[name].as_uri()}#/{place}')
    page.locator('h1:visible, h2:visible').first.wait_for()
    page.wait_for_timeout(100)
    found = axe.Axe().run(page).response['violations']
    assert not [(x['id'], x['nodes'][0]['html'][:200]) for x in found if x['impact'] in ('serious', 'critical')], place
  context.close()
