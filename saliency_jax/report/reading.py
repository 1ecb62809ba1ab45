"""Reads the files of a results folder, and says in one sentence what is wrong.

Nothing is unpickled: arrays of Python objects are refused.
"""

import contextlib
import csv
import json
import os
import pathlib
import zipfile
from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.errors import InputError

_AGAIN = 'start the job again with the same --workdir.'


def job(workdir: str | os.PathLike, known: Collection[str]) -> str:
  """Returns the name of the job that wrote a folder, one of `known`.

  Raises:
    InputError: if it is not the folder of a finished job.
  """
  path = pathlib.Path(workdir)
  if not str(workdir) or not path.is_dir():
    raise InputError(
        f'{str(workdir)!r} is not a folder; --workdir takes the folder of a '
        f'finished run.')
  reader = Reader(path)
  summary = reader.json('summary.json')
  with reader.checking('summary.json'):
    name = summary['job']
    reader.expect(
        name in known, 'summary.json', f'names the job {name!r} where the page '
        f"knows {', '.join(known)}")
  return name


class Reader:
  """The files of one folder by name. Every method raises `InputError`."""

  def __init__(self, folder: pathlib.Path):
    self.folder = folder

  def json(self, name: str):
    """Returns the value in a JSON file."""
    with self.checking(name) as path:
      return json.loads(path.read_text(encoding='utf-8'))

  def table(self, table: schema.File) -> list[dict[str, str]]:
    """Returns the rows of a CSV file that has exactly these columns."""
    name, columns = table.path, table.names
    with self.checking(name) as path, open(
        path, newline='', encoding='utf-8') as file:
      reader = csv.DictReader(file, strict=True)
      self.expect(
          tuple(reader.fieldnames or ()) == columns, name,
          f"does not have the columns {', '.join(columns)}")
      rows = list(reader)
      self.expect(
          all(None not in row and None not in row.values() for row in rows),
          name, 'has a line with too few or too many values')
      return rows

  def frame(self, table: schema.File) -> pd.DataFrame:
    """Returns a table with its columns' types; NaN for a missing number."""
    with self.checking(table.path):
      return pd.DataFrame(
          schema.read(self.folder, table), columns=list(table.names))

  def array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the floating point numbers in a .npy file, checking the shape."""
    with self.checking(name) as path:
      array = np.load(path, allow_pickle=False)
      self.expect(
          array.dtype.kind == 'f' and array.shape == shape, name,
          f'holds {array.dtype} {list(array.shape)} where the tables beside it '
          f'ask for floating point numbers {list(shape)}')
      return array

  def arrays(self, name: str) -> dict[str, np.ndarray]:
    """Returns the arrays in a .npz file by name."""
    with self.checking(name) as path, np.load(
        path, allow_pickle=False) as archive:
      return {key: archive[key] for key in archive.files}

  def expect(self, condition: bool, name: str, problem: str) -> None:
    """Raises unless the condition holds; `problem` follows the file's name."""
    if not condition:
      raise InputError(f'{self.folder / name} {problem}; {_AGAIN}')

  @contextlib.contextmanager
  def checking(self, name: str) -> Iterator[pathlib.Path]:
    """Yields the path of a file; errors in reading it become `InputError`.

    Args:
      name: the file's path from the folder.
    """
    try:
      yield self.folder / name
    except FileNotFoundError as error:
      raise InputError(
          f'{self.folder} is not a finished run: {name} is missing; {_AGAIN}'
      ) from error
    except KeyError as error:
      raise InputError(
          f'{self.folder / name} lacks {error}; {_AGAIN}') from error
    except (OSError, EOFError, TypeError, ValueError, AttributeError,
            csv.Error, zipfile.BadZipFile) as error:
      reason = str(error).partition('\n')[0].rstrip('.')
      raise InputError(
          f'{self.folder / name} cannot be read ({reason}); {_AGAIN}'
      ) from error
