"""Figure 7 of the paper and the comparison of categories that belongs to it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from saliency_jax.report import figures, paper, style
from saliency_jax.report.evaluated import Category
from saliency_jax.report.numbers import number, signed

_SIDES = {
    'output': 'output saliency (SD)',
    'difference': '|output \N{MINUS SIGN} human saliency| (SD)'}
# Where a name may stand beside its point: (right, up), 1 at the point's edge.
_PLACES = (
    (1, 0), (-1, 0), (1, .7), (1, -.7), (-1, .7), (-1, -.7), (0, 1), (0, -1))
_GAP = 5  # points between a point and its name


def scatter(
    categories: Sequence[Category], tests: dict, theme: style.Theme, *,
    narrow: bool = False
) -> Figure:
  """Draws categories by inner saliency and by what the output makes of them.

  Args:
    categories: of one network; those without inner saliency are left out.
    tests: of the network, an entry of `statistics.json`.
    theme: light or dark.
    narrow: for a phone.
  """
  shown = [x for x in categories if np.isfinite(x.inner)]
  heads = np.isin([x.name for x in shown], paper.heads())
  with style.drawing(theme):
    figure = style.figure(*((4.3, 7.) if narrow else (9.6, 4.2)))
    axes = figure.subplots(*((2, 1) if narrow else (1, 2)), squeeze=False)
    for axis, (name, label) in zip(axes.ravel(), _SIDES.items(), strict=True):
      x, x_low, x_high, y, y_low, y_high = (
          np.array([getattr(category, key + end) for category in shown])
          for key in ('inner', name) for end in ('', '_low', '_high'))
      axis.grid(linewidth=0.8)
      for across, up in (((x, x), (y_low, y_high)), ((x_low, x_high), (y, y))):
        axis.plot(across, up, color=theme.paper, linewidth=1.2)
      for chosen, colour, group in (
          (~heads, theme.run, 'other categories'),
          (heads, theme.other, 'heads')):
        axis.plot(
            x[chosen], y[chosen], 'o', color=colour, markersize=5.5,
            label=group)
      axis.set(
          xlabel='inner saliency (SD)', ylabel=label)
      axis.set_title(_coefficient(tests[f'inner_{name}']), loc='left',
                     fontsize=9, fontweight='normal')
      axis.margins(0.12)
      if name == 'difference':
        axis.set_ylim(bottom=0)
      axis.tick_params(length=0)
    if heads.any() and not heads.all():
      figure.legend(
          *axes.ravel()[0].get_legend_handles_labels(), ncols=2,
          loc='outside upper right')
    figure.draw_without_rendering()
    for axis, name in zip(axes.ravel(), _SIDES, strict=True):
      _name_points(axis, [
          (x.name, x.inner, getattr(x, name), np.nan_to_num(
              getattr(x, f'{name}_high') - getattr(x, name)))
          for x in shown])
  return figure


def pairs(
    comparison: dict, theme: style.Theme, *, narrow: bool = False
) -> Figure:
  """Draws the difference of every two categories, a star where it is told.

  Args:
    comparison: of one measure, in `statistics.json`.
    theme: light or dark.
    narrow: for a phone.
  """
  names = [group['name'] for group in comparison['groups']]
  values = np.full((len(names), len(names)), np.nan)
  stars = np.zeros(values.shape, bool)
  for pair in comparison['pairs']:
    column, row = names.index(pair['first']), names.index(pair['second'])
    values[row, column] = -pair['difference']
    stars[row, column] = pair['p'] < 0.05
  # The last column and the first row have no pair below the diagonal.
  values, stars = values[1:, :-1], stars[1:, :-1]
  norm = figures.even_scale(values)
  side = len(names) - 1
  with style.drawing(theme):
    figure = style.figure(
        1.9 + (0.42 if narrow else 0.6) * max(side, 3), 1.3 + 0.3 * side)
    axis = figure.subplots()
    axis.imshow(
        np.ma.masked_invalid(values), norm=norm, aspect='auto',
        cmap=figures.DIFFERENCES)
    for (row, column), value in np.ndenumerate(values):
      if np.isfinite(value):
        star = stars[row, column]
        axis.text(
            column, row, signed(float(value), 1) + ('*' if star else ''),
            ha='center', va='center', fontsize=7 if narrow else 8,
            fontweight='bold' if star else 'normal',
            color=style.legible(figures.DIFFERENCES(norm(value))))
    axis.set_xticks(range(side), names[:-1])
    axis.set_yticks(range(side), names[1:])
    figures.tilt(axis)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    figures.colour_bar(
        figure, [axis], norm, 'row \N{MINUS SIGN} column (SD)',
        figures.DIFFERENCES)
  return figure


def probability(p: float | None) -> str:
  """Returns a p value as it is written: 'p = 0.023' or 'p = 3 x 10^-9'."""
  if p is None:
    return 'p not known'
  if p >= 0.001:
    return f'p = {p:.3f}' if p < 0.1 else f'p = {p:.2f}'
  if p == 0:
    return 'p < 10\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT THREE}' + (
        '\N{SUPERSCRIPT ZERO}' * 2)
  digits, exponent = f'{p:.0e}'.split('e')
  raised = str(abs(int(exponent))).translate(
      str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))
  return (
      f'p = {digits} \N{MULTIPLICATION SIGN} 10\N{SUPERSCRIPT MINUS}{raised}')


def _coefficient(correlation: dict | None) -> str:
  if correlation is None:
    return 'too few categories for a correlation'
  return (
      f"Spearman's \N{GREEK SMALL LETTER RHO} = {coefficient(correlation)}, "
      f"{probability(correlation['p'])}")


def coefficient(correlation: dict) -> str:
  """Writes a correlation with its interval and that of different halves."""
  text = number(correlation['rho'])
  if correlation['low'] is not None:
    text += f" [{number(correlation['low'])}, {number(correlation['high'])}]"
  if correlation['halves'] is not None:
    text += f", {number(correlation['halves'])} on different halves"
  return text


def _name_points(
    axis: Axes, points: Sequence[tuple[str, float, float, float]]) -> None:
  """Writes names beside points, where they cover least of what is there.

  Args:
    axis: laid out.
    points: name, x, y and the length of the error bar to either side.
  """
  renderer = axis.figure.canvas.get_renderer()
  scale = axis.figure.dpi / 72
  inside = axis.get_window_extent(renderer)
  centres, tops = (
      axis.transData.transform([
          (x, y + up * error) for _, x, y, error in points]) for up in (0, 1))
  dots = [_around(centre, 4 * scale, 4 * scale) for centre in centres]
  bars = [
      _around(centre, scale, top[1] - centre[1])
      for centre, top in zip(centres, tops, strict=True)]
  texts = [
      axis.annotate(
          name, (x, y), xytext=(0, 0), textcoords='offset points', fontsize=8,
          ha='center', va='center') for name, x, y, _ in points]
  halves = [
      (extent.width / 2, extent.height / 2) for extent in (
          text.get_window_extent(renderer) for text in texts)]
  taken: dict[int, Bbox] = {}
  # A second round can do better, as all other names have a place by then.
  for k in 2 * list(range(len(points))):
    others = [box for i, box in taken.items() if i != k]

    def cost(place, k=k, others=others):
      shift, box, effort = place
      return (
          sum(_shared(box, other) for other in (*others, *dots))
          + 0.3 * sum(_shared(box, bar) for bar in bars)
          + 5 * (4 * halves[k][0] * halves[k][1] - _shared(box, inside))
          + effort * halves[k][1] ** 2)

    places = []
    for right, up in _PLACES:
      shift = np.array([right, up]) * (np.array(halves[k]) + _GAP * scale)
      places.append((
          shift, _around(centres[k] + shift, *halves[k]),
          (right < 0) * 0.1 + abs(up)))
    shift, taken[k], _ = min(places, key=cost)
    texts[k].set_position(shift / scale)


def _around(centre: np.ndarray, across: float, up: float) -> Bbox:
  """Returns the box with a centre and half of its sides, pixels."""
  return Bbox.from_extents(
      centre[0] - across, centre[1] - up, centre[0] + across, centre[1] + up)


def _shared(one: Bbox, other: Bbox) -> float:
  """Returns the area that two boxes share, square pixels."""
  both = Bbox.intersection(one, other)
  return 0. if both is None else both.width * both.height
