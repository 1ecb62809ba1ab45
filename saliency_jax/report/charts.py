"""Charts as Vega-Lite specifications, drawn as SVG that uses the page's CSS.

Colours are the page's CSS variables, so one drawing serves light and dark.
Panels are separate drawings, which the page lays out at any width.

All charts take `rows` of values, whose `who` is one of `series`: name ->
colour. `low` and `high` are the ends of a row's interval, if it has one.
`label` is that of the values, with their unit; `title`, `width` and `height`
(px) are the panel's; `domain` is the values', where panels share it.
"""

from collections.abc import Mapping, Sequence

from saliency_jax.report import labels

Spec = dict
Row = Mapping[str, object]
Domain = tuple[float, float] | None

_DOT = {'type': 'point', 'opacity': 1}
_DASHES = [4, 3]
_TILTED = {'labelAngle': -60, 'labelAlign': 'right'}


def css(role: str) -> str:
  """Returns the colour of a role, a variable of the style sheet."""
  return f'var(--{role})'


def _panel(rows: Sequence[Row], *parts: dict, width: int, height=190, title: str = '', **both: dict) -> Spec:
  """Returns layered marks; `both` are the channels of all of them."""
  values = [{key: x for key, x in row.items() if x == x} for row in rows]
  layer = [part | {'encoding': both | part.get('encoding', {})} for part in parts]
  return {'data': {'values': values}, 'width': width, 'height': height, 'title': title, 'layer': layer}


def _number(field: str, title: str, **scale) -> dict:
  scale = {key: x for key, x in scale.items() if x is not None}
  return {'field': field, 'type': 'quantitative', 'title': title or None, **({'scale': scale} if scale else {})}


def _names(rows: Sequence[Row], field: str, **axis) -> dict:
  order = list(dict.fromkeys(row[field] for row in rows))
  return {'field': field, 'type': 'nominal', 'title': None, 'sort': order, 'axis': axis}


def _colour(series: Mapping[str, str]) -> dict:
  scale = {'domain': [*series], 'range': [*series.values()]}
  return {'field': 'who', 'type': 'nominal', 'title': None, 'sort': None, 'scale': scale}


def _interval(axis: str, channel: dict, of: str = '', **mark) -> dict:
  """Returns lines along an axis from `<of>low` to `<of>high`, where known."""
  return {
    'mark': {'type': 'rule', **mark},
    'transform': [{'filter': f'isValid(datum.{of}low)'}],
    'encoding': {axis: channel | {'field': f'{of}low'}, f'{axis}2': {'field': f'{of}high'}},
  }


def bars(rows: Sequence[Row], series: Mapping[str, str], *, label: str, width: int) -> Spec:
  """Returns groups of bars: `x`, `y`, `who`, `low` and `high`."""
  names = {str(row['x']) for row in rows}
  tilted = max(map(len, names), default=0) * 6.5 > width / max(len(names), 1)
  across = {'x': _names(rows, 'x', grid=False, **(_TILTED if tilted else {}))}
  if len(series) > 1:
    across['xOffset'] = {'field': 'who', 'sort': [*series]}
  interval = _interval('y', _number('low', label), strokeWidth=1.2)
  return _panel(
    rows,
    {'mark': 'bar', 'encoding': across | {'y': _number('y', label), 'color': _colour(series)}},
    interval | {'encoding': across | interval['encoding']},
    {'mark': 'rule', 'encoding': {'y': {'datum': 0}}},
    width=width,
  )


def lines(
  rows: Sequence[Row],
  series: Mapping[str, str],
  *,
  x: str,
  label: str,
  width: int = 300,
  domain: Domain = None,
  dashed: Sequence[str] = (),
  continuous: bool = False,
  **panel,
) -> Spec:
  """Returns lines over ordered names, or over numbers.

  Args:
    rows: `x`, `y`, `who`, `low` and `high`.
    continuous: whether x are numbers, so many that points would hide the lines.
  """
  y = _number('y', label, zero=False, domain=domain)
  dash = {'condition': {'test': {'field': 'who', 'oneOf': [*dashed]}, 'value': _DASHES}, 'value': [1, 0]}
  parts = [{'mark': {'type': 'line', 'strokeWidth': 1.8}, 'encoding': {'strokeDash': dash}}]
  if continuous:
    across = _number('x', x, zero=False) | {'axis': {'grid': False}}
  else:
    across = _names(rows, 'x', grid=False) | {'type': 'ordinal', 'title': x}
    parts += [{'mark': _DOT}, _interval('y', y, strokeWidth=1.4)]
  return _panel(rows, *parts, width=width, x=across, y=y, color=_colour(series), **panel)


