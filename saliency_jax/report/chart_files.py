"""Charts as SVG for the page, and as SVG and PDF for a paper.

Both are of the same specifications; a paper's have colours on white, the width
of a column or of two (252 and 510 pt), and fonts of 7 pt at least.
"""

import json
import re
from collections.abc import Sequence

import vl_convert

from saliency_jax.report.charts import Spec, css

# On white, for what the page's style sheet calls --<name>.
_ON_WHITE = {
  'ink': '#1f2328',
  'line': '#d6dae0',
  'run': '#0072b2',
  'other': '#e69f00',
  'paper': '#9aa1ab',
  'third': '#009e73',
  'fourth': '#d55e00',
}


COLUMN, COLUMNS = 252, 510  # widths of figures in a paper, pt


_LEAST = 7.0  # of a font in a paper, pt


_FONT = 11  # of the page's figures, px


_WIDEST = 740  # of the panels of a file side by side, px


def picture(url: str, size: tuple[int, int], title: str) -> Spec:
  """Returns an image as a panel of 150 px, for files alone.

  Args:
    url: of the image, 'data:'.
    size: its height and width.
    title: lines above it.
  """
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
  return re.sub(
    '<svg .*?(width="[^"]*" height="[^"]*" viewBox="[^"]*")>',
    lambda found: f'<svg class="chart" role="img" aria-label="{label}" {found[1]}>',
    re.sub(  # its marks have roles without a name
      ' (role|aria-[a-z]+)="[^"]*"', '', _drawn(spec, _FONT, legend=False)
    ),
    count=1,
  )


def for_paper(specs: Sequence[Spec]) -> tuple[str, bytes]:
  """Returns an SVG and a PDF file of some panels, with their legend."""
  widest = max(spec.get('width', 300) + 70 for spec in specs)
  whole = (
    {
      'concat': [*specs],
      'columns': max(1, min(len(specs), _WIDEST // widest)),
      'resolve': {'scale': {'color': 'shared'}},
    }
    if len(specs) > 1
    else specs[0]
  )
  font = 10.0
  for _ in range(3):  # larger letters make it wider
    text = _drawn(whole, font, legend=True)
    width, height = map(float, re.search('viewBox="0 0 ([0-9.]+) ([0-9.]+)"', text).groups())
    points = COLUMN if width <= COLUMN * font / _LEAST else COLUMNS
    if font * points / width >= _LEAST:
      break
    font = _LEAST * width / points * 1.05
  for name, colour in _ON_WHITE.items():
    text = text.replace(css(name), colour)
  text = re.sub(
    'width="[^"]*" height="[^"]*"', f'width="{points}" height="{points * height / width:.1f}"', text, count=1
  )
  return text, vl_convert.svg_to_pdf(text)


def _drawn(spec: Spec, font: float, *, legend: bool) -> str:
  ink = css('ink')
  letters = {f'{of}{key}': x for of in ('label', 'title') for key, x in (('Color', ink), ('FontSize', font))} | {
    'titleFontWeight': 'normal'
  }
  return vl_convert.vegalite_to_svg(
    json.loads(
      json.dumps(
        {
          **spec,
          'config': {
            'aria': False,
            'background': 'white' if legend else 'transparent',
            'font': 'Liberation Sans, Arial, Helvetica, sans-serif',
            'view': {'stroke': None},
            'axis': letters
            | {
              'gridColor': css('line'),
              'domain': False,
              'ticks': False,
              'labelPadding': 4,
              'labelLimit': 150,
              'tickCount': 5,
            },
            'axisX': {'labelAngle': 0},
            'header': {'labelColor': ink},
            'title': {
              'color': ink,
              'anchor': 'start',
              'fontSize': font,
              'fontWeight': 'normal',
              'offset': 6,
              'frame': 'group',
            },
            'legend': letters | {'orient': 'bottom', 'disable': not legend},
            'text': {'color': ink, 'fontSize': font},
            'rule': {'color': ink},
            'point': {'filled': True, 'size': 40},
          },
        }
      )
    )
  )
