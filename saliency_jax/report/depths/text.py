"""The tables of a sweep or a training run on the terminal, and its findings."""

from saliency_jax.report import terminal
from saliency_jax.report.depths.findings import findings, notes
from saliency_jax.report.depths.swept import Swept


def text(swept: Swept) -> str:
  """Returns what the members reached, Tables 3 and 6, and the findings."""
  lines = [
      f'{member.name}: {swept.title} {member.score:.3f} after step '
      f'{member.step}' for member in swept.members]
  names = [member.label for member in swept.members]
  if swept.seen is not None:
    analysis = swept.config['regions']['analysis']
    lines += [
        '', f'Table 3: mean NSS of {terminal.best(analysis["top_units"])} of '
        f'{swept.layer} for each category', '',
        *terminal.by_category(names, swept.seen), '',
        f'Table 3: number of units whose mean NSS exceeds '
        f'{analysis["threshold"]:g}', '',
        *terminal.by_category(names, swept.seen, 'above')]
  if swept.arrays is not None:
    top = swept.config['popout']['analysis']['top_units']
    lines += [
        '', f'Table 6: mean NMM of {terminal.best(top)} of {swept.layer}', '',
        *terminal.one_column('member', names, swept.arrays)]
  found = terminal.items(x.text for x in [*findings(swept), *notes(swept)])
  return '\n'.join(lines + [''] * bool(found) + found)
