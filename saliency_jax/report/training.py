"""The chapter `training`: the curves of a run, or of every member of a sweep.
"""

import functools

from saliency_jax.report import curves, facts
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.numbers import number
from saliency_jax.report.swept import Swept


def chapter(results: Swept, site: Site) -> Chapter:
  """Returns the chapter on how a sweep or a single run was trained."""
  found = curves.curves(results.lines, results.members, results.watched)
  last = dict(zip(
      (member.name for member in results.members), found.validation[-1],
      strict=True))
  spoken = ', '.join(
      f'{member.label} {number(member.score)}' for member in results.members)
  return Chapter('training', 'Training', 'training.html.j2', {
      'results': results, 'epochs': len(found.epochs),
      'facts': facts.facts(results.summary, results.config),
      'curves': site.figure(
          'training', functools.partial(
              curves.draw, found, results.members, results.title),
          f'Curves of {results.title} over steps and over epochs; the best on '
          f'the validation images: {spoken}.'),
      'table': site.table(
          'training', (
              'member', 'stages trained', f'best {results.title}', 'at step',
              f'last {results.title}', 'rate of the trunk', 'rate of the head',
              'seed'), [
              (x.label, x.depth, x.score, x.step, float(last[x.name]),
               f'{x.trunk_rate:g}' if x.depth else '\N{EN DASH}',
               f'{x.readout_rate:g}', x.seed)
              for x in results.members])})
