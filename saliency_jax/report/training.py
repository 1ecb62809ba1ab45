"""The chapter `training`: the curves of a run, or of every member of a sweep.
"""

import functools

from saliency_jax.report import curves, facts
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.numbers import number
from saliency_jax.report.swept import Swept


def chapter(results: Swept, site: Site) -> Chapter:
  """Returns the chapter on how a sweep or a single run was trained."""
  found = curves.curves(results.lines, results.members)
  last = dict(zip(
      (member.name for member in results.members), found.validation[-1],
      strict=True))
  spoken = ', '.join(
      f'{member.label} {number(member.nss)}' for member in results.members)
  return Chapter('training', 'Training', 'training.html.j2', {
      'results': results, 'epochs': len(found.epochs),
      'facts': facts.facts(results.summary, results.config),
      'curves': site.figure(
          'training', functools.partial(curves.draw, found, results.members),
          f'Curves of the NSS over steps and over epochs; the best on '
          f'photographs that were not learnt from: {spoken}.'),
      'table': site.table(
          'training', ('member', 'convolutions trained', 'best NSS', 'at step',
                       'last NSS', 'rate of convolutions',
                       'rate of readout', 'seed'), [
              (x.label, x.depth, x.nss, x.step, float(last[x.name]),
               f'{x.trunk_rate:g}' if x.depth else '\N{EN DASH}',
               f'{x.readout_rate:g}', x.seed)
              for x in results.members])})
