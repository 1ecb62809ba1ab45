"""Charts as Vega-Lite, drawn once: SVG that follows the page's style sheet.

Colours are the page's CSS variables, so one drawing serves light and dark;
several panels are several drawings, which the page lays out at any width.
"""

from collections.abc import Mapping, Sequence

Spec = dict
Row = Mapping[str, object]

_DOT = {'type': 'point', 'opacity': 1}
_DASHES = [4, 3]


def css(role: str) -> str:
  """Returns the colour of a role, a variable of the style sheet."""
  return f'var(--{role})'


def _panel(rows: Sequence[Row], parts: Sequence[dict], *, width: int, height, title: str, **both: dict) -> Spec:
  """Returns marks over each other; `both` are the channels of all of them."""
  return {
    'data': {'values': [{key: x for key, x in row.items() if x == x} for row in rows]},
    'width': width,
    'height': height,
    'title': title,
    'layer': [part | {'encoding': both | part.get('encoding', {})} for part in parts],
  }


def _number(field: str, title: str, **scale) -> dict:
  scale = {key: x for key, x in scale.items() if x is not None}
  return {'field': field, 'type': 'quantitative', 'title': title or None, **({'scale': scale} if scale else {})}


def _names(rows: Sequence[Row], field: str, **axis) -> dict:
  return {
    'field': field,
    'type': 'nominal',
    'title': None,
    'sort': list(dict.fromkeys(row[field] for row in rows)),
    'axis': axis,
  }


def _colour(series: Mapping[str, str]) -> dict:
  return {
    'field': 'who',
    'type': 'nominal',
    'title': None,
    'sort': None,
    'scale': {'domain': [*series], 'range': [*series.values()]},
  }


def _interval(axis: str, channel: dict, of: str = '', **mark) -> dict:
  """Returns lines along an axis from `<of>low` to `<of>high`, if there is."""
  return {
    'mark': {'type': 'rule', **mark},
    'transform': [{'filter': f'isValid(datum.{of}low)'}],
    'encoding': {axis: channel | {'field': f'{of}low'}, f'{axis}2': {'field': f'{of}high'}},
  }


def bars(
  rows: Sequence[Row],
  series: Mapping[str, str],
  *,
  label: str,
  title: str = '',
  width: int = 320,
  height: int = 190,
  domain: tuple[float, float] | None = None,
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
  beside = {'xOffset': {'field': 'who', 'sort': [*series]}} if (len(series) > 1) else {}
  plain = {
    'x': _names(rows, 'x', grid=False, **({'labelAngle': -60, 'labelAlign': 'right'} if tilted else {}))
  } | beside
  return _panel(
    rows,
    [
      {'mark': 'bar', 'encoding': plain | {'y': y, 'color': _colour(series)}},
      {**(one := _interval('y', _number('low', label), strokeWidth=1.2)), 'encoding': plain | one['encoding']},
      {'mark': 'rule', 'encoding': {'y': {'datum': 0}}},
    ],
    width=width,
    height=height,
    title=title,
  )


def lines(
  rows: Sequence[Row],
  series: Mapping[str, str],
  *,
  x: str,
  label: str,
  title: str = '',
  width: int = 300,
  height: int = 190,
  domain: tuple[float, float] | None = None,
  dashed: Sequence[str] = (),
  continuous: bool = False,
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
  across = (
    _number('x', x, zero=False) | {'axis': {'grid': False}}
    if (continuous)
    else _names(rows, 'x', grid=False) | {'type': 'ordinal', 'title': x}
  )
  y = _number('y', label, zero=False, domain=domain)
  dash = {'condition': {'test': {'field': 'who', 'oneOf': [*dashed]}, 'value': _DASHES}, 'value': [1, 0]}
  return _panel(
    rows,
    [
      {'mark': {'type': 'line', 'strokeWidth': 1.8}, 'encoding': {'strokeDash': dash}},
      *([] if continuous else [{'mark': _DOT}, _interval('y', y, strokeWidth=1.4)]),
    ],
    width=width,
    height=height,
    title=title,
    x=across,
    y=y,
    color=_colour(series),
  )


def dots(
  rows: Sequence[Row],
  series: Mapping[str, str],
  *,
  label: str,
  title: str = '',
  width: int = 220,
  ceiling: float | None = None,
  domain: tuple[float, float] | None = None,
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
  return _panel(
    rows,
    [
      interval | {'encoding': both | interval['encoding']},
      {'mark': _DOT | {'size': 60}, 'encoding': both},
      *(
        []
        if ceiling is None
        else [{'mark': {'type': 'rule', 'strokeDash': _DASHES}, 'encoding': {'x': {'datum': ceiling}}}]
      ),
    ],
    width=width,
    height={'step': 21},
    title=title,
  )


def strips(
  rows: Sequence[Row],
  quartiles: Sequence[Row],
  *,
  label: str,
  title: str,
  width: int = 210,
  domain: tuple[float, float] | None = None,
) -> Spec:
  """Returns every value as a dot, with quartiles as a line and the median.

  Args:
    rows: `name` and `x`.
    quartiles: `name`, `low`, `x` and `high`.
    label, title, width, domain: see `bars`.
  """
  x, several = _number('x', label, domain=domain), {'data': {'values': [*quartiles]}}
  return _panel(
    rows,
    [
      {'mark': {'type': 'point', 'size': 16, 'opacity': 0.6, 'color': css('run')}},
      several | _interval('x', x, strokeWidth=2),
      several | {'mark': {'type': 'tick', 'thickness': 2, 'color': css('ink')}},
    ],
    width=width,
    height={'step': 19},
    title=title,
    y=_names(quartiles, 'name', grid=False),
    x=x,
  )


def scatter(
  rows: Sequence[Row],
  series: Mapping[str, str],
  *,
  x: str,
  label: str,
  title: str,
  width: int = 340,
  from_zero: bool = False,
) -> Spec:
  """Returns named points with their intervals both ways.

  Args:
    rows: `name`, `x`, `x_low`, `x_high`, `y`, `y_low`, `y_high`, `who`.
    series: group of points -> colour.
    x, label, title, width: see `lines`.
    from_zero: whether y starts at 0.
  """
  at_x, at_y = (
    _number(field, name, zero=zero, nice=True) for field, name, zero in (('x', x, False), ('y', label, from_zero))
  )
  thin = {'color': css('paper'), 'strokeWidth': 1.2}
  return _panel(
    rows,
    [
      _interval('y', at_y, 'y_', **thin),
      _interval('x', at_x, 'x_', **thin),
      {'mark': _DOT | {'size': 50}, 'encoding': {'color': _colour(series)}},
      {'mark': {'type': 'text', 'align': 'left', 'dx': 7, 'dy': -7}, 'encoding': {'text': {'field': 'name'}}},
    ],
    width=width,
    height=260,
    title=title,
    x=at_x,
    y=at_y,
  )


def heat(
  rows: Sequence[Row], *, label: str, title: str = '', domain: tuple[float, float], scheme: str = 'viridis'
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
  return _panel(
    rows,
    [
      {
        'mark': 'rect',
        'transform': [{'filter': 'isValid(datum.value)'}],
        'encoding': {'color': _number('value', label, scheme=scheme, domain=domain, reverse=scheme == 'redblue')},
      },
      {'mark': 'text', 'encoding': {'text': {'field': 'text'}, 'color': {'condition': white, 'value': '#000'}}},
    ],
    width=31 * len({row['column'] for row in rows}),
    height={'step': 19},
    title=title,
    y=_names(rows, 'row'),
    x=_names(rows, 'column', labelAngle=-60, labelAlign='right'),
  )
