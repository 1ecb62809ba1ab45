"""What a sweep says of fine-tuning, in sentences computed from its numbers."""

import math

import numpy as np

from saliency_jax.report import by_depth
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.findings import Finding
from saliency_jax.report.numbers import counted, number
from saliency_jax.report.swept import Regions, Swept, depth_name

_DEPTH = 3  # of which the paper tells; the best one stands in for it


def findings(swept: Swept) -> list[Finding]:
  """Returns what a sweep says, the most general first."""
  depths = [member.depth for member in swept.members]
  found = []
  if 0 in depths and len(set(depths)) > 1:
    found += _output(swept, depths)
    for regions, file, whose in (
        (swept.seen, 'table3.csv', ''),
        (swept.unseen, 'table3_unseen.csv',
         'On photographs that were not learnt from, ')):
      if regions:
        found += [Finding(text, (file,)) for text in _regions(
            regions, depths, whose, swept.config)]
    if swept.arrays:
      found += [Finding(text, ('table6.csv',)) for text in _arrays(
          swept.arrays, depths)]
  return found


def _output(swept: Swept, depths: list[int]) -> list[Finding]:
  """Whether training convolutions beats the readout alone."""
  nss = {
      depth: float(np.mean([
          x.nss for x in swept.members if x.depth == depth]))
      for depth in sorted(set(depths))}
  before, trained = nss.pop(0), nss
  better = [depth for depth, value in trained.items() if value > before]
  best, worst = (choose(trained, key=trained.get) for choose in (max, min))
  first = (
      f'On {swept.summary["counts"]["validation"]} photographs that were not '
      f'learnt from, ')
  if len(better) == len(trained):
    text = (
        f'{first}every depth beats the readout alone: NSS {number(before)} at '
        f'depth 0, {number(trained[worst])} at depth {depth_name(worst)} and '
        f'up to {number(trained[best])} at depth {depth_name(best)}.')
  else:
    text = (
        f'{first}{len(better)} of {len(trained)} depths beat the readout alone '
        f'(NSS {number(before)}); depth {depth_name(worst)} reaches '
        f'{number(trained[worst])}, depth {depth_name(best)} '
        f'{number(trained[best])}.')
  return [Finding(text, ('summary.json', 'metrics.jsonl'))]


def _regions(
    regions: Regions, depths: list[int], whose: str, config: dict
) -> list[str]:
  table = by_depth.merged(regions.means, depths)
  gains = by_depth.gains(table)
  known = np.isfinite(gains.run).all(axis=0)
  if not known.any():
    return []
  found = [_rises(table, gains, known, whose, regions.regions)]
  if whose:
    return found
  found.append(_best_depth(table, known))
  shared = gains.shared & (np.arange(len(gains.layers)) > 0)[:, None]
  if not math.isnan(table.correlation):
    found.append(
        f'Table 3 correlates with the paper’s at r = {table.correlation:.3f} '
        f'(Pearson, {int(table.shared.sum())} cells), the gains over depth 0 '
        f'at r = {_correlation(gains, shared):.3f}.')
  return found + _counts(regions, depths, config)


def _rises(
    table: Comparison, gains: Comparison, known: np.ndarray, whose: str,
    counts: list[int]
) -> str:
  """For how many categories the best units rise, and for which most."""
  row = _row(table, known)
  rises = np.where(known, gains.run[row], np.nan)
  up, count = int((rises[known] > 0).sum()), int(known.sum())
  most, least = int(np.nanargmax(rises)), int(np.nanargmin(rises))

  def change(column: int) -> str:
    text = (
        f'{number(float(table.run[0, column]))} to '
        f'{number(float(table.run[row, column]))}')
    if not whose and gains.shared[row, column]:
      text += (
          f', in the paper {number(float(table.paper[0, column]))} to '
          f'{number(float(table.paper[row, column]))}')
    return f'{text}, {counted(counts[column], "region")}' if whose else text

  text = (
      f'{whose}{"the" if whose else "The"} mean NSS of conv5_3’s best units '
      f'rises for {up} of {count} categories from depth 0 to depth '
      f'{table.layers[row]}, most for {table.columns[most]} ({change(most)})')
  if least != most:
    text += f', least for {table.columns[least]} ({change(least)})'
  return f'{text}.'


def _row(table: Comparison, known: np.ndarray) -> int:
  """Returns the row of the depth to tell of."""
  if str(_DEPTH) in table.layers:
    return table.layers.index(str(_DEPTH))
  return 1 + int(table.run[1:, known].mean(axis=1).argmax())


def _best_depth(table: Comparison, known: np.ndarray) -> str:
  """At which depth the units answer most."""
  both = known & np.isfinite(table.paper).all(axis=0)
  columns = both if both.any() else known
  means = table.run[:, columns].mean(axis=1)
  best = int(means.argmax())
  text = (
      f'Over {int(columns.sum())} categories the mean is highest at depth '
      f'{table.layers[best]}: {number(float(means[best]))}, against '
      f'{number(float(means[0]))} at depth 0')
  if both.any():
    published = table.paper[:, columns].mean(axis=1)
    highest = int(published.argmax())
    text += (
        f'; in the paper at depth {table.layers[highest]}: '
        f'{number(float(published[highest]))}, against '
        f'{number(float(published[0]))}')
  return f'{text}.'


def _counts(
    regions: Regions, depths: list[int], config: dict) -> list[str]:
  """Where most units exceed T."""
  counts = by_depth.merged(regions.counts, depths)
  if not np.isfinite(counts.run).any():
    return []
  row, column = np.unravel_index(np.nanargmax(counts.run), counts.run.shape)
  threshold = f'T = {config["regions"]["analysis"]["threshold"]:g}'
  return [
      f'Most units exceed {threshold} for {counts.columns[column]} at depth '
      f'{counts.layers[row]}: {counts.run[row, column]:.0f}, against '
      f'{counts.run[0, column]:.0f} at depth 0.']


def _arrays(arrays: Comparison, depths: list[int]) -> list[str]:
  """How the answer to the odd one out changes."""
  table = by_depth.merged(arrays, depths)
  run, published = table.run[:, 0], table.paper[:, 0]
  up = int((run[1:] > run[0]).sum())
  best = 1 + int(run[1:].argmax())
  text = (
      f'On search arrays the mean NMM of conv5_3’s best units is above that of '
      f'depth 0 at {up} of {len(run) - 1} depths: {number(float(run[0]))} at '
      f'depth 0, at most {number(float(run[best]))} at depth '
      f'{table.layers[best]}')
  if np.isfinite(published).all():
    highest = int(published.argmax())
    text += (
        f'; in the paper {number(float(published[0]))} and '
        f'{number(float(published[highest]))} at depth '
        f'{table.layers[highest]}')
  return [f'{text}.']


def _correlation(table: Comparison, shared: np.ndarray) -> float:
  return float(np.corrcoef(table.run[shared], table.paper[shared])[0, 1])
