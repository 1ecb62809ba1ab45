"""Which images a page shows of a run: the strongest, the easiest, the hardest.
"""

import numpy as np

from saliency_jax.report import outlines
from saliency_jax.report.chapter import Site
from saliency_jax.report.numbers import number
from saliency_jax.report.units.run import DISSECT, Run


def strongest(run: Run, site: Site) -> dict | None:
  """Returns the image with the highest score of the strongest cell's units.

  None if no map of them is kept.
  """
  means = run.values('mean')
  if not run.kept.images or not np.isfinite(means).any():
    return None
  # Of enough rows that a single odd one does not make it.
  means = np.where(run.values('sets') >= 10, means, means - 100)
  for at in np.argsort(-np.nan_to_num(means, nan=-1e9).ravel())[:5]:
    layer, column = run.table.iloc[int(at)][['layer', 'category']]
    maps = run.kept.maps(layer)
    best = set(run.best(layer, column).tolist())
    pairs = {(unit, image) for unit, image in zip(
        maps.units.tolist(), maps.images.tolist(), strict=True)
        if unit in best}
    rows = run.rows if run.kind is not DISSECT else run.rows[
        run.rows['group'] == column]
    scored = [(float(run.scores[layer][row.Index, unit]), row.Index, unit)
              for row in rows.itertuples() for unit in best
              if (unit, row.image) in pairs]
    scored = [x for x in scored if not np.isnan(x[0])]
    if scored:
      _, row, unit = max(scored)
      return example(run, site, layer, row, unit)
  return None


def example(run: Run, site: Site, layer: str, row: int, unit: int) -> dict:
  """Returns the image of a row under a unit's map, for the page.

  Args:
    run: keeps a picture of the image.
    site: takes it.
    layer: of the unit.
    row: of `run.rows`.
    unit: counted from 0.
  """
  at = run.rows.iloc[row]
  name, score = f'{layer}:{unit}', float(run.scores[layer][row, unit])
  image = run.kept.images[at['image']]
  shape = outlines.outline(
      run.kept.mask(at['image']) == 1 + at['place'], run.kind.margin)
  return {
      'unit': name, 'image': at['image_id'], 'group': at['group'],
      'score': score, 'place': site.place(
          site.image(image), (image.height, image.width),
          f'Map of unit {name} over {run.kind.image} {at["image_id"]}, '
          f'{at["group"]} outlined, {run.kind.score} {number(score)}',
          cells=cells(run, layer, unit, at['image']), outlines=[shape['d']])}


def cells(run: Run, layer: str, unit: int, image: int) -> np.ndarray | None:
  """Returns a unit's map of a shown image, `[h, w]`; None if it is not kept."""
  maps = run.kept.maps(layer)
  at = np.flatnonzero((maps.units == unit) & (maps.images == image))
  return maps.cells[at[0]].astype(np.float32) if len(at) else None
