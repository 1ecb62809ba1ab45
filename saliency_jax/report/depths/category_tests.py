"""Section 5.2 of the paper: do the gains differ between categories?"""

from saliency_jax.report.chapter import Site, Table
from saliency_jax.report.depths.swept import Swept
from saliency_jax.report.numbers import f_value, probability


def table(swept: Swept, site: Site) -> Table | None:
  """The analyses of variance of Section 5.2: do categories differ?"""
  tests, rows = swept.tests or {}, []
  for member in swept.members:
    if test := tests.get('members', {}).get(member.name):
      differ = [sum(x.get(p) is not None and x[p] < 0.05 for x in test['pairs']) for p in ('p', 'p_holm')]
      holm = probability(test.get('p_holm'))
      rows.append((member.label, *_f(test['welch']), *_f(test['clustered']), holm, *differ))
  if blocked := tests.get('blocked'):
    effect = blocked['effect']
    test = effect | {'df_between': effect['df'], 'df_within': effect['df_residual']}
    rows.append(('depths as blocks', *_f(test), '', '', '', sum(x['p'] < 0.05 for x in blocked['pairs']), None))
  clustered = 'F, clustered', 'p, clustered', 'p, corrected'
  header = 'member', 'F', 'p', *clustered, 'pairs that differ', 'clustered and corrected'
  return site.table('differ', rows, header) if rows else None


def _f(test: dict | None) -> tuple[str, str]:
  """Returns an F with its degrees of freedom, and its p."""
  return ('', '') if test is None else (f_value(test), probability(test['p']))
