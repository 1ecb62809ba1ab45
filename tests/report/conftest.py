"""Pages that are made once, and a browser that opens them."""

import numpy as np
import pytest

from benchmarks import browser as browsers
from saliency_jax.report import chart_files, charts, site
from tests.report import made, made_scores, made_sweep

BAD = '<b>x</b>'
LAYERS = ('conv5_3', 'conv4_1')
LABELS = ['text', BAD, 'food', 'text', BAD, 'food'] * 2
IMAGES = ('1001', BAD, 'a/ä%b', '1004')
# Of `pages`, what can be opened.
PLACES = {
  'run': ('overview', 'layers', 'units', 'units/conv5_3:1', 'images', 'images/1001'),
  'popout': ('overview', 'popout'),
  'scores': ('scores',),
  'sweep': ('depths', 'before_after', 'training'),
}


def _undrawn():
  """Figures have tests of their own, and take most of a page's time."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(chart_files, 'for_page', lambda spec, alt: '<svg></svg>')
    patch.setattr(chart_files, 'for_paper', lambda specs: ('<svg/>', b'%PDF'))
    yield


# For all tests of a module, and for a single one.
undrawn = pytest.fixture(_undrawn, scope='module', name='undrawn')
undrawn_here = pytest.fixture(_undrawn, name='undrawn_here')


@pytest.fixture(scope='session')
def launch():
  """Opens a browser by name, once, or skips where it is not installed."""
  sync_api = pytest.importorskip('playwright.sync_api')
  with sync_api.sync_playwright() as playwright:
    opened = {}

    def one(name):
      if name not in opened:
        opened[name] = browsers.launch(playwright, name)
      return opened[name] or pytest.skip(f'no browser: none of {", ".join(browsers.PROGRAMS[name])} is installed')

    yield one
    for browser in filter(None, opened.values()):
      browser.close()


@pytest.fixture(scope='session')
def chromium(launch):
  return launch('chromium')


@pytest.fixture(params=['chromium', 'firefox'])
def visit(launch, request):
  """Opens pages; whatever they load or complain about is checked at the end."""
  browser = launch(request.param)
  requests, complaints, contexts = [], [], []

  def open_page(path, place='', **options):
    if request.param == 'firefox' and options.get('color_scheme') == 'dark':
      pytest.skip('asked for the dark in this way, Firefox stays light')
    context = browser.new_context(viewport={'width': 1300, 'height': 900}, **options)
    contexts.append(context)
    context.on('request', lambda asked: requests.append(asked.url))
    context.on('console', lambda message: complaints.append(message.text))
    context.on('weberror', lambda error: complaints.append(str(error.error)))
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f'{path.as_uri()}#/{place}')
    return page

  yield open_page
  failed = [page.locator('[role=alert]').all_text_contents() for context in contexts for page in context.pages]
  for context in contexts:
    context.close()
  assert not sum(failed, [])
  assert requests or request.param == 'firefox', 'which tells of no file that it opens'
  assert {x.partition(':')[0] for x in requests} <= {'file', 'data'}
  assert not complaints


def _dissect(path, **options):
  return made.dissect(
    path,
    made.scores(LAYERS, rows=len(LABELS), units=70, seed=options.pop('seed', 0)),
    labels=LABELS,
    image_ids=IMAGES,
    **options,
  )


@pytest.fixture(scope='session')
def pages(tmp_path_factory):
  """Pages by name; two runs beside each other, and a single file of one that
  keeps no map."""
  path = tmp_path_factory.mktemp('site')
  with pytest.MonkeyPatch.context() as patch:  # a test draws one chart
    drawn = chart_files.for_page(
      charts.lines([{'x': '0', 'y': 1.0, 'who': 'a'}], {'a': charts.css('run')}, x='', label=''), 'chart'
    )
    patch.setattr(chart_files, 'for_page', lambda spec, alt: drawn)
    patch.setattr(chart_files, 'for_paper', lambda specs: ('<svg/>', b'%PDF'))
    other = _dissect(path / 'other', seed=1)
    own = _dissect(path / 'own', weights=f'tuned {BAD}', depth=3)
    single = _dissect(path / 'single')
    for layer in LAYERS:
      np.savez(
        single / 'maps' / f'{layer}.npz',
        units=np.zeros(0, int),
        images=np.zeros(0, int),
        maps=np.zeros((0, 4, 5), np.float16),
      )
    return {
      'run': site.write(own, compare=other),
      'single': site.write(single, single_file=True),
      'popout': site.write(made.popout(path / 'popout', made.scores(('conv5_3',), rows=8))),
      'sweep': site.write(made_sweep.sweep(path / 'sweep')),
      'scores': site.write(made_scores.folder(path / 'scores')),
    }
