"""A sweep over fine-tuning depths, or a single training run, read and checked.
"""

import functools
import os
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.report import paper, shapes, tables
from saliency_jax.report.reading import Reader


class Member(NamedTuple):
  """One network that was trained."""
  name: str
  depth: int  # stages trained
  score: float  # the watched metric on validation images, at its best
  step: int  # at which it was
  trunk_rate: float  # learning rates before the schedule
  readout_rate: float
  seed: int  # of the readout's first values

  @property
  def label(self) -> str:
    """The name as it is written: 'depth 3'."""
    return self.name.replace('_', ' ')


class View(NamedTuple):
  """A unit on one set of pixels of an image, in every member."""
  kind: str  # 'regions' or 'popout'
  image_id: str
  picture: Callable[[], np.ndarray]  # reads uint8 `[H, W, 3]`
  mask: Callable[[], np.ndarray]  # reads int32 `[H', W']`
  place: int  # of the set in the mask: the value there, less 1
  label: str  # the region's category, the array's kind
  unit: str  # 'conv5_3:287'
  best: str  # the member in which it responds most
  scores: dict[str, float]  # of every member, standard deviations
  maps: dict[str, np.ndarray]  # in cells `[h, w]`, standardised
  note: str  # what more is to be said of the unit

  def read(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns the picture uint8 `[H, W, 3]` and the set bool `[H', W']`."""
    return self.picture(), self.mask() == self.place + 1


class Swept(NamedTuple):
  """A finished sweep, or a training run as one of a single member.

  Of the tables, by member, each is None if it was not measured; see `tables`.
  """
  path: pathlib.Path
  job: str  # 'sweep' or 'train'
  summary: dict
  config: dict
  members: tuple[Member, ...]
  seen: pd.DataFrame | None  # Table 3, of all photographs
  unseen: pd.DataFrame | None  # of those of `part`
  arrays: pd.DataFrame | None  # Table 6
  base: str  # the member that is before; '' for none
  views: tuple[View, ...]
  tests: dict | None  # depth_tests.json, of the categories at each depth
  lines: list[dict]  # of metrics.jsonl
  watched: str  # the metric by which checkpoints were chosen
  title: str  # how it is written

  @property
  def part(self) -> str:
    """Of which photographs `unseen` is: 'unseen', or 'validation' ones."""
    counts = self.summary.get('measured_on', {}).get('regions', {})
    return 'unseen' if counts.get('unseen') else 'validation'

  @property
  def layer(self) -> str:
    """The layer whose change with depth is followed."""
    return self.summary['network']['readout_tap']

  @property
  def layers(self) -> tuple[str, ...]:
    """The layers whose units can be named."""
    return (self.layer,)

  @property
  def depths(self) -> list[int]:
    """The depths, ascending, none twice."""
    return sorted({member.depth for member in self.members})


def by_depth(table: pd.DataFrame) -> pd.DataFrame:
  """Returns the means over the members of each depth (seeds, learning rates).

  A line for each depth and category, in the table's order; `low` and `high`
  are the lowest and the highest member where there are several, and `runs` is
  how many; `interval_low` and `interval_high` are over images, the members'
  mean.
  """
  groups = table.groupby(['depth', 'category'], sort=False)
  found = groups.mean(numeric_only=True)
  found['runs'] = groups.size()
  several = found['runs'] > 1
  found[['interval_low', 'interval_high']] = found[['low', 'high']]
  for end, of in (('low', 'min'), ('high', 'max')):
    found[end] = groups['mean'].agg(of).where(several, found[end])
  return found.reset_index().sort_values('depth', kind='stable')


def runs(table: pd.DataFrame) -> list[pd.DataFrame]:
  """Returns a table of one member of each depth for each run of all depths."""
  names = table.groupby('depth')['member'].unique()
  return [table[table['member'].isin([x[k % len(x)] for x in names])]
          for k in range(max(map(len, names)))]


def depth_name(depth: int) -> str:
  """Returns a depth as the paper writes it."""
  return 'all' if depth == paper.ALL else str(depth)


def read(workdir: str | os.PathLike) -> Swept:
  """Reads the folder of launch/sweep.py or launch/train.py.

  Raises:
    InputError: if a file is missing or cannot be understood.
  """
  path = pathlib.Path(workdir)
  reader = Reader(path)
  summary = reader.json(schema.SUMMARY, shapes.TRAINED)
  config = reader.json(schema.CONFIG, shapes.CONFIG | {
      kind: shapes.CONFIG[f'{kind}?'] for kind in summary.get('measured', ())
      if f'{kind}?' in shapes.CONFIG})
  with reader.checking(schema.SUMMARY):
    measured = summary.get('measured', [])
    # Earlier versions knew one task and one metric.
    task = summary.get('task', {'watched': 'nss', 'titles': {'nss': 'NSS'}})
    watched = task['watched']
    members = tuple(
        Member(
            name, int(x['depth']), float(x[watched]), int(x['step']),
            float(x['trunk_rate']), float(x['readout_rate']), int(x['seed']))
        for name, x in summary['members'].items())
    published = _published(summary, config)
  names = [member.name for member in members]
  lines = reader.lines(
      'metrics.jsonl', shapes.LINE | {watched: dict.fromkeys(names, float)})
  reader.expect(
      all(line['step'] > 0 and set(line[watched]) == set(names) and (
          line['kind'] == 'train' or 'epoch' in line) for line in lines),
      'metrics.jsonl', 'is of other members than summary.json')
  seen = unseen = arrays = tests = None
  if 'regions' in measured:
    seen = _table(reader, schema.TABLE3, names, published)
    tests = reader.json(schema.DEPTH_TESTS.path, shapes.DEPTH_TESTS)
    if (path / schema.TABLE3_UNSEEN.path).is_file():
      unseen = _table(reader, schema.TABLE3_UNSEEN, names, published)
  if 'popout' in measured:
    arrays = _table(reader, schema.TABLE6, names, published)
  base, shown = '', ()
  if (path / 'before_after').is_dir():
    base, shown = views(reader, names)
  return Swept(
      path, summary['job'], summary, config, members, seen, unseen, arrays,
      base, shown, tests, lines, watched, task['titles'][watched])


def _published(summary: dict, config: dict) -> dict[str, dict]:
  """Returns the paper's numbers where data, network and tap are the paper's.

  (depth, category) -> number, of 'mean_nss', 'above' and 'mean_nmm'.
  """
  network = config['network'] | summary['network']
  if (network['name'] != paper.NETWORK or network['readout_tap'] != paper.LAYER
      or config['data'].get('kind', 'osie') != 'osie'):
    return {'mean_nss': {}, 'above': {}, 'mean_nmm': {}}

  def flat(table: dict) -> dict:
    return {(depth, category): value for depth, row in table.items()
            for category, value in row.items()}

  same = config.get('regions', {}).get('analysis', {}).get(
      'threshold') == paper.threshold()
  return {
      'mean_nss': flat(paper.table3()),
      'above': flat(paper.table3_counts()) if same else {},
      'mean_nmm': {(depth, 'target'): x for depth, x in
                   paper.table6().items()}}


def _table(
    reader: Reader, file: schema.File, names: list[str],
    published: dict[str, dict]
) -> pd.DataFrame:
  table = tables.read(reader, file, 'member', names)
  of = 'mean_nmm' if file is schema.TABLE6 else 'mean_nss'
  return tables.with_paper(
      table, 'depth', published[of], published['above'])


def views(
    reader: Reader, members: list[str]
) -> tuple[str, tuple[View, ...]]:
  """Returns the member that is before, and what is shown of units."""
  name = 'before_after/views.json'
  listed = reader.json(name, shapes.VIEWS)
  arrays = reader.arrays('before_after/maps.npz')
  with reader.checking(name):
    base = listed['base']
    reader.expect(
        base in members and listed['members'] == members, name,
        'has other members than summary.json')
    found = []
    for number, x in enumerate(listed['views']):
      maps = arrays[f'maps_{number}']
      files = [pathlib.PurePosixPath(x[key]) for key in ('picture', 'mask')]
      reader.expect(
          maps.ndim == 3 and len(maps) == len(members)
          and x['best'] in members and set(x['scores']) == set(members)
          # A folder may come from anybody.
          and all(file.parts[0] == 'before_after' and '..' not in file.parts
                  for file in files), name, 'does not fit the maps beside it')
      found.append(View(
          x['kind'], x['image_id'],
          *(functools.partial(read, str(file)) for read, file in zip(
              (reader.picture, reader.mask), files, strict=True)),
          int(x['place']), x['label'], f"{x['layer']}:{x['unit']}", x['best'],
          {key: float(value) for key, value in x['scores'].items()},
          dict(zip(members, maps, strict=True)), str(x.get('note', ''))))
    return base, tuple(found)
