"""A results folder, read and checked, for the tables and the page."""

import functools
import operator
import os
import pathlib
import re
from typing import NamedTuple

import numpy as np

from saliency_jax import schema
from saliency_jax.errors import InputError
from saliency_jax.report import reading
from saliency_jax.report.kept import Kept
from saliency_jax.report.reading import Reader

TARGET = 'target'  # the one column of Table 5

_LAYER = re.compile(r'[A-Za-z0-9_-][A-Za-z0-9_.#-]*')
# Keys that the tables and the page show, besides those that `read` checks.
_SUMMARY = ('weights.name', 'weights.sha256', 'counts.images', 'seconds',
            'skipped', 'device', 'versions')
_CONFIG = ('network.name', 'analysis.top_units')


class Cell(NamedTuple):
  """One entry of Table 2 or 5: the best units of a layer on one category."""
  mean: float  # their mean score, standard deviations; NaN: nothing measured
  units: np.ndarray  # int `[k]`, best first, counted from 0
  sets: int  # regions with a fixation, or arrays, that the mean is over
  above: int  # units whose mean exceeds T; 0 for Table 5, which counts none
  held_out: float  # the mean of units that were chosen on other images
  chance_low: float  # of the 95 % chance band of the mean
  chance_high: float


class Results(NamedTuple):
  """A finished run."""
  path: pathlib.Path
  job: str  # 'dissect' or 'popout'
  summary: dict
  config: dict
  layers: tuple[str, ...]  # in the order of the tables
  columns: tuple[str, ...]  # categories of Table 2, or `TARGET`
  rows: list[dict[str, str]]  # of regions.csv or patterns.csv
  scores: dict[str, np.ndarray]  # layer -> float32 `[rows, units]`
  table: dict[str, dict[str, Cell]]  # layer -> column -> entry
  kept: Kept  # pictures, masks, fixations and maps; read when asked for

  @property
  def network(self) -> str:
    """The network's name; of a trained one the summary alone knows it."""
    network = self.config['network'] | self.summary.get('network', {})
    return network['name']

  @property
  def depth(self) -> int | None:
    """Stages that were trained; None for a plain trunk."""
    return self.summary['weights'].get('depth')

  @property
  def name(self) -> str:
    """The weights' name, with the depth of their training."""
    name = self.summary['weights']['name']
    return name if self.depth is None else f'{name}, depth {self.depth}'

  def labels(self) -> np.ndarray:
    """str `[rows]`: the column of the table that each row belongs to."""
    return np.array([row.get('category', TARGET) for row in self.rows])


def read(workdir: str | os.PathLike) -> Results:
  """Reads a results folder.

  Args:
    workdir: the folder that launch/dissect.py or launch/popout.py wrote.

  Raises:
    InputError: if the folder is not a finished run of this layout; the sentence
      names the file at fault.
  """
  job = reading.job(workdir, ('dissect', 'popout'))
  path = pathlib.Path(workdir)
  reader = Reader(path)
  summary = reader.json('summary.json')
  with reader.checking('summary.json'):
    reader.expect(
        summary['layout'] == schema.LAYOUT, 'summary.json',
        f"has layout {summary['layout']} where this version reads "
        f'{schema.LAYOUT}')
    units = {layer: int(count) for layer, count in summary['units'].items()}
    _require(summary, _SUMMARY)
    depth = summary['weights'].get('depth')
    reader.expect(
        depth is None or type(depth) is int and depth >= 0, 'summary.json',
        f'names a depth of {depth!r}')
    # Layers' names become parts of paths and addresses.
    reader.expect(
        bool(units) and all(_LAYER.fullmatch(x) for x in units),
        'summary.json', 'names no layer, or one with strange characters')
  layers, config = tuple(units), reader.json('config.json')
  with reader.checking('config.json'):
    _require(config, _CONFIG + ('analysis.threshold',) * (job == 'dissect'))
  if job == 'dissect':
    rows, scored = reader.table(schema.REGIONS), schema.ASSOCIATION
    table = _table2(reader, units)
  else:
    rows, scored = reader.table(schema.PATTERNS), schema.NMM
    table = _table5(reader, units, len(rows))
  return Results(
      path, job, summary, config, layers, tuple(table[layers[0]]), rows,
      {layer: reader.array(scored.of(layer), (len(rows), units[layer]))
       for layer in layers},
      table, Kept(reader, layers))


def comparable(results: Results, workdir: str | os.PathLike) -> Results:
  """Reads a second folder, which is to stand beside a first.

  Raises:
    InputError: if it is not a finished run of the same job with the same layers
      and columns.
  """
  other = read(workdir)
  for what, own, others in (
      ('the job', [results.job], [other.job]),
      ('the layers', results.layers, other.layers),
      ('the categories', results.columns, other.columns)):
    if sorted(own) != sorted(others):
      raise InputError(
          f"{other.path} has {what} {', '.join(others)} where {results.path} "
          f"has {', '.join(own)}; --compare takes a run with the same.")
  if any(len(results.scores[x].T) != len(other.scores[x].T)
         for x in results.layers):
    raise InputError(
        f'{other.path} is of a network with other numbers of units than '
        f'{results.path}; --compare takes a run with the same.')
  return other


def _require(values: dict, keys: tuple[str, ...]) -> None:
  """Raises a KeyError for the first key that is not there."""
  for key in keys:
    functools.reduce(operator.getitem, key.split('.'), values)


def _table2(reader: Reader, units: dict[str, int]) -> dict:
  name, table = schema.TABLE2.path, {layer: {} for layer in units}
  rows = reader.table(schema.TABLE2)
  with reader.checking(name):
    for row in rows:
      table[row['layer']][row['category']] = _cell(
          reader, name, row, row['mean_nss_top10'], units,
          sets=int(row['regions']),
          above=int(row['units_above_threshold'] or 0))
  columns = list(next(iter(table.values())))
  reader.expect(
      bool(columns) and all(list(x) == columns for x in table.values()), name,
      'does not have the same categories for every layer')
  return table


def _table5(reader: Reader, units: dict[str, int], arrays: int) -> dict:
  name, table = schema.TABLE5.path, {}
  rows = reader.table(schema.TABLE5)
  with reader.checking(name):
    for row in rows:
      table[row['layer']] = {TARGET: _cell(
          reader, name, row, row['mean_nmm_top10'], units, sets=arrays,
          above=0)}
  reader.expect(
      sorted(table) == sorted(units), name, 'does not have one line per layer')
  return table


def _cell(
    reader: Reader, name: str, row: dict[str, str], mean: str,
    units: dict[str, int], *, sets: int, above: int
) -> Cell:
  best = np.array([int(unit) for unit in row['top_units'].split()], int)
  reader.expect(
      bool(((best >= 0) & (best < units[row['layer']])).all()), name,
      f"names a unit that {row['layer']} does not have")
  # Nothing was measured of a category without regions.
  return Cell(float(mean or 'nan'), best, sets, above, *(
      float(row[key] or 'nan')
      for key in ('held_out', 'chance_low', 'chance_high')))
