"""Reads and checks the folder of an evaluation; defines its metrics."""

import hashlib
import os
import pathlib
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.report import json_shapes, reading
from saliency_jax.report.numbers import number
from saliency_jax.report.reading import Reader

OBSERVERS = 'observers'  # the row of people, the ceiling
ALL = 'all'  # the kind that stands for all search arrays
KINDS = {  # of models, as shown
  'network': 'network',
  'classical': 'classical model',
  'centre': 'centre prior',
  'folder': 'folder of maps',
}

_LONGEST = 80  # characters of a name within a file name, which has two of them
_ODD = re.compile('[^A-Za-z0-9_]')


class Example(NamedTuple):
  """An image with every model's map."""

  dataset: str
  image_id: str
  metric: str  # 'nss' or 'nmm'
  picture: np.ndarray  # uint8 `[H', W', 3]`, smaller than the image
  size: tuple[int, int]  # the image's own (H, W) in pixels
  scores: np.ndarray  # float32 `[M]`
  maps: tuple[np.ndarray, ...]  # M of float32 `[h, w]`, standard deviations
  fixations: np.ndarray  # int32 `[N, 2]` (y, x), pixels of the image
  human: np.ndarray | None  # float32 `[h, w]`, standard deviations, of a photograph
  target: np.ndarray | None  # bool `[H, W]`, of a search array


class Evaluated(NamedTuple):
  """A finished evaluation; tables are those of the files, empty if absent."""

  path: pathlib.Path
  summary: dict
  config: dict
  models: tuple[str, ...]  # in the order of the config
  scores: pd.DataFrame  # of scores.csv
  search: pd.DataFrame  # of search.csv
  differences: pd.DataFrame  # of differences.csv
  categories: pd.DataFrame  # of figure7.csv
  statistics: dict[tuple[str, str], dict]  # (data set, model) -> tests
  examples: tuple[Example, ...]

  def kind(self, model: str) -> str:
    """Returns what a model is, a key of `KINDS`."""
    return self.summary['models'][model].partition(' ')[0]

  def difference(self, dataset: str, metric: str, model: str, other: str) -> tuple[float, float, float, float] | None:
    """Returns model minus other on the same images: mean, ends, corrected p."""
    rows = self.differences[(self.differences['dataset'] == dataset) & (self.differences['metric'] == metric)]
    for row in rows.itertuples():
      mean, low, high, p = row.difference, row.difference_low, row.difference_high, row.p_corrected
      if (row.model, row.other) == (model, other):
        return mean, low, high, p
      if (row.other, row.model) == (model, other):
        return -mean, -high, -low, p
    return None

  def ours(self, dataset: str) -> bool:
    """Returns whether a data set is the paper's: OSIE, or arrays drawn here."""
    kind = self.summary['datasets'][dataset]['kind']
    given = self.config.get('sets', {}).get(dataset, {}).get('dir', '')
    return kind == 'osie' or kind == 'popout' and not given


def read(workdir: str | os.PathLike) -> Evaluated:
  """Reads the folder of an evaluation.

  Raises:
    InputError: it is not what launch/evaluate.py writes in this layout; the
      message names the file.
  """
  reading.job(workdir, ('evaluate',))
  path = pathlib.Path(workdir)
  reader = Reader(path)
  summary = reader.json(schema.SUMMARY, json_shapes.EVALUATED)
  models = tuple(summary['models'])
  reader.expect(
    all(x.partition(' ')[0] in KINDS for x in summary['models'].values()),
    schema.SUMMARY,
    f'has models that are none of {", ".join(KINDS)}',
  )
  # Photographs, search arrays and labelled regions: each may be absent.
  files = schema.SCORES, schema.SEARCH, schema.DIFFERENCES, schema.FIGURE7
  tables = [_table(reader, x, models) for x in files]
  for file, table in zip(files, tables, strict=True):
    known = {*table['dataset']} <= {*summary['datasets']}
    reader.expect(known, schema.SUMMARY, f'lacks some data sets of {file.path}')
  config = reader.json(schema.CONFIG, json_shapes.CONFIG)
  statistics = _statistics(reader, tables[-1]) if len(tables[-1]) else {}
  return Evaluated(path, summary, config, models, *tables, statistics, _examples(reader, models))


def plain(name: str) -> str:
  """Returns a model's or data set's name as part of a file name."""
  spelt = _ODD.sub(lambda one: f'-{ord(one.group()):x}-', name)
  if len(spelt) <= _LONGEST:
    return spelt
  digest = hashlib.sha256(name.encode()).hexdigest()
  return f'{spelt[: _LONGEST // 2]}-{digest[:16]}'


def _table(reader: Reader, file: schema.File, models: tuple[str, ...]) -> pd.DataFrame:
  if not (reader.folder / file.path).is_file():
    return pd.DataFrame(columns=list(file.names))
  table = reader.frame(file)
  named = [x for x in ('model', 'other') if x in table]
  for model in pd.unique(table[named].to_numpy(object).ravel()):
    known = model in models or model == OBSERVERS
    reader.expect(known, file.path, f'names the model {model!r}, which summary.json does not')
  if 'metric' in table:
    keys = [x for x in ('dataset', 'kind', 'metric') if x in table]
    reader.expect(not table.duplicated([*named, *keys]).any(), file.path, 'has a duplicate line')
    of = table.groupby(keys)['model'].agg(tuple)
    same = (of == of.groupby(keys[:-1]).transform('first')).all()
    reader.expect(same, file.path, 'does not have the same models for every metric')
  return table


