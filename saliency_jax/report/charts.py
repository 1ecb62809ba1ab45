"""Charts as Vega-Lite, drawn once: SVG that follows the page's style sheet.

Colours are the page's CSS variables, so one drawing serves light and dark;
several panels are several drawings, which the page lays out at any width. The
files for papers are of the same specifications, with colours on white, at a
column's or two columns' width (252 and 510 pt) and fonts of 7 pt at least.
"""

import json
import re
from collections.abc import Mapping, Sequence

import vl_convert

Spec = dict
Row = Mapping[str, object]

# On white, for what the page's style sheet calls --<name>.
_ON_WHITE = {
    'ink': '#1f2328', 'line': '#d6dae0', 'run': '#0072b2', 'other': '#e69f00',
    'paper': '#9aa1ab', 'third': '#009e73', 'fourth': '#d55e00'}
COLUMN, COLUMNS = 252, 510  # widths of figures in a paper, pt
_LEAST = 7.  # of a font in a paper, pt
_FONT = 11  # of the page's figures, px
_WIDEST = 740  # of the panels of a file side by side, px
_DOT = {'type': 'point', 'opacity': 1}
_DASHES = [4, 3]


def css(role: str) -> str:
  """Returns the colour of a role, a variable of the style sheet."""
  return f'var(--{role})'


def _panel(rows: Sequence[Row], parts: Sequence[dict], *, width: int, height,
           title: str, **both: dict) -> Spec:
  """Returns marks over each other; `both` are the channels of all of them."""
  return {
      'data': {'values': [
          {key: x for key, x in row.items() if x == x} for row in rows]},
      'width': width, 'height': height, 'title': title, 'layer': [
          part | {'encoding': both | part.get('encoding', {})}
          for part in parts]}


def _number(field: str, title: str, **scale) -> dict:
  scale = {key: x for key, x in scale.items() if x is not None}
  return {'field': field, 'type': 'quantitative', 'title': title or None,
          **({'scale': scale} if scale else {})}


def _names(rows: Sequence[Row], field: str, **axis) -> dict:
  return {'field': field, 'type': 'nominal', 'title': None, 'sort': list(
      dict.fromkeys(row[field] for row in rows)), 'axis': axis}


def _colour(series: Mapping[str, str]) -> dict:
  return {'field': 'who', 'type': 'nominal', 'title': None, 'sort': None,
          'scale': {'domain': [*series], 'range': [*series.values()]}}


def _interval(axis: str, channel: dict, of: str = '', **mark) -> dict:
  """Returns lines along an axis from `<of>low` to `<of>high`, if there is."""
  return {
      'mark': {'type': 'rule', **mark},
      'transform': [{'filter': f'isValid(datum.{of}low)'}],
      'encoding': {axis: channel | {'field': f'{of}low'},
                   f'{axis}2': {'field': f'{of}high'}}}


def bars(
    rows: Sequence[Row], series: Mapping[str, str], *, label: str,
    title: str = '', width: int = 320, height: int = 190,
    domain: tuple[float, float] | None = None
) -> Spec:
  """Returns groups of bars.

  Args:
    rows: `x`, `y`, `who` of the series, and `low` and `high` of an interval.
    series: name -> colour, side by side.
    label: of the values, with the unit.
    title: above the panel.
    width, height: px.
    domain: of the values, where panels share it.
  """
  names = {str(row['x']) for row in rows}
  tilted = max(map(len, names), default=0) * 6.5 > width / max(len(names), 1)
  y = _number('y', label, domain=domain)
  beside = {'xOffset': {'field': 'who', 'sort': [*series]}} if (
      len(series) > 1) else {}
  plain = {'x': _names(rows, 'x', grid=False, **(
      {'labelAngle': -60, 'labelAlign': 'right'} if tilted else {}))} | beside
  return _panel(rows, [
      {'mark': 'bar', 'encoding': plain | {'y': y, 'color': _colour(series)}},
      {**(one := _interval('y', _number('low', label), strokeWidth=1.2)),
       'encoding': plain | one['encoding']},
      {'mark': 'rule', 'encoding': {'y': {'datum': 0}}}],
      width=width, height=height, title=title)


def lines(
    rows: Sequence[Row], series: Mapping[str, str], *, x: str, label: str,
    title: str = '', width: int = 300, height: int = 190,
    domain: tuple[float, float] | None = None, dashed: Sequence[str] = (),
    continuous: bool = False
) -> Spec:
  """Returns lines over ordered names, or over numbers.

  Args:
    rows: `x`, `y`, `who`, and `low` and `high` of an interval.
    series: name -> colour.
    x, label: of the axes.
    title, width, height, domain: see `bars`.
    dashed: which series are.
    continuous: x are numbers, so many that points would hide the lines.
  """
  across = _number('x', x, zero=False) | {'axis': {'grid': False}} if (
      continuous) else _names(rows, 'x', grid=False) | {
          'type': 'ordinal', 'title': x}
  y = _number('y', label, zero=False, domain=domain)
  dash = {'condition': {'test': {'field': 'who', 'oneOf': [*dashed]},
                        'value': _DASHES}, 'value': [1, 0]}
  return _panel(rows, [
      {'mark': {'type': 'line', 'strokeWidth': 1.8},
       'encoding': {'strokeDash': dash}},
      *([] if continuous else [
          {'mark': _DOT}, _interval('y', y, strokeWidth=1.4)])],
      width=width, height=height, title=title, x=across, y=y,
      color=_colour(series))


