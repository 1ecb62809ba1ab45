"""The chapter on how a sweep or a single run was trained."""

import numpy as np
import pandas as pd

from saliency_jax.ops import overlays
from saliency_jax.report import charts
from saliency_jax.report.chapter import Chapter, Site, Table
from saliency_jax.report.depths.swept import Swept
from saliency_jax.report.facts import facts
from saliency_jax.report.numbers import number


def chapter(swept: Swept, site: Site) -> Chapter:
  """Returns the chapter on how a sweep or a single run was trained."""
  trained, validated = ([line for line in swept.lines if line['kind'] == kind] for kind in ('train', 'validate'))
  window = validated[0]['step'] if validated else 1
  series, rows = {}, {'train': [], 'validate': []}
  shades = overlays.colours('values', np.linspace(0.1, 0.9, len(swept.depths)))
  for member in swept.members:
    series[member.label] = (
      charts.css('run') if len(swept.members) == 1 else overlays.hexed(shades[swept.depths.index(member.depth)])
    )
    smooth = (
      pd.Series([x[swept.watched][member.name] for x in trained], [x['step'] for x in trained])
      .rolling(window, min_periods=1)
      .mean()
    )
    step = max(1, len(smooth) // 300)
    rows['train'] += [{'x': x, 'y': y, 'who': member.label} for x, y in smooth.iloc[step - 1 :: step].items()]
    rows['validate'] += [
      {'x': str(x['epoch']), 'y': x[swept.watched][member.name], 'who': member.label} for x in validated
    ]
  return Chapter(
    'training',
    'Training',
    'depths/training.html.j2',
    {
      'swept': swept,
      'epochs': len(validated),
      'facts': [*facts(swept.summary, swept.config).items()],
      'curves': site.chart(
        'training',
        [
          charts.lines(
            rows['train'], series, x='step', label=swept.title, title='training images', continuous=True, width=400
          ),
          charts.lines(rows['validate'], series, x='epoch', label=swept.title, title='validation images', width=400),
        ],
        f'Curves of {swept.title}; the best on the validation images: '
        + ', '.join(f'{x.label} {number(x.score)}' for x in swept.members),
        series,
      ),
      'table': _table(swept, site, validated[-1][swept.watched] if validated else {}),
    },
  )


def _table(swept: Swept, site: Site, last: dict[str, float]) -> Table:
  """Returns what each member reached, and what it was trained with."""
  columns = {
    'member': lambda x: x.label,
    'stages trained': lambda x: x.depth,
    f'best {swept.title}': lambda x: x.score,
    'at step': lambda x: x.step,
    f'last {swept.title}': lambda x: last.get(x.name),
    'rate of the trunk': lambda x: f'{x.trunk_rate:g}' if x.depth else '\N{EN DASH}',
    'rate of the head': lambda x: f'{x.readout_rate:g}',
    'seed': lambda x: x.seed,
  }
  return site.table('training', columns, [tuple(of(x) for of in columns.values()) for x in swept.members])
