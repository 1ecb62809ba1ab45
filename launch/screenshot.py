"""Takes a picture of a page, as the README's gallery shows them.

  python launch/screenshot.py --page=W/report/index.html --at=units \\
    --output=docs/units.jpg

Needs Chromium and Playwright (tests/requirements.txt).
"""

import pathlib
import shutil

import entry  # first: it puts the package on the path
from absl import flags

from benchmarks import browser
from saliency_jax.errors import InputError

_PAGE = entry.path('page', '', 'The page, W/report/index.html.')
_AT = flags.DEFINE_string(
    'at', 'overview', "What of it, as behind '#/' in the address bar: units, "
    'units/conv5_3:288, images/1001.')
_OUTPUT = entry.path('output', '', 'The picture, .jpg or .png.')
_WIDTH = flags.DEFINE_integer('width', 1280, 'Of the window, px.', 1)
_HEIGHT = flags.DEFINE_integer('height', 1000, 'Of the window, px.', 1)
_DARK = flags.DEFINE_bool('dark', False, 'As at night.')

# For what the page draws itself, ms.
_DRAWING = 3000


def main() -> None:
  page = pathlib.Path(_PAGE.value)
  program = next(filter(None, map(shutil.which, browser.CHROMIUM)), None)
  if not page.is_file():
    raise InputError(
        f'There is no page {_PAGE.value!r}; launch/report.py makes it.')
  if not _OUTPUT.value:
    raise InputError('--output is missing; name the picture.')
  if program is None:
    raise InputError('Chromium is not installed; install it.')
  from playwright import sync_api
  with sync_api.sync_playwright() as playwright:
    window = playwright.chromium.launch(executable_path=program)
    tab = window.new_page(
        viewport={'width': _WIDTH.value, 'height': _HEIGHT.value},
        color_scheme='dark' if _DARK.value else 'light')
    tab.set_default_timeout(120_000)
    tab.goto(f'{page.resolve().as_uri()}#/{_AT.value}')
    tab.wait_for_timeout(_DRAWING)
    quality = {'quality': 82} if _OUTPUT.value.endswith('.jpg') else {}
    tab.screenshot(path=_OUTPUT.value, **quality)
    window.close()


if __name__ == '__main__':
  entry.run(main)