def dots(
    rows: Sequence[Row], series: Mapping[str, str], *, label: str,
    title: str = '', width: int = 220, ceiling: float | None = None,
    domain: tuple[float, float] | None = None
) -> Spec:
  """Returns a dot with its interval on a line for each name.

  Args:
    rows: `name`, `x`, `who`, and `low` and `high`.
    series: kind of name -> colour.
    label, title, width, domain: see `bars`.
    ceiling: where a dashed line is drawn.
  """
  y = _names(rows, 'name', grid=False)
  x = _number('x', label, zero=False, domain=domain)
  both = {'y': y, 'x': x, 'color': _colour(series)}
  interval = _interval('x', x, strokeWidth=2)
  return _panel(rows, [
      interval | {'encoding': both | interval['encoding']},
      {'mark': _DOT | {'size': 60}, 'encoding': both},
      *([] if ceiling is None else [
          {'mark': {'type': 'rule', 'strokeDash': _DASHES},
           'encoding': {'x': {'datum': ceiling}}}])],
      width=width, height={'step': 21}, title=title)


def strips(
    rows: Sequence[Row], quartiles: Sequence[Row], *, label: str, title: str,
    width: int = 210, domain: tuple[float, float] | None = None
) -> Spec:
  """Returns every value as a dot, with quartiles as a line and the median.

  Args:
    rows: `name` and `x`.
    quartiles: `name`, `low`, `x` and `high`.
    label, title, width, domain: see `bars`.
  """
  x, several = _number('x', label, domain=domain), {
      'data': {'values': [*quartiles]}}
  return _panel(rows, [
      {'mark': {'type': 'point', 'size': 16, 'opacity': 0.6,
                'color': css('run')}},
      several | _interval('x', x, strokeWidth=2),
      several | {'mark': {'type': 'tick', 'thickness': 2,
                          'color': css('ink')}}],
      width=width, height={'step': 19}, title=title,
      y=_names(quartiles, 'name', grid=False), x=x)


def scatter(
    rows: Sequence[Row], series: Mapping[str, str], *, x: str, label: str,
    title: str, width: int = 340, from_zero: bool = False
) -> Spec:
  """Returns named points with their intervals both ways.

  Args:
    rows: `name`, `x`, `x_low`, `x_high`, `y`, `y_low`, `y_high`, `who`.
    series: group of points -> colour.
    x, label, title, width: see `lines`.
    from_zero: whether y starts at 0.
  """
  at_x, at_y = (_number(field, name, zero=zero, nice=True)
                for field, name, zero in (
                    ('x', x, False), ('y', label, from_zero)))
  thin = {'color': css('paper'), 'strokeWidth': 1.2}
  return _panel(rows, [
      _interval('y', at_y, 'y_', **thin), _interval('x', at_x, 'x_', **thin),
      {'mark': _DOT | {'size': 50}, 'encoding': {'color': _colour(series)}},
      {'mark': {'type': 'text', 'align': 'left', 'dx': 7, 'dy': -7},
       'encoding': {'text': {'field': 'name'}}}],
      width=width, height=260, title=title, x=at_x, y=at_y)


def heat(
    rows: Sequence[Row], *, label: str, title: str = '',
    domain: tuple[float, float], scheme: str = 'viridis'
) -> Spec:
  """Returns a coloured matrix with its numbers, for files alone.

  Args:
    rows: `row`, `column`, `value`, `text` and `ink`, the text's colour.
    label: of the colours, with the unit.
    title: above it.
    domain: of the colours.
    scheme: 'viridis' or 'redblue', for differences.
  """
  white = {'test': "datum.ink == '#fff'", 'value': '#fff'}
  return _panel(rows, [
      {'mark': 'rect', 'transform': [{'filter': 'isValid(datum.value)'}],
       'encoding': {'color': _number(
           'value', label, scheme=scheme, domain=domain,
           reverse=scheme == 'redblue')}},
      {'mark': 'text', 'encoding': {
          'text': {'field': 'text'},
          'color': {'condition': white, 'value': '#000'}}}],
      width=31 * len({row['column'] for row in rows}), height={'step': 19},
      title=title, y=_names(rows, 'row'), x=_names(
          rows, 'column', labelAngle=-60, labelAlign='right'))


def picture(url: str, size: tuple[int, int], title: str) -> Spec:
  """Returns an image as a panel of 150 px, for files alone.

  Args:
    url: of the image, 'data:'.
    size: its height and width.
    title: lines above it.
  """
  width, height = 150, 150 * size[0] / size[1]
  return {'data': {'values': [{}]}, 'width': width, 'height': height,
          'title': title.split('\n'),
          'mark': {'type': 'image', 'url': url, 'width': width,
                   'height': height, 'aspect': False},
          'encoding': {'x': {'value': width / 2}, 'y': {'value': height / 2}}}


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
  whole = {'concat': [*specs], 'columns': max(1, min(
      len(specs), _WIDEST // widest)), 'resolve': {
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
  ink = css('ink')
  letters = {f'{of}{key}': x for of in ('label', 'title') for key, x in (
      ('Color', ink), ('FontSize', font))} | {'titleFontWeight': 'normal'}
  return vl_convert.vegalite_to_svg(json.loads(json.dumps({**spec, 'config': {
      'aria': False, 'background': 'white' if legend else 'transparent',
      'font': 'Liberation Sans, Arial, Helvetica, sans-serif',
      'view': {'stroke': None}, 'axis': letters | {
          'gridColor': css('line'), 'domain': False, 'ticks': False,
          'labelPadding': 4, 'labelLimit': 150, 'tickCount': 5},
      'axisX': {'labelAngle': 0}, 'header': {'labelColor': ink},
      'title': {'color': ink, 'anchor': 'start', 'fontSize': font,
                'fontWeight': 'normal', 'offset': 6, 'frame': 'group'},
      'legend': letters | {'orient': 'bottom', 'disable': not legend},
      'text': {'color': ink, 'fontSize': font}, 'rule': {'color': ink},
      'point': {'filled': True, 'size': 40}}})))
