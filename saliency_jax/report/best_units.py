"""What the best units of a layer do, region by region and array by array."""

import math

import numpy as np

from saliency_jax.report import comparison
from saliency_jax.report.folder import TARGET, Results

UNNAMED = '(no kind given)'


def per_row(results: Results, layer: str, column: str) -> np.ndarray:
  """Returns the mean score of a table entry's best units on each of its rows.

  Args:
    results: a finished run.
    layer: a layer of the table.
    column: a column of the table.

  Returns:
    float64 `[n]`, standard deviations; rows without a score are left out.
  """
  scores = results.scores[layer][results.labels() == column]
  units = results.table[layer][column].units
  scores = scores[~np.isnan(scores).any(axis=1)][:, units]
  return scores.mean(axis=1, dtype=float) if len(units) else np.zeros(0)


def standard_errors(
    results: Results, averaged: np.ndarray | None = None
) -> np.ndarray:
  """Returns the standard error of every layer's mean, float64 `[L]`.

  Of Table 5: over arrays. Of the mean over the categories of Table 2: over
  regions, within categories, sqrt(sum of SE^2) / C. The units are held fixed.
  NaN where there are fewer than two rows.

  Args:
    results: a finished run.
    averaged: bool `[C]`, the columns that the mean is over; those of
      `comparison.averaged_columns` if none.
  """
  if averaged is None:
    averaged = comparison.averaged_columns(comparison.means(results))
  columns = [
      x for x, used in zip(results.columns, averaged, strict=True) if used]
  return np.array([
      math.hypot(*(
          _standard_error(per_row(results, layer, column))
          for column in columns)) / len(columns) if columns else math.nan
      for layer in results.layers])


def per_kind(results: Results) -> dict[str, list[np.ndarray]]:
  """Returns what every layer's best units do on each kind of array.

  Returns:
    kind -> for each layer, in the order of `results.layers`, the mean NMM of
    its best units on every array of the kind: float64 `[n]`; the kind that
    answers most, over layers, first.
  """
  kinds = np.array([row['kind'] or UNNAMED for row in results.rows])
  scores = {
      kind: [_means(results.scores[layer][
          kinds == kind][:, results.table[layer][TARGET].units])
          for layer in results.layers]
      for kind in dict.fromkeys(kinds.tolist())}
  return dict(sorted(
      scores.items(),
      key=lambda item: -np.nan_to_num([_mean(x) for x in item[1]]).mean()))


def by_kind(results: Results) -> dict[str, np.ndarray]:
  """Returns the means of `per_kind`: kind -> float64 `[L]`."""
  return {
      kind: np.array([_mean(x) for x in layers])
      for kind, layers in per_kind(results).items()}


def _standard_error(values: np.ndarray) -> float:
  if len(values) < 2:
    return math.nan
  return float(values.std(ddof=1)) / math.sqrt(len(values))


def _means(scores: np.ndarray) -> np.ndarray:
  """Returns the mean of every row that has a score."""
  return scores[~np.isnan(scores).any(axis=1)].mean(axis=1, dtype=float)


def _mean(values: np.ndarray) -> float:
  return float(values.mean()) if values.size else math.nan
