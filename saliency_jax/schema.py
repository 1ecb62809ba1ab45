"""Every result file and every column, as `docs/results.md` states them.

Writers and readers take names, types and formats from that page. In paths,
`<...>` stands for a name: of a tap, a member, or an image's rank k among those
shown.

Tables are CSV files. A spreadsheet evaluates text that begins with '=', '+',
'-' or '@', and names are untrusted: such text gets an apostrophe in front, with
which spreadsheets mark text.
"""

import collections
import csv
import functools
import pathlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from saliency_jax import outside

# Raised when a file changes its meaning; readers refuse other layouts.
LAYOUT = 3
SUMMARY, CONFIG, LEDGER = 'summary.json', 'config.json', 'partial'
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
LAYER = re.compile(r'[A-Za-z0-9_-][A-Za-z0-9_.#-]*')  # taps in names of files and in addresses
_NUMBER = re.compile(r'[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?', re.I | re.ASCII)


class Column(NamedTuple):
  """A column of a table, or an array of a file."""

  name: str
  # 'str', 'int', 'float' (6 decimals), 'p' (3 digits), 'ints' (separated by
  # blanks); for arrays with axes: 'float32 [regions, units]'. A missing number
  # in a table is ''.
  type: str
  meaning: str
  unit: str = ''


class File(NamedTuple):
  """A result file: a table (.csv), arrays (.npy, .npz, .h5), or another."""

  path: str
  meaning: str
  columns: tuple[Column, ...] = ()

  @property
  def names(self) -> tuple[str, ...]:
    """The header of a table."""
    return tuple(column.name for column in self.columns)

  def of(self, *names: object) -> str:
    """Returns the path with names in place of its `<...>`."""
    return re.sub('<[^>]*>', '{}', self.path).format(*names)


def _page() -> tuple[dict[str, File], dict[str, list[File]]]:
  """Returns the files by path and by job, in the page's order."""
  # docs/ is in the repository, or in saliency_jax/docs/ of a wheel.
  here = pathlib.Path(__file__).parent
  page = pathlib.Path('docs', 'results.md')
  page = here / page if (here / page).is_file() else here.parent / page
  files, of_jobs = {}, {}
  for path, meaning, jobs, table in re.findall(
    r'^## `(.+)`\n\n(.+) \((.+)\)\n((?:\n?\|.+)*)', page.read_text(encoding='utf-8'), re.M
  ):
    columns = (line.strip('|').split('|') for line in table.split('\n')[3:])
    files[path] = File(
      path,
      meaning,
      tuple(
        Column(name.strip(' `'), type_.strip(), means.strip(), unit.strip()) for name, type_, unit, means in columns
      ),
    )
    for job in jobs.split(', '):
      of_jobs.setdefault(job, []).append(files[path])
  return files, of_jobs


# By job, the files that it writes besides config and summary.
_FILES, JOBS = _page()

