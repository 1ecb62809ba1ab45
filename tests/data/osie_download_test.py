"""Fetching a small OSIE: from an archive, checked, and never by halves."""

import pathlib
import shutil
import zipfile

import pytest

from saliency_jax import files
from saliency_jax.data import osie_download
from saliency_jax.data.sources.osie import Osie
from saliency_jax.errors import InputError
from tests.data import made

ROOT = 'predicting-human-gaze-beyond-pixels-master'


@pytest.fixture
def archive(tiny_osie, tmp_path, monkeypatch) -> pathlib.Path:
  """The tiny data set as the repository would be packed, in place of OSIE."""
  packed = tmp_path / 'served' / 'master.zip'
  packed.parent.mkdir()
  with zipfile.ZipFile(packed, 'w') as target:
    target.writestr(f'{ROOT}/', '')
    for part in ('stimuli', 'eye'):
      for path in sorted((tiny_osie / part).iterdir()):
        target.write(path, f'{ROOT}/data/{part}/{path.name}')
    for name in (
      'README.md',
      'data/attrs.mat',
      'data/stimuli/more/1.jpg',
      'data/stimuli/../../../evil.jpg',
      'data/stimuli/notes.txt',
    ):
      target.writestr(f'{ROOT}/{name}', 'not wanted')
    target.writestr('../data/stimuli/evil.jpg/x', 'not wanted')
  hashes = tmp_path / 'photographs.sha256'
  hashes.write_text(
    ''.join(f'{files.digest(path)}  {path.name}\n' for path in sorted((tiny_osie / 'stimuli').iterdir())[:3])
  )
  for name, value in {'_ZIP': packed.as_uri(), '_PHOTOGRAPHS': 5, '_FIXATIONS': 160, 'HASHES': hashes}.items():
    monkeypatch.setattr(osie_download, name, value)
  return packed


def replace(archive: pathlib.Path, name: str, data: bytes) -> None:
  """Changes one file of the archive."""
  with zipfile.ZipFile(archive) as source:
    content = {each: source.read(each) for each in source.namelist()}
  content[f'{ROOT}/data/{name}'] = data
  with zipfile.ZipFile(archive, 'w') as target:
    for each, value in content.items():
      target.writestr(each, value)


def test_what_is_wanted_is_unpacked(archive, tiny_osie, tmp_path):
  (tmp_path / 'cache' / '.osie.killed').mkdir(parents=True)
  folder = osie_download.fetch_osie(tmp_path / 'cache')
  assert folder == tmp_path / 'cache' / 'osie'
  found = {path.relative_to(folder): path.read_bytes() for path in folder.rglob('*') if path.is_file()}
  expected = {
    path.relative_to(tiny_osie): path.read_bytes()
    for part in ('stimuli', 'eye')
    for path in (tiny_osie / part).iterdir()
  }
  assert found == expected
  assert list(folder.parent.iterdir()) == [folder]
  assert not list(tmp_path.rglob('evil*'))
  assert Osie(folder).image_ids == tuple(made.SIZES)


def test_the_second_time_nothing_is_downloaded(archive, tmp_path, monkeypatch):
  first = osie_download.fetch_osie(tmp_path)
  monkeypatch.setattr(osie_download, '_ZIP', 'file:///nowhere')
  assert osie_download.fetch_osie(tmp_path) == first


def test_what_was_fetched_is_checked_again(archive, tmp_path):
  folder = osie_download.fetch_osie(tmp_path)
  photograph = folder / 'stimuli' / '2001.jpg'
  photograph.write_bytes(photograph.read_bytes()[:-1])
  with pytest.raises(
    InputError,
    match=(
      r'osie is not OSIE as fetched earlier: stimuli/2001\.jpg is missing or '
      'differs; .*--config.data.dir'
    ),
  ):
    osie_download.fetch_osie(tmp_path)


@pytest.mark.parametrize(
  ('name', 'count', 'message'),
  [('_PHOTOGRAPHS', 700, '5 photographs instead of 700'), ('_FIXATIONS', 98_321, '160 fixations instead of 98321')],
)
def test_other_counts_are_refused(name, count, message, archive, tmp_path, monkeypatch):
  monkeypatch.setattr(osie_download, name, count)
  _refused(message, tmp_path)


def test_other_photographs_and_fixations_are_refused(archive, tmp_path):
  replace(archive, 'eye/fixations.mat', b'no file of MATLAB')
  _refused(r'fixations\.mat is no usable MATLAB file', tmp_path)
  replace(archive, 'stimuli/2002.jpg', b'another photograph')
  _refused(r'2002\.jpg is missing or differs', tmp_path)


def test_damaged_archives_are_refused(archive, tmp_path):
  whole = archive.read_bytes()
  place = whole.index(b'stimuli/2001.jpg') + 100
  for data in (b'no zip', whole[:-100], whole[:place] + b'damage' + whole[place + 6 :]):
    archive.write_bytes(data)
    _refused('is damaged', tmp_path)


def test_an_enormous_member_is_refused(archive, tmp_path, monkeypatch):
  monkeypatch.setattr(osie_download, '_LARGEST', 1000)
  _refused('bytes', tmp_path)


def test_a_network_out_of_reach_says_what_to_do(archive, tmp_path, monkeypatch):
  monkeypatch.setattr(osie_download, '_ZIP', 'http://127.0.0.1:1/')
  _refused('could not be fetched', tmp_path)


def _refused(message, tmp_path):
  """Expects one sentence, and that nothing is left."""
  with pytest.raises(InputError, match=message) as caught:
    osie_download.fetch_osie(tmp_path / 'cache')
  text = str(caught.value)
  assert 'github.com/NUS-VIP/predicting-human-gaze-beyond-pixels' in text
  assert text.endswith('as --config.sets.osie.dir.')
  assert '\n' not in text
  assert not list((tmp_path / 'cache').iterdir())


def test_osie_is_what_the_photographs_here_are_part_of(osie_dir):
  known = dict(reversed(line.split()) for line in osie_download.HASHES.read_text().splitlines())
  assert (osie_download._PHOTOGRAPHS, osie_download._FIXATIONS) == (700, 98_321)
  found = {path.name: files.digest(path) for path in (osie_dir / 'stimuli').iterdir()}
  assert known == found


def test_two_runs_at_once(archive, tmp_path, monkeypatch):
  # The other run finishes while this one checks.
  check = osie_download._check

  def checked(folder, *args):
    check(folder, *args)
    other = tmp_path / 'osie'
    if folder != other and not other.exists():
      shutil.copytree(folder, other)

  monkeypatch.setattr(osie_download, '_check', checked)
  assert osie_download.fetch_osie(tmp_path) == tmp_path / 'osie'
