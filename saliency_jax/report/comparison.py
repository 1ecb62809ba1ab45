"""A table of this run beside the paper's."""

from typing import NamedTuple

import numpy as np

from saliency_jax.report import paper
from saliency_jax.report.folder import TARGET, Results

# With fewer shared cells a correlation says nothing: of two it is 1 or -1.
_FEWEST = 3


class Comparison(NamedTuple):
  """L layers by C columns, in the order of the run's table."""
  layers: tuple[str, ...]
  columns: tuple[str, ...]
  run: np.ndarray  # float64 `[L, C]`, NaN where nothing was measured
  paper: np.ndarray  # float64 `[L, C]`, NaN where the paper has no number

  @property
  def shared(self) -> np.ndarray:
    """bool `[L, C]`: cells with a number on both sides."""
    return np.isfinite(self.run) & np.isfinite(self.paper)

  @property
  def correlation(self) -> float:
    """Pearson's r over the shared cells; NaN if it is not defined."""
    run, paper = self.run[self.shared], self.paper[self.shared]
    if len(run) < _FEWEST or not run.std() or not paper.std():
      return float('nan')
    return float(np.corrcoef(run, paper)[0, 1])

  @property
  def difference(self) -> float:
    """Mean of run - paper over the shared cells; NaN if there are none."""
    shared = self.shared
    if not shared.any():
      return float('nan')
    return float((self.run - self.paper)[shared].mean())


def means(results: Results) -> Comparison:
  """Returns Table 2 or 5: mean scores of the best units, standard deviations.

  He et al. 2019, Table 2 (NSS, a column per category) and Table 5 (NMM).
  """
  if results.job == 'dissect':
    published = paper.table2()
  else:
    published = {x: {TARGET: value} for x, value in paper.table5().items()}
  return _compare(results, published, lambda cell: cell.mean)


def counts(results: Results) -> Comparison:
  """Returns the other half of Table 2: how many units' means exceed T.

  The paper's counts are left out if the run took another T.
  """
  same = results.config['analysis']['threshold'] == paper.threshold()
  # Nothing counted is not the same as no unit above T.
  return _compare(
      results, paper.table2_counts() if same else {},
      lambda cell: cell.above if len(cell.units) else np.nan)


def averaged_columns(table: Comparison) -> np.ndarray:
  """Returns which columns a layer's mean is over, bool `[C]`.

  Those with a number in every layer of the run and, so that both sides average
  the same, in every layer that the paper has.
  """
  absent = ~np.isfinite(table.paper).any(axis=1)
  return (
      np.isfinite(table.run).all(axis=0)
      & (np.isfinite(table.paper) | absent[:, None]).all(axis=0))


def layer_means(table: Comparison) -> Comparison:
  """Returns the means over `averaged_columns`, one column: `[L, 1]`."""
  columns = averaged_columns(table)
  if not columns.any():
    nothing = np.full((len(table.layers), 1), np.nan)
    return table._replace(columns=('mean',), run=nothing, paper=nothing)
  return table._replace(
      columns=('mean',),
      run=table.run[:, columns].mean(axis=1, keepdims=True),
      paper=table.paper[:, columns].mean(axis=1, keepdims=True))


def _compare(results: Results, published: dict, value) -> Comparison:
  return Comparison(
      results.layers, results.columns,
      np.array([
          [value(results.table[layer][column]) for column in results.columns]
          for layer in results.layers], float),
      np.array([
          [published.get(layer, {}).get(column, np.nan)
           for column in results.columns] for layer in results.layers], float))
