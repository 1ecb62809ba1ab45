"""Damaged files that once ended in something else than a sentence."""

import pathlib
import shutil
import time
import zipfile

import pytest

from saliency_jax.data import fixations
from saliency_jax.data.regions import Labelme
from saliency_jax.data.sources import mit1003
from saliency_jax.errors import InputError
from saliency_jax.numpy_files import read_npy
from saliency_jax.report.reading import Reader
from tests import fuzz

CASES = pathlib.Path(__file__).parent / 'fixtures' / 'damaged.zip'


def _samples(path):
  mit1003.find_fixations(mit1003._samples(path, path.stem))


def _regions(path):
  Labelme({'i0': path}, path.parent).regions('i0', 8192, 8192)


# By the end of the file's name.
READERS = {
    'fixations.mat': fixations.read_fixations, 'i0.mat': _samples,
    'i0.json': _regions, '.npy': read_npy, 'net.npz': fuzz.read_weights,
    '.safetensors': fuzz.read_weights, '.onnx': fuzz.read_weights,
    '.h5': fuzz.read_weights}
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
    'report-2_Unidentified': ('sweep', 'before_after/regions/masks/'),
    'report-2_ValueError_facts': ('popout', ''),
    'bomb_results-ex': ('evaluate', ''), 'bombs_LZMA': ('evaluate', ''),
    'bombs_IndexError': ('sweep', 'before_after/')}
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
  for name, make in fuzz.REPORTS.items():
    make(folder / name)
  return folder


def _said(read, path) -> str:
  """Returns the sentence in which a file is refused, '' if it is read."""
  begun, said = time.process_time(), ''
  try:
    read(path)
  except InputError as error:
    said = str(error)
  assert said.isprintable()
  assert len(said) < 1100
  assert time.process_time() - begun < fuzz.SECONDS
  return said


@pytest.mark.parametrize('name', [
    x for x in NAMES if x.endswith(tuple(READERS))
    and not x.startswith('report')])
def test_files_of_others(name, cases):
  read = next(of for end, of in READERS.items() if name.endswith(end))
  valid = 'mit1003' in name or name.startswith('weights_ValueError')
  assert str(cases / name) in _said(read, cases / name) or valid


@pytest.mark.parametrize('name', [x for x in NAMES if x.startswith(
    tuple(PLACES))])
def test_folders_of_results(name, cases, whole, tmp_path):
  job, place = next(
      of for begin, of in PLACES.items() if name.startswith(begin))
  folder = tmp_path / 'run'
  shutil.copytree(whole / job, folder)
  file = f'{place}{pathlib.PurePath(name).name}'
  shutil.copy(cases / name, folder / file)
  reader = Reader(folder)
  read = {'.png': reader.mask, '.jpg': reader.picture}.get(
      pathlib.PurePath(name).suffix)
  said = _said(read or fuzz.read_results, file if read else folder)
  assert str(folder / file) in said or name in VALID
