"""The folder of an evaluation, read and checked, for the tables and the page.
"""

import itertools
import os
import pathlib
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from saliency_jax import schema
from saliency_jax.report.reading import Reader

OBSERVERS = 'observers'  # the row of the table that is no model: the ceiling
ALL = 'all'  # the kind that stands for all search arrays
KINDS = ('network', 'classical', 'centre', 'folder')  # of models

_ODD = re.compile('[^A-Za-z0-9_]')
_TESTS = (
    'inner_output', 'inner_difference', 'output', 'difference', 'paper_anova',
    'heads')


class Value(NamedTuple):
  """A mean over images and its 95 % interval; NaN where there is none."""
  mean: float
  low: float
  high: float
  images: int  # that the mean is over


class Category(NamedTuple):
  """Means over the regions of a category, in standard deviations.

  `low` and `high` are ends of 95 % bootstrap intervals over photographs. Units
  are chosen anew in every sample, so that of inner saliency may lie below it.
  """
  name: str
  regions: int
  inner: float  # NaN, as the next three, for what is no network
  inner_low: float
  inner_high: float
  inner_held_out: float  # of units chosen on other photographs
  output: float
  output_low: float
  output_high: float
  human: float
  difference: float  # absolute, Eq. 3
  difference_low: float
  difference_high: float
  bias: float  # output less human


class Example(NamedTuple):
  """An image with every model's map."""
  dataset: str
  image_id: str
  kind: str  # of a search array, '' for a photograph
  metric: str  # 'nss' or 'nmm'
  picture: np.ndarray  # uint8 `[H', W', 3]`, smaller than the image
  size: tuple[int, int]  # the image's own (H, W) in pixels
  scores: np.ndarray  # float32 `[M]`
  maps: tuple[np.ndarray, ...]  # M of float32 `[h, w]`, standard deviations
  fixations: np.ndarray  # int32 `[N, 2]` (y, x), pixels of the image
  human: np.ndarray | None  # float32 `[h, w]`, likewise, of a photograph
  target: np.ndarray | None  # bool `[H', W']`, of a search array


# metric -> model -> value
Scores = dict[str, dict[str, Value]]


class Results(NamedTuple):
  """A finished evaluation."""
  path: pathlib.Path
  summary: dict
  config: dict
  models: tuple[str, ...]  # in the order of the config
  scores: dict[str, Scores]  # data set ->
  search: dict[str, dict[str, Scores]]  # data set -> kind ->, `ALL` first
  # data set -> model ->, in the order of the paper's table
  categories: dict[str, dict[str, tuple[Category, ...]]]
  statistics: dict[tuple[str, str], dict]  # (data set, model) -> tests
  examples: tuple[Example, ...]

  @property
  def name(self) -> str:
    """The models' names."""
    return ', '.join(self.models)

  def kind(self, model: str) -> str:
    """Returns what a model is: network, classical, centre or folder."""
    return _kind(self.summary['models'][model])


def read(workdir: str | os.PathLike) -> Results:
  """Reads the folder of an evaluation.

  Args:
    workdir: the folder that launch/evaluate.py wrote.

  Raises:
    InputError: if the folder is not a finished run of this layout; the sentence
      names the file at fault.
  """
  path = pathlib.Path(workdir)
  reader = Reader(path)
  summary = reader.json('summary.json')
  with reader.checking('summary.json'):
    reader.expect(
        summary['layout'] == schema.LAYOUT and summary['job'] == 'evaluate',
        'summary.json',
        f"is of {summary['job']} in layout {summary['layout']} where the page "
        f'takes evaluate in layout {schema.LAYOUT}')
    models = tuple(summary['models'])
    reader.expect(
        all(_kind(of) in KINDS for of in summary['models'].values()),
        'summary.json', f"has models that are none of {', '.join(KINDS)}")
  # Photographs, search arrays and labelled regions: each may be absent.
  scores, search = (
      _values(reader, table, models) if (path / table.path).is_file() else {}
      for table in (schema.SCORES, schema.SEARCH))
  categories, statistics = {}, {}
  if (path / 'figure7.csv').is_file():
    categories = _categories(reader, models)
    statistics = _statistics(reader, categories)
  return Results(
      path, summary, reader.json('config.json'), models,
      {dataset: kinds[''] for dataset, kinds in scores.items()}, search,
      categories, statistics, _examples(reader, models))


