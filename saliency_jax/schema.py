"""Every result file and every column, as `docs/results.md` states them.

Writers and readers take names, types and formats from that page. In paths
`<...>` stands for a name: of a tap, a member, an image's rank k among those
that are shown.
"""

import pathlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from saliency_jax.csv_cells import Column as Column
from saliency_jax.csv_cells import File as File
from saliency_jax.csv_cells import read as read
from saliency_jax.csv_cells import row as row
from saliency_jax.csv_cells import write as write

# Raised when a file of a folder changes its meaning; readers refuse others.
LAYOUT = 3
SUMMARY, CONFIG, LEDGER = 'summary.json', 'config.json', 'partial'


class Job(NamedTuple):
  """What a job leaves in its folder, beside config and summary."""

  files: tuple[File, ...]
  # Jobs whose results it replaces; any other job's are left alone.
  replaces: tuple[str, ...]


def _page() -> tuple[dict[str, File], dict[str, Job]]:
  """Returns the files by their paths, and the jobs, in the page's order."""
  # docs/ lies in the tree; a wheel has this page of it in saliency_jax/docs/.
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
  units = 'dissect', 'popout'
  return files, {job: Job(tuple(x), units if job in units else (job,)) for job, x in of_jobs.items()}


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
MEASURED = _FILES['measured.json']
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


def top(files: Iterable[File]) -> set[str]:
  """Returns the names of files and folders that lie in the folder itself."""
  return {file.path.split('/')[0] for file in files}
