"""The chapter `popout`: kinds of target, and the hardest and easiest arrays."""

import functools
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from saliency_jax.report import (
    best_units,
    comparison,
    figures,
    matrix,
    panels,
    spreads,
    style,
)
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.folder import TARGET, Results
from saliency_jax.report.numbers import number
from saliency_jax.report.panels import Panel

_SHOWN = 4  # easiest and hardest arrays


class Array(NamedTuple):
  """A search array and the unit of a layer that answers its target most."""
  place: int  # among the images that the page shows
  image_id: str
  kind: str
  mean: float  # NMM of the layer's best units, standard deviations
  unit: int  # counted from 0
  score: float  # its NMM


class Extremes(NamedTuple):
  """The arrays on which a layer's best units answer most and least."""
  layer: str
  easiest: list[Array]  # the easiest first
  hardest: list[Array]  # the hardest first


def chapter(results: Results, site: Site) -> Chapter:
  """Returns the chapter on search arrays of a pop-out run."""
  scores = best_units.per_kind(results)
  means = np.array([
      [x.mean() if len(x) else np.nan for x in layers]
      for layers in scores.values()])
  listed = list(scores.values())

  def hint(row: int, column: int) -> str:
    values = listed[row][column]
    low, middle, high = spreads.quartiles(values)
    return (
        f'SD {number(_deviation(values))}, quartiles {number(low)}, '
        f'{number(middle)}, {number(high)}, {len(values)} arrays')

  norm = figures.scale(means)
  shown = extremes(results)
  strongest = strongest_layer(results)
  files = []
  if shown:
    files = site.export('easiest_hardest', functools.partial(
        _pictures, results, next(x for x in shown if x.layer == strongest)))
  return Chapter('popout', 'Pop-out', 'popout.html.j2', {
      'results': results, 'kinds': len(scores),
      'rows': matrix.rows(list(scores), means, norm, 2, hint),
      'bar': matrix.bar(norm, 2),
      'figure_files': site.export(
          'kinds', functools.partial(_kinds, list(scores), means, results)),
      'table': site.table(
          'kinds', ('kind', 'layer', 'arrays', 'mean NMM', 'SD',
                    'lower quartile', 'median', 'upper quartile'), [
              (kind, layer, len(values), _mean(values), _deviation(values),
               *map(float, spreads.quartiles(values)))
              for kind, layers in scores.items()
              for layer, values in zip(results.layers, layers, strict=True)]),
      'spread': site.figure(
          'spread', functools.partial(spreads.by_kind, scores, results.layers),
          f'NMM of every array, in a panel for each of {len(results.layers)} '
          f'layers, by {len(scores)} kinds of target; the numbers are in the '
          f'table.'),
      'extremes': sorted(shown, key=lambda x: x.layer != strongest),
      'picture_files': files})


def strongest_layer(results: Results) -> str:
  """Returns the layer whose best units have the highest mean NMM."""
  means = comparison.means(results)
  return means.layers[int(np.nanargmax(means.run[:, 0]))]


def extremes(results: Results) -> list[Extremes]:
  """Returns the easiest and hardest arrays of every layer, if any is shown.

  Arrays are ordered by the mean NMM of the layer's best units (Table 5's
  statistic, of one array).
  """
  place = {x.image_id: k for k, x in enumerate(results.kept.images)}
  rows = [i for i, row in enumerate(results.rows) if row['image_id'] in place]
  found = []
  for layer in results.layers:
    scores = results.scores[layer]
    means = scores[:, results.table[layer][TARGET].units].mean(
        axis=1, dtype=float)
    known = [i for i in rows if not np.isnan(scores[i]).any()]
    ordered = sorted(known, key=lambda i: -means[i])
    count = min(_SHOWN, len(ordered) // 2)

    def array(i: int, scores=scores, means=means) -> Array:
      row, unit = results.rows[i], int(scores[i].argmax())
      return Array(
          place[row['image_id']], row['image_id'],
          row['kind'] or best_units.UNNAMED, float(means[i]), unit,
          float(scores[i, unit]))

    if count:
      found.append(Extremes(
          layer, [array(i) for i in ordered[:count]],
          [array(i) for i in ordered[:-count - 1:-1]]))
  return found


def _kinds(
    kinds: list[str], means: np.ndarray, results: Results, theme: style.Theme,
    *, narrow: bool = False
) -> Figure:
  """Draws the coloured matrix for a paper."""
  return figures.one_matrix(
      means[:, ::-1], kinds, results.layers[::-1], theme, narrow=narrow,
      names=('kind of target', 'layer'), label='mean NMM (SD)')


def _pictures(
    results: Results, shown: Extremes, theme: style.Theme, *,
    narrow: bool = False
) -> Figure:
  """Draws the easiest and the hardest arrays for a paper."""
  maps = results.kept.maps(shown.layer)

  def panel(array: Array) -> Panel:
    at = np.flatnonzero(
        (maps.units == array.unit) & (maps.images == array.place))
    with Image.open(results.kept.images[array.place].picture) as picture:
      image = np.asarray(picture.convert('RGB'))
    return Panel(
        f'{figures.short(array.kind)}\n{shown.layer}:{array.unit}, '
        f'NMM {number(array.score)}', image, maps.cells[at[0]],
        results.kept.mask(array.place) > 0)

  return panels.grid([
      ('easiest', [panel(x) for x in shown.easiest]),
      ('hardest', [panel(x) for x in shown.hardest])], theme)


def _mean(values: np.ndarray) -> float:
  return float(values.mean()) if len(values) else float('nan')


def _deviation(values: np.ndarray) -> float:
  return float(values.std(ddof=1)) if len(values) > 1 else float('nan')
