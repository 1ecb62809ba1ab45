"""Tables of the best units: read, and set beside the paper's.

A table has a line for each row (layers, or members of a sweep) and category, of
search arrays the one category `TARGET`: `sets` (regions with a fixation, or
arrays), mean, low, high, held_out, chance_low, chance_high, `above` (units
above T), above_chance_low and -high, units (the best ones), paper and
paper_above. NaN: no number.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.report import matrices
from saliency_jax.report.chapter import Site, Table
from saliency_jax.report.matrices import Matrix
from saliency_jax.report.numbers import number, signed
from saliency_jax.report.reading import Reader

TARGET = 'target'
RENAMED = {
    'mean_nss_top10': 'mean', 'mean_nmm_top10': 'mean', 'mean_low': 'low',
    'mean_high': 'high', 'regions': 'sets', 'top_units': 'units',
    'units_above_threshold': 'above'}
_CHANCE = {'mean': ('chance_low', 'chance_high'),
           'above': ('above_chance_low', 'above_chance_high')}
_PAPER = {'mean': 'paper', 'above': 'paper_above'}
SOURCES = {
    'this run': 'mean', 'held out': 'held_out', 'chance, from': 'chance_low',
    'chance, to': 'chance_high', 'paper': 'paper'}


def read(reader: Reader, file: schema.File, key: str, rows: Sequence[str],
         sets: int = 0) -> pd.DataFrame:
  """Reads a table.

  Args:
    reader: of the folder.
    file: Table 2, 3, 5 or 6 of the schema.
    key: the column of its rows.
    rows: which it has, in their order.
    sets: the number of arrays, of a table of targets.

  Raises:
    InputError: it has other rows, or not the same categories for each.
  """
  table = reader.frame(file).rename(columns=RENAMED)
  if 'category' not in table:
    table = table.assign(category=TARGET, sets=sets, above=math.nan)
  else:  # nothing counted is not the same as no unit above T
    table['above'] = table['above'].where(table['sets'] > 0)
  columns = table['category'].unique().tolist()
  reader.expect(
      bool(columns)
      and table[key].tolist() == [x for x in rows for _ in columns]
      and table['category'].tolist() == columns * len(rows), file.path,
      f'does not have the same categories for every {key} of summary.json')
  return table


def with_paper(
    table: pd.DataFrame, key: str, means: Mapping, counts: Mapping
) -> pd.DataFrame:
  """Adds the paper's numbers, (row, category) -> value, where it has them."""
  keys = list(zip(table[key], table['category'], strict=True))
  return table.assign(
      paper=[means.get(x, math.nan) for x in keys],
      paper_above=[counts.get(x, math.nan) for x in keys])


def values(table: pd.DataFrame, key: str) -> np.ndarray:
  """Returns a column as float64 `[R, C]`."""
  return table[key].to_numpy(float).reshape(
      -1, table['category'].nunique())


def beside(
    table: pd.DataFrame, names: Sequence[str], *, label: str,
    key: str = 'mean', corner: str = '', published: str = '',
    counted: str = 'regions'
) -> list[Matrix]:
  """Returns the run's matrix and, if it has one, the paper's, on one scale.

  Args:
    table: see above.
    names: of the R rows.
    label: what the values are, with the unit.
    key: 'mean', or 'above' for the number of units.
    corner: what the rows are.
    published: the paper's table.
    counted: what `sets` are, written below the columns; '' for nothing.
  """
  run, paper = values(table, key), values(table, _PAPER[key])
  columns, digits = table['category'].unique(), 2 if key == 'mean' else 0
  ends, known = matrices.domain(run, paper), np.isfinite(paper).any(axis=1)
  low, high = _CHANCE[key]

  def cell(i: int, j: int) -> pd.Series:
    return table.iloc[i * len(columns) + j]

  def mark(i: int, j: int) -> str:
    x = cell(i, j)
    return ('' if key != 'mean' else '\N{UPWARDS ARROW}' if x[key] > x[high]
            else '\N{DOWNWARDS ARROW}' if x[key] < x[low] else '')

  counts = [int(x) for x in values(table, 'sets')[0]]
  made = [matrices.matrix(
      'This run', names, columns, run, label=label, ends=ends, digits=digits,
      corner=corner, hint=lambda i, j: hint(cell(i, j), key), mark=mark,
      counts=counts if counted else (), counted=counted)]
  if known.any():
    made.append(matrices.matrix(
        f'Paper{published and f", {published}"}',
        np.array(names)[known].tolist(), columns, paper[known], label=label,
        ends=ends, digits=digits, corner=corner))
  return made


def hint(cell: pd.Series, key: str = 'mean') -> str:
  """Returns what more is to be said of a number: how sure it is."""
  digits, (low, high) = 2 if key == 'mean' else 0, _CHANCE[key]
  said = {'95 % interval': ('low', 'high') if key == 'mean' else (),
          'held out': ('held_out',) if key == 'mean' else (),
          'chance': (low, high)}
  parts = [
      f'{what} ' + ' to '.join(number(float(cell[x]), digits) for x in of)
      for what, of in said.items() if of and np.isfinite(float(cell[of[0]]))]
  paper, value = float(cell[_PAPER[key]]), float(cell[key])
  if math.isfinite(paper - value):
    parts.append(f'the paper {number(paper, digits)}, difference '
                 f'{signed(value - paper, digits)}')
  return ', '.join(parts)


def sides(
    site: Site, name: str, names: Sequence[str], columns: Sequence[str],
    sources: Mapping[str, np.ndarray], *, digits: int = 2, row: str = 'layer'
) -> Table:
  """Writes matrices, a line for each row and source that has a number."""
  def value(x: float) -> float | int | None:
    return None if np.isnan(x) else float(x) if digits else int(x)

  return site.table(name, (row, 'source', *columns), [
      (of_row, source, *map(value, of[i])) for i, of_row in enumerate(names)
      for source, of in sources.items() if np.isfinite(of[i]).any()],
      digits=digits)


def download(
    site: Site, name: str, names: Sequence[str], table: pd.DataFrame,
    sources: Mapping[str, str] | None = None, **how
) -> Table:
  """Writes columns of a table as `sides`; means and all beside them."""
  return sides(
      site, name, names, table['category'].unique(), {
          source: values(table, key)
          for source, key in (sources or SOURCES).items()}, **how)
