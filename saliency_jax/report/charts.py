"""Charts as Vega-Lite, drawn once: SVG that follows the page's style sheet.

Colours are the page's CSS variables, so one drawing serves light and dark;
several panels are several drawings, which the page lays out at any width. The
files for papers are of the same specifications, with colours on white, at a
column's or two columns' width (252 and 510 pt) and fonts of 7 pt at least.
"""

from collections.abc import Mapping, Sequence

from saliency_jax.report.drawing import Spec, css

Row = Mapping[str, object]

def _view(rows: Sequence[Row], width: int, height, title: str, layers) -> Spec:
  return {'data': {'values': [
      {key: x for key, x in row.items() if x == x} for row in rows]},  # no NaN
          'width': width, 'height': height, 'title': title, 'layer': layers}


def _axis(field: str, title: str | None, **more) -> dict:
  return {'field': field, 'type': 'quantitative', 'title': title, **more}


def _names(rows: Sequence[Row], field: str, **more) -> dict:
  return {'field': field, 'type': 'nominal', 'title': None, 'sort': list(
      dict.fromkeys(row[field] for row in rows)), **more}


def _who(series: Mapping[str, str], **more) -> dict:
  """Returns the colours of series: name -> a colour."""
  return {'field': 'who', 'type': 'nominal', 'title': None, 'sort': None,
          'scale': {'domain': [*series], 'range': [*series.values()]}, **more}


def _tilt(rows: Sequence[Row], field: str, width: int) -> dict:
  names = {str(row[field]) for row in rows}
  room = width / max(len(names), 1)
  tilted = max(map(len, names), default=0) * 6.5 > room
  return {'labelAngle': -60, 'labelAlign': 'right'} if tilted else {}


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
  y = _axis('y', label or None, scale={'domain': domain} if domain else {})
  x = _names(rows, 'x', axis={'grid': False, **_tilt(rows, 'x', width)})
  offset = {'field': 'who', 'sort': [*series]} if len(series) > 1 else {
      'value': 0, 'band': 0.5}
  beside = {'x': x, 'xOffset': offset} if len(series) > 1 else {'x': x}
  return _view(rows, width, height, title, [
      {'mark': 'bar', 'encoding': {**beside, 'y': y, 'color': _who(series)}},
      {'mark': {'type': 'rule', 'strokeWidth': 1.2},
       'transform': [{'filter': 'isValid(datum.low)'}],
       'encoding': {**beside, 'y': _axis('low', label or None),
                    'y2': {'field': 'high'}}},
      {'mark': 'rule', 'encoding': {'y': {'datum': 0}}}])


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
  across = _axis('x', x, axis={'grid': False}, scale={'zero': False}) if (
      continuous) else _names(rows, 'x', title=x, axis={'grid': False}) | {
          'type': 'ordinal', 'title': x}
  y = _axis('y', label or None, scale={
      'zero': False, **({'domain': domain} if domain else {})})
  both = {'x': across, 'y': y, 'color': _who(series)}
  dash = {'condition': {'test': {
      'field': 'who', 'oneOf': [*dashed]}, 'value': [4, 3]}, 'value': [1, 0]}
  parts = [{'mark': {'type': 'line', 'strokeWidth': 1.8},
            'encoding': both | {'strokeDash': dash}}]
  if not continuous:
    parts += [
        {'mark': {'type': 'point', 'opacity': 1}, 'encoding': both},
        {'mark': {'type': 'rule', 'strokeWidth': 1.4},
         'transform': [{'filter': 'isValid(datum.low)'}], 'encoding': both | {
             'y': _axis('low', label or None, scale=y['scale']),
             'y2': {'field': 'high'}}}]
  return _view(rows, width, height, title, parts)


