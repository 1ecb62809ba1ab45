"""How numbers are written, and sentences that are computed from them."""

import math
from typing import NamedTuple

MOST = 6  # findings on a page
FEWEST = 10  # cells, regions or arrays behind a finding


class Finding(NamedTuple):
  """A sentence, and the files of the results folder behind it."""

  text: str
  files: tuple[str, ...]


def number(value: float, digits: int = 2) -> str:
  """Returns a number with fixed digits, or a dash for NaN.

  The minus sign is as wide as a digit; a rounded zero has none.
  """
  if math.isnan(value):
    return '\N{EN DASH}'
  return fixed(float(value), digits).replace('-', '\N{MINUS SIGN}')


def fixed(value: int | float, digits: int) -> str:
  """Returns a number with fixed digits, an integer with none."""
  # Adding 0 turns -0.0, a result of rounding, into 0.0.
  return f'{round(value, digits) + 0.0:.{digits}f}' if isinstance(value, float) else str(value)


def signed(value: float, digits: int = 2) -> str:
  """Returns a difference: like `number`, with a plus above zero."""
  return ('+' if round(value, digits) > 0 else '') + number(value, digits)


def counted(count: int, thing: str) -> str:
  """Returns e.g. '1 region' or '2,291 regions'."""
  return f'{count:,} {thing}{"" if count == 1 else "s"}'


def between(mean: float, low: float, high: float) -> str:
  """Returns a mean with its 95 % interval, if it has one."""
  if math.isnan(low):
    return number(mean)
  return f'{number(mean)} [{number(low)}, {number(high)}]'


def probability(p: float | None) -> str:
  """Returns a p value as text: 'p = 0.023' or 'p = 3 x 10^-9'."""
  if p is None or math.isnan(p):
    return 'p not known'
  if p >= 0.001:
    return f'p = {p:.3f}' if p < 0.1 else f'p = {p:.2f}'
  digits, exponent = f'{p or 1e-300:.0e}'.split('e')
  raised = str(abs(int(exponent))).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))
  return f'p {"=" if p else "<"} {digits} \N{MULTIPLICATION SIGN} 10\N{SUPERSCRIPT MINUS}{raised}'


def f_value(test: dict) -> str:
  """Returns F with its degrees of freedom."""
  between, within = (test[x] for x in ('df_between', 'df', 'df_within', 'df_residual') if x in test)
  return f'F({between:.0f}, {within:.0f}) = {number(test["f"])}'


def analysis(comparison: dict) -> dict[str, str]:
  """Returns the results of `comparisons.compare` as text."""
  welch, clustered, pairs = comparison['welch'], comparison['clustered'], comparison['pairs']
  corrected = [pair.get('p_holm') for pair in pairs]
  return {
    'F': f_value(welch),
    'p': probability(welch['p']),
    'F, photographs as clusters': f_value(clustered) if clustered else '\N{EN DASH}',
    'p, clustered': probability(clustered['p']) if clustered else '\N{EN DASH}',
    'p, clustered and corrected (Holm)': probability(comparison.get('p_holm')),
    'pairs that differ': f'{sum(pair["p"] < 0.05 for pair in pairs)} of {len(pairs)}',
    'clustered and corrected': str(sum(x is not None and x < 0.05 for x in corrected)),
  }
