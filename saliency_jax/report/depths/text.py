"""The tables of a sweep or a training run on the terminal, and its findings."""

import numpy as np

from saliency_jax.report import paper, terminal
from saliency_jax.report.depths.findings import findings, notes
from saliency_jax.report.depths.swept import Swept, values

_BESIDE = ('held_out', 'chance_low', 'chance_high')


def text(swept: Swept) -> str:
  """Returns what the members reached, Tables 3 and 6, and the findings."""
  lines = [
      f'{member.name}: {swept.title} {member.score:.3f} after step '
      f'{member.step}' for member in swept.members]
  names = [member.label for member in swept.members]
  seen, arrays = swept.seen, swept.arrays
  if seen is not None:
    analysis = swept.config['regions']['analysis']
    columns, regions = tuple(seen['category'].unique()), [
        int(x) for x in values(seen, 'sets')[0]]
    lines += [
        '', f'Table 3: mean NSS of {_best(analysis)} of {swept.layer} for each '
        'category', '', *terminal.by_category(
            names, columns, regions, values(seen, 'mean'),
            values(seen, 'paper'), [values(seen, x) for x in _BESIDE]),
        '', f'Table 3: number of units whose mean NSS exceeds '
        f'{analysis["threshold"]:g}', '', *terminal.by_category(
            names, columns, regions, values(seen, 'above'),
            values(seen, 'paper_above'), digits=0)]
  if arrays is not None:
    best = _best(swept.config['popout']['analysis'])
    lines += [
        '', f'Table 6: mean NMM of {best} of {swept.layer}', '',
        *terminal.one_column('member', names, *(
            np.asarray(arrays[x], float) for x in ('mean',)),
            [arrays[x].to_numpy(float) for x in _BESIDE],
            arrays['paper'].to_numpy(float))]
  found = terminal.items(x.text for x in [*findings(swept), *notes(swept)])
  return '\n'.join(lines + [''] * bool(found) + found)


def _best(analysis: dict) -> str:
  top = analysis['top_units']
  note = (
      '' if top == paper.top_units() else f' (the paper: {paper.top_units()})')
  return f'the {top} best units{note}'