def dots(
    rows: Sequence[Row], series: Mapping[str, str], *, label: str,
    title: str = '', width: int = 220, ceiling: float | None = None
) -> Spec:
  """Returns a dot with its interval on a line for each name.

  Args:
    rows: `name`, `x`, `who`, and `low` and `high`.
    series: kind of name -> colour.
    label, title, width: see `bars`.
    ceiling: where a dashed line is drawn.
  """
  y = _names(rows, 'name', axis={'grid': False})
  x = _axis('x', label or None, scale={'zero': False})
  colour = _who(series)
  parts = [
      {'mark': {'type': 'rule', 'strokeWidth': 2},
       'transform': [{'filter': 'isValid(datum.low)'}],
       'encoding': {'y': y, 'x': _axis('low', label or None, scale=x['scale']),
                    'x2': {'field': 'high'}, 'color': colour}},
      {'mark': {'type': 'point', 'opacity': 1, 'size': 60},
       'encoding': {'y': y, 'x': x, 'color': colour}}]
  if ceiling is not None:
    parts.append({'mark': {'type': 'rule', 'strokeDash': [4, 3]},
                  'encoding': {'x': {'datum': ceiling}}})
  return _view(rows, width, {'step': 21}, title, parts)


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
  y = _names(quartiles, 'name', axis={'grid': False})
  scale = {'domain': domain} if domain else {}
  x = _axis('x', label or None, scale=scale)
  several = {'data': {'values': [*quartiles]}}
  return _view(rows, width, {'step': 19}, title, [
      {'mark': {'type': 'point', 'size': 16, 'opacity': 0.6, 'color': css(
          'run')}, 'encoding': {'y': y, 'x': x}},
      {**several, 'mark': {'type': 'rule', 'strokeWidth': 2}, 'encoding': {
          'y': y, 'x': _axis('low', label or None, scale=scale),
          'x2': {'field': 'high'}}},
      {**several, 'mark': {'type': 'tick', 'thickness': 2, 'color': css(
          'ink')}, 'encoding': {'y': y, 'x': x}}])


def scatter(
    rows: Sequence[Row], series: Mapping[str, str], *, x: str, label: str,
    title: str, width: int = 340
) -> Spec:
  """Returns named points with their intervals both ways.

  Args:
    rows: `name`, `x`, `x_low`, `x_high`, `y`, `y_low`, `y_high`, `who`.
    series: group of points -> colour.
    x, label, title, width: see `lines`.
  """
  free = {'zero': False, 'nice': True}
  at_x, at_y = _axis('x', x, scale=free), _axis('y', label, scale=free)
  thin = {'type': 'rule', 'color': css('paper'), 'strokeWidth': 1.2}
  return _view(rows, width, 260, title, [
      {'mark': thin, 'transform': [{'filter': 'isValid(datum.y_low)'}],
       'encoding': {
          'x': at_x, 'y': _axis('y_low', label, scale=free),
          'y2': {'field': 'y_high'}}},
      {'mark': thin, 'transform': [{'filter': 'isValid(datum.x_low)'}],
       'encoding': {
          'y': at_y, 'x': _axis('x_low', x, scale=free),
          'x2': {'field': 'x_high'}}},
      {'mark': {'type': 'point', 'opacity': 1, 'size': 50}, 'encoding': {
          'x': at_x, 'y': at_y, 'color': _who(series)}},
      {'mark': {'type': 'text', 'align': 'left', 'dx': 7, 'dy': -7},
       'encoding': {'x': at_x, 'y': at_y, 'text': {'field': 'name'}}}])


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
  x = _names(rows, 'column', axis={'labelAngle': -60, 'labelAlign': 'right'})
  y = _names(rows, 'row')
  columns = len({row['column'] for row in rows})
  colour = _axis('value', label, scale={
      'scheme': scheme, 'domain': domain, 'reverse': scheme == 'redblue'})
  return _view(rows, 31 * columns, {'step': 19}, title, [
      {'mark': 'rect', 'transform': [{'filter': 'isValid(datum.value)'}],
       'encoding': {'x': x, 'y': y, 'color': colour}},
      {'mark': 'text', 'encoding': {
          'x': x, 'y': y, 'text': {'field': 'text'},
          'color': {'condition': {
              'test': "datum.ink == '#fff'", 'value': '#fff'},
                    'value': '#000'}}}])


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
