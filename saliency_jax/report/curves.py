"""Figures of training: NSS over steps, and on images that were not learnt from.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps, colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saliency_jax.report import style
from saliency_jax.report.swept import Member

# Ends of viridis that stand out from a light and from a dark ground.
_SHADES = {style.LIGHT: (0., 0.85), style.DARK: (0.35, 1.)}
_MOST_LABELS = 9  # beside the lines; more would cover each other


class Curves(NamedTuple):
  """What K members did."""
  steps: np.ndarray  # int `[S]`, counted from 1
  trained: np.ndarray  # float64 `[S, K]`, on each step's batch
  epochs: np.ndarray  # int `[E]`
  epoch_steps: np.ndarray  # int `[E]`, the step at which an epoch ended
  validation: np.ndarray  # float64 `[E, K]`


def curves(
    lines: list[dict], members: Sequence[Member], watched: str) -> Curves:
  """Returns the numbers of `metrics.jsonl`: of the watched metric, and loss."""
  trained, validated = (
      [line for line in lines if line['kind'] == kind]
      for kind in ('train', 'validate'))

  def values(chosen: list[dict]) -> np.ndarray:
    return np.array([
        [line[watched][member.name] for member in members]
        for line in chosen]).reshape(len(chosen), len(members))

  return Curves(
      np.array([line['step'] for line in trained]), values(trained),
      np.array([line['epoch'] for line in validated]),
      np.array([line['step'] for line in validated]), values(validated))


def smoothed(values: np.ndarray, window: int) -> np.ndarray:
  """Returns means over the last `window` rows, or as many as there are.

  Args:
    values: float64 `[S, K]`.
    window: 1 or more.
  """
  sums = np.cumsum(np.insert(values, 0, 0., axis=0), axis=0)
  last = np.arange(1, len(values) + 1)
  first = np.maximum(last - window, 0)
  return (sums[last] - sums[first]) / (last - first)[:, None]


def draw(
    found: Curves, members: Sequence[Member], title: str, theme: style.Theme,
    *, narrow: bool = False
) -> Figure:
  """Draws training, averaged over the last epoch, and validation.

  Args:
    found: `curves`.
    members: in the order of the curves.
    title: of the metric.
    theme: light or dark.
    narrow: for a phone: one panel below the other.
  """
  with style.drawing(theme):
    figure = style.figure(*((3.7, 5.6) if narrow else (8.6, 3.3)))
    left, right = figure.subplots(
        *((2, 1) if narrow else (1, 2)), sharey=True)
    window = int(found.epoch_steps[0]) if len(found.epoch_steps) else 1
    shades = _shades(members, theme)
    for values, shade, member in zip(
        smoothed(found.trained, window).T, shades, members, strict=True):
      left.plot(found.steps, values, color=shade, linewidth=1.6,
                label=member.label)
    for values, shade in zip(found.validation.T, shades, strict=True):
      right.plot(found.epochs, values, color=shade, linewidth=1.6, marker='o',
                 markersize=3.5)
      best = int(values.argmax())
      right.plot(found.epochs[best], values[best], 'o', markersize=7,
                 markerfacecolor='none', markeredgecolor=shade)
    left.set(xlabel='step', ylabel=title)
    left.set_title('Training images', loc='left')
    right.set(xlabel='epoch', xticks=_ticks(found.epochs))
    right.set_title('Validation images', loc='left')
    if narrow:
      right.set_ylabel(title)
    for axis in (left, right):
      axis.grid(axis='y', linewidth=0.8)
      axis.tick_params(length=0)
      axis.spines[['left', 'bottom']].set_visible(False)
    if len(members) > 1:
      _name(figure, right, found, members, shades)
  return figure


def _shades(members: Sequence[Member], theme: style.Theme) -> list[str]:
  """Returns a colour for every member: the deeper, the lighter."""
  depths = sorted({member.depth for member in members})
  if len(members) == 1:
    return [theme.run]
  low, high = _SHADES[theme]
  return [
      colors.to_hex(colormaps['viridis'](
          low + (high - low) * depths.index(member.depth)
          / max(len(depths) - 1, 1))) for member in members]


def _name(
    figure: Figure, axis: Axes, found: Curves, members: Sequence[Member],
    shades: Sequence[str]
) -> None:
  """Writes the members' names at the lines' ends, or in a legend."""
  if len(members) > _MOST_LABELS or not len(found.validation):
    figure.legend(loc='outside lower center', ncols=4)
    return
  ends = found.validation[-1]
  low, high = axis.get_ylim()
  places = spread(ends, 0.055 * (high - low))
  for place, member, shade in zip(places, members, shades, strict=True):
    for text, distance, colour in (
        ('\N{BLACK CIRCLE}', 3, {'color': shade}), (member.label, 12, {})):
      axis.annotate(
          text, (1, place), xycoords=('axes fraction', 'data'),
          xytext=(distance, 0), textcoords='offset points', va='center',
          fontsize=8.5, annotation_clip=False, **colour)


def spread(values: np.ndarray, gap: float) -> np.ndarray:
  """Returns places for labels near their values, at least a gap apart.

  Args:
    values: float64 `[K]`.
    gap: the least distance of two labels.
  """
  order = np.argsort(values, kind='stable')
  # Groups of labels that touch are centred on their mean.
  groups: list[list[int]] = []
  for i in order:
    groups.append([i])
    while len(groups) > 1 and (
        _low(groups[-1], values, gap) - _high(groups[-2], values, gap) < gap):
      last = groups.pop()
      groups[-1] += last
  places = np.empty(len(values))
  for group in groups:
    places[group] = _low(group, values, gap) + gap * np.arange(len(group))
  return places


def _low(group: list[int], values: np.ndarray, gap: float) -> float:
  return float(values[group].mean() - gap * (len(group) - 1) / 2)


def _high(group: list[int], values: np.ndarray, gap: float) -> float:
  return float(values[group].mean() + gap * (len(group) - 1) / 2)


def _ticks(epochs: np.ndarray) -> list[int]:
  step = max(1, -(-len(epochs) // 8))
  return epochs[::step].tolist()
