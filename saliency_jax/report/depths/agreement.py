"""How Table 3 agrees with the paper's, in a sentence."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from saliency_jax.ops import inference
from saliency_jax.report.depths.swept import Swept, runs
from saliency_jax.report.numbers import FEWEST, number


def agreement(swept: Swept, many: pd.DataFrame | None) -> str:
  """Returns how Table 3 correlates with the paper's.

  It says how much of the correlation remains without the means that all
  categories and all depths have in common. `many` is as `by_depth` returns it.
  """
  if many is None:
    return ''

  def matrix(of: pd.DataFrame, key: str = 'mean') -> np.ndarray:
    return of.pivot(index='depth', columns='category', values=key).loc[rows, columns].to_numpy(float)

  known = many[many['paper'].notna()]
  rows, columns = (sorted(known[x].unique()) for x in ('depth', 'category'))
  if min(len(rows), len(columns)) < 3 or len(rows) * len(columns) < FEWEST:
    return ''
  published = matrix(many, 'paper')
  if np.isnan(published).any():
    return ''
  parts: tuple[Callable, ...] = (lambda x: x, lambda x: x[1:] - x[:1], lambda x: x - x.mean(0) - x.mean(1)[:, None])
  samples = sampled(swept, rows, columns)

  def described(part: Callable) -> str:
    return correlated(
      part(matrix(many)),
      [part(matrix(x)) for x in runs(swept.seen)],
      part(published),
      np.array([part(x) for x in samples]),
      3,
    )

  whole, gains, centred = map(described, parts)
  return (
    f'Over {published.size} cells, the means correlate with those of Table 3 of the paper at r = {whole} (Pearson), '
    f'and the gains over depth 0 at r = {gains}; once the means of categories and of depths, which both tables have in '
    f'common, are subtracted, r is {centred}.'
  )


def sampled(swept: Swept, rows: Sequence[int], columns: Sequence[str]) -> np.ndarray:
  """Returns the means by depth and category in samples, `[B, D, K]`.

  They are means over the members of each depth.
  """
  categories = swept.seen['category'].unique().tolist()
  depths = swept.seen.drop_duplicates('member')['depth'].to_numpy()
  kept = [categories.index(x) for x in columns]
  return np.stack([swept.samples[depths == depth].mean(axis=0, dtype=float)[:, kept] for depth in rows], axis=1)


def over(values: Sequence[float], digits: int = 2, of: str = 'over') -> str:
  """Returns the range of values over the runs of a depth; '' if they agree."""
  low, high = (number(float(of(values)), digits) for of in (min, max))
  return '' if low == high else (f' ({low} to {high} {of} {len(values)} runs)')


def written(value: float, every: Sequence[float], digits: int = 2, unit: str = '', of: str = 'over') -> str:
  """Returns a number with its range over runs."""
  return f'{number(value, digits)}{unit}{over(every, digits, of)}'


def correlated(
  one: np.ndarray, every: Sequence[np.ndarray], other: np.ndarray, samples: np.ndarray | None = None, digits: int = 2
) -> str:
  """Returns r with its range over runs and its interval over images.

  Noise of the seeds lowers r; the mean over runs has less of it than any run.

  Args:
    one: the means over runs.
    every: the same of each run.
    other: the paper's.
    samples: `[B, ...]`, the means over runs in samples of images.
  """
  text = written(pearson(one, other), [pearson(x, other) for x in every], digits, of='in each of')
  if samples is None:
    return text
  ends = inference.of_correlation(np.ravel(one), samples.reshape(len(samples), -1), np.ravel(other))
  return f'{text} [{", ".join(number(x, digits) for x in ends)}]'


def pearson(one: np.ndarray, other: np.ndarray) -> float:
  """Returns Pearson's r over all elements."""
  return float(np.corrcoef(np.ravel(one), np.ravel(other))[0, 1])
