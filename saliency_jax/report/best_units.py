"""Tables of the best units, read and shown beside the paper's.

A table has a row for each layer (or member of a sweep) and category; search
arrays have the one category `TARGET`. Its columns are `sets` (regions with a
fixation, or arrays), mean, low, high, held_out, chance_low, chance_high,
`above` (units above T), above_chance_low, above_chance_high, units (the best
ones), paper and paper_above. NaN: no number.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.report import matrices
from saliency_jax.report.chapter import File, Site, Table
from saliency_jax.report.matrices import Matrix
from saliency_jax.report.numbers import number, signed
from saliency_jax.report.paper import TARGET
from saliency_jax.report.reading import Reader

RENAMED = {
  'mean_nss_top10': 'mean',
  'mean_nmm_top10': 'mean',
  'mean_low': 'low',
  'mean_high': 'high',
  'regions': 'sets',
  'top_units': 'units',
  'units_above_threshold': 'above',
}


class Key(NamedTuple):
  """A column that is shown, and those that belong to it; '' for none."""

  label: str  # '{score}' is NSS or NMM
  digits: int
  run: str
  held_out: str
  low: str  # of the chance band
  high: str
  paper: str

  @property
  def sources(self) -> dict[str, str]:
    """{name in files: column}."""
    names = ('this run', 'held out', 'chance, from', 'chance, to', 'paper')
    return {name: column for name, column in zip(names, self[2:], strict=True) if column}


KEYS = {
  'mean': Key('mean {score} (SD)', 2, 'mean', 'held_out', 'chance_low', 'chance_high', 'paper'),
  'above': Key('units above T', 0, 'above', '', 'above_chance_low', 'above_chance_high', 'paper_above'),
}


class Measured(NamedTuple):
  """A table as the page shows it, and its files."""

  matrices: list[Matrix]  # the run's and, if it has one, the paper's
  figure: list[File]
  table: Table
  sets: int  # number of sets measured


def read(reader: Reader, file: schema.File, key: str, rows: Sequence[str], sets: int = 0) -> pd.DataFrame:
  """Reads Table 2, 3, 5 or 6, whose column `key` must have these rows in order.

  `sets` is the number of arrays in a table of targets.

  Raises:
    InputError: it has other rows, or not the same categories for each.
  """
  table = reader.frame(file).rename(columns=RENAMED)
  if 'category' not in table:
    table = table.assign(category=TARGET, sets=sets, above=math.nan)
  else:  # no regions are not the same as no unit above T
    table['above'] = table['above'].where(table['sets'] > 0)
  columns = table['category'].unique().tolist()
  cells = [(row, column) for row in rows for column in columns]
  same = bool(columns) and [*zip(table[key], table['category'], strict=True)] == cells
  reader.expect(same, file.path, f'does not have the same categories for every {key} of summary.json')
  reader.expect(table['sets'].notna().all(), file.path, 'does not count the regions of each category')
  return table


def samples(reader: Reader, table: pd.DataFrame, rows: int) -> np.ndarray:
  """Reads a table's means in samples of images, float32 `[R, B, C]`."""
  return reader.array(schema.SAMPLES.path, (rows, -1, table['category'].nunique()))


def with_paper(table: pd.DataFrame, key: str, means: Mapping, counts: Mapping) -> pd.DataFrame:
  """Adds the paper's numbers, (row, category) -> value, where it has them."""
  keys = list(zip(table[key], table['category'], strict=True))
  return table.assign(paper=[means.get(x, math.nan) for x in keys], paper_above=[counts.get(x, math.nan) for x in keys])


def averaged(top: int, counts: Sequence[int]) -> str:
  """Returns which units the means are over, in words (`counts`: per layer)."""
  if max(counts, default=top) < top:
    return 'all units'
  return f'the {top} best units' + (' (all where a layer has fewer)' if min(counts, default=top) < top else '')


def values(table: pd.DataFrame, key: str) -> np.ndarray:
  return table[key].to_numpy(float).reshape(-1, table['category'].nunique())


def measured(
  site: Site,
  stem: str,
  table: pd.DataFrame,
  names: Sequence[str],
  *,
  row: str = 'layer',
  score: str = 'NSS',
  key: str = 'mean',
  corner: str = '',
  published: str = '',
) -> Measured:
  """Writes a table and its figure, and returns what is shown.

  Args:
    names: of the R rows; in a table of targets they become columns.
  """
  of, targets = KEYS[key], table['category'].eq(TARGET).all()
  shown = _beside(
    table.assign(category=names) if targets else table, [score] if targets else names, score, of, corner, published
  )
  sources = {source: values(table, column) for source, column in of.sources.items()}
  return Measured(
    shown,
    site.paper(stem, shown),
    sides(site, stem, names, table['category'].unique(), sources, digits=of.digits, row=row),
    int(values(table, 'sets')[0].sum()),
  )


def _beside(
  table: pd.DataFrame, names: Sequence[str], score: str, of: Key, corner: str, published: str
) -> list[Matrix]:
  """Returns the run's matrix and, if any, the paper's, on one scale."""
  run, paper = values(table, of.run), values(table, of.paper)
  columns, known = table['category'].unique(), np.isfinite(paper).any(axis=1)
  shared = {
    'label': of.label.format(score=score),
    'ends': matrices.domain(run, paper),
    'digits': of.digits,
    'corner': corner,
  }

  def cell(i: int, j: int) -> pd.Series:
    return table.iloc[i * len(columns) + j]

  def mark(i: int, j: int) -> str:
    x = cell(i, j)
    if not of.held_out:
      return ''
    return '\N{UPWARDS ARROW}' if x[of.run] > x[of.high] else '\N{DOWNWARDS ARROW}' if x[of.run] < x[of.low] else ''

  regions = values(table, 'sets')[0] if score == 'NSS' else ()
  hints = {'mark': mark, 'hint': lambda i, j: _hint(cell(i, j), of), 'regions': regions}
  made = [matrices.matrix('This run', names, columns, run, **shared, **hints)]
  if known.any():
    caption = f'Paper, {published}' if published else 'Paper'
    made.append(matrices.matrix(caption, np.array(names)[known].tolist(), columns, paper[known], **shared))
  return made


def _hint(cell: pd.Series, of: Key) -> str:
  """Returns a number's interval, held-out value, chance and the paper's."""
  said = {'95 % interval': ('low', 'high'), 'held out': ('held_out',)} if of.held_out else {}
  parts = [
    f'{what} ' + ' to '.join(number(float(cell[x]), of.digits) for x in ends)
    for what, ends in (said | {'chance': (of.low, of.high)}).items()
    if np.isfinite(float(cell[ends[0]]))
  ]
  paper, value = float(cell[of.paper]), float(cell[of.run])
  if math.isfinite(paper - value):
    parts.append(f'paper {number(paper, of.digits)}, difference {signed(value - paper, of.digits)}')
  return ', '.join(parts)


def sides(
  site: Site,
  name: str,
  names: Sequence[str],
  columns: Sequence[str],
  sources: Mapping[str, np.ndarray],
  *,
  digits: int = 2,
  row: str = 'layer',
) -> Table:
  """Writes matrices, with a row for each row and source that has a number."""

  def value(x: float) -> float | int | None:
    return None if np.isnan(x) else float(x) if digits else round(x)

  rows = [
    (of_row, source, *map(value, of[i]))
    for i, of_row in enumerate(names)
    for source, of in sources.items()
    if np.isfinite(of[i]).any()
  ]
  return site.table(name, rows, (row, 'source', *columns), digits=digits)