def plain(name: str) -> str:
  """Returns the name of a model or a data set as a part of a file's name."""
  return _ODD.sub(lambda one: f'-{ord(one.group()):x}-', name)


def _kind(identity: str) -> str:
  """Returns the first word of what a model's maps depend on."""
  return identity.partition(' ')[0]


def _values(
    reader: Reader, table: schema.File, models: Sequence[str]
) -> dict[str, dict[str, Scores]]:
  """Returns data set -> kind, '' where there is none -> metric -> model."""
  found: dict = {}
  name, rows = table.path, reader.table(table)
  with reader.checking(name):
    for row in rows:
      reader.expect(
          row['model'] in models or row['model'] == OBSERVERS, name,
          f"names the model {row['model']!r}, which summary.json does not")
      metrics = found.setdefault(row['dataset'], {}).setdefault(
          row.get('kind', ''), {})
      metrics.setdefault(row['metric'], {})[row['model']] = Value(
          *(float(row[key] or 'nan') for key in ('mean', 'low', 'high')),
          int(row['images']))
  return found


def _categories(reader: Reader, models: Sequence[str]) -> dict:
  name, found = schema.FIGURE7.path, {}
  rows = reader.table(schema.FIGURE7)
  with reader.checking(name):
    for (dataset, model), group in itertools.groupby(
        rows, lambda row: (row['dataset'], row['model'])):
      reader.expect(
          model in models, name,
          f'names the model {model!r}, which summary.json does not')
      found.setdefault(dataset, {})[model] = tuple(
          Category(row['category'], int(row['regions']), *(
              float(row[key] or 'nan') for key in schema.FIGURE7.names[4:]))
          for row in group)
  return found


def _statistics(reader: Reader, categories: dict) -> dict:
  name = 'statistics.json'
  listed = reader.json(name)
  with reader.checking(name):
    found = {(tests['dataset'], tests['model']): tests for tests in listed}
    expected = {
        (dataset, model) for dataset, of_models in categories.items()
        for model in of_models}
    reader.expect(
        expected <= set(found), name, 'lacks a model that figure7.csv has')
    for tests in found.values():
      for key in _TESTS:
        tests[key]  # noqa: B018  a KeyError is told by `checking`
  return found


def _examples(reader: Reader, models: tuple[str, ...]) -> tuple[Example, ...]:
  rows = reader.table(schema.EXAMPLES)
  name = 'examples.npz'
  arrays = reader.arrays(name)
  with reader.checking(name):
    reader.expect(
        tuple(arrays['models'].tolist()) == models, name,
        'is of other models than summary.json')
    return tuple(_example(reader, arrays, row, len(models)) for row in rows)


def _example(
    reader: Reader, arrays: dict[str, np.ndarray], row: dict[str, str],
    models: int
) -> Example:
  k = row['example']
  picture = f'pictures/{int(k):05d}.jpg'
  reader.expect(row['picture'] == picture, 'examples.csv',
                f"has the picture {row['picture']!r} where {picture!r} belongs")
  with reader.checking(picture) as path, Image.open(path) as opened:
    pixels = np.asarray(opened.convert('RGB'))
  maps = tuple(
      arrays[f'{k}/map/{m}'].astype(np.float32) for m in range(models))
  human, target = (arrays.get(f'{k}/{key}') for key in ('human', 'target'))
  reader.expect(
      arrays[f'{k}/scores'].shape == (models,)
      and all(x.ndim == 2 and x.size for x in maps)
      and (human is None or human.ndim == 2 and human.size > 0)
      and (target is None or target.shape == pixels.shape[:2])
      and arrays[f'{k}/fixations'].shape[1:] == (2,), 'examples.npz',
      f'does not fit the picture {picture}')
  return Example(
      row['dataset'], row['image_id'], row['kind'], row['metric'], pixels,
      (int(row['height']), int(row['width'])), arrays[f'{k}/scores'], maps,
      arrays[f'{k}/fixations'],
      None if human is None else human.astype(np.float32), target)
