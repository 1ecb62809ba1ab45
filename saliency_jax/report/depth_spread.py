"""What the runs of one depth differ by, and where categories differ: sentences.

Comparisons of depths have an error term only where a depth was trained more
than once, from other seeds.
"""

from collections.abc import Sequence

import numpy as np

from saliency_jax.report.comparison import Comparison
from saliency_jax.report.findings import Finding
from saliency_jax.report.numbers import number
from saliency_jax.report.swept import Swept, depth_name


def deviations(values: np.ndarray, depths: Sequence[int]) -> np.ndarray:
  """Returns the standard deviation over the runs of each depth, ascending.

  Args:
    values: float64 `[M, C]`, a row for each run.
    depths: of the runs.

  Returns:
    float64 `[D, C]`, of the sample (n - 1); NaN for a depth of one run.
  """
  order, given = sorted(set(depths)), np.array(depths)
  return np.array([
      values[given == depth].std(axis=0, ddof=1)
      if (given == depth).sum() > 1 else np.full(values.shape[1], np.nan)
      for depth in order])


def findings(swept: Swept) -> list[Finding]:
  """Returns what the runs of one depth differ by, and Section 5.2's claim."""
  depths = [member.depth for member in swept.members]
  if len(set(depths)) < 2:
    return []
  found = []
  for name, file, table in (
      ('Table 3', 'table3.csv', swept.seen and swept.seen.means),
      ('Table 6', 'table6.csv', swept.arrays)):
    if table:
      found.append(Finding(_spread(name, table, depths), (file,)))
  if swept.tests:
    found += [
        Finding(text, ('depth_tests.json',)) for text in _claims(swept.tests)]
  return found


def _spread(name: str, table: Comparison, depths: list[int]) -> str:
  spread = deviations(table.run, depths)
  if not np.isfinite(spread).any():
    return (
        f'{name} is of one run for each depth: nothing says how much another '
        f'seed would change, and differences between depths have no error '
        f'term.')
  row, column = np.unravel_index(np.nanargmax(spread), spread.shape)
  where = f'depth {depth_name(sorted(set(depths))[row])}'
  if len(table.columns) > 1:
    where = f'{table.columns[column]} at {where}'
  counts = {depths.count(depth) for depth in depths}
  runs = f'{min(counts)}' if len(counts) == 1 else (
      f'{min(counts)} to {max(counts)}')
  return (
      f'Over the {runs} runs of a depth, values of {name} have a standard '
      f'deviation of {number(float(np.nanmean(spread)))} on average and '
      f'{number(float(np.nanmax(spread)))} at most ({where}).')


def _claims(tests: dict) -> list[str]:
  """Section 5.2: which of three categories differ from all others."""
  said = []
  for category, differs in tests['differs'].items():
    known = {name: x for name, x in differs.items() if x is not None}
    blocked = known.pop('blocked', None)
    if not known:
      continue
    text = f'{category} in {sum(known.values())} of {len(known)} runs'
    if blocked is not None:
      text += f" and {'' if blocked else 'not '}over depths as blocks"
    said.append(text)
  if not said:
    return []
  return [
      'Differs from all other categories (Games-Howell on regions, Tukey on '
      f"depths, 5 %; the paper names these three): {'; '.join(said)}."]
