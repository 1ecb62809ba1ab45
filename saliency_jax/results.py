"""A folder of results, as data frames and arrays."""

import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from saliency_jax import numpy_files, outside, schema
from saliency_jax.errors import InputError


class Results:
  """The results of a job; `docs/results.md` describes every file.

  Attributes:
    path: the folder.
    summary: `summary.json`: counts, versions, seconds.
    config: `config.json`: every key of the job.
    tables: data frames by file name without the ending, e.g. 'regions' and
      'table2'; each is read when it is first used. What the schema calls 'ints'
      is text, such as '10 3 7' (`top_units`).
  """

  def __init__(self, workdir: str | os.PathLike):
    """Opens the folder.

    Raises:
      InputError: the folder holds no finished job.
    """
    self.path = pathlib.Path(workdir).expanduser()
    self.summary = self._json(schema.SUMMARY)
    self.config = self._json(schema.CONFIG)
    self.tables = _Tables(self.path)

  def scores(self, tap: str) -> np.ndarray:
    """Returns every unit's scores at a tap, float32 `[R, C]`.

    The rows are those of `tables['regions']` for a dissection (NaN where a
    region has no fixation), or of `tables['patterns']` for search arrays.

    Raises:
      InputError: the tap was not measured, or its file is damaged.
    """
    for file in (schema.ASSOCIATION, schema.NMM):
      path = self.path / file.of(tap)
      if path.is_file():
        return np.array(numpy_files.read_npy(path, 'f', 'start the job again'))
    measured = ', '.join(self.summary.get('units', ()))
    has = f'it has those of {measured}' if measured else 'read regions/MEMBER or popout/MEMBER of a sweep'
    raise InputError(f'{self.path} has no scores of {tap}; {has}.')

  def __repr__(self) -> str:
    return f'Results({str(self.path)!r}, {self.summary.get("job")}, {self.tables})'

  def _json(self, name: str) -> dict[str, Any]:
    return outside.read_json(self.path / name, 'give the folder of a job that has ended', dict)


class _Tables(Mapping):
  """Data frames by name, each read when it is first used."""

  def __init__(self, folder: pathlib.Path):
    self._folder, self._frames = folder, {}
    self._names = sorted(path.stem for path in folder.glob('*.csv'))

  def __iter__(self) -> Iterator[str]:
    return iter(self._names)

  def __len__(self) -> int:
    return len(self._names)

  def __repr__(self) -> str:
    return f'tables {", ".join(self) or "none"}'

  def __getitem__(self, name: str) -> pd.DataFrame:
    if name not in self._names:
      raise KeyError(f'{self._folder} has no table {name!r}; it has {", ".join(self) or "none"}')
    if name not in self._frames:
      path = self._folder / f'{name}.csv'
      with outside.reading(path, 'table', 'start the job again'):
        # A name may be 'NA' or 007.
        names = [x.name for x in schema.file(path.name).columns if x.type in ('str', 'ints')]
        frame = pd.read_csv(path, dtype=dict.fromkeys(names, str), keep_default_na=False, na_values=[''])
      for column in frame.select_dtypes(['object', 'string']):
        frame[column] = frame[column].map(schema.restored, na_action='ignore')
      self._frames[name] = frame
    return self._frames[name]


def read(workdir: str | os.PathLike) -> Results:
  """Opens a folder of results; see `Results`."""
  return Results(workdir)
