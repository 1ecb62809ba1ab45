"""What a sweep says of fine-tuning, in sentences computed from its numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from saliency_jax.report.depths.swept import Swept, by_depth, depth_name, runs
from saliency_jax.report.numbers import number
from saliency_jax.report.statements import FEWEST, MOST, Finding, between

_DEPTH = 3  # of which the paper tells; the best one stands in for it


def findings(swept: Swept) -> list[Finding]:
  """Returns at most six findings, none of fewer than ten images or cells."""
  if 0 not in swept.depths or len(swept.depths) < 2:
    return []
  rules = (
      (_output, ('summary.json', 'metrics.jsonl')),
      (_rises, ('table3.csv',)), (_unseen, ('table3_unseen.csv',)),
      (_agreement, ('table3.csv',)), (_heads_and_text, ('table3.csv',)),
      (_arrays, ('table6.csv',)))
  return [Finding(text, files) for rule, files in rules
          if (text := rule(swept))][:MOST]


def notes(swept: Swept) -> list[Finding]:
  """Returns how sure the findings are: the spread over runs, and the tests."""
  rules = ((_spread, ('table3.csv',)), (_claims, ('depth_tests.json',)))
  return [Finding(text, files) for rule, files in rules
          if len(swept.depths) > 1 and (text := rule(swept))]


def _output(swept: Swept) -> str:
  """Whether training stages beats the readout alone."""
  images = swept.summary['counts']['validation']
  if images < FEWEST:
    return ''
  scores = {depth: [x.score for x in swept.members if x.depth == depth]
            for depth in swept.depths}

  def said(depth: int) -> str:
    return (f'{number(np.mean(scores[depth]))} at depth {depth_name(depth)}'
            + _over(scores[depth]))

  trained = swept.depths[1:]
  best = max(trained, key=lambda depth: np.mean(scores[depth]))
  better = sum(np.mean(scores[x]) > np.mean(scores[0]) for x in trained)
  return (
      f'On {images} validation images {better} of {len(trained)} depths have a '
      f'higher {swept.title} than the readout alone: {said(0)}, {said(best)}.')


def _many(table: pd.DataFrame) -> pd.DataFrame:
  """Returns a table by depth of the categories with enough regions."""
  merged = by_depth(table)
  known = merged.groupby('category').apply(
      lambda x: bool((x['sets'] >= FEWEST).all() and x['mean'].notna().all()),
      include_groups=False)
  return merged[merged['category'].map(known)]


def _depth_to_tell(table: pd.DataFrame) -> int:
  trained = table[table['depth'] > 0]
  if (trained['depth'] == _DEPTH).any():
    return _DEPTH
  return int(trained.groupby('depth')['mean'].mean().idxmax())


def _over(values: Sequence[float], digits: int = 2) -> str:
  """Returns from what to what the runs of a depth reach; '' if they agree."""
  low, high = (number(float(of(values)), digits) for of in (min, max))
  return '' if low == high else f' ({low} to {high} over {len(values)} runs)'


def _mean(row: pd.Series) -> str:
  """Returns a mean with its interval over images and its range over runs."""
  text = between(row['mean'], row['interval_low'], row['interval_high'])
  ends = number(row['low']), number(row['high'])
  return text if row['runs'] < 2 or ends[0] == ends[1] else (
      f'{text} ({" to ".join(ends)} over {row["runs"]:.0f} runs)')


def _rises(swept: Swept) -> str:
  return '' if swept.seen is None else _risen(
      swept.seen, 'the', swept.tests.get('gains', {}))


def _unseen(swept: Swept) -> str:
  return '' if swept.unseen is None else _risen(
      swept.unseen, f'on {swept.part} photographs the',
      swept.tests.get('gains_unseen', {}))


def _risen(table: pd.DataFrame, start: str, gained: dict) -> str:
  """For how many categories the best units rise, and for which most.

  Args:
    table: Table 3.
    start: of the sentence.
    gained: member -> category -> the interval of the gain over photographs.
  """
  members = table.groupby('depth')['member'].unique()
  table = _many(table)
  if table.empty:
    return ''
  depth = _depth_to_tell(table)
  before, after = (
      table[table['depth'] == x].set_index('category') for x in (0, depth))
  gains = after['mean'] - before['mean']

  def said(name: str) -> str:
    text = ' to '.join(_mean(x.loc[name]) for x in (before, after))
    known = before.loc[name, 'paper'], after.loc[name, 'paper']
    return f'{name}, {text}' + (
        '' if np.isnan(known).any() else
        f' (paper {number(known[0])} to {number(known[1])})')

  text = (
      f'From depth 0 to depth {depth_name(depth)} {start} mean NSS of the best '
      f'units rises for {(gains > 0).sum()} of {len(gains)} categories')
  of_depth = [gained[name] for name in members[depth] if name in gained]
  if of_depth:
    sure = sum(all((x.get(name, {}).get('low') or 0) > 0 for x in of_depth)
               for name in gains.index)
    text += (f' ({sure} by more than other photographs would change, the 95 % '
             f'interval of the gain being above 0'
             f'{" in every run" if len(of_depth) > 1 else ""})')
  text += f', most for {said(gains.idxmax())}'
  if len(gains) > 1:
    text += f', least for {said(gains.idxmin())}'
  return f'{text}.'


def _agreement(swept: Swept) -> str:
  """How Table 3 correlates with the paper's, and what is left of it without
  what all categories and all depths have in common."""
  if swept.seen is None:
    return ''
  table = _many(swept.seen)
  published = table.pivot(index='depth', columns='category', values='paper')
  columns = published.columns[published.notna().any()]
  rows = published.index[published.notna().any(axis=1)]
  published = published.loc[rows, columns].to_numpy(float)
  if (published.size < FEWEST or np.isnan(published).any()
      or min(published.shape) < 3):
    return ''

  def told(of: pd.DataFrame) -> tuple[float, ...]:
    both = of.pivot(index='depth', columns='category', values='mean').loc[
        rows, columns].to_numpy(float), published
    return tuple(correlation(*map(part, both)) for part in (
        lambda x: x, lambda x: x[1:] - x[:1],
        lambda x: x - x.mean(0) - x.mean(1)[:, None]))

  every = [*zip(*map(told, runs(swept.seen)), strict=True)]
  whole, gains, centred = (
      f'{x:.3f}{_over(over, 3)}'
      for x, over in zip(told(table), every, strict=True))
  return (
      f'Over {published.size} cells the means correlate with Table 3 of the '
      f'paper at r = {whole} (Pearson), the gains over depth 0 at r = {gains}; '
      f'less the means of categories and of depths, which both tables have in '
      f'common, r is {centred}.')


def _heads_and_text(swept: Swept) -> str:
  """Fine-tuning favours heads over text: in the paper by far."""
  names = ['person head', 'text']
  table = swept.seen if swept.seen is None else _many(swept.seen)
  if table is None or not {*names} <= {*table['category']}:
    return ''
  depth = _depth_to_tell(table)

  def changes(of: pd.DataFrame, key: str) -> tuple[float, ...]:
    values = of[of['depth'].isin([0, depth])].pivot(
        index='depth', columns='category', values=key)[names].to_numpy(float)
    gained = 100 * (values[1] / values[0] - 1)
    return (*gained, *(values[:, 0] / values[:, 1]))

  def said(key: str) -> str:
    head, text, before, after = changes(table, key)
    if np.isnan([head, text]).any():
      return ''
    every = [*zip(*(changes(x, key) for x in runs(swept.seen)), strict=True)]
    return (
        f'text rises by {text:.0f} %{_over(every[1], 0)} and {names[0]} by '
        f'{head:.0f} %{_over(every[0], 0)}, the ratio of head to text goes '
        f'from {before:.2f}{_over(every[2])} to {after:.2f}{_over(every[3])}')

  paper = said('paper')
  return (f'From depth 0 to depth {depth_name(depth)} {said("mean")}'
          + (f'; in the paper {paper}' if paper else '') + '.')


def _arrays(swept: Swept) -> str:
  """How the response to the odd one out changes."""
  if swept.arrays is None:
    return ''
  table = by_depth(swept.arrays).set_index('depth')
  before, trained = table.loc[0], table.loc[table.index > 0]
  best = trained.loc[trained['mean'].idxmax()]
  apart = int((trained['interval_low'] > before['interval_high']).sum())
  text = (
      f'On search arrays the mean NMM of the best units is above that of depth '
      f'0 at {(trained["mean"] > before["mean"]).sum()} of {len(trained)} '
      f'depths, with intervals apart at {apart}: '
      f'{_mean(before)} at depth 0, at most {_mean(best)} at depth '
      f'{depth_name(best.name)}')
  if np.isfinite(table['paper']).all():
    text += (
        f'; in the paper {number(before.paper)} and at most '
        f"{number(trained['paper'].max())} at depth "
        f"{depth_name(trained['paper'].idxmax())}")
  return f'{text}.'


def deviations(values: np.ndarray, depths: Sequence[int]) -> np.ndarray:
  """Returns the standard deviation over the runs of each depth, ascending.

  Args:
    values: float64 `[M, C]`, a row for each run.
    depths: of the runs.

  Returns:
    float64 `[D, C]`, of the sample (n - 1); NaN for a depth of one run.
  """
  return pd.DataFrame(values).groupby(list(depths)).std().to_numpy().copy()


def _spread(swept: Swept) -> str:
  """What the runs of one depth differ by, where stages are trained."""
  if swept.seen is None:
    return ''
  depths = [member.depth for member in swept.members]
  spread = deviations(
      swept.seen['mean'].to_numpy(float).reshape(len(depths), -1), depths)
  if not swept.depths[0]:
    spread[0] = np.nan  # no run of depth 0 changes the network
  if not np.isfinite(spread).any():
    return (
        'Each depth was trained once: nothing says how much another seed would '
        'change, and differences between depths have no error term.')
  row, column = np.unravel_index(np.nanargmax(spread), spread.shape)
  counts = {depths.count(depth) for depth in depths}
  return (
      f'Over the {" to ".join(map(str, sorted({min(counts), max(counts)})))} '
      f'runs of a depth (of the same images in the same order), means have a '
      f'standard deviation of '
      f'{number(float(np.nanmean(spread)))} on average and '
      f'{number(float(np.nanmax(spread)))} at most '
      f'({swept.seen["category"].unique()[column]} at depth '
      f'{depth_name(swept.depths[row])}).')


def _claims(swept: Swept) -> str:
  """Section 5.2: which of three categories differ from all others."""
  said = []
  for category, differs in (swept.tests or {'differs': {}})['differs'].items():
    known = {name: x for name, x in differs.items() if x is not None}
    blocked = known.pop('blocked', None)
    if known:
      said.append(
          f'{category} in {sum(known.values())} of {len(known)} runs' + (
              '' if blocked is None else
              f" and {'' if blocked else 'not '}over depths as blocks"))
  return '' if not said else (
      'Differs from all other categories (Games-Howell on regions, Tukey on '
      f"depths, 5 %; the paper names these three): {'; '.join(said)}.")


def correlation(one: np.ndarray, other: np.ndarray) -> float:
  """Returns Pearson's r over all elements."""
  return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
