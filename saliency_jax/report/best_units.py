"""Tables of the best units: read, and set beside the paper's.

A table has a line for each row (layers, or members of a sweep) and category, of
search arrays the one category `TARGET`: `sets` (regions with a fixation, or
arrays), mean, low, high, held_out, chance_low, chance_high, `above` (units
above T), above_chance_low and -high, units (the best ones), paper and
paper_above. NaN: no number.
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
  """A column that is shown, and what stands beside it."""

  label: str  # '{score}' is NSS or NMM
  digits: int
  chance: tuple[str, str]
  paper: str
  sources: dict[str, str]  # of the file: name -> column


KEYS = {
  'mean': Key(
    'mean {score} (SD)',
    2,
    ('chance_low', 'chance_high'),
    'paper',
    {
      'this run': 'mean',
      'held out': 'held_out',
      'chance, from': 'chance_low',
      'chance, to': 'chance_high',
      'paper': 'paper',
    },
  ),
  'above': Key(
    'units above T',
    0,
    ('above_chance_low', 'above_chance_high'),
    'paper_above',
    {
      'this run': 'above',
      'chance, from': 'above_chance_low',
      'chance, to': 'above_chance_high',
      'paper': 'paper_above',
    },
  ),
}


class Measured(NamedTuple):
  """A table as it is shown, and its files."""

  matrices: list[Matrix]  # the run's and, if it has one, the paper's
  figure: list[File]
  table: Table
  sets: int  # that are measured


def read(reader: Reader, file: schema.File, key: str, rows: Sequence[str], sets: int = 0) -> pd.DataFrame:
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
    and table['category'].tolist() == columns * len(rows),
    file.path,
    f'does not have the same categories for every {key} of summary.json',
  )
  reader.expect(table['sets'].notna().all(), file.path, 'does not count the regions of each category')
  return table


def samples(reader: Reader, table: pd.DataFrame, rows: int) -> np.ndarray | None:
  """Reads the means of a table in samples of images, float32 `[R, B, C]`.

  None of a folder of an older version, which has none.
  """
  if not reader.has(schema.SAMPLES.path):
    return None
  return reader.array(schema.SAMPLES.path, (rows, -1, table['category'].nunique()))


def with_paper(table: pd.DataFrame, key: str, means: Mapping, counts: Mapping) -> pd.DataFrame:
  """Adds the paper's numbers, (row, category) -> value, where it has them."""
  keys = list(zip(table[key], table['category'], strict=True))
  return table.assign(paper=[means.get(x, math.nan) for x in keys], paper_above=[counts.get(x, math.nan) for x in keys])


def values(table: pd.DataFrame, key: str) -> np.ndarray:
  """Returns a column as float64 `[R, C]`."""
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
  **how,
) -> Measured:
  """Writes a table and a figure of it, and returns what is shown.

  Args:
    site: takes the files.
    stem: of their names.
    table: see above.
    names: of the R rows; of a table of targets they become columns.
    row: what they are.
    score: NSS or NMM.
    key: one of `KEYS`.
    how: see `beside`.
  """
  shown = (
    beside(table.assign(category=names), [score], score=score, key=key, **how)
    if (table['category'].eq(TARGET).all())
    else beside(table, names, score=score, key=key, **how)
  )
  return Measured(
    shown,
    site.paper(stem, shown),
    sides(
      site,
      stem,
      names,
      table['category'].unique(),
      {source: values(table, of) for source, of in KEYS[key].sources.items()},
      digits=KEYS[key].digits,
      row=row,
    ),
    int(values(table, 'sets')[0].sum()),
  )


def beside(
  table: pd.DataFrame,
  names: Sequence[str],
  *,
  score: str = 'NSS',
  key: str = 'mean',
  corner: str = '',
  published: str = '',
) -> list[Matrix]:
  """Returns the run's matrix and, if it has one, the paper's, on one scale.

  Args:
    table, names, score, key: see `measured`.
    corner: what the rows are.
    published: the paper's table.
  """
  of = KEYS[key]
  run, paper = values(table, key), values(table, of.paper)
  columns, label = table['category'].unique(), of.label.format(score=score)
  ends, known = matrices.domain(run, paper), np.isfinite(paper).any(axis=1)
  shared = {'label': label, 'ends': ends, 'digits': of.digits, 'corner': corner}
  low, high = of.chance

  def cell(i: int, j: int) -> pd.Series:
    return table.iloc[i * len(columns) + j]

  def mark(i: int, j: int) -> str:
    x = cell(i, j)
    return (
      ''
      if key != 'mean'
      else '\N{UPWARDS ARROW}'
      if x[key] > x[high]
      else '\N{DOWNWARDS ARROW}'
      if x[key] < x[low]
      else ''
    )

  regions = score == 'NSS'
  made = [
    matrices.matrix(
      'This run',
      names,
      columns,
      run,
      **shared,
      mark=mark,
      hint=lambda i, j: hint(cell(i, j), key),
      counts=[int(x) for x in values(table, 'sets')[0]] if regions else (),
      counted='regions' if regions else '',
    )
  ]
  if known.any():
    made.append(
      matrices.matrix(
        f'Paper{published and f", {published}"}', np.array(names)[known].tolist(), columns, paper[known], **shared
      )
    )
  return made


def hint(cell: pd.Series, key: str = 'mean') -> str:
  """Returns what more is to be said of a number: how sure it is."""
  of = KEYS[key]
  said = (
    {'chance': of.chance}
    if key != 'mean'
    else {'95 % interval': ('low', 'high'), 'held out': ('held_out',), 'chance': of.chance}
  )
  parts = [
    f'{what} ' + ' to '.join(number(float(cell[x]), of.digits) for x in ends)
    for what, ends in said.items()
    if np.isfinite(float(cell[ends[0]]))
  ]
  paper, value = float(cell[of.paper]), float(cell[key])
  if math.isfinite(paper - value):
    parts.append(f'the paper {number(paper, of.digits)}, difference {signed(value - paper, of.digits)}')
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
  """Writes matrices, a line for each row and source that has a number."""

  def value(x: float) -> float | int | None:
    return None if np.isnan(x) else float(x) if digits else round(x)

  return site.table(
    name,
    (row, 'source', *columns),
    [
      (of_row, source, *map(value, of[i]))
      for i, of_row in enumerate(names)
      for source, of in sources.items()
      if np.isfinite(of[i]).any()
    ],
    digits=digits,
  )
