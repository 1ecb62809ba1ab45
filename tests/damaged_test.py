"""Damaged files that once ended in something else than a sentence."""

import functools
import pathlib
import shutil
import time
import zipfile

import pytest

from saliency_jax import sandbox
from saliency_jax.data import fixations, matlab
from saliency_jax.data.regions import Labelme
from saliency_jax.errors import InputError
from saliency_jax.numpy_files import read_npy
from saliency_jax.report.reading import Reader
from tests import fuzz
from tests.fuzz_targets import REPORTS, TARGETS, read_results, read_weights

_PEAK = pathlib.Path('/proc/self/clear_refs')  # of Linux
CASES = pathlib.Path(__file__).parent / 'fixtures' / 'damaged.zip'


def _regions(path):
  Labelme({'i0': path}, path.parent).regions('i0', 8192, 8192)


# By the end of the file's name.
READERS = {
  'fixations.mat': fixations.read_fixations,
  'i0.mat': lambda path: matlab.load(path, path.stem),
  'i0.json': _regions,
  '.npy': read_npy,
  'net.npz': read_weights,
  '.safetensors': read_weights,
  '.onnx': read_weights,
  '.h5': read_weights,
}
# The folder and the file in it that a file is put in the place of.
PLACES = {
  'report-1_KeyError_cat': ('evaluate', ''),
  'report-1_OSError': ('popout', 'pictures/'),
  'report-1_TypeError': ('sweep', 'before_after/popout/masks/'),
  'report-1_Undefined': ('evaluate', ''),
  'report-2_AttributeError_facts.py-19': ('train', ''),
  'report-2_AttributeError_facts.py-22': ('train', ''),
  'report-2_Decomp': ('evaluate', 'pictures/'),
  'report-2_FileExists': ('dissect', ''),
  'report-2_KeyError_curves': ('train', ''),
  'report-2_KeyError_depth': ('sweep', ''),
  'report-2_KeyError_score': ('evaluate', ''),
  'report-2_OSError': ('sweep', 'before_after/popout/masks/'),
  'report-2_TypeError_overlays': ('sweep', 'before_after/regions/masks/'),
  'report-2_TypeError': ('evaluate', ''),
  'report-2_UndefinedError_depths': ('sweep', ''),
  'report-2_UndefinedError_scores': ('evaluate', ''),
  'report-2_ValueError_chapter': ('dissect', 'association/'),
  'report-2_Unidentified': ('sweep', 'before_after/regions/masks/'),
  'report-2_ValueError_facts': ('popout', ''),
  'bomb_results-ex': ('evaluate', ''),
  'bombs_LZMA': ('evaluate', ''),
  'bombs_IndexError': ('sweep', 'before_after/'),
}
# Other numbers, but nothing that is wrong with them.
VALID = ('report-2_AttributeError_facts.py-19-facts/config.json',)

with zipfile.ZipFile(CASES) as archive:
  NAMES = archive.namelist()


@pytest.fixture(scope='module')
def cases(tmp_path_factory) -> pathlib.Path:
  folder = tmp_path_factory.mktemp('cases')
  with zipfile.ZipFile(CASES) as archive:
    archive.extractall(folder)
  return folder


@pytest.fixture(scope='module')
def whole(tmp_path_factory) -> pathlib.Path:
  folder = tmp_path_factory.mktemp('whole')
  for name, make in REPORTS.items():
    make(folder / name)
  return folder


@pytest.fixture(scope='module')
def made(tmp_path_factory):
  @functools.cache
  def make(kind: str) -> pathlib.Path:
    folder = tmp_path_factory.mktemp('made') / kind
    folder.mkdir()
    TARGETS[kind].make(folder)
    return folder

  return make


def _megabytes(of: str) -> float:
  """Returns what the system says of this process's memory; 0 elsewhere."""
  status = pathlib.Path('/proc/self/status')
  return int(status.read_text().partition(f'{of}:')[2].split()[0]) / 1e3 if (status.exists()) else 0.0