def dots(
  rows: Sequence[Row],
  series: Mapping[str, str],
  *,
  label: str,
  width: int = 220,
  ceiling: float | None = None,
  domain: Domain = None,
  title: str = '',
) -> Spec:
  """Returns a dot with its interval for each name: `name`, `x`, `who`."""
  x = _number('x', label, zero=False, domain=domain)
  both = {'y': _names(rows, 'name', grid=False), 'x': x, 'color': _colour(series)}
  interval = _interval('x', x, strokeWidth=2)
  parts = [interval | {'encoding': both | interval['encoding']}, {'mark': _DOT | {'size': 60}, 'encoding': both}]
  if ceiling is not None:
    parts.append({'mark': {'type': 'rule', 'strokeDash': _DASHES}, 'encoding': {'x': {'datum': ceiling}}})
  return _panel(rows, *parts, width=width, height={'step': 21}, title=title)


def strips(rows: Sequence[Row], quartiles: Sequence[Row], *, label: str, title: str, domain: Domain = None) -> Spec:
  """Returns every value as a dot, with a line between quartiles and the median.

  Args:
    rows: `name` and `x`.
    quartiles: `name`, `low`, `x` and `high`.
  """
  x, several = _number('x', label, domain=domain), {'data': {'values': [*quartiles]}}
  return _panel(
    rows,
    {'mark': {'type': 'point', 'size': 16, 'opacity': 0.6, 'color': css('run')}},
    several | _interval('x', x, strokeWidth=2),
    several | {'mark': {'type': 'tick', 'thickness': 2, 'color': css('ink')}},
    width=210,
    height={'step': 19},
    title=title,
    y=_names(quartiles, 'name', grid=False),
    x=x,
  )


def scatter(
  rows: Sequence[Row], series: Mapping[str, str], *, x: str, label: str, title: str, from_zero: bool = False
) -> Spec:
  """Returns named points with intervals in both directions.

  Args:
    rows: `name`, `x`, `x_low`, `x_high`, `y`, `y_low`, `y_high`, `who`.
  """
  width, height = 340, 260
  ends = [_ends(rows, axis, extra) for axis, extra in (('x', ()), ('y', (0,) if from_zero else ()))]
  at_x, at_y = (_number(axis, name, domain=of) for axis, name, of in zip('xy', (x, label), ends, strict=True))
  thin = {'color': css('paper'), 'strokeWidth': 1.2}
  return _panel(
    labels.placed(rows, ends, (width, height)),
    _interval('y', at_y, 'y_', **thin),
    _interval('x', at_x, 'x_', **thin),
    {'mark': _DOT | {'size': 50}, 'encoding': {'color': _colour(series)}},
    {
      'mark': {'type': 'rule', 'strokeWidth': 0.8},
      'encoding': {axis: {'field': field} for axis, field in (('x2', 'lead_x'), ('y2', 'lead_y'))},
    },
    {
      'mark': 'text',
      'encoding': {'x': at_x | {'field': 'label_x'}, 'y': at_y | {'field': 'label_y'}, 'text': {'field': 'name'}},
    },
    width=width,
    height=height,
    title=title,
    x=at_x,
    y=at_y,
  )


def _ends(rows: Sequence[Row], axis: str, more: Sequence[float]) -> list[float]:
  """Returns the ends of an axis for points with intervals, with a margin."""
  values = [row[key] for row in rows for key in (axis, f'{axis}_low', f'{axis}_high')]
  values = [*more, *(x for x in values if x == x)]
  low, high = min(values, default=0.0), max(values, default=1.0)
  margin = 0.04 * (high - low) or 1.0
  return [low - margin * (low not in more), high + margin]


def heat(rows: Sequence[Row], *, label: str, title: str, domain: Domain, scheme: str) -> Spec:
  """Returns a coloured matrix with its numbers, for files only.

  Args:
    rows: `row`, `column`, `value`, `text` and `ink`, the text's colour.
  """
  shade = _number('value', label, scheme=scheme, domain=domain, reverse=scheme == 'redblue')
  ink = {'condition': {'test': "datum.ink == '#fff'", 'value': '#fff'}, 'value': '#000'}
  return _panel(
    rows,
    {'mark': 'rect', 'transform': [{'filter': 'isValid(datum.value)'}], 'encoding': {'color': shade}},
    {'mark': 'text', 'encoding': {'text': {'field': 'text'}, 'color': ink}},
    width=31 * len({row['column'] for row in rows}),
    height={'step': 19},
    title=title,
    y=_names(rows, 'row'),
    x=_names(rows, 'column', **_TILTED),
  )
