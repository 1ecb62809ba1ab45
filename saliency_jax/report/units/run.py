"""Reads and checks a finished dissection or pop-out run."""

import os
import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.errors import InputError
from saliency_jax.ops import inference
from saliency_jax.report import best_units, json_shapes, paper, reading
from saliency_jax.report.kept import Kept
from saliency_jax.report.reading import Reader

UNNAMED = '(no kind given)'


class Kind(NamedTuple):
  """How regions of photographs and targets of arrays differ."""

  job: str
  score: str  # of a unit on a row
  image: str
  item: str  # a row of the scores
  group: str  # by which rows are grouped
  key: str  # its column of `rows`
  rows: schema.File
  scores: schema.File
  table: schema.File
  # Between a thin set and its outline, in image widths; 0 for its own border.
  margin: float
  coloured: bool  # whether colours are the subject: maps lie over the colour image

  @property
  def label(self) -> str:
    """What a table's values are."""
    return f'mean {self.score} (SD)'


_REGIONS = schema.REGIONS, schema.ASSOCIATION, schema.TABLE2
_TARGETS = schema.PATTERNS, schema.NMM, schema.TABLE5
DISSECT = Kind('dissect', 'NSS', 'photograph', 'region', 'category', 'category', *_REGIONS, 0.0, False)
POPOUT = Kind('popout', 'NMM', 'array', 'array', 'kind of target', 'kind', *_TARGETS, 0.02, True)


class Run(NamedTuple):
  """A finished run."""

  path: pathlib.Path
  kind: Kind
  summary: dict
  config: dict
  layers: tuple[str, ...]  # in the order of the tables
  columns: tuple[str, ...]  # categories of Table 2, or `paper.TARGET`
  # Rows of regions.csv or patterns.csv, with `group`, `image` (position among
  # the shown images, -1 if not shown) and `place` (number of the row in its
  # image).
  rows: pd.DataFrame
  scores: dict[str, np.ndarray]  # layer -> float32 `[rows, units]`
  table: pd.DataFrame  # by layer, see `best_units`
  kept: Kept  # pictures, masks, fixations and maps; read when used
  by_image: dict[int, list[int]]  # rows of each shown image
  samples: np.ndarray  # float32 `[L, B, C]`, the means in B samples of images
  published: str = ''  # name of the paper's table to compare with; '' for none
  # (layer, kind of target) -> the mean of units chosen on other arrays
  held_out: Mapping[tuple[str, str], float] = {}

  @property
  def network(self) -> str:
    """The network's name; only the summary has that of a trained one."""
    return (self.config['network'] | self.summary.get('network', {}))['name']

  @property
  def depth(self) -> int | None:
    """Stages that were trained; None for a pretrained trunk."""
    return self.summary['weights'].get('depth')

  @property
  def name(self) -> str:
    """The weights' name, with the depth of the training."""
    name = self.summary['weights']['name']
    return name if self.depth is None else f'{name}, depth {self.depth}'

  @property
  def top(self) -> int:
    """The number of best units that tables average."""
    return self.config['analysis']['top_units']

  @property
  def averaged(self) -> str:
    """Which units tables average, in words."""
    return best_units.averaged(self.top, [*self.summary['units'].values()])

  @property
  def groups(self) -> tuple[str, ...]:
    """The categories of regions, or the kinds of arrays."""
    return self.columns if self.kind is DISSECT else tuple(dict.fromkeys(self.rows['group']))

  def values(self, key: str) -> np.ndarray:
    return best_units.values(self.table, key)

  def counts(self) -> list[int]:
    """Returns each category's regions with a fixation, or the arrays."""
    return [int(x) for x in self.values('sets')[0]]

  def photographs(self, column: str) -> int:
    """Returns how many images a category's regions, or the arrays, are on."""
    counted = (self.rows['group'] == column) & (self.rows['fixations'] > 0) if self.kind is DISSECT else slice(None)
    return self.rows['image_id'][counted].nunique()

  def best(self, layer: str, column: str) -> np.ndarray:
    """Returns a layer's best units for a column, int `[k]`, best first."""
    table = self.table
    found = table[(table['layer'] == layer) & (table['category'] == column)]
    return np.array(found['units'].iloc[0], int)

  def on_rows(self, layer: str, column: str, group: str = '') -> np.ndarray:
    """Returns the mean score of a column's best units on each of its rows.

    float64 `[n]`, standard deviations, without rows that have no score; for
    arrays, only those of the kind `group`, if given.
    """
    group = column if self.kind is DISSECT else group
    rows = (self.rows['group'] == group).to_numpy() if group else slice(None)
    scores = self.scores[layer][rows][:, self.best(layer, column)]
    return scores[~np.isnan(scores).any(axis=1)].mean(axis=1, dtype=float)