def _said(read, path) -> str:
  """Returns the sentence in which a file is refused, '' if it is read."""
  begun, said, before = time.process_time(), '', _megabytes('VmRSS')
  if _PEAK.exists():
    _PEAK.write_text('5')  # the highest so far is forgotten
  try:
    read(path)
  except InputError as error:
    said = str(error)
  assert _megabytes('VmHWM') - before < fuzz.MEGABYTES
  assert said.isprintable()
  assert len(said) < 1100
  assert time.process_time() - begun < fuzz.SECONDS
  return said


@pytest.mark.parametrize('name', [x for x in NAMES if x.endswith(tuple(READERS)) and not x.startswith('report')])
def test_files_of_others(name, cases):
  read = next(of for end, of in READERS.items() if name.endswith(end))
  valid = 'mit1003' in name or name.startswith('weights_ValueError')
  assert str(cases / name) in _said(read, cases / name) or valid


@pytest.mark.parametrize('name', [x for x in NAMES if x.startswith(tuple(PLACES))])
def test_folders_of_results(name, cases, whole, tmp_path):
  job, place = next(of for begin, of in PLACES.items() if name.startswith(begin))
  folder = tmp_path / 'run'
  shutil.copytree(whole / job, folder)
  file = f'{place}{pathlib.PurePath(name).name}'.replace('conv5_2', 'conv5_3')
  shutil.copy(cases / name, folder / file)
  reader = Reader(folder)
  read = {'.png': reader.mask, '.jpg': reader.picture}.get(pathlib.PurePath(name).suffix)
  said = _said(read or read_results, file if read else folder)
  assert str(folder / file) in said or name in VALID


# What was found in a place of the first edition, and where it goes here.
OTHERS = [
  *(
    (name, 'checkpoints', f'checkpoints/{steps}/about/metadata')
    for name in NAMES
    if name.startswith('checkpoints')
    for steps in ('2', '[12]')
  ),
  *((name, 'built', f'b/{pathlib.PurePath(name).name}') for name in NAMES if name.startswith('built')),
  *((name, 'ledger', '*.part') for name in NAMES if name.startswith('own')),
]


# When a read fails, Orbax leaves the reads beside it to themselves.
@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize(('name', 'kind', 'place'), OTHERS)
def test_what_it_wrote_itself(name, kind, place, cases, made, tmp_path):
  shutil.copytree(made(kind), tmp_path / 'x')
  places = sorted((tmp_path / 'x').glob(place)) or [tmp_path / 'x' / place]
  for path in places:
    shutil.copyfile(cases / name, path)
  # One checkpoint of two is enough; entries are made again.
  refused = len(places) == 2 or kind == 'built' and name.endswith('.json')
  said = _said(TARGETS[kind].read, tmp_path / 'x')
  assert (str(tmp_path / 'x') in said) == refused


def test_checkpoints_have_two_steps(made):
  assert sum('metadata' in x.name for x in made('checkpoints').glob('checkpoints/[12]/about/*')) == 2


@pytest.mark.parametrize(
  'name',
  [x for x in NAMES if x.endswith('.hdf5') and 'trains' not in x and not ('hang_hard' in x and 'fixations' in x)],
)
def test_hdf5(name, cases, made, tmp_path, monkeypatch):
  if 'hang' in name:
    monkeypatch.setattr(sandbox, '_SECONDS', 0)  # of computing for each file
  folder = shutil.copytree(made('pysaliency'), tmp_path / 'x')
  read = 'trains' if 'bomb' in name else 'stimuli'
  shutil.copyfile(cases / name, folder / 'p' / f'{read}.hdf5')
  assert f'{read}.hdf5' in _said(TARGETS['pysaliency'].read, folder)


def test_every_damaged_file_is_in_a_test():
  tested = {name for name, *_ in OTHERS} | {
    x for x in NAMES if x.endswith((*READERS, '.hdf5')) or x.startswith(tuple(PLACES))
  }
  assert tested == set(NAMES)
