"""The tables of a sweep or a training run on the terminal; see `tables`."""

from saliency_jax.report import depth_findings, depth_spread, paper, tables
from saliency_jax.report.swept import Swept


def text(results: Swept) -> str:
  """Returns what the members reached, Tables 3 and 6, and the findings."""
  lines = [
      f'{member.name}: {results.title} {member.score:.3f} after step '
      f'{member.step}'
      for member in results.members]
  if results.seen:
    analysis = results.config['regions']['analysis']
    best = _best(analysis)
    lines += [
        '', f'Table 3: mean NSS of {best} of {results.layer} for each category',
        '',
        *tables.by_category(
            results.seen.means, results.seen.regions, 2, results.seen.luck),
        '',
        f'Table 3: number of units whose mean NSS exceeds '
        f'{analysis["threshold"]:g}', '',
        *tables.by_category(results.seen.counts, results.seen.regions, 0)]
  if results.arrays:
    best = _best(results.config['popout']['analysis'])
    lines += [
        '', f'Table 6: mean NMM of {best} of {results.layer}', '',
        *tables.one_column(results.arrays, results.arrays_luck, 'member')]
  found = [
      line for finding in (
          depth_findings.findings(results) + depth_spread.findings(results))
      for line in tables.item(_plain(finding.text))]
  return '\n'.join(lines + [''] * bool(found) + found)


def _best(analysis: dict) -> str:
  top = analysis['top_units']
  note = (
      '' if top == paper.top_units() else f' (the paper: {paper.top_units()})')
  return f'the {top} best units{note}'


def _plain(sentence: str) -> str:
  """Returns a sentence in signs that a terminal of any encoding can show."""
  return sentence.replace('’', "'").replace('−', '-').replace('–', '-')
