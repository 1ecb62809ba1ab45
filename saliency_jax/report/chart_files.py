"""Charts as SVG for the page, and as SVG and PDF for a paper.

Both are drawn from the same specifications. A paper's have colours on white,
the width of one or two columns (252 or 510 pt), and fonts of at least 7 pt.
"""

import json
import pathlib
import re
from collections.abc import Sequence

import vl_convert

from saliency_jax.report.charts import Spec, css

_STYLE = pathlib.Path(__file__).parent / 'web' / 'style.css'
COLUMN, COLUMNS = 252, 510  # widths of figures in a paper, pt
_LEAST = 7.0  # smallest font in a paper, pt
_FONT = 11  # of the page's figures, px
_WIDEST = 740  # of panels side by side in a file, px


def picture(url: str, size: tuple[int, int], title: str) -> Spec:
  """Returns an image (H, W) as a panel of 150 px, for files only."""
  width, height = 150, 150 * size[0] / size[1]
  return {
    'data': {'values': [{}]},
    'width': width,
    'height': height,
    'title': title.split('\n'),
    'mark': {'type': 'image', 'url': url, 'width': width, 'height': height, 'aspect': False},
    'encoding': {'x': {'value': width / 2}, 'y': {'value': height / 2}},
  }


def for_page(spec: Spec, alt: str) -> str:
  """Returns an SVG element for the page, without its legend."""
  label = alt.replace('&', '&amp;').replace('"', '&quot;').replace('<', '&lt;')
  # Vega's marks have roles without a name.
  drawn = re.sub(' (role|aria-[a-z]+)="[^"]*"', '', _drawn(spec, _FONT, legend=False))
  return re.sub(
    '<svg .*?(width="[^"]*" height="[^"]*" viewBox="[^"]*")>',
    lambda found: f'<svg class="chart" role="img" aria-label="{label}" {found[1]}>',
    drawn,
    count=1,
  )


def for_paper(specs: Sequence[Spec]) -> tuple[str, bytes]:
  """Returns an SVG and a PDF file of some panels, with their legend."""
  whole = specs[0]
  if len(specs) > 1:
    widest = max(spec.get('width', 300) + 70 for spec in specs)
    columns = max(1, min(len(specs), _WIDEST // widest))
    whole = {'concat': [*specs], 'columns': columns, 'resolve': {'scale': {'color': 'shared'}}}
  font = 10.0
  for _ in range(3):  # larger letters make it wider
    text = _drawn(whole, font, legend=True)
    width, height = map(float, re.search('viewBox="0 0 ([0-9.]+) ([0-9.]+)"', text).groups())
    points = COLUMN if width <= COLUMN * font / _LEAST else COLUMNS
    if font * points / width >= _LEAST:
      break
    font = _LEAST * width / points * 1.05
  # The colours on white come first in the style sheet.
  for name, colour in re.findall(r'--(\w+): (#\w+);', _STYLE.read_text('utf-8').partition('}')[0]):
    text = text.replace(css(name), colour)
  size = f'width="{points}" height="{points * height / width:.1f}"'
  text = re.sub('width="[^"]*" height="[^"]*"', size, text, count=1)
  return text, vl_convert.svg_to_pdf(text)


def _drawn(spec: Spec, font: float, *, legend: bool) -> str:
  ink, size, plain = {'color': css('ink')}, {'fontSize': font}, 'normal'
  letters = {f'{of}{key}': x for of in ('label', 'title') for key, x in (('Color', css('ink')), ('FontSize', font))}
  letters['titleFontWeight'] = plain
  lines = {'gridColor': css('line'), 'domain': False, 'ticks': False, 'tickCount': 5}
  config = {
    'aria': False,
    'background': 'white' if legend else 'transparent',
    'font': 'Liberation Sans, Arial, Helvetica, sans-serif',
    'view': {'stroke': None},
    'axis': letters | lines | {'labelPadding': 4, 'labelLimit': 150},
    'axisX': {'labelAngle': 0},
    'title': ink | size | {'anchor': 'start', 'fontWeight': plain, 'offset': 6, 'frame': 'group'},
    'legend': letters | {'orient': 'bottom', 'disable': not legend},
    'text': ink | size,
    'rule': ink,
    'point': {'filled': True, 'size': 40},
  }
  return vl_convert.vegalite_to_svg(json.loads(json.dumps({**spec, 'config': config})))
