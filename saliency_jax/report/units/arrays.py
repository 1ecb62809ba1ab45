"""The chapter `popout`: kinds of target, and the easiest and hardest arrays."""

import numpy as np

from saliency_jax.report import charts, matrices
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.numbers import number
from saliency_jax.report.paper import TARGET
from saliency_jax.report.units import shown
from saliency_jax.report.units.run import Run

_QUARTILES = {'lower quartile': 25, 'median': 50, 'upper quartile': 75}


def chapter(run: Run, site: Site) -> Chapter:
  """Returns the chapter on search arrays of a pop-out run."""
  kinds = by_kind(run)
  table = [
    _spread(kind, layer, x, run.held_out.get((layer, kind), np.nan))
    for kind, layers in kinds.items()
    for layer, x in zip(run.layers, layers, strict=True)
  ]
  means = np.array([x['mean NMM'] for x in table]).reshape(len(kinds), len(run.layers))

  def hint(i: int, j: int) -> str:
    x = table[i * len(run.layers) + j]
    held = '' if np.isnan(x['held out']) else f'held out {number(x["held out"])}, '
    return f'{held}SD {number(x["SD"])}, quartiles {", ".join(number(x[q]) for q in _QUARTILES)}, {x["arrays"]} arrays'

  matrix = matrices.matrix(
    'Mean NMM', list(kinds), run.layers, means, label=run.kind.label, corner=run.kind.group, hint=hint
  )
  extremes = shown.extremes(run, site)
  first = [x.picture for listed in extremes[0]['ends'].values() for x in listed] if extremes else []
  context = {
    'run': run,
    'matrix_of_kinds': matrix,
    'extremes': extremes,
    'figure': site.paper('kinds', [matrix]),
    'table': site.table('kinds', table),
    'spread': site.chart('spread', _strips(run, kinds, table), 'NMM of every array by kind of target:'),
    'pictures': site.paper('easiest_hardest', first) if first else [],
  }
  return Chapter('popout', 'Pop-out', 'units/popout.html.j2', context)


def _spread(kind: str, layer: str, scores: np.ndarray, held_out: float) -> dict:
  """Returns a row of the table: arrays of a kind in a layer."""
  quartiles = np.percentile(scores, [*_QUARTILES.values()]).tolist() if len(scores) else [np.nan] * 3
  return {
    'kind': kind,
    'layer': layer,
    'arrays': len(scores),
    'mean NMM': float(scores.mean()) if len(scores) else np.nan,
    'SD': float(scores.std(ddof=1)) if len(scores) > 1 else np.nan,
    **dict(zip(_QUARTILES, quartiles, strict=True)),
    'held out': held_out,
  }


def _strips(run: Run, kinds: dict[str, list[np.ndarray]], table: list[dict]) -> list[charts.Spec]:
  """Draws every array by kind of target, a panel for each layer."""
  ends = matrices.domain(*(x for layers in kinds.values() for x in layers))
  return [
    charts.strips(
      [{'name': kind, 'x': float(x)} for kind, of in kinds.items() for x in of[j]],
      [
        {'name': x['kind'], **dict(zip(('low', 'x', 'high'), (x[q] for q in _QUARTILES), strict=True))}
        for x in table[j :: len(run.layers)]
        if x['arrays']
      ],
      label='NMM of the best units (SD)',
      title=layer,
      domain=ends,
    )
    for j, layer in enumerate(run.layers)
  ]


def by_kind(run: Run) -> dict[str, list[np.ndarray]]:
  """Returns the scores of every layer's best units on each kind of array.

  Returns:
    kind -> for each layer the mean NMM of its best units on every array of the
    kind, float64 `[n]`; the kind with the highest mean over layers first.
  """
  found = {kind: [run.on_rows(layer, TARGET, kind) for layer in run.layers] for kind in run.groups}
  return dict(sorted(found.items(), key=lambda item: -np.mean([x.mean() if len(x) else 0.0 for x in item[1]])))
