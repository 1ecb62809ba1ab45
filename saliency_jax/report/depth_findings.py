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
         f'On {swept.part} photographs, ')):
      if regions:
        found += [Finding(text, (file,)) for text in _regions(
            regions, depths, whose, swept.config)]
    if swept.arrays:
      found += [Finding(text, ('table6.csv',)) for text in _arrays(
          swept.arrays, depths)]
  return found


def _output(swept: Swept, depths: list[int]) -> list[Finding]:
  """Whether training stages beats the readout alone."""
  scores = {
      depth: float(np.mean([
          x.score for x in swept.members if x.depth == depth]))
      for depth in sorted(set(depths))}
  before, trained = scores.pop(0), scores
  better = [depth for depth, value in trained.items() if value > before]
  best, worst = (choose(trained, key=trained.get) for choose in (max, min))
  first = (
      f'On {swept.summary["counts"]["validation"]} validation images ')
  if len(trained) == 1:
    verb = 'beats' if better else 'does not beat'
    text = (
        f'{first}depth {depth_name(best)} {verb} the readout alone: '
        f'{swept.title} {number(trained[best])}, {number(before)} at depth 0.')
  elif len(better) == len(trained):
    text = (
        f'{first}every depth beats the readout alone: {swept.title} '
        f'{number(before)} at depth 0, '
        f'{number(trained[worst])} at depth {depth_name(worst)} and '
        f'up to {number(trained[best])} at depth {depth_name(best)}.')
  else:
    text = (
        f'{first}{len(better)} of {len(trained)} depths beat the readout alone '
        f'({swept.title} {number(before)}); depth {depth_name(worst)} reaches '
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
  if not math.isnan(table.correlation):
    found.append(_agreement(table, gains))
  found += _heads_and_text(table)
  return found + _counts(regions, depths, config)


def _agreement(table: Comparison, gains: Comparison) -> str:
  """How Table 3 correlates with the paper's, and what is left of it without
  what all categories and all depths have in common."""
  shared = gains.shared & (np.arange(len(gains.layers)) > 0)[:, None]
  text = (
      f'Table 3 correlates with the paper’s at r = {table.correlation:.3f} '
      f'(Pearson, {int(table.shared.sum())} cells), the gains over depth 0 at '
      f'r = {_correlation(gains, shared):.3f}')
  rows, columns = table.shared.any(axis=1), table.shared.any(axis=0)
  whole = np.ix_(rows, columns)
  if table.shared[whole].all() and min(rows.sum(), columns.sum()) > 2:
    centred = table._replace(
        run=_centred(table.run[whole]), paper=_centred(table.paper[whole]))
    text += (
        f'; less the means of categories and of depths, which both tables '
        f'have in common, r is {_correlation(centred, centred.shared):.3f}')
  return f'{text}.'


def _heads_and_text(table: Comparison) -> list[str]:
  """Fine-tuning favours heads over text: in the paper by far."""
  names = ('person head', 'text')
  if not {*names} <= {*table.columns}:
    return []
  row = _row(table, np.isfinite(table.run).all(axis=0))
  places = [table.columns.index(name) for name in names]
  percent = by_depth.percent(table)
  if not np.isfinite(percent.run[row, places]).all():
    return []

  def said(values: np.ndarray, gained: np.ndarray) -> str:
    ratio = values[:, places[0]] / values[:, places[1]]
    return (
        f'text rises by {gained[row, places[1]]:.0f} % and {names[0]} by '
        f'{gained[row, places[0]]:.0f} %, the ratio of head to text goes from '
        f'{number(float(ratio[0]))} to {number(float(ratio[row]))}')

  text = (f'From depth 0 to depth {table.layers[row]} '
          f'{said(table.run, percent.run)}')
  if np.isfinite(percent.paper[row, places]).all():
    text += f'; in the paper {said(table.paper, percent.paper)}'
  return [f'{text}.']


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
      f'{whose}{"the" if whose else "The"} mean NSS of the best units '
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
  if not counts.run[row, column]:
    return [f'No unit exceeds {threshold} for any category.']
  return [
      f'Most units exceed {threshold} for {counts.columns[column]} at depth '
      f'{counts.layers[row]}: {counts.run[row, column]:.0f}, against '
      f'{counts.run[0, column]:.0f} at depth 0.', *_totals(counts, threshold)]


def _totals(counts: Comparison, threshold: str) -> list[str]:
  """At which depth most units exceed T, over categories that the paper has."""
  columns = counts.shared.all(axis=0)
  if columns.sum() < 2:
    return []
  totals = [
      values[:, columns].sum(axis=1) for values in (counts.run, counts.paper)]
  best, highest = (int(total.argmax()) for total in totals)
  text = (
      f'Over {int(columns.sum())} categories most units exceed {threshold} at '
      f'depth {counts.layers[best]} ({totals[0][best]:.0f}), in the paper at '
      f'depth {counts.layers[highest]} ({totals[1][highest]:.0f})')
  if 'text' in counts.columns:
    place = counts.columns.index('text')
    run, published = counts.run[1:, place], counts.paper[1:, place]
    if np.isfinite(run).all() and np.isfinite(published).all():
      text += (
          f'; for text {_range(run)} once convolutions are trained, in the '
          f'paper {_range(published)}')
  return [f'{text}.']


def _range(values: np.ndarray) -> str:
  low, high = values.min(), values.max()
  return f'{low:.0f}' if low == high else f'{low:.0f} to {high:.0f}'


def _arrays(arrays: Comparison, depths: list[int]) -> list[str]:
  """How the answer to the odd one out changes."""
  table = by_depth.merged(arrays, depths)
  run, published = table.run[:, 0], table.paper[:, 0]
  up = int((run[1:] > run[0]).sum())
  best = 1 + int(run[1:].argmax())
  text = (
      f'On search arrays the mean NMM of the best units is above that of '
      f'depth 0 at {up} of {len(run) - 1} depths: {number(float(run[0]))} at '
      f'depth 0, at most {number(float(run[best]))} at depth '
      f'{table.layers[best]}')
  if np.isfinite(published).all():
    highest = int(published.argmax())
    text += (
        f'; in the paper {number(float(published[0]))} and '
        f'{number(float(published[highest]))} at depth '
        f'{table.layers[highest]}')
  if table.shared.sum() > 2 and np.ptp(run) and np.ptp(published):
    text += (
        f'. Over depths the two correlate at r = '
        f'{_correlation(table, table.shared):.2f} (Pearson)')
    if run[-1] > run[0] and published[-1] < published[highest] and (
        best == len(run) - 1):
      text += ': this run is highest at the end, where the paper’s falls'
  return [f'{text}.']


def _centred(values: np.ndarray) -> np.ndarray:
  """Returns a table without the means of its rows and columns."""
  return (values - values.mean(axis=0) - values.mean(axis=1)[:, None]
          + values.mean())


def _correlation(table: Comparison, shared: np.ndarray) -> float:
  return float(np.corrcoef(table.run[shared], table.paper[shared])[0, 1])
