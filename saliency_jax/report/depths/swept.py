"""Reads and checks a sweep over fine-tuning depths, or a training run."""

import functools
import os
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.ops.resize import TILING, Placement
from saliency_jax.report import best_units, json_shapes, paper
from saliency_jax.report.reading import Reader


class Member(NamedTuple):
  """One trained network."""

  name: str
  depth: int  # stages trained
  score: float  # the watched metric on validation images, at its best
  step: int  # of the best score
  trunk_rate: float  # learning rates before the schedule
  readout_rate: float
  seed: int  # of the readout's initial values

  @property
  def label(self) -> str:
    """The name as it is shown: 'depth 3'."""
    return self.name.replace('_', ' ')


class View(NamedTuple):
  """A unit on one set of pixels of an image, in every member."""

  kind: str  # 'regions' or 'popout'
  image_id: str
  picture: Callable[[], np.ndarray]  # reads uint8 `[H, W, 3]`
  mask: Callable[[], np.ndarray]  # reads int32 `[H', W']`
  place: int  # number of the set: its value in the mask, less 1
  label: str  # a region's category, or an array's kind
  unit: str  # 'conv5_3:287'
  best: str  # the member in which it responds most
  scores: dict[str, float]  # of every member, standard deviations
  maps: dict[str, np.ndarray]  # in cells `[h, w]`, standardised
  placement: Placement = TILING  # of the cells on the image

  def read(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns the picture uint8 `[H, W, 3]` and the set bool `[H', W']`."""
    return self.picture(), self.mask() == self.place + 1


class Swept(NamedTuple):
  """A finished sweep, or a training run as a sweep with one member.

  Tables are by member, see `best_units`; each is None if it was not measured.
  """

  path: pathlib.Path
  job: str  # 'sweep' or 'train'
  summary: dict
  config: dict
  members: tuple[Member, ...]
  lines: list[dict]  # of metrics.jsonl
  watched: str  # the metric by which checkpoints were chosen
  title: str  # its name on the page
  seen: pd.DataFrame | None = None  # Table 3, of all photographs
  unseen: pd.DataFrame | None = None  # Table 3 on the photographs of `part`
  arrays: pd.DataFrame | None = None  # Table 6
  units: tuple[int, ...] = ()  # number of units of `layer`; () if the members' own results are missing
  base: str = ''  # the member shown as 'before'; '' for none
  views: tuple[View, ...] = ()
  tests: dict | None = None  # depth_tests.json
  # float32 `[members, B, C]`, Table 3 in B samples of photographs
  samples: np.ndarray | None = None
  # float32 `[B, D]`, Table 6 by depth, ascending, in B samples of arrays
  of_arrays: np.ndarray | None = None

  @property
  def part(self) -> str:
    """Which photographs `unseen` is about: 'unseen' or 'validation' ones."""
    counts = self.summary.get('measured_on', {}).get('regions', {})
    return 'unseen' if counts.get('unseen') else 'validation'

  @property
  def layer(self) -> str:
    """The layer that is followed over depths."""
    return self.summary['network']['readout_tap']

  @property
  def layers(self) -> tuple[str, ...]:
    """The layers whose units can be named."""
    return (self.layer,)

  @property
  def depths(self) -> list[int]:
    """The depths, ascending and unique."""
    return sorted({member.depth for member in self.members})

  def depth_name(self, depth: int) -> str:
    """Returns a depth as in its members' names: 'all' if it is every stage."""
    every = any(x.name.startswith('depth_all') for x in self.members if x.depth == depth)
    return 'all' if every else str(depth)


def by_depth(table: pd.DataFrame) -> pd.DataFrame:
  """Returns the means over the members of each depth (seeds, learning rates).

  There is a row for each depth and category, in the table's order. `runs` is
  the number of members; if there are several, `low` and `high` are the lowest
  and the highest. `interval_low` and `interval_high` are over images, the
  members' mean.
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
  """Returns a table for each run of all depths, one member of each depth."""
  names = table.groupby('depth')['member'].unique()
  return [table[table['member'].isin([x[k % len(x)] for x in names])] for k in range(max(map(len, names)))]


def read(workdir: str | os.PathLike) -> Swept:
  """Reads the folder of launch/sweep.py or launch/train.py.

  Raises:
    InputError: a file is missing or invalid.
  """
  reader = Reader(pathlib.Path(workdir))
  summary = reader.json(schema.SUMMARY, json_shapes.TRAINED)
  measured = summary.get('measured', [])
  shapes = {kind: json_shapes.CONFIG[f'{kind}?'] for kind in measured} | (
    {'network': {'name': str}} if measured else {}
  )
  config = reader.json(schema.CONFIG, json_shapes.CONFIG | shapes)
  with reader.checking(schema.SUMMARY):
    # Earlier versions had one task and one metric.
    task = summary.get('task', {'watched': 'nss', 'titles': {'nss': 'NSS'}})
    watched, title = task['watched'], task['titles'][task['watched']]
    kinds = {'depth': int, watched: float, 'step': int, 'trunk_rate': float, 'readout_rate': float, 'seed': int}
    members = tuple(
      Member(name, *(kind(x[key]) for key, kind in kinds.items())) for name, x in summary['members'].items()
    )
  names = [member.name for member in members]
  lines = reader.lines('metrics.jsonl', json_shapes.LINE | {watched: dict.fromkeys(names, float)})
  fits = all(
    line['step'] > 0 and set(line[watched]) == set(names) and (line['kind'] == 'train' or 'epoch' in line)
    for line in lines
  )
  reader.expect(fits, 'metrics.jsonl', 'has other members than summary.json')
  swept = Swept(reader.folder, summary['job'], summary, config, members, lines, watched, title)
  first = ''.join(f'{kind}/{names[0]}/{schema.SUMMARY}' for kind in measured[:1])
  if first and reader.has(first):
    units = reader.json(first, {'units': {str: int}})['units']
    swept = swept._replace(units=tuple(count for layer, count in units.items() if layer == swept.layer))
  if 'regions' in measured:
    number = 3 if paper.is_the_paper_s(reader, summary, config['network'], schema.REGIONS, names[0]) else 0
    seen, unseen = _table(reader, schema.TABLE3, members, number, config), None
    if reader.has(schema.TABLE3_UNSEEN.path):
      unseen = _table(reader, schema.TABLE3_UNSEEN, members, number, config)
    tests = reader.json(schema.DEPTH_TESTS.path, json_shapes.DEPTH_TESTS)
    samples = best_units.samples(reader, seen, len(names))
    swept = swept._replace(seen=seen, unseen=unseen, tests=tests, samples=samples)
  if 'popout' in measured:
    number = 6 if paper.is_the_paper_s(reader, summary, config['network'], schema.PATTERNS, names[0]) else 0
    swept = swept._replace(
      arrays=_table(reader, schema.TABLE6, members, number, config),
      of_arrays=_samples_of_arrays(reader, members, summary['network']['readout_tap']),
    )
  if (reader.folder / 'before_after').is_dir():
    base, shown = views(reader, names)
    swept = swept._replace(base=base, views=shown)
  return swept


def _samples_of_arrays(reader: Reader, members: tuple[Member, ...], tap: str) -> np.ndarray | None:
  """Returns `Swept.of_arrays`, the mean over the members of each depth.

  They are in the members' own results; None if those are missing.
  """
  found: dict[int, list[np.ndarray]] = {}
  for member in members:
    place = f'popout/{member.name}/'
    if not reader.has(place + schema.SAMPLES.path):
      return None
    layers = reader.frame(schema.TABLE5._replace(path=place + schema.TABLE5.path))['layer'].tolist()
    reader.expect(tap in layers, place + schema.TABLE5.path, f'has no row of {tap}')
    found.setdefault(member.depth, []).append(
      reader.array(place + schema.SAMPLES.path, (len(layers), -1, 1))[layers.index(tap), :, 0]
    )
  return np.stack([np.mean(found[depth], axis=0, dtype=float) for depth in sorted(found)], axis=1)


def _table(reader: Reader, file: schema.File, members: tuple[Member, ...], number: int, config: dict) -> pd.DataFrame:
  """Reads a table beside the paper's with this number; 0 for none."""
  table = best_units.read(reader, file, 'member', [x.name for x in members])
  depths = {x.name: x.depth for x in members}
  reader.expect((table['depth'] == table['member'].map(depths)).all(), file.path, 'has other depths than summary.json')
  return best_units.with_paper(
    table, 'depth', *paper.tables(number, config.get('regions', {}).get('analysis', {}).get('threshold'))
  )


def views(reader: Reader, members: list[str]) -> tuple[str, tuple[View, ...]]:
  """Returns the member shown as 'before', and the views of single units."""
  name = 'before_after/views.json'
  listed = reader.json(name, json_shapes.VIEWS)
  arrays = reader.arrays('before_after/maps.npz')
  with reader.checking(name):
    base = listed['base']
    reader.expect(base in members and listed['members'] == members, name, 'has other members than summary.json')
    return base, tuple(
      _view(reader, name, x, arrays[f'maps_{number}'], members)._replace(
        placement=reader.placement('before_after/maps.npz', arrays, f'placement_{number}')
      )
      for number, x in enumerate(listed['views'])
    )


def _view(reader: Reader, name: str, x: dict, maps: np.ndarray, members: list[str]) -> View:
  """Returns one of a file's views, with its maps in all members."""
  picture, mask = (pathlib.PurePosixPath(x[key]) for key in ('picture', 'mask'))
  fits = (
    maps.ndim == 3
    and len(maps) == len(members)
    and x['best'] in members
    and set(x['scores']) == set(members)
    # Folders are untrusted.
    and all(file.parts[0] == 'before_after' and '..' not in file.parts for file in (picture, mask))
  )
  reader.expect(fits, name, 'does not fit the maps beside it')
  return View(
    x['kind'],
    x['image_id'],
    functools.partial(reader.picture, str(picture)),
    functools.partial(reader.mask, str(mask)),
    x['place'],
    x['label'],
    f'{x["layer"]}:{x["unit"]}',
    x['best'],
    {key: float(value) for key, value in x['scores'].items()},
    dict(zip(members, maps, strict=True)),
  )
