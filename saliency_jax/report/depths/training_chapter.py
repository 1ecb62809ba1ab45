"""The chapter on how a sweep or a single run was trained."""

import numpy as np
import pandas as pd

from saliency_jax.ops import overlays
from saliency_jax.report import charts
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.depths.swept import Member, Swept
from saliency_jax.report.numbers import number


def chapter(swept: Swept, site: Site) -> Chapter:
  """Returns the chapter on how a sweep or a single run was trained."""
  trained, validated = ([line for line in swept.lines if line['kind'] == kind] for kind in ('train', 'validate'))
  window = validated[0]['step'] if validated else 1
  last = validated[-1][swept.watched] if validated else {}
  series, in_training, in_validation = {}, [], []
  shades = overlays.colours('values', np.linspace(0.1, 0.9, len(swept.depths)))
  for member in swept.members:
    shade = overlays.hexed(shades[swept.depths.index(member.depth)])
    series[member.label] = charts.css('run') if len(swept.members) == 1 else shade
    scores = pd.Series([x[swept.watched][member.name] for x in trained], [x['step'] for x in trained])
    smooth = scores.rolling(window, min_periods=1).mean()
    step = max(1, len(smooth) // 300)
    in_training += [{'x': x, 'y': y, 'who': member.label} for x, y in smooth.iloc[step - 1 :: step].items()]
    in_validation += [
      {'x': str(x['epoch']), 'y': x[swept.watched][member.name], 'who': member.label} for x in validated
    ]
  shared = {'label': swept.title, 'width': 400}
  curves = [
    charts.lines(in_training, series, x='step', title='training images', continuous=True, **shared),
    charts.lines(in_validation, series, x='epoch', title='validation images', **shared),
  ]
  reached = ', '.join(f'{x.label} {number(x.score)}' for x in swept.members)
  context = {
    'swept': swept,
    'epochs': len(validated),
    'curves': site.chart(
      'training', curves, f'Curves of {swept.title}; the best on the validation images: {reached}', series
    ),
    'table': site.table('training', [_line(swept, x, last) for x in swept.members]),
  }
  return Chapter('training', 'Training', 'depths/training.html.j2', context)


def _line(swept: Swept, member: Member, last: dict[str, float]) -> dict:
  """Returns the best scores of a member, and its training options."""
  return {
    'member': member.label,
    'stages trained': member.depth,
    f'best {swept.title}': member.score,
    'at step': member.step,
    f'last {swept.title}': last.get(member.name),
    'rate of the trunk': f'{member.trunk_rate:g}' if member.depth else '\N{EN DASH}',
    'rate of the head': f'{member.readout_rate:g}',
    'seed': member.seed,
  }
