"""A table of this run beside the paper's."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.report import paper
from saliency_jax.report.folder import TARGET, Cell, Results
from saliency_jax.report.numbers import number

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


class Luck(NamedTuple):
  """What tells luck from response, beside the run's side of a table."""
  held_out: np.ndarray  # float64 `[L, C]`: of units chosen on other images
  low: np.ndarray  # of the chance band; NaN where there is none
  high: np.ndarray

  def mark(self, value: float, row: int, column: int) -> str:
    """Returns an arrow where a value leaves the chance band, else ''."""
    if value > self.high[row, column]:
      return '\N{UPWARDS ARROW}'
    return '\N{DOWNWARDS ARROW}' if value < self.low[row, column] else ''

  def told(self, row: int, column: int) -> str:
    """Returns the numbers in words; '' where there are none."""
    held, low, high = (x[row, column] for x in self)
    return ', '.join(
        text for text, known in (
            (f'held out {number(held)}', np.isfinite(held)),
            (f'chance {number(low)} to {number(high)}', np.isfinite(low)))
        if known)


def luck(rows: Sequence[Mapping[str, str]], layers: int) -> Luck:
  """Reads `Luck` from the rows of a table, layer by layer.

  Args:
    rows: of table2.csv, table5.csv, table3.csv or table6.csv.
    layers: L, or members.
  """
  return Luck(*(
      np.array([float(row[column] or 'nan') for row in rows]).reshape(
          layers, -1)
      for column in ('held_out', 'chance_low', 'chance_high')))


def of_run(results: Results) -> Luck:
  """Returns what stands beside the means of a run."""
  return Luck(*(
      np.array([
          [getattr(results.table[layer][column], name)
           for column in results.columns] for layer in results.layers])
      for name in ('held_out', 'chance_low', 'chance_high')))


def paper_table(results: Results) -> str:
  """Returns the name of the paper's table that stands beside, '' for none.

  Tables 2 and 5 are of the trunk as ImageNet's classes left it. Of trained
  models the paper shows its last layer, by the number of convolutions trained:
  Tables 3 and 6. All are of one network.
  """
  return _published(results)[0]


def means(results: Results) -> Comparison:
  """Returns the mean scores of the best units, standard deviations.

  He et al. 2019, Tables 2 and 3 (NSS, a column per category), 5 and 6 (NMM).
  """
  return compare(results, _published(results)[1], lambda cell: cell.mean)


def counts(results: Results) -> Comparison:
  """Returns the other half of Table 2 or 3: how many units' means exceed T.

  The paper's counts are left out if the run took another T.
  """
  same = results.config['analysis']['threshold'] == paper.threshold()
  return compare(results, _published(results)[2] if same else {}, above)


def of_runs(results: Results, other: Results) -> Comparison:
  """Returns the means of two runs of `folder.comparable`, in the first's order.

  The second run stands where else the paper does.
  """
  return _of_runs(results, other, lambda cell: cell.mean)


def counts_of_runs(results: Results, other: Results) -> Comparison:
  """Returns how many units exceed T in each of two runs.

  Nothing of the second, if it took another T.
  """
  table = _of_runs(results, other, above)
  own, others = (
      x.config['analysis']['threshold'] for x in (results, other))
  if own != others:
    return table._replace(paper=np.full_like(table.paper, np.nan))
  return table


def _of_runs(
    results: Results, other: Results, value: Callable[[Cell], float]
) -> Comparison:
  return compare(results, {
      layer: {column: value(cell) for column, cell in row.items()}
      for layer, row in other.table.items()}, value)


def above(cell: Cell) -> float:
  """Returns how many units exceed T; NaN if none was measured."""
  # Nothing counted is not the same as no unit above T.
  return cell.above if len(cell.units) else np.nan


def _published(results: Results) -> tuple[str, dict, dict]:
  """Returns a table's name, its means and its counts: layer -> column."""
  depth, layer = results.depth, paper.LAYER
  if not paper.has_any(results.layers):
    return '', {}, {}
  if results.job == 'dissect':
    if depth is None:
      return 'Table 2', paper.table2(), paper.table2_counts()
    if depth in paper.table3():
      return (
          'Table 3', {layer: paper.table3()[depth]},
          {layer: paper.table3_counts()[depth]})
  elif depth is None:
    return 'Table 5', {
        x: {TARGET: value} for x, value in paper.table5().items()}, {}
  elif depth in paper.table6():
    return 'Table 6', {layer: {TARGET: paper.table6()[depth]}}, {}
  return '', {}, {}


def averaged_columns(table: Comparison) -> np.ndarray:
  """Returns which columns a layer's mean is over, bool `[C]`.

  Those with a number in every layer of the run and, so that both sides average
  the same, in every layer that the paper has.
  """
  absent = ~np.isfinite(table.paper).any(axis=1)
  return (
      np.isfinite(table.run).all(axis=0)
      & (np.isfinite(table.paper) | absent[:, None]).all(axis=0))


def layer_means(
    table: Comparison, columns: np.ndarray | None = None
) -> Comparison:
  """Returns the means over columns, `averaged_columns` if none: `[L, 1]`."""
  columns = averaged_columns(table) if columns is None else columns
  if not columns.any():
    nothing = np.full((len(table.layers), 1), np.nan)
    return table._replace(columns=('mean',), run=nothing, paper=nothing)
  return table._replace(
      columns=('mean',),
      run=table.run[:, columns].mean(axis=1, keepdims=True),
      paper=table.paper[:, columns].mean(axis=1, keepdims=True))


def compare(
    results: Results, published: dict[str, dict[str, float]],
    value: Callable[[Cell], float]
) -> Comparison:
  """Returns a number of every entry of a run's table beside published ones."""
  return Comparison(
      results.layers, results.columns,
      np.array([
          [value(results.table[layer][column]) for column in results.columns]
          for layer in results.layers], float),
      np.array([
          [published.get(layer, {}).get(column, np.nan)
           for column in results.columns] for layer in results.layers], float))
