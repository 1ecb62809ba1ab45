"""What a sweep shows about fine-tuning, in sentences from its numbers."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from saliency_jax.ops import inference
from saliency_jax.report.depths.agreement import agreement, correlated, over, sampled, written
from saliency_jax.report.depths.swept import Swept, by_depth, runs
from saliency_jax.report.numbers import FEWEST, MOST, Finding, between, number

_DEPTH = 3  # the depth that the paper discusses; without it the best one


def findings(swept: Swept) -> list[Finding]:
  """Returns at most six findings, none from fewer than ten images or cells."""
  if 0 not in swept.depths or len(swept.depths) < 2:
    return []
  seen, unseen = ((x, None if x is None else _many(x)) for x in (swept.seen, swept.unseen))
  tests = swept.tests or {}
  said = (
    (_output(swept), 'summary.json', 'metrics.jsonl'),
    (_risen(swept, *seen, 'The', tests.get('gains', {})), 'table3.csv'),
    (_risen(swept, *unseen, f'On {swept.part} photographs, the', tests.get('gains_unseen', {})), 'table3_unseen.csv'),
    (agreement(swept, seen[1]), 'table3.csv', 'samples.npy'),
    (_heads_and_text(swept, seen[1]), 'table3.csv', 'samples.npy'),
    (_arrays(swept), 'table6.csv'),
  )
  return [Finding(text, tuple(files)) for text, *files in said if text][:MOST]


def notes(swept: Swept) -> list[Finding]:
  """Returns how sure the findings are: the spread over runs, and the tests."""
  said = ((_spread(swept), 'table3.csv'), (_claims(swept), 'depth_tests.json'))
  return [Finding(text, (file,)) for text, file in said if len(swept.depths) > 1 and text]


def _many(table: pd.DataFrame) -> pd.DataFrame:
  """Returns a table by depth of the categories with enough regions."""
  merged = by_depth(table)
  enough = (merged['sets'] >= FEWEST) & merged['mean'].notna()
  return merged[enough.groupby(merged['category']).transform('all')]


def _depth_to_tell(table: pd.DataFrame) -> int:
  trained = table[table['depth'] > 0]
  if (trained['depth'] == _DEPTH).any():
    return _DEPTH
  return int(trained.groupby('depth')['mean'].mean().idxmax())


def _mean(row: pd.Series) -> str:
  """Returns a mean with its interval over images and its range over runs."""
  text = between(row['mean'], row['interval_low'], row['interval_high'])
  low, high = number(row['low']), number(row['high'])
  return text if row['runs'] < 2 or low == high else f'{text} ({low} to {high} over {row["runs"]:.0f} runs)'


def _output(swept: Swept) -> str:
  """Whether training stages beats the readout alone."""
  images = swept.summary['counts']['validation']
  if images < FEWEST:
    return ''
  scores = {depth: [x.score for x in swept.members if x.depth == depth] for depth in swept.depths}
  means = {depth: np.mean(x) for depth, x in scores.items()}
  trained = swept.depths[1:]
  said = ' and at best '.join(
    f'{number(means[x])} at depth {swept.depth_name(x)}{over(scores[x])}' for x in (0, max(trained, key=means.get))
  )
  better = sum(means[x] > means[0] for x in trained)
  return (
    f'On {images} validation images, {better} of {len(trained)} trained depths have a '
    f'higher {swept.title} than the readout alone: {said}.'
  )


def _risen(swept: Swept, table: pd.DataFrame | None, many: pd.DataFrame | None, start: str, gained: dict) -> str:
  """For how many categories the best units rise, and for which most.

  Args:
    table: Table 3.
    many: by depth, of the categories with enough regions.
    start: of the sentence.
    gained: member -> category -> the gain's interval over photographs.
  """
  if many is None or many.empty:
    return ''
  depth = _depth_to_tell(many)
  before, after = (many[many['depth'] == x].set_index('category') for x in (0, depth))
  gains = after['mean'] - before['mean']

  def said(name: str) -> str:
    rows = [x.loc[name] for x in (before, after)]
    known = [x['paper'] for x in rows]
    beside = '' if np.isnan(known).any() else f' (paper: {" to ".join(map(number, known))})'
    return f'{name}, from {" to ".join(map(_mean, rows))}{beside}'

  of_depth = [gained[name] for name in table['member'][table['depth'] == depth].unique() if name in gained]
  least = f', and least for {said(gains.idxmin())}' if len(gains) > 1 else ''
  return (
    f'{start} mean NSS of the best units rises from depth 0 to depth {swept.depth_name(depth)} for '
    f'{(gains > 0).sum()} of {len(gains)} categories{_sure(of_depth, gains.index)}, most for '
    f'{said(gains.idxmax())}{least}.'
  )


def _sure(members: list[dict], categories: Iterable[str]) -> str:
  """Returns for how many categories all members' gains are significant.

  It is '' for results without these tests.
  """

  def is_sure(x: dict) -> bool:
    return x.get('gain', 0) > 0 and x.get('p_holm') is not None and x['p_holm'] < 0.05

  if not any('p_holm' in x for of in members for x in of.values()):  # from an earlier version
    return ''
  every = ' in every run' if len(members) > 1 else ''
  count = sum(all(is_sure(x.get(name, {})) for x in members) for name in categories)
  return f' ({count} with p < 0.05{every}, corrected over all categories and members)'


def _heads_and_text(swept: Swept, many: pd.DataFrame | None) -> str:
  """Fine-tuning favours heads over text, in the paper by far."""
  names = ['text', 'person head']
  if many is None or not {*names} <= {*many['category']}:
    return ''
  depth = _depth_to_tell(many)

  def rises(values: np.ndarray) -> np.ndarray:
    """Returns percentages `[..., 2 names]` from `[..., 2 depths, 2 names]`."""
    return 100 * (values[..., 1, :] / values[..., 0, :] - 1)

  def of(table: pd.DataFrame, key: str = 'mean') -> np.ndarray:
    both = table[table['depth'].isin([0, depth])].pivot(index='depth', columns='category', values=key)
    return rises(both[names].to_numpy(float))

  found, paper, samples = of(many), of(many, 'paper'), sampled(swept, (0, depth), names)
  ends = map(inference.around, found, rises(samples).T)
  said = [
    f'{written(*x, 0, " %")} [{number(low, 0)}, {number(high, 0)}]'
    for *x, (low, high) in zip(found, np.array([of(x) for x in runs(swept.seen)]).T, ends, strict=True)
  ]
  beside = '' if np.isnan(paper).any() else f' (paper: {paper[0]:.0f} % and {paper[1]:.0f} %)'
  return (
    f'From depth 0 to depth {swept.depth_name(depth)}, the mean for text rises by {said[0]} and that for {names[1]} by '
    f'{said[1]}{beside}.'
  )


def _arrays(swept: Swept) -> str:
  """How the response to the odd one out changes."""
  if swept.arrays is None:
    return ''
  merged = by_depth(swept.arrays).set_index('depth')
  before, trained = merged.loc[0], merged.loc[merged.index > 0]
  best = trained.loc[trained['mean'].idxmax()]
  published = ''
  if not merged['paper'].isna().any():
    published = (
      f'; paper: {number(before.paper)} at depth 0, at most {number(trained["paper"].max())} at '
      f'depth {swept.depth_name(trained["paper"].idxmax())}'
    )
    if len(merged) > 2:
      published += ', r = ' + correlated(
        merged['mean'], [x.sort_values('depth')['mean'] for x in runs(swept.arrays)], merged['paper'], swept.of_arrays
      )
  return (
    'On search arrays, the mean NMM of the best units exceeds that of depth 0 '
    f'at {(trained["mean"] > before["mean"]).sum()} of {len(trained)} depths, with non-overlapping intervals '
    f'at {(trained["interval_low"] > before["interval_high"]).sum()}: {_mean(before)} at depth 0, at '
    f'most {_mean(best)} at depth {swept.depth_name(best.name)}{published}.'
  )


def _spread(swept: Swept) -> str:
  """How much runs of one depth differ, where stages are trained."""
  if swept.seen is None:
    return ''
  # All runs of depth 0 have the same network.
  spread = deviations(swept.seen[swept.seen['depth'] > 0]).dropna()
  if spread.empty:
    return (
      'Each depth was trained once, so the spread over seeds is unknown and differences between depths have no error '
      'term.'
    )
  depth, category = spread.idxmax()
  counts = pd.Series([x.depth for x in swept.members]).value_counts()
  return (
    f'Over the {" to ".join(map(str, sorted({*counts.agg([min, max])})))} runs of a depth (same images in the same '
    f'order), the means have a standard deviation of {number(spread.mean())} on average and {number(spread.max())} '
    f'at most ({category} at depth {swept.depth_name(depth)}).'
  )


def deviations(table: pd.DataFrame) -> pd.Series:
  """Returns the sample standard deviation over runs, by depth and category.

  It is NaN for a depth with a single run.
  """
  return table.groupby(['depth', 'category'], sort=False)['mean'].std()


def _claims(swept: Swept) -> str:
  """Section 5.2: which of three categories differ from all others."""
  said = []
  for category, differs in (swept.tests or {'differs': {}})['differs'].items():
    known = {name: x for name, x in differs.items() if x is not None}
    blocked = known.pop('blocked', None)
    if known:
      over = '' if blocked is None else f' and {"" if blocked else "not "}over depths as blocks'
      said.append(f'{category} in {sum(known.values())} of {len(known)} runs{over}')
  if not said:
    return ''
  members = swept.tests.get('members', {}).values()
  corrected = ', Holm-corrected over these tests and all members' if any('p_holm' in (x or {}) for x in members) else ''
  return (
    'The paper reports that these categories differ from all others; here (Games-Howell on '
    f'regions{corrected}, Tukey on depths, 5 %) this holds for {"; ".join(said)}.'
  )
