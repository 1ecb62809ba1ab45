"""A results folder, read and checked, for the tables and the page."""

import functools
import operator
import os
import pathlib
from typing import NamedTuple

import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.report.reading import Reader

LAYOUT = 1  # of the folders that are understood; see results.py
TARGET = 'target'  # the one column of Table 5

_REGIONS = ('image_id', 'region_id', 'category', 'fixations')
_PATTERNS = ('image_id', 'kind', 'background', 'set_size')
_TABLE2 = ('layer', 'category', 'regions', 'mean_nss_top10',
           'units_above_threshold', 'top_units')
_TABLE5 = ('layer', 'mean_nmm_top10', 'top_units')
# Keys that the tables and the page show, besides those that `read` checks.
_SUMMARY = ('weights.name', 'weights.sha256', 'counts.images', 'seconds',
            'skipped', 'device', 'versions')
_CONFIG = ('model.name', 'model.layers', 'analysis.top_units')


class Cell(NamedTuple):
  """One entry of Table 2 or 5: the best units of a layer on one category."""
  mean: float  # their mean score, standard deviations; NaN: nothing measured
  units: np.ndarray  # int `[k]`, best first, counted from 0
  sets: int  # regions with a fixation, or arrays, that the mean is over
  above: int  # units whose mean exceeds T; 0 for Table 5, which counts none


class Answer(NamedTuple):
  """One unit's map of an image, and its score on one set of pixels."""
  set_id: int
  label: str
  layer: str
  unit: int  # counted from 0
  score: float  # standard deviations
  cells: np.ndarray  # float32 `[h, w]`


class Example(NamedTuple):
  """An image to show."""
  image_id: str
  image: np.ndarray  # uint8 `[H, W, 3]`, RGB
  fixations: np.ndarray  # int32 `[N, 2]`, (y, x)
  sets: np.ndarray  # int32 `[H, W]`, the regions' ids, 0 elsewhere
  answers: tuple[Answer, ...]


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
  examples: tuple[Example, ...]

  def labels(self) -> np.ndarray:
    """str `[rows]`: the column of the table that each row belongs to."""
    return np.array([row.get('category', TARGET) for row in self.rows])


def read(workdir: str | os.PathLike) -> Results:
  """Reads a results folder.

  Args:
    workdir: the folder that launch/dissect.py or launch/popout.py wrote.

  Raises:
    InputError: if the folder is not a finished run of layout `LAYOUT`; the
      sentence names the file at fault.
  """
  path = pathlib.Path(workdir)
  if not str(workdir) or not path.is_dir():
    raise InputError(
        f'{str(workdir)!r} is not a folder; --workdir takes the folder of a '
        f'finished run.')
  reader = Reader(path)
  summary = reader.json('summary.json')
  with reader.checking('summary.json'):
    reader.expect(
        summary['layout'] == LAYOUT, 'summary.json',
        f"has layout {summary['layout']} where this version reads {LAYOUT}")
    reader.expect(
        summary['job'] in ('dissect', 'popout'), 'summary.json',
        f"names the job {summary['job']!r} where this version knows dissect "
        f"and popout")
    job = summary['job']
    units = dict(summary['units'])
    _require(summary, _SUMMARY)
  config = reader.json('config.json')
  with reader.checking('config.json'):
    _require(config, _CONFIG + ('analysis.threshold',) * (job == 'dissect'))
    layers = tuple(config['model']['layers'])
    reader.expect(
        sorted(layers) == sorted(units), 'config.json',
        'names other layers than summary.json')
  if job == 'dissect':
    rows, scored = reader.table('regions.csv', _REGIONS), 'association'
    table = _table2(reader, units)
  else:
    rows, scored = reader.table('patterns.csv', _PATTERNS), 'nmm'
    table = _table5(reader, units, len(rows))
  return Results(
      path, job, summary, config, layers, tuple(table[layers[0]]), rows,
      {layer: reader.array(f'{scored}/{layer}.npy', (len(rows), units[layer]))
       for layer in layers},
      table, _examples(reader, units))


def _require(values: dict, keys: tuple[str, ...]) -> None:
  """Raises a KeyError for the first key that is not there."""
  for key in keys:
    functools.reduce(operator.getitem, key.split('.'), values)


def _table2(reader: Reader, units: dict[str, int]) -> dict:
  name, table = 'table2.csv', {layer: {} for layer in units}
  rows = reader.table(name, _TABLE2)
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
  name, table = 'table5.csv', {}
  rows = reader.table(name, _TABLE5)
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
  return Cell(float(mean or 'nan'), best, sets, above)


def _examples(
    reader: Reader, units: dict[str, int]
) -> tuple[Example, ...]:
  listed = reader.json('examples.json')
  with reader.checking('examples.json'):
    return tuple(_example(reader, entry, units) for entry in listed)


def _example(
    reader: Reader, entry: dict, units: dict[str, int]
) -> Example:
  name = entry['file']
  arrays = reader.arrays(name)
  with reader.checking(name):
    image, sets = arrays['image'], arrays['sets']
    fixations = arrays['fixations']
    maps = [arrays[f'map_{k}'] for k in range(len(entry['answers']))]
    reader.expect(
        image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        and sets.shape == image.shape[:2] and fixations.shape[1:] == (2,)
        and all(x.ndim == 2 and x.size for x in maps),
        name, 'holds arrays of unknown shapes')
  answers = tuple(
      Answer(**answer, cells=cells)
      for answer, cells in zip(entry['answers'], maps, strict=True))
  reader.expect(
      all(x.layer in units for x in answers), 'examples.json',
      'names a layer that summary.json does not')
  return Example(entry['image_id'], image, fixations, sets, answers)
