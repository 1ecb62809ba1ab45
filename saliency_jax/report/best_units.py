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


def standard_errors(results: Results) -> np.ndarray:
  """Returns the standard error of every layer's mean, float64 `[L]`.

  Of Table 5: over arrays. Of the mean over the categories of Table 2: over
  regions, within categories, sqrt(sum of SE^2) / C. The units are held fixed.
  NaN where there are fewer than two rows.
  """
  averaged = comparison.averaged_columns(comparison.means(results))
  columns = [
      x for x, used in zip(results.columns, averaged, strict=True) if used]
  return np.array([
      math.hypot(*(
          _standard_error(per_row(results, layer, column))
          for column in columns)) / len(columns) if columns else math.nan
      for layer in results.layers])


def by_kind(results: Results) -> dict[str, np.ndarray]:
  """Returns the mean NMM of every layer's best units on each kind of array.

  Returns:
    kind -> float64 `[L]`, in the order of `results.layers`; the kind that
    answers most, over layers, first.
  """
  kinds = np.array([row['kind'] or UNNAMED for row in results.rows])
  means = {}
  for kind in dict.fromkeys(kinds.tolist()):
    means[kind] = np.array([
        _mean(results.scores[layer][
            kinds == kind][:, results.table[layer][TARGET].units])
        for layer in results.layers])
  return dict(sorted(
      means.items(), key=lambda item: -np.nan_to_num(item[1].mean())))


def _standard_error(values: np.ndarray) -> float:
  if len(values) < 2:
    return math.nan
  return float(values.std(ddof=1)) / math.sqrt(len(values))


def _mean(scores: np.ndarray) -> float:
  scores = scores[~np.isnan(scores).any(axis=1)]
  return float(scores.mean(dtype=float)) if scores.size else math.nan
