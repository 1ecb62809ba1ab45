"""The chapter `popout`: kinds of target, and the easiest and hardest arrays."""

import numpy as np

from saliency_jax.ops import overlays
from saliency_jax.report import charts, matrices, outlines
from saliency_jax.report.chapter import Chapter, Site, as_url
from saliency_jax.report.numbers import number
from saliency_jax.report.tables import TARGET
from saliency_jax.report.units import shown
from saliency_jax.report.units.run import Run

_SHOWN = 4  # easiest and hardest arrays
_QUARTILES = (25, 50, 75)


def chapter(run: Run, site: Site) -> Chapter:
  """Returns the chapter on search arrays of a pop-out run."""
  kinds = by_kind(run)
  means = np.array([[x.mean() if len(x) else np.nan for x in layers]
                    for layers in kinds.values()])
  table = [
      (kind, layer, len(x), float(means[i, j]),
       float(x.std(ddof=1)) if len(x) > 1 else float('nan'),
       *map(float, np.percentile(x, _QUARTILES) if len(x) else [np.nan] * 3))
      for i, (kind, layers) in enumerate(kinds.items())
      for j, (layer, x) in enumerate(zip(run.layers, layers, strict=True))]

  def hint(i: int, j: int) -> str:
    _, _, count, _, *spread = table[i * len(run.layers) + j]
    low, *quartiles = map(number, spread)
    return f"SD {low}, quartiles {', '.join(quartiles)}, {count} arrays"

  matrix = matrices.matrix(
      'Mean NMM', list(kinds), run.layers, means, label=run.kind.label,
      corner=run.kind.group, hint=hint)
  ends = extremes(run, site)
  return Chapter('popout', 'Pop-out', 'units/popout.html.j2', {
      'run': run, 'matrix_of_kinds': matrix, 'extremes': ends,
      'figure': site.paper('kinds', [matrix.spec()]),
      'table': site.table(
          'kinds', ('kind', 'layer', 'arrays', 'mean NMM', 'SD',
                    'lower quartile', 'median', 'upper quartile'), table),
      'spread': site.chart(
          'spread', [_spread(run, kinds, table, j)
                     for j in range(len(run.layers))],
          'NMM of every array by kind of target:'),
      'pictures': _pictures(run, site, ends[0]) if ends else []})


def by_kind(run: Run) -> dict[str, list[np.ndarray]]:
  """Returns what every layer's best units do on each kind of array.

  Returns:
    kind -> for each layer the mean NMM of its best units on every array of the
    kind: float64 `[n]`; the kind with the highest mean over layers first.
  """
  def on(kind: str) -> list[np.ndarray]:
    chosen = (run.rows['group'] == kind).to_numpy()
    scores = (run.scores[x][chosen][:, run.best(x, TARGET)]
              for x in run.layers)
    return [x[~np.isnan(x).any(axis=1)].mean(axis=1, dtype=float)
            for x in scores]

  found = {kind: on(kind) for kind in run.groups}
  return dict(sorted(found.items(), key=lambda item: -np.mean(
      [x.mean() if len(x) else 0. for x in item[1]])))


def extremes(run: Run, site: Site) -> list[dict]:
  """Returns the arrays to which a layer's best units respond most and least.

  Over each lies the map of the layer's unit with the highest score on it. The
  layer with the highest mean NMM comes first.
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
      found.append({'layer': layer, 'ends': {
          name: [shown.example(
              run, site, layer, int(row), int(scores[row].argmax()))
                 | {'mean': float(means[row]), 'row': int(row)}
                 for row in rows]
          for name, rows in (('easiest', order[:count]),
                             ('hardest', order[:-count - 1:-1]))}})
  return found


def _spread(run: Run, kinds: dict, table: list, j: int) -> charts.Spec:
  ends = matrices.domain(*(x for layers in kinds.values() for x in layers))
  return charts.strips(
      [{'name': kind, 'x': float(x)}
       for kind, layers in kinds.items() for x in layers[j]],
      [{'name': kind, 'low': low, 'x': middle, 'high': high}
       for kind, _, count, _, _, low, middle, high in table[
           j::len(run.layers)] if count],
      label='NMM of the best units (SD)', title=run.layers[j], domain=ends)


def _pictures(run: Run, site: Site, one: dict) -> list:
  """Keeps the easiest and the hardest arrays as figures for a paper."""
  specs = []
  for name, listed in one['ends'].items():
    for each in listed:
      image = run.kept.images[run.rows['image'].iloc[each['row']]]
      pixels = run.kept.pixels(run.rows['image'].iloc[each['row']])
      unit = int(each['unit'].rpartition(':')[2])
      cells = shown.cells(
          run, one['layer'], unit, run.rows['image'].iloc[each['row']])
      if cells is not None:
        pixels = overlays.under_map(pixels, cells, coloured=True)
      edge = outlines.edge(
          run.kept.mask(run.rows['image'].iloc[each['row']]) > 0,
          pixels.shape[:2], run.kind.margin)
      pixels = np.where(edge[..., None], 255, pixels).astype(np.uint8)
      specs.append(charts.picture(
          as_url(pixels), (image.height, image.width),
          f'{name}: {each["group"]}\n{each["unit"]}, NMM '
          f'{number(each["score"])}'))
  return site.paper('easiest_hardest', specs)