def _statistics(reader: Reader, categories: pd.DataFrame) -> dict:
  name = 'statistics.json'
  listed = reader.json(name, json_shapes.STATISTICS)
  found = {(tests['dataset'], tests['model']): tests for tests in listed}
  expected = set(categories[['dataset', 'model']].itertuples(index=False, name=None))
  reader.expect(expected <= set(found), name, 'lacks a model that figure7.csv has')
  return found


def _examples(reader: Reader, models: tuple[str, ...]) -> tuple[Example, ...]:
  rows = reader.frame(schema.EXAMPLES).itertuples()
  name = 'examples.npz'
  arrays = reader.arrays(name, texts=['models'])
  with reader.checking(name):
    reader.expect(tuple(arrays['models'].tolist()) == models, name, 'has other models than summary.json')
    return tuple(_example(reader, arrays, row, len(models)) for row in rows)


def _example(reader: Reader, arrays: dict[str, np.ndarray], row, models: int) -> Example:
  k = int(row.example)
  picture = f'pictures/{k:05d}.jpg'
  reader.expect(row.picture == picture, 'examples.csv', f'has the picture {row.picture!r} where {picture!r} belongs')
  pixels, scores, points = reader.picture(picture), arrays[f'{k}/scores'], arrays[f'{k}/fixations']
  maps = tuple(arrays[f'{k}/map/{m}'].astype(np.float32) for m in range(models))
  human, target = (arrays.get(f'{k}/{key}') for key in ('human', 'target'))
  fits = (
    row.metric in METRICS
    and scores.shape == (models,)
    and points.shape[1:] == (2,)
    and all(x.ndim == 2 and x.size for x in (*maps, *([] if human is None else [human])))
    and (target is None or target.shape == pixels.shape[:2])
  )
  reader.expect(fits, 'examples.npz', f'does not fit examples.csv or the picture {picture}')
  size = int(row.height), int(row.width)
  if target is not None:
    down = [-(-a // b) for a, b in zip(size, target.shape, strict=True)]
    target = np.kron(target, np.ones(down, bool))[: size[0], : size[1]]
  human = None if human is None else human.astype(np.float32)
  return Example(row.dataset, row.image_id, row.metric, pixels, size, scores, maps, points, human, target)


class Metric(NamedTuple):
  """How a metric is shown."""

  label: str
  digits: int  # after the point
  up: bool = True  # whether higher is better
  unit: str = ''  # '%' for a share, shown as a percentage
  ceiling: bool = False  # whether people's score is the ceiling for models

  @property
  def title(self) -> str:
    """The label with its unit and an arrow towards the better direction."""
    arrow = '\N{UPWARDS ARROW}' if self.up else '\N{DOWNWARDS ARROW}'
    return f'{self.label}{f" ({self.unit})" if self.unit else ""}\N{NO-BREAK SPACE}{arrow}'

  @property
  def factor(self) -> float:
    """The factor between a value and what is shown."""
    return 100.0 if self.unit == '%' else 1.0

  def written(self, row: pd.Series | None) -> tuple[str, str]:
    """Returns a row's mean and its interval, '' for none, as text."""
    if row is None:
      return number(np.nan), ''
    mean, low, high = (number(row[x] * self.factor, self.digits) for x in ('mean', 'low', 'high'))
    return mean, '' if np.isnan(row['low']) else f'{low} to {high}'


METRICS = {
  'nss': Metric('NSS', 2, unit='SD', ceiling=True),
  'auc_judd': Metric('AUC-Judd', 3, ceiling=True),
  'auc_uniform': Metric('AUC, all pixels', 3, ceiling=True),
  'auc_shuffled': Metric('shuffled AUC', 3, ceiling=True),
  'cc': Metric('CC', 3),
  'sim': Metric('SIM', 3),
  'kl': Metric('KL', 3, up=False, unit='nats'),
  'information_gain': Metric('information gain', 3, unit='bits', ceiling=True),
  'nmm': Metric('NMM', 2, unit='SD'),
  'gsi': Metric('GSI', 2),
  'msr_target': Metric('MSR, target', 2),
  'msr_background': Metric('MSR, background', 2, up=False),
  'stands_out': Metric('stands out', 0, unit='%'),
  'first': Metric('found at once', 0, unit='%'),
  'found': Metric('found', 0, unit='%'),
  'fixations': Metric('fixations until found', 1, up=False),
}


def ranked(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
  """Returns the rows of a metric by model, the best first, without people.

  `rows` are those of scores.csv or search.csv for one data set and kind.
  """
  rows = rows[(rows['metric'] == metric) & (rows['model'] != OBSERVERS) & rows['mean'].notna()]
  return rows.sort_values('mean', ascending=not METRICS[metric].up, kind='stable').set_index('model')


def ceiling(rows: pd.DataFrame, metric: str) -> pd.Series | None:
  """Returns the score of people predicting each other, if comparable."""
  people = rows[(rows['metric'] == metric) & (rows['model'] == OBSERVERS) & rows['mean'].notna()]
  return people.iloc[0] if METRICS[metric].ceiling and len(people) else None
