"""The images that a page shows of a run: the strongest, easiest and hardest."""

from typing import NamedTuple

import numpy as np

from saliency_jax.report.chapter import Picture, Site
from saliency_jax.report.numbers import number
from saliency_jax.report.paper import TARGET
from saliency_jax.report.units.run import DISSECT, Run

_SHOWN = 4  # easiest arrays, and hardest ones


class Example(NamedTuple):
  """An image under a unit's map."""

  unit: str  # 'layer:7'
  image: str  # its identifier
  group: str  # a region's category, or an array's kind
  score: float
  mean: float  # of the layer's best units
  picture: Picture


def strongest(run: Run, site: Site) -> Example | None:
  """Returns the image with the highest score among the strongest cell's units.

  None if no map of them is exported.
  """
  means = run.values('mean')
  if not run.kept.images or not np.isfinite(means).any():
    return None
  # With enough rows, so that a single outlier is not the strongest cell.
  means = np.where(run.values('sets') >= 10, means, means - 100)
  for at in np.argsort(-np.nan_to_num(means, nan=-1e9).ravel())[:5]:
    layer, column = run.table.iloc[int(at)][['layer', 'category']]
    maps, best = run.kept.maps(layer), run.best(layer, column)
    rows = run.rows if run.kind is not DISSECT else run.rows[run.rows['group'] == column]
    scored = [
      (float(run.scores[layer][row, unit]), row, unit)
      for unit in best
      for row in rows.index[rows['image'].isin(maps.images[maps.units == unit])]
    ]
    scored = [x for x in scored if not np.isnan(x[0])]
    if scored:
      return example(run, site, layer, *max(scored)[1:])
  return None


def extremes(run: Run, site: Site) -> list[dict]:
  """Returns the arrays to which a layer's best units respond most and least.

  Each is shown under the map of the layer's unit with the highest score on it.
  The layer with the highest mean NMM comes first.
  """
  found = []
  for j in np.argsort(-np.nan_to_num(run.values('mean')[:, 0]), kind='stable'):
    layer = run.layers[j]
    scores = run.scores[layer]
    means = scores[:, run.best(layer, TARGET)].mean(axis=1, dtype=float)
    known = (run.rows['image'] >= 0).to_numpy() & ~np.isnan(means)
    order = np.flatnonzero(known)[np.argsort(-means[known], kind='stable')]
    count = min(_SHOWN, len(order) // 2)
    if count:
      rows = {'easiest': order[:count], 'hardest': order[: -count - 1 : -1]}
      ends = {
        name: [example(run, site, layer, x, int(scores[x].argmax()), float(means[x]), name) for x in of.tolist()]
        for name, of in rows.items()
      }
      found.append({'layer': layer, 'ends': ends})
  return found


def example(run: Run, site: Site, layer: str, row: int, unit: int, mean: float = np.nan, end: str = '') -> Example:
  """Returns the image of a row of `run.rows` under a unit's map.

  `mean` is that of the layer's best units on the row, `end` is 'easiest',
  'hardest' or ''.
  """
  at, kind = run.rows.iloc[row], run.kind
  name, score = f'{layer}:{unit}', float(run.scores[layer][row, unit])
  image = run.kept.images[at['image']]
  written = f'{kind.score} {number(score)}'
  picture = Picture(
    site.picture(image.picture.name, image.picture),
    run.kept.pixels(at['image']),
    (image.height, image.width),
    f'{end}: {at["group"]}\n{name}, {written}',
    f'Map of unit {name} over {kind.image} {at["image_id"]}, {at["group"]} outlined, {written}',
    run.kept.map_of(layer, unit, at['image']),
    run.kept.maps(layer).placement,
    run.kept.mask(at['image']) == 1 + at['place'],
    kind.margin,
    coloured=kind.coloured,
  )
  return Example(name, at['image_id'], at['group'], score, mean, picture)
