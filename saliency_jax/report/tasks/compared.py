"""Reads the folder of a comparison of tasks."""

import os
import pathlib
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.report import best_units, json_shapes, paper
from saliency_jax.report.depths import swept
from saliency_jax.report.reading import Reader

SHOWN = ('pt', 'sr', 'sp')  # in Figure 11


class Compared(NamedTuple):
  """A finished comparison; tables are those of `schema`, by path."""

  path: pathlib.Path
  summary: dict
  config: dict
  tables: dict[str, pd.DataFrame]
  trunks: pd.DataFrame  # Table 7, means over seeds, see `report.best_units`
  views: tuple[swept.View, ...]
  people: dict[str, np.ndarray]

  @property
  def names(self) -> list[str]:
    """The trunks' names."""
    return self.trunks['trunk'].unique().tolist()

  @property
  def part(self) -> str:
    """The images on which scenes are classified: 'test' if there are any."""
    return self.tables[schema.TABLE8.path]['part'].iloc[0]

  def changes(self, run: str) -> pd.DataFrame:
    """Returns the differences from the pretrained trunk, by category."""
    table = self.tables[schema.TASK_DIFFERENCES.path]
    return table[(table['trunk'] == run) & (table['other'] == SHOWN[0])]


def read(workdir: str | os.PathLike) -> Compared:
  """Reads the folder of launch/tasks.py.

  Raises:
    InputError: a file is missing or invalid.
  """
  path = pathlib.Path(workdir)
  reader = Reader(path)
  summary = reader.json(schema.SUMMARY, json_shapes.TASKS)
  config = reader.json(schema.CONFIG, json_shapes.TASKS_CONFIG)
  tables_of = {x.path: reader.frame(x) for x in schema.TASK_FILES[:5]}
  same = paper.is_the_paper_s(reader, summary, summary['network'], schema.REGIONS, 'trunks')
  trunks = tables_of[schema.TABLE7.path].rename(columns=best_units.RENAMED)
  trunks = trunks.groupby(['trunk', 'category'], sort=False).mean(numeric_only=True).reset_index()
  trunks = best_units.with_paper(
    trunks, 'trunk', *paper.tables(7 if same else 0, config['regions']['analysis']['threshold'])
  )
  return Compared(
    path, summary, config, tables_of, trunks, swept.views(reader, [*SHOWN])[1], reader.arrays(schema.PEOPLE_MAPS.path)
  )