REGIONS = _FILES['regions.csv']
ASSOCIATION = _FILES['association/<tap>.npy']
TABLE2 = _FILES['table2.csv']
UNITS = _FILES['units.csv']
PATTERNS = _FILES['patterns.csv']
NMM = _FILES['nmm/<tap>.npy']
TABLE5 = _FILES['table5.csv']
TABLE5_KINDS = _FILES['table5_kinds.csv']
SAMPLES = _FILES['samples.npy']
IMAGES = _FILES['images.csv']
PICTURE = _FILES['pictures/<k>.jpg']
MASK = _FILES['masks/<k>.png']
POINTS = _FILES['fixations.npz']
MAPS = _FILES['maps/<tap>.npz']
SALIENCY = _FILES['saliency.npz']
ALL_MAPS = _FILES['maps/all.h5']
TRAINED = _FILES['training.json']
TABLE3 = _FILES['table3.csv']
TABLE3_UNSEEN = _FILES['table3_unseen.csv']
TABLE6 = _FILES['table6.csv']
DEPTH_TESTS = _FILES['depth_tests.json']
VIEWS = _FILES['before_after/views.json']
VIEW_MAPS = _FILES['before_after/maps.npz']
TABLE7 = _FILES['table7.csv']
TASK_DIFFERENCES = _FILES['task_differences.csv']
TASK_DISTANCES = _FILES['task_distances.csv']
SCENE_ACCURACY = _FILES['scene_accuracy.csv']
TABLE8 = _FILES['table8.csv']
PEOPLE_MAPS = _FILES['people.npz']
TASK_FILES = (TABLE7, TASK_DIFFERENCES, TASK_DISTANCES, SCENE_ACCURACY, TABLE8, VIEWS, VIEW_MAPS, PEOPLE_MAPS)
SCORES = _FILES['scores.csv']
DIFFERENCES = _FILES['differences.csv']
PER_IMAGE = _FILES['per_image/<dataset>/<model>.csv']
SEARCH = _FILES['search.csv']
OUTPUT = _FILES['output.csv']
FIGURE7 = _FILES['figure7.csv']
STATISTICS = _FILES['statistics.json']
EXAMPLES = _FILES['examples.csv']
EXAMPLE_MAPS = _FILES['examples.npz']
MODEL_MAP = _FILES['maps/<model>/']
SCENES = _FILES['scene_probabilities.csv']
PREDICTED = _FILES['predicted.jsonl']


def file(path: str) -> File:
  """Returns the file of a path, without columns if no job writes it."""
  return _FILES.get(path, File(path, ''))


def top(files: Iterable[File]) -> set[str]:
  """Returns the names of files and folders at the top of a results folder."""
  return {file.path.split('/')[0] for file in files}


def protected(text: str) -> str:
  """Returns a text as it is written into a cell."""
  if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
    return f"'{text}"
  return text


def restored(cell: str) -> str:
  """Inverts `protected`."""
  return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def text(type_: str, value: Any) -> Any:
  """Returns what is written for a value of a `Column`'s type."""
  if type_ == 'ints':
    return ' '.join(map(str, value))
  if value is None or value != value or value == '':
    return ''
  if isinstance(value, str):
    return protected(value)
  digits = {'float': '.6f', 'p': '.3g'}
  return f'{value:{digits[type_]}}' if type_ in digits else value


def value(type_: str, text: str) -> Any:
  """Inverts `text`; '' becomes NaN or None."""
  if type_ in ('float', 'p'):
    return float(text or 'nan')
  if type_ == 'ints':
    return [int(x) for x in text.split()]
  return (int(text) if text else None) if type_ == 'int' else text


@functools.cache
def row(table: File) -> type:
  """Returns the named tuple of a table's rows."""
  return collections.namedtuple('Row', table.names)


def write(file, table: File, rows: Iterable[Sequence[Any]]) -> None:
  """Writes a table into an open text file; NaN and None become ''."""
  writer = csv.writer(file, lineterminator='\n')
  writer.writerow(table.names)
  for values in rows:
    writer.writerow(text(column.type, value) for column, value in zip(table.columns, values, strict=True))


def read(folder: pathlib.Path, table: File) -> list[Any]:
  """Returns the rows of a table that `write` wrote.

  Raises:
    InputError: it cannot be read, has other columns, or has a cell of another
      type.
  """
  path = folder / table.path
  with (
    outside.reading(path, 'table of this version', 'start the job again'),
    open(path, newline='', encoding='utf-8') as file,
  ):
    header, *lines = csv.reader(file, strict=True)
    if header != [*table.names]:
      raise ValueError(f'it does not have the columns {", ".join(table.names)}')
    return [row(table)(*(_cell(*x) for x in zip(table.columns, line, strict=True))) for line in lines if line]


def _cell(column: Column, cell: str) -> Any:
  found = value(column.type, restored(cell))
  if column.type in ('int', 'float') and found and abs(found) >= 2**63:
    raise ValueError(f'its {column.name} is {found}')
  return found
