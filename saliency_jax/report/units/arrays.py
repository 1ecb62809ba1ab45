"""The chapter `popout`: kinds of target, and the easiest and hardest arrays."""

import numpy as np

from saliency_jax.report import charts, matrices
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.numbers import number
from saliency_jax.report.paper import TARGET
from saliency_jax.report.units import shown
from saliency_jax.report.units.run import Run

_QUARTILES = (25, 50, 75)


def chapter(run: Run, site: Site) -> Chapter:
  """Returns the chapter on search arrays of a pop-out run."""
  kinds = by_kind(run)
  means = np.array([[x.mean() if len(x) else np.nan for x in layers] for layers in kinds.values()])
  table = [
    (
      kind,
      layer,
      len(x),
      float(means[i, j]),
      float(x.std(ddof=1)) if len(x) > 1 else float('nan'),
      *map(float, np.percentile(x, _QUARTILES) if len(x) else [np.nan] * 3),
      run.held_out.get((layer, kind), np.nan),
    )
    for i, (kind, layers) in enumerate(kinds.items())
    for j, (layer, x) in enumerate(zip(run.layers, layers, strict=True))
  ]

  def hint(i: int, j: int) -> str:
    _, _, count, _, *spread, held = table[i * len(run.layers) + j]
    low, *quartiles = map(number, spread)
    return ('' if np.isnan(held) else f'held out {number(held)}, ') + (
      f'SD {low}, quartiles {", ".join(quartiles)}, {count} arrays'
    )

  matrix = matrices.matrix(
    'Mean NMM', list(kinds), run.layers, means, label=run.kind.label, corner=run.kind.group, hint=hint
  )
  extremes = shown.extremes(run, site)
  return Chapter(
    'popout',
    'Pop-out',
    'units/popout.html.j2',
    {
      'run': run,
      'matrix_of_kinds': matrix,
      'extremes': extremes,
      'figure': site.paper('kinds', [matrix]),
      'table': site.table(
        'kinds',
        ('kind', 'layer', 'arrays', 'mean NMM', 'SD', 'lower quartile', 'median', 'upper quartile', 'held out'),
        table,
      ),
      'spread': site.chart('spread', _strips(run, kinds, table), 'NMM of every array by kind of target:'),
      'pictures': site.paper('easiest_hardest', [x.picture for listed in extremes[0]['ends'].values() for x in listed])
      if extremes
      else [],
    },
  )


def _strips(run: Run, kinds: dict[str, list[np.ndarray]], table: list[tuple]) -> list[charts.Spec]:
  """Draws every array by kind of target, a panel for each layer."""
  ends = matrices.domain(*(x for layers in kinds.values() for x in layers))
  return [
    charts.strips(
      [{'name': kind, 'x': float(x)} for kind, of in kinds.items() for x in of[j]],
      [
        {'name': kind, 'low': low, 'x': middle, 'high': high}
        for kind, _, count, _, _, low, middle, high, _ in table[j :: len(run.layers)]
        if count
      ],
      label='NMM of the best units (SD)',
      title=layer,
      domain=ends,
    )
    for j, layer in enumerate(run.layers)
  ]


def by_kind(run: Run) -> dict[str, list[np.ndarray]]:
  """Returns what every layer's best units do on each kind of array.

  Returns:
    kind -> for each layer the mean NMM of its best units on every array of the
    kind: float64 `[n]`; the kind with the highest mean over layers first.
  """
  found = {kind: [run.on_rows(layer, TARGET, kind) for layer in run.layers] for kind in run.groups}
  return dict(sorted(found.items(), key=lambda item: -np.mean([x.mean() if len(x) else 0.0 for x in item[1]])))
