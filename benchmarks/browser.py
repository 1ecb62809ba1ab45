"""The page of a full-size run: how long it takes to make and to use."""

import importlib.util
import pathlib
import shutil
import statistics
import tempfile
import time

from benchmarks import made_results
from benchmarks.timing import Row, Unmeasured

PROGRAMS = {
  'chromium': ('chromium', 'google-chrome', 'chromium-browser', 'chrome'),
  'firefox': ('firefox', 'firefox-esr'),
}

# Notes when what a selector names is there and painted, in milliseconds since
# the page was asked for.
_WATCH = """
window.painted = (selector, count) => new Promise(resolve => {
  const look = () => document.querySelectorAll(selector).length >= count ?
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
      : requestAnimationFrame(look);
  look();
});
"""
_ROWS, _HEADS = '#units-table tbody tr', '#units-table th button'


def compare(images: int = 500) -> list[Row | Unmeasured]:
  """Returns the page's cost beside its limits."""
  # Imported here: the other sections do without the charts.
  from saliency_jax.report import site

  with tempfile.TemporaryDirectory() as folder:
    workdir = pathlib.Path(folder)
    made_results.make(workdir, images)
    start = time.perf_counter()
    page = site.write(workdir)
    seconds = time.perf_counter() - start
    size = sum(x.stat().st_size for x in page.parent.rglob('*') if x.is_file())
    return [
      _row(f'page of {images} photographs, made', seconds, 's', 15),
      _row('its folder', size / 1e6, 'MB', 60),
      *(row for name in PROGRAMS for row in _used(page, name)),
    ]


def launch(playwright, name: str):
  """Returns an installed browser, opened; None where there is none."""
  program = next(filter(None, map(shutil.which, PROGRAMS[name])), None)
  # By the standard protocol, as Firefox is: Playwright's own is a download.
  options = {'channel': 'moz-firefox'} if name == 'firefox' else {}
  return program and getattr(playwright, name).launch(executable_path=program, **options)


def _used(page: pathlib.Path, name: str) -> list[Row | Unmeasured]:
  if importlib.util.find_spec('playwright') is None:
    return [Unmeasured(f'the page in {name}', 'pip install playwright')]
  from playwright import sync_api

  with sync_api.sync_playwright() as playwright:
    browser = launch(playwright, name)
    if browser is None:
      return [Unmeasured(f'the page in {name}', f'install {name}')]
    tab = browser.new_page(viewport={'width': 1360, 'height': 1000})
    tab.set_default_timeout(120_000)  # a slow machine is to be told how slow
    tab.add_init_script(_WATCH)
    tab.goto(f'{page.as_uri()}#/units')
    opened = tab.evaluate(f"painted('{_ROWS}', 50)")
    units = tab.evaluate("document.getElementById('units-status').textContent").split()[0]
    sorts = [_sorted(tab, x) for x in tab.query_selector_all(_HEADS)]
    first = tab.evaluate(_following('#units-one .tile', 8), '#/units/conv5_3:9')
    photograph = tab.evaluate(_following('#images-one .tile', 6), '#/images/1009')
    browser.close()
  return [
    _row(f'grid of {units} units, opened, {name}', opened, 'ms', 500),
    _row(f'grid, sorted (slowest column), {name}', max(sorts), 'ms', 100),
    _row(f'page of a unit, opened, {name}', first, 'ms', 2000),
    _row(f'page of a photograph, opened, {name}', photograph, 'ms', 2000),
  ]


def _sorted(tab, head) -> float:
  """Returns the milliseconds, median of five, that sorting a column takes."""
  return statistics.median(
    tab.evaluate(
      f"""async head => {{
        const start = performance.now();
        head.click();
        return await painted('{_ROWS}', 50) - start;
      }}""",
      head,
    )
    for _ in range(5)
  )


def _following(selector: str, count: int) -> str:
  """Returns a script that follows a link and waits until it is shown."""
  return f"""async hash => {{
    const start = performance.now();
    location.hash = hash;
    return await painted('{selector}', {count}) - start;
  }}"""


def _row(name: str, measured: float, unit: str, limit: float) -> Row:
  return Row(name, measured, unit, limit, 'limit', measured / limit, '< 1')
