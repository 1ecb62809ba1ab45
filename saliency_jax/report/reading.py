"""Reads the files of a results folder, with errors of one sentence.

Nothing is unpickled, and no link is followed: pages show what is read, and a
folder is untrusted.
"""

import contextlib
import os
import pathlib
import traceback
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd
from PIL import Image

from saliency_jax import numpy_files, outside, schema
from saliency_jax.errors import InputError, quoted
from saliency_jax.ops.resize import TILING, Placement

_AGAIN = 'start the job again with the same --workdir'
_MAX_PIXELS = 2**26  # of a picture; 8192 x 8192


def job(workdir: str | os.PathLike, known: Collection[str]) -> str:
  """Returns the name of the job that wrote a folder, one of `known`.

  Raises:
    InputError: it is not the folder of a finished job with this layout.
  """
  path = pathlib.Path(workdir)
  if not str(workdir) or not path.is_dir():
    raise InputError(f'{str(workdir)!r} is not a folder; --workdir takes the folder of a finished run.')
  reader = Reader(path)
  summary = reader.json(schema.SUMMARY, {'job': str, 'layout': int})
  name, layout = summary['job'], summary['layout']
  reader.expect(name in known, schema.SUMMARY, f'names the job {name!r}, and there are pages for {", ".join(known)}')
  reader.expect(layout == schema.LAYOUT, schema.SUMMARY, f'has layout {layout}, and this version reads {schema.LAYOUT}')
  return name


@contextlib.contextmanager
def fitting(workdir: str | os.PathLike) -> Iterator[None]:
  """Turns errors into one sentence: the folder's files do not fit each other.

  Each file was checked when it was read (`Reader`). The sentence names the line
  of code, since the error may also be a mistake there.
  """
  try:
    yield
  except InputError:
    raise
  except Exception as error:
    if isinstance(error, OSError) and error.errno and not isinstance(error, FileExistsError):
      raise  # an error of the disk
    at = traceback.extract_tb(error.__traceback__)[-1]
    raise InputError(
      f'{workdir}: its files do not fit each other ({type(error).__name__} in {pathlib.Path(at.filename).name}, '
      f'line {at.lineno}: {outside.reason(error)}); {_AGAIN}.'
    ) from error


class Reader:
  """The files of one folder by name. Every method raises `InputError`."""

  def __init__(self, folder: pathlib.Path):
    self.folder = folder

  def json(self, name: str, shape):
    """Returns the value in a JSON file, checked by `outside.check`."""
    with self.checking(name) as path:
      value = outside.parsed_json(path.read_text(encoding='utf-8'))
      outside.check(value, shape)
    return value

  def lines(self, name: str, shape) -> list:
    """Returns the values of a file with one JSON value per line; see `json`."""
    with self.checking(name) as path:
      found = [outside.parsed_json(x) for x in path.read_text(encoding='utf-8').splitlines()]
      outside.check(found, [shape])
    return found

  def frame(self, table: schema.File) -> pd.DataFrame:
    """Returns a table with its columns' types; NaN for a missing number."""
    with self.checking(table.path):
      return pd.DataFrame(schema.read(self.folder, table), columns=list(table.names))

  def array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the floats in a .npy file, checking the shape.

    Args:
      shape: its axes; -1 is any number but 0.
    """
    with self.checking(name) as path:
      array = numpy_files.read_npy(path, 'f', _AGAIN)
      fits = array.ndim == len(shape) and all(n == of or of < 0 < n for n, of in zip(array.shape, shape, strict=True))
      self.expect(fits, name, f'holds {list(array.shape)} numbers, and the tables beside it need {list(shape)}')
      self._expect_finite(name, array)
    return array

  def arrays(self, name: str, texts: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Returns the arrays in a .npz file by name, numbers except for `texts`."""
    with self.checking(name) as path:
      arrays = numpy_files.read_npz(path, numpy_files.NUMBERS + 'U', _AGAIN)
      for key, array in arrays.items():
        self._expect_finite(name, array)
        self.expect((array.dtype.kind == 'U') == (key in texts), name, f'has {quoted(key)} of another type')
    return arrays

  def placement(self, name: str, arrays: Mapping[str, np.ndarray], key: str = 'placement') -> Placement:
    """Returns where the cells of a .npz file's maps lie on their image."""
    found = arrays.get(key, np.array(TILING))
    fits = found.shape == (2,) and np.isfinite(found).all()
    self.expect(fits, name, f'has a {quoted(key)} that is not two numbers')
    return Placement(*found.tolist())

  def picture(self, name: str) -> np.ndarray:
    """Returns a picture, uint8 `[H, W, 3]`."""
    return self._pixels(name, None, 'RGB')

  def mask(self, name: str) -> np.ndarray:
    """Returns an image of numbers, int32 `[H, W]`."""
    return self._pixels(name, ('L', 'I', 'I;16'), 'I').astype(np.int32)

  def has(self, name: str) -> bool:
    return (self.folder / name).exists()

  def file(self, name: str) -> pathlib.Path:
    """Returns the path of an existing file."""
    with self.checking(name) as path:
      path.stat()
    return path

  def expect(self, condition: bool, name: str, problem: str) -> None:
    """Raises unless the condition holds; `problem` follows the file's name."""
    if not condition:
      raise InputError(f'{self.folder / name} {problem}; {_AGAIN}.')

  @contextlib.contextmanager
  def checking(self, name: str) -> Iterator[pathlib.Path]:
    """Yields the path of a file; errors in reading it become `InputError`."""
    path = self.folder / name
    for part in (path, *path.relative_to(self.folder).parents):
      followed = part != pathlib.Path() and (self.folder / part).is_symlink()
      self.expect(not followed, name, 'is a link or in a linked folder; put the file itself there')
    with outside.reading(path, advice=_AGAIN):
      if not path.exists():
        raise InputError(f'{self.folder} is not a finished run: {name} is missing; {_AGAIN}.')
      yield path

  def _expect_finite(self, name: str, array: np.ndarray) -> None:
    self.expect(array.dtype.kind != 'f' or not np.isinf(array).any(), name, 'holds infinite numbers')

  def _pixels(self, name: str, modes: Collection[str] | None, mode: str) -> np.ndarray:
    with self.checking(name) as path, Image.open(path, formats=('JPEG', 'PNG')) as opened:
      self.expect(opened.width * opened.height <= _MAX_PIXELS, name, f'has more than {_MAX_PIXELS} pixels')
      self.expect(modes is None or opened.mode in modes, name, f'is of the mode {opened.mode}')
      return np.asarray(opened.convert(mode))
