"""Features of frozen stages, cached on disk.

A `ledger` for each fine-tuning depth has the features of every image and the
hash of the pixels that entered the network. Its key is all else that the
features depend on. So neither other weights or preprocessing, nor a replaced
image, a damaged file or a killed run can give wrong features.
"""

import hashlib
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from saliency_jax import files
from saliency_jax.ledger import Entry, Ledger
from saliency_jax.networks import cuts, trees
from saliency_jax.networks.network import Network
from saliency_jax.networks.weights.variable_files import Ported, digest

_LAYOUT = 5  # increased when the files change their meaning
_HASH = 16  # bytes
_SERIES = ''


def key(network: Network, depth: int, images: str) -> dict[str, str | int]:
  """Returns all that the features of a depth depend on, as JSON values.

  `depth` is the number of trained stages; those below are frozen.
  """
  _, frozen = trees.split(network.variables['params'], cuts.trained(network, depth))
  part = Ported({**network.variables, 'params': frozen}, network.preprocess)
  side = network.preprocess.image_size
  # A user's module with the same name and variables may compute something else.
  program = (
    jax.jit(cuts.make_prefix(network, [depth]))
    .lower(network.variables, jax.ShapeDtypeStruct((1, side, side, 3), np.uint8))
    .as_text()
  )
  return {
    'layout': _LAYOUT,
    'network': network.name,
    'weights': digest(part),
    'program': hashlib.sha256(program.encode()).hexdigest(),
    'depth': depth,
    'readout_tap': network.readout_tap,
    'preprocess': list(network.preprocess),
    'dtype': network.dtype,
    'images': images,
    # Devices of one kind round in the same way.
    'backend': jax.default_backend(),
  }


def pixels_digest(images: np.ndarray) -> list[str]:
  """Returns a hash of each image of uint8 `[B, S, S, 3]`."""
  return [hashlib.blake2b(np.ascontiguousarray(x), digest_size=_HASH).hexdigest() for x in images]


class Features(Ledger):
  """The features of one depth on disk, float32; see `Ledger`."""

  def __init__(self, folder: str | os.PathLike, key: dict[str, str | int], shapes: Any):
    """Opens the files of `key`.

    `shapes` are those of one image's features, a tree of `[1, ...]`; features
    of B images are a tree of `[B, ...]`.
    """
    super().__init__(pathlib.Path(folder).expanduser() / files.digest_of(key), {_SERIES: key})
    leaves, self._tree = jax.tree.flatten(shapes)
    self._shapes = [x.shape[1:] for x in leaves]
    self._entries = self.entries[_SERIES]

  def has(self, index: np.ndarray, digests: Sequence[str]) -> bool:
    """Returns whether the features of all these images are cached.

    `index` is int `[B]`, in the data set; `digests` are of their pixels.
    """
    return all(
      str(i) in self._entries and self._entries[str(i)].facts == x for i, x in zip(index, digests, strict=True)
    )

  def put(self, index: np.ndarray, digests: Sequence[str], features: Any) -> None:
    """Caches some images' features, a tree of float `[B, ...]`."""
    leaves = [np.asarray(x, np.float32) for x in jax.tree.leaves(features)]  # bfloat16 too
    for row, (i, pixels) in enumerate(zip(index, digests, strict=True)):
      self.add(_SERIES, str(i), Entry(pixels, {str(n): x[row] for n, x in enumerate(leaves)}))

  def get(self, index: np.ndarray) -> Any:
    """Returns the features of some images, a tree of float32 `[B, ...]`."""
    leaves = [np.empty((len(index), *shape), np.float32) for shape in self._shapes]
    for row, i in enumerate(index):
      for n, leaf in enumerate(leaves):
        leaf[row] = self._entries[str(i)].arrays[str(n)]
    return self._tree.unflatten(leaves)
