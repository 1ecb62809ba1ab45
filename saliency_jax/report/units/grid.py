"""The chapter of units: a grid of all of them, and a page for each."""

from collections.abc import Sequence

import numpy as np

from saliency_jax import schema
from saliency_jax.report import matrices, packing
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.numbers import number
from saliency_jax.report.units import selectivity
from saliency_jax.report.units.run import Run, same_rows
from saliency_jax.report.units.selectivity import Scores

_GROUP = 64  # units whose scores share a file
_BROAD = 9  # letters that fit into a column of the grid
# Share of values beyond either end of the colours, so that a single outlier
# does not take all the contrast.
_OUTSIDE = 0.001


def chapter(run: Run, site: Site) -> Chapter:
  """Returns the chapter, and stores the data that its scripts show."""
  runs = site.runs
  tables = [
    selectivity.summarise([x.scores[layer] for layer in run.layers], x.rows['group'].to_numpy(), run.groups)
    for x in runs
  ]
  paired = len(runs) > 1 and same_rows(*runs)
  ends = [_range(np.concatenate([x.means[:, 1:] for x in tables]))]
  if site.compare:
    reach = max(map(abs, _range(tables[0].means - tables[1].means)))
    ends.append((-reach, reach))
  bars = [
    matrices.bar(scale, number(low, 1), number(high, 1), f'{run.kind.label}{what}')
    for (low, high), scale, what in zip(ends, ('values', 'differences'), ('', ', difference'), strict=False)
  ]
  data = {
    'score': run.kind.score,
    'runs': site.labels[: len(runs)],
    'paired': paired,
    'kind': run.kind.group,
    'rowName': f'{run.kind.item}s',
    'layers': [[x, run.scores[x].shape[1]] for x in run.layers],
    'categories': list(run.groups),
    'group': _GROUP,
    'images': len(run.kept.images),
    'ranges': ends,
    'tables': [_packed(table) for table in (*tables, *_differences(run, site, tables, paired))],
  }
  site.data('units', data)
  groups = {x: i for i, x in enumerate(run.groups)}
  for k, each in enumerate(runs):
    categories = packing.integers(each.rows['group'].map(groups).fillna(-1))
    images = packing.integers(_places(each, run)[each.rows['image']])
    site.data(f'rows/{k}', {'categories': categories, 'images': images, 'kept': _kept_pairs(each, run)})
    for i, layer in enumerate(run.layers):
      by_unit = each.scores[layer].T
      for start in range(0, len(by_unit), _GROUP):
        site.data(f'scores/{k}/{i}/{start // _GROUP}', packing.scores(by_unit[start : start + _GROUP]))
  context = {
    'run': run,
    'bars': bars,
    'counts': tables[0].counts.tolist(),
    'total': len(tables[0].best),
    'file': (run.path / schema.UNITS.path).is_file(),
    'upright': max(map(len, ' '.join(run.groups).split())) > _BROAD,
  }
  return Chapter('units', 'Units', 'units/units.html.j2', context)


def _packed(table: Scores) -> dict:
  return {
    'counts': table.counts.tolist(),
    'factors': [None if np.isnan(x) else float(x) for x in selectivity.factors(table.counts)],
    'best': packing.integers(table.best),
    **{key: packing.scores(getattr(table, key)) for key in ('means', 'halves', 'selectivity')},
  }


def _range(values: np.ndarray) -> tuple[float, float]:
  """Returns the ends of the colour scale, to one digit."""
  values = values[np.isfinite(values)]
  if not len(values):
    return 0.0, 1.0
  low, high = np.quantile(values, (_OUTSIDE, 1 - _OUTSIDE)) * 10
  low = float(np.floor(low)) / 10
  return low, max(float(np.ceil(high)) / 10, low + 0.1)


def _differences(run: Run, site: Site, tables: Sequence[Scores], paired: bool) -> list[Scores]:
  """Returns this run's scores minus the other's, if there is another.

  If both measured the same rows, intervals are those of the mean differences.
  """
  if not site.compare:
    return []
  if paired:
    gaps = [run.scores[layer] - site.compare.scores[layer] for layer in run.layers]
    return [selectivity.summarise(gaps, run.rows['group'].to_numpy(), run.groups)]
  own, other = tables
  return [own._replace(means=own.means - other.means, halves=np.full_like(own.halves, np.nan))]


def _places(run: Run, first: Run) -> np.ndarray:
  """Returns the numbers that `first` gives to `run`'s shown images, or -1."""
  return np.array([first.kept.numbers.get(x.image_id, -1) for x in run.kept.images] + [-1])


def _kept_pairs(run: Run, first: Run) -> dict:
  """Returns which units have a map of which image, layer by layer."""
  if not run.kept.images:
    return {'counts': [0] * len(run.layers), 'units': [], 'images': []}
  pairs = [run.kept.maps(layer) for layer in run.layers]
  return {
    'counts': [len(x.units) for x in pairs],
    'units': packing.integers(np.concatenate([x.units for x in pairs])),
    'images': packing.integers(_places(run, first)[np.concatenate([x.images for x in pairs])]),
  }
