"""Downloads OSIE from its authors' repository and checks it."""

import hashlib
import os
import pathlib
import re
import shutil
import tempfile
import zipfile

from saliency_jax import outside, progress
from saliency_jax.data.fixations import read_fixations
from saliency_jax.data.images import image_size
from saliency_jax.data.types import Source
from saliency_jax.download import cache_folder, download
from saliency_jax.errors import InputError
from saliency_jax.files import digest, locked

_REPOSITORY = 'https://github.com/NUS-VIP/predicting-human-gaze-beyond-pixels'
_WANTED = re.compile(r'[^/]+/data/(?:(stimuli)/(\w+\.jpg)|(eye)/(fixations\.mat))', re.ASCII)
_SIZE = 600, 800  # (H, W) in pixels of every photograph
_LARGEST = 2**26  # bytes of one file, unpacked
_ZIP = 'https://codeload.github.com/NUS-VIP/predicting-human-gaze-beyond-pixels/zip/refs/heads/master'
# What must be in it: fixations are of all observers, hashes of photographs, as
# `sha256sum` writes them.
_PHOTOGRAPHS, _FIXATIONS = 700, 98_321
HASHES = pathlib.Path(__file__).parent / 'annotations' / 'osie_photographs.sha256'


def fetch_osie(cache_dir: str | os.PathLike | None = None) -> pathlib.Path:
  """Returns a folder with all of OSIE, downloading it the first time.

  A folder from an earlier run is checked like a new download.

  Raises:
    InputError: OSIE cannot be fetched, or is not what it should be.
  """
  folder = cache_folder(cache_dir) / 'osie'
  if not folder.is_dir():
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent, wait=True):
      for left in folder.parent.glob('.osie.*'):  # left by a run that was killed
        shutil.rmtree(left, ignore_errors=True)
      if not folder.is_dir():  # unless another run was faster
        return _fetch(folder)
  _check(folder, f'{folder} is not OSIE as fetched earlier')
  return folder


def _fetch(folder: pathlib.Path) -> pathlib.Path:
  """Downloads OSIE; the folder appears once it is complete."""
  with tempfile.TemporaryDirectory(dir=folder.parent, prefix='.osie.') as temporary:
    whole = pathlib.Path(temporary) / 'osie'
    packed = pathlib.Path(temporary) / 'osie.zip'
    try:
      download(_ZIP, packed, 'Fetching OSIE')
      _unpack(packed, whole)
    except OSError as error:
      raise _unusable(f'OSIE could not be fetched from {_ZIP} ({error})') from error
    except Exception as error:
      raise _unusable(f'The archive from {_ZIP} is damaged ({outside.reason(error)})') from error
    _check(whole, f'The archive from {_ZIP} is not OSIE')
    try:
      whole.rename(folder)
    except OSError:
      # Another run was faster; what it put there has passed the same checks.
      if not folder.is_dir():
        raise
  return folder


def own_images(source: Source) -> frozenset[str]:
  """Returns which images of a data set are OSIE's own photographs.

  Those whose name has a known hash are recognised by it. The others are by
  their size, if the data set has as many photographs and fixations as OSIE.

  Raises:
    InputError: a photograph without a known hash cannot be opened.
  """
  known = {pathlib.PurePath(name).stem: sha256 for sha256, name in map(str.split, HASHES.read_text().splitlines())}
  every = range(len(source))
  whole = len(source) == _PHOTOGRAPHS and 'fixations' in source.gives
  whole = whole and sum(len(source.scanpaths(index).points) for index in every) == _FIXATIONS

  def is_own(index: int, image_id: str) -> bool:
    content = source.content(index) if whole or image_id in known else b''
    if content and image_id in known:
      return hashlib.sha256(content).hexdigest() == known[image_id]
    return bool(content) and image_size(content, image_id) == _SIZE

  return frozenset(name for index, name in enumerate(source.image_ids) if is_own(index, name))


def _unpack(packed: pathlib.Path, folder: pathlib.Path) -> None:
  """Writes the photographs and the fixations, under names of our own making."""
  with zipfile.ZipFile(packed) as archive:
    members = [(member, match) for member in archive.infolist() if (match := _WANTED.fullmatch(member.filename))]
    for member, match in progress.track(members, total=len(members), unit='file', title='Unpacking OSIE'):
      if member.file_size > _LARGEST:
        raise ValueError(f'{member.filename} has {member.file_size} bytes')
      place = folder.joinpath(*filter(None, match.groups()))
      place.parent.mkdir(parents=True, exist_ok=True)
      with archive.open(member) as source, place.open('wb') as target:
        shutil.copyfileobj(source, target)


def _check(folder: pathlib.Path, blame: str) -> None:
  photographs = {path.name: path for path in folder.glob('stimuli/[!.]*.jpg')}
  if len(photographs) != _PHOTOGRAPHS:
    raise _unusable(f'{blame}: {len(photographs)} photographs instead of {_PHOTOGRAPHS}')
  for line in HASHES.read_text().splitlines():
    known, name = line.split()
    if name not in photographs or digest(photographs[name]) != known:
      raise _unusable(f'{blame}: stimuli/{name} is missing or differs')
  try:
    fixations = read_fixations(folder / 'eye' / 'fixations.mat')
  except InputError as error:
    raise _unusable(f'{blame}: {str(error).rstrip(".")}') from error
  count = sum(len(each.points) for each in fixations.values())
  if count != _FIXATIONS:
    raise _unusable(f'{blame}: {count} fixations instead of {_FIXATIONS}')


def _unusable(reason: str) -> InputError:
  return InputError(
    f'{reason}; get data/stimuli and data/eye from {_REPOSITORY} and give their folder as --config.data.dir, or to an '
    'evaluation as --config.sets.osie.dir.'
  )
