"""A sweep over fine-tuning depths, or a single training run, read and checked.
"""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image

from saliency_jax import schema
from saliency_jax.report import paper
from saliency_jax.report.comparison import Comparison, Luck, luck
from saliency_jax.report.folder import TARGET
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


class Regions(NamedTuple):
  """Table 3: members by categories."""
  means: Comparison  # mean NSS of the best units, standard deviations
  counts: Comparison  # units above T
  regions: list[int]  # of each category, with a fixation
  luck: Luck  # what stands beside the means


class View(NamedTuple):
  """A unit on one set of pixels of an image, in every member."""
  kind: str  # 'regions' or 'popout'
  image_id: str
  picture: pathlib.Path
  mask: pathlib.Path
  place: int  # of the set in the mask: the value there, less 1
  label: str  # the region's category, the array's kind
  unit: str  # 'conv5_3:287'
  best: str  # the member in which it answers most
  scores: dict[str, float]  # of every member, standard deviations
  maps: dict[str, np.ndarray]  # in cells `[h, w]`, standardised
  note: str = ''  # what more is to be said of the unit

  def read(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns the picture uint8 `[H, W, 3]` and the set bool `[H', W']`."""
    with Image.open(self.picture) as picture, Image.open(self.mask) as mask:
      return (
          np.asarray(picture.convert('RGB')),
          np.asarray(mask) == self.place + 1)


class _Published(NamedTuple):
  """The paper's numbers by depth, as far as they are known."""
  mean_nss: Mapping[int, Mapping[str, float]]  # depth -> category -> value
  above: Mapping[int, Mapping[str, float]]  # units above T, likewise
  mean_nmm: Mapping[int, float]


class Swept(NamedTuple):
  """A finished sweep, or a training run as one of a single member."""
  path: pathlib.Path
  job: str  # 'sweep' or 'train'
  summary: dict
  config: dict
  members: tuple[Member, ...]
  seen: Regions | None  # all photographs; None if there were no regions
  unseen: Regions | None  # those of `part`
  arrays: Comparison | None  # Table 6: mean NMM, one column
  arrays_luck: Luck | None  # what stands beside it
  base: str  # the member that is before; '' for none
  views: tuple[View, ...]
  tests: dict | None  # depth_tests.json, of the categories at each depth
  lines: list[dict]  # of metrics.jsonl
  watched: str  # the metric by which checkpoints were chosen
  title: str  # how it is written

  @property
  def part(self) -> str:
    """Of which photographs `unseen` is: 'unseen', or 'validation' without any.
    """
    counts = self.summary.get('measured_on', {}).get('regions', {})
    return 'unseen' if counts.get('unseen') else 'validation'

  @property
  def layers(self) -> tuple[str, ...]:
    """The layers whose units can be named."""
    return (self.layer,)

  @property
  def layer(self) -> str:
    """The layer whose change with depth is followed."""
    return self.summary['network']['readout_tap']


def read(workdir: str | os.PathLike) -> Swept:
  """Reads the folder of launch/sweep.py or launch/train.py.

  Raises:
    InputError: if a file is missing or cannot be understood.
  """
  path = pathlib.Path(workdir)
  reader = Reader(path)
  summary, config = reader.json('summary.json'), reader.json('config.json')
  with reader.checking('summary.json'):
    job, measured = summary['job'], summary.get('measured', [])
    # Earlier versions knew one task and one metric.
    task = summary.get('task', {'watched': 'nss', 'titles': {'nss': 'NSS'}})
    watched = task['watched']
    title = task['titles'][watched]
    members = tuple(
        Member(
            name, int(x['depth']), float(x[watched]), int(x['step']),
            float(x['trunk_rate']), float(x['readout_rate']), int(x['seed']))
        for name, x in summary['members'].items())
  names = [member.name for member in members]
  with reader.checking('metrics.jsonl') as file:
    lines = [json.loads(line) for line in file.read_text(
        encoding='utf-8').splitlines()]
    for line in lines:
      reader.expect(
          set(line[watched]) == set(names) and line['step'] > 0,
          'metrics.jsonl', 'is of other members than summary.json')
  with reader.checking('summary.json'):
    published = _published(summary, config)
  seen = unseen = arrays = arrays_luck = tests = None
  if 'regions' in measured:
    seen = _regions(reader, schema.TABLE3, members, published)
    tests = reader.json(schema.DEPTH_TESTS.path)
    with reader.checking(schema.DEPTH_TESTS.path):
      tests['differs'].items()  # an error is told by `checking`
    if (path / schema.TABLE3_UNSEEN.path).is_file():
      unseen = _regions(reader, schema.TABLE3_UNSEEN, members, published)
  if 'popout' in measured:
    rows = reader.table(schema.TABLE6)
    with reader.checking(schema.TABLE6.path):
      _expect_members(reader, schema.TABLE6.path, rows, names)
      arrays = Comparison(
          tuple(member.label for member in members), (TARGET,),
          np.array([[_number(row['mean_nmm_top10'])] for row in rows]),
          np.array([[published.mean_nmm.get(member.depth, np.nan)]
                    for member in members]))
      arrays_luck = luck(rows, len(members))
  base, views = '', ()
  if (path / 'before_after').is_dir():
    base, views = _views(reader, path, names)
  return Swept(
      path, job, summary, config, members, seen, unseen, arrays, arrays_luck,
      base, views, tests, lines, watched, title)


def depth_name(depth: int) -> str:
  """Returns a depth as the paper writes it."""
  return 'all' if depth == paper.ALL else str(depth)


def _published(summary: dict, config: dict) -> _Published:
  """Returns the paper's numbers where they are of the same tap."""
  tap = summary['network']['readout_tap']
  if not summary.get('measured') or tap != paper.LAYER:
    return _Published({}, {}, {})
  regions = config['regions'] if 'regions' in summary['measured'] else {}
  same = regions and regions['analysis']['threshold'] == paper.threshold()
  return _Published(
      paper.table3(), paper.table3_counts() if same else {}, paper.table6())


def _regions(
    reader: Reader, table: schema.File, members: tuple[Member, ...],
    published: _Published
) -> Regions:
  rows = reader.table(table)
  with reader.checking(table.path):
    categories = tuple(dict.fromkeys(row['category'] for row in rows))
    _expect_members(
        reader, table.path, rows,
        [member.name for member in members for _ in categories])
    means, counts = (
        Comparison(
            tuple(member.label for member in members), categories,
            np.array([_number(row[column]) for row in rows]).reshape(
                len(members), -1),
            np.array([[of.get(member.depth, {}).get(x, np.nan)
                       for x in categories] for member in members]))
        for column, of in zip(
            ('mean_nss_top10', 'units_above_threshold'),
            (published.mean_nss, published.above), strict=True))
    return Regions(
        means, counts, [int(row['regions']) for row in rows[:len(categories)]],
        luck(rows, len(members)))


def _expect_members(
    reader: Reader, name: str, rows: list[dict[str, str]], members: list[str]
) -> None:
  reader.expect(
      [row['member'] for row in rows] == members, name,
      'has other members than summary.json')


def _number(text: str) -> float:
  return float(text or 'nan')


def _views(
    reader: Reader, path: pathlib.Path, members: list[str]
) -> tuple[str, tuple[View, ...]]:
  name = 'before_after/views.json'
  listed, arrays = reader.json(name), reader.arrays('before_after/maps.npz')
  with reader.checking(name):
    base = listed['base']
    reader.expect(
        base in members and listed['members'] == members, name,
        'has other members than summary.json')
    views = []
    for number, x in enumerate(listed['views']):
      maps = arrays[f'maps_{number}']
      files = [pathlib.PurePosixPath(x[key]) for key in ('picture', 'mask')]
      reader.expect(
          maps.ndim == 3 and len(maps) == len(members)
          and x['best'] in members and set(x['scores']) == set(members)
          # A folder may come from anybody.
          and all(file.parts[0] == 'before_after' and '..' not in file.parts
                  for file in files), name, 'does not fit the maps beside it')
      views.append(View(
          x['kind'], x['image_id'], *(path / file for file in files),
          int(x['place']), x['label'], f"{x['layer']}:{x['unit']}", x['best'],
          {key: float(value) for key, value in x['scores'].items()},
          dict(zip(members, maps, strict=True)), str(x.get('note', ''))))
    return base, tuple(views)
