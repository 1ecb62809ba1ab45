"""Draws Vega-Lite specifications: for the page, and as files for papers."""

import json
import re
from collections.abc import Sequence

import vl_convert

Spec = dict

# On white, for what the page's style sheet calls --<name>.
_ON_WHITE = {
    'ink': '#1f2328', 'line': '#d6dae0', 'run': '#0072b2', 'other': '#e69f00',
    'paper': '#9aa1ab', 'third': '#009e73', 'fourth': '#d55e00'}
COLUMN, COLUMNS = 252, 510  # widths of figures in a paper, pt
_LEAST = 7.  # of a font in a paper, pt
_FONT = 11  # of the page's figures, px
_WIDEST = 740  # of the panels of a file side by side, px


def css(role: str) -> str:
  """Returns the colour of a role, a variable of the style sheet."""
  return f'var(--{role})'


def for_page(spec: Spec, alt: str) -> str:
  """Returns an SVG element for the page, without its legend."""
  label = (alt.replace('&', '&amp;').replace('"', '&quot;')
           .replace('<', '&lt;'))
  return re.sub(
      '<svg .*?(width="[^"]*" height="[^"]*" viewBox="[^"]*")>',
      lambda found: f'<svg class="chart" role="img" aria-label="{label}" '
      f'{found[1]}>', re.sub(  # its marks have roles without a name
          ' (role|aria-[a-z]+)="[^"]*"', '',
          _drawn(spec, _FONT, legend=False)), count=1)


def for_paper(specs: Sequence[Spec]) -> tuple[str, bytes]:
  """Returns an SVG and a PDF file of some panels, with their legend."""
  widest = max(spec.get('width', 300) + 70 for spec in specs)
  columns = max(1, min(len(specs), _WIDEST // widest))
  whole = {'concat': [*specs], 'columns': columns, 'resolve': {
      'scale': {'color': 'shared'}}} if len(specs) > 1 else specs[0]
  font = 10.
  for _ in range(3):  # larger letters make it wider
    text = _drawn(whole, font, legend=True)
    width, height = map(float, re.search(
        'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', text).groups())
    points = COLUMN if width <= COLUMN * font / _LEAST else COLUMNS
    if font * points / width >= _LEAST:
      break
    font = _LEAST * width / points * 1.05
  for name, colour in _ON_WHITE.items():
    text = text.replace(css(name), colour)
  text = re.sub('width="[^"]*" height="[^"]*"', f'width="{points}" '
                f'height="{points * height / width:.1f}"', text, count=1)
  return text, vl_convert.svg_to_pdf(text)


def _drawn(spec: Spec, font: float, *, legend: bool) -> str:
  config = {
      'aria': False, 'background': 'white' if legend else 'transparent',
      'font': 'Liberation Sans, Arial, Helvetica, sans-serif',
      'view': {'stroke': None},
      'axis': {
          'labelColor': css('ink'), 'titleColor': css('ink'),
          'gridColor': css('line'), 'domain': False, 'ticks': False,
          'labelFontSize': font, 'titleFontSize': font, 'labelPadding': 4,
          'titleFontWeight': 'normal', 'labelLimit': 150, 'tickCount': 5},
      'axisX': {'labelAngle': 0}, 'header': {'labelColor': css('ink')},
      'title': {'color': css('ink'), 'anchor': 'start', 'fontSize': font,
                'fontWeight': 'normal', 'offset': 6, 'frame': 'group'},
      'legend': {'labelColor': css('ink'), 'titleColor': css('ink'),
                 'labelFontSize': font, 'titleFontSize': font,
                 'titleFontWeight': 'normal', 'orient': 'bottom',
                 'disable': not legend},
      'text': {'color': css('ink'), 'fontSize': font},
      'rule': {'color': css('ink')}, 'point': {'filled': True, 'size': 40}}
  return vl_convert.vegalite_to_svg(
      json.loads(json.dumps({**spec, 'config': config})))