def read(workdir: str | os.PathLike) -> Run:
  """Reads a results folder.

  Raises:
    InputError: it is not what launch/dissect.py or launch/popout.py writes in
      this layout; the message names the file.
  """
  kind = {x.job: x for x in (DISSECT, POPOUT)}[reading.job(workdir, ('dissect', 'popout'))]
  reader = Reader(pathlib.Path(workdir))
  summary = reader.json(schema.SUMMARY, json_shapes.MEASURED)
  units = summary['units']
  # Names of layers become parts of paths and addresses.
  named = bool(units) and all(schema.LAYER.fullmatch(x) for x in units)
  reader.expect(named, schema.SUMMARY, 'names no layer, or one with invalid characters')
  analysis = {'top_units': int} | ({'threshold': float} if kind is DISSECT else {})
  config = reader.json(schema.CONFIG, json_shapes.CONFIG | {'network': {'name': str}, 'analysis': analysis})
  rows, kept = reader.frame(kind.rows), Kept(reader, tuple(units))
  table = best_units.read(reader, kind.table, 'layer', tuple(units), len(rows))
  for layer, best in zip(table['layer'], table['units'], strict=True):
    there = all(0 <= unit < units[layer] for unit in best)
    reader.expect(there, kind.table.path, f'names a unit that {layer} does not have')
  rows = rows.assign(
    group=rows[kind.key].replace('', UNNAMED),
    image=[kept.numbers.get(x, -1) for x in rows['image_id']],
    place=rows.groupby('image_id').cumcount(),
  )
  if kind is DISSECT:
    counted = rows[rows['fixations'] > 0].groupby('group').size()
    named = table['category'].replace('', UNNAMED)
    fits = set(counted.index) <= {*named} and (table['sets'] == named.map(counted).fillna(0)).all()
    reader.expect(fits, kind.table.path, f'does not count the regions of {kind.rows.path}')
  run = Run(
    reader.folder,
    kind,
    summary,
    config,
    tuple(units),
    tuple(table['category'].unique().tolist()),
    rows,
    {layer: reader.array(kind.scores.of(layer), (len(rows), units[layer])) for layer in units},
    table,
    kept,
    {k: x.tolist() for k, x in rows.groupby('image').groups.items()},
    best_units.samples(reader, table, len(units)),
  )
  name, *numbers = paper.published(run)
  kinds = reader.frame(schema.TABLE5_KINDS) if reader.has(schema.TABLE5_KINDS.path) else pd.DataFrame()
  return run._replace(
    published=name,
    table=best_units.with_paper(table, 'layer', *numbers),
    held_out={(x.layer, x.kind or UNNAMED): x.held_out for x in kinds.itertuples()},
  )


def beside(run: Run, workdir: str | os.PathLike) -> Run:
  """Reads a second folder to compare with a first, in the first's order.

  Raises:
    InputError: it is not a finished run of the same job with the same layers
      and columns.
  """
  other = read(workdir)
  for what, own, others in (
    ('the job', [run.kind.job], [other.kind.job]),
    ('the layers', run.layers, other.layers),
    ('the categories', run.columns, other.columns),
  ):
    if sorted(own) != sorted(others):
      raise InputError(
        f'{other.path} has {what} {", ".join(others)} where {run.path} '
        f'has {", ".join(own)}; --compare takes a run with the same.'
      )
  if any(len(run.scores[x].T) != len(other.scores[x].T) for x in run.layers):
    raise InputError(
      f'{other.path} has a network with other numbers of units than {run.path}; --compare takes a run with the same.'
    )
  order = pd.MultiIndex.from_product([run.layers, run.columns])
  samples = other.samples[[other.layers.index(x) for x in run.layers]]
  return other._replace(
    layers=run.layers,
    columns=run.columns,
    samples=samples[..., [other.columns.index(x) for x in run.columns]],
    table=other.table.set_index(['layer', 'category']).loc[order].rename_axis(['layer', 'category']).reset_index(),
  )


class Differences(NamedTuple):
  """One run minus another; `[L, C]` each, in standard deviations."""

  change: np.ndarray
  low: np.ndarray  # of the 95 % interval, over images and the choice of units
  high: np.ndarray
  p: np.ndarray  # corrected over all cells (Holm)
  paired: bool  # whether both are over the same images


def differences(run: Run, other: Run) -> Differences:
  """Returns the differences of the means of the best units.

  `other` is in the same order, see `beside`. In every sample both have the same
  images, if they measured the same ones, and choose their units anew.
  """
  paired = same_rows(run, other)
  # With other images, reversing the samples makes them independent.
  gaps = run.samples - (other.samples if paired else other.samples[:, ::-1])
  change = run.values('mean') - other.values('mean')
  cells = [*np.ndindex(change.shape)]
  on = [min(x.photographs(column) for x in (run, other)) for column in run.columns]
  ends = [inference.around(change[i, j], gaps[i, :, j], photographs=on[j]) for i, j in cells]
  p = inference.holm([inference.p_value(change[i, j], gaps[i, :, j], on[j]) for i, j in cells])
  low, high = np.array(ends).T.reshape(2, *change.shape)
  return Differences(change, low, high, p.reshape(change.shape), paired)


def same_rows(run: Run, other: Run) -> bool:
  """Returns whether two runs measured the same rows."""
  keys = [x for x in ('image_id', 'region_id', 'group') if x in run.rows]
  return run.rows[keys].equals(other.rows[keys]) and all(
    np.array_equal(np.isnan(run.scores[layer]).any(axis=1), np.isnan(other.scores[layer]).any(axis=1))
    for layer in run.layers
  )
