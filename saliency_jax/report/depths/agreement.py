"""How Table 3 agrees with the paper's, in a sentence."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from saliency_jax.ops import inference
from saliency_jax.report.depths.swept import Swept, runs
from saliency_jax.report.numbers import FEWEST, number


def agreement(swept: Swept, many: pd.DataFrame | None) -> str:
  """How Table 3 correlates with the paper's, and what is left of it without
  what all categories and all depths have in common.

  Args:
    many: by depth, of the categories with enough regions.
  """
  if many is None:
    return ''

  def matrix(of: pd.DataFrame, key: str = 'mean') -> np.ndarray:
    return of.pivot(index='depth', columns='category', values=key).loc[
        rows, columns].to_numpy(float)

  known = many[many['paper'].notna()]
  rows, columns = (sorted(known[x].unique()) for x in ('depth', 'category'))
  if min(len(rows), len(columns)) < 3 or len(rows) * len(columns) < FEWEST:
    return ''
  published = matrix(many, 'paper')
  if np.isnan(published).any():
    return ''
  parts: tuple[Callable, ...] = (
      lambda x: x, lambda x: x[1:] - x[:1],
      lambda x: x - x.mean(0) - x.mean(1)[:, None])
  sampled = _sampled(swept, rows, columns)

  def told(part: Callable) -> str:
    one, other = part(matrix(many)).ravel(), part(published).ravel()
    # Seeds' noise lowers r; the mean over runs has less than any of them.
    text = written(pearson(one, other), [
        pearson(part(matrix(x)), other) for x in runs(swept.seen)], 3,
        of='in each of')
    return text if sampled is None else '{} [{:.3f}, {:.3f}]'.format(
        text, *inference.of_correlation(
            one, np.array([part(x).ravel() for x in sampled]), other))

  whole, gains, centred = map(told, parts)
  return (
      f'Over {published.size} cells the means correlate with Table 3 of the '
      f'paper at r = {whole} (Pearson), the gains over depth 0 at r = {gains}; '
      f'less the means of categories and of depths, which both tables have in '
      f'common, r is {centred}.' + ('' if sampled is None else (
          ' In square brackets: 95 % intervals over photographs, units chosen '
          'anew.')))


def _sampled(swept: Swept, rows: Sequence[int], columns: Sequence[str]
             ) -> np.ndarray | None:
  """Returns the means by depth and category in samples of photographs.

  `[B, D, K]`, the mean over the members of each depth.
  """
  if swept.samples is None:
    return None
  categories = swept.seen['category'].unique().tolist()
  depths = swept.seen.drop_duplicates('member')['depth'].to_numpy()
  kept = [categories.index(x) for x in columns]
  return np.stack([
      swept.samples[depths == depth].mean(axis=0, dtype=float)[:, kept]
      for depth in rows], axis=1)


def over(
    values: Sequence[float], digits: int = 2, of: str = 'over') -> str:
  """Returns from what to what the runs of a depth reach; '' if they agree."""
  low, high = (number(float(of(values)), digits) for of in (min, max))
  return '' if low == high else (
      f' ({low} to {high} {of} {len(values)} runs)')


def written(value: float, every: Sequence[float], digits: int = 2,
            unit: str = '', of: str = 'over') -> str:
  """Returns a number with what it is in every run."""
  return f'{number(value, digits)}{unit}{over(every, digits, of)}'


def pearson(one: np.ndarray, other: np.ndarray) -> float:
  """Returns Pearson's r over all elements."""
  return float(np.corrcoef(np.ravel(one), np.ravel(other))[0, 1])
