"""What frozen stages compute, kept on disk so that it is computed once.

One file for each fine-tuning depth, a record for each image of a data set. The
folder's name is a hash of all that they follow from but the images; a record
has the hash of the very pixels that entered the network and the checksum of its
own features, and counts only where these are right. So neither other weights, nor another
preprocessing, nor an image that was replaced, nor a damaged file, nor a run
that was killed while it wrote, leads to wrong features.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.networks import cuts, trees
from saliency_jax.networks.network import Network
from saliency_jax.networks.weights.variable_files import Ported, digest

_LAYOUT = 4  # raised when the files change their meaning
_HASH = 16  # bytes
_FILE = 'records'


def key(network: Network, depth: int, images: str) -> dict[str, str | int]:
  """Returns what the features of a depth follow from, as JSON values.

  Args:
    depth: how many of its stages are trained; those below are frozen.
  """
  _, frozen = trees.split(network.variables['params'], cuts.trained(network, depth))
  part = Ported({**network.variables, 'params': frozen}, network.preprocess)
  side = network.preprocess.image_size
  # A user's module of the same name and variables may compute something else.
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
    # Devices of one kind round alike.
    'backend': jax.default_backend(),
  }


def open_tree(folder: str | os.PathLike, key: Mapping[str, str | int], images: int, shapes: Any) -> Any:
  """Returns the `Features` of each array of a depth, a tree like `shapes`.

  Args:
    images: N, how many there are.
    shapes: of the features of one image, `[1, ...]` each.
  """

  def opened(path, x):
    part = jax.tree_util.keystr(path)
    return Features(folder, {**key, **({'part': part} if part else {})}, (images, *x.shape[1:]))

  return jax.tree_util.tree_map_with_path(opened, shapes)


def pixels_digest(images: np.ndarray) -> np.ndarray:
  """Returns a hash of each image, uint8 `[B, 16]`.

  Args:
    images: uint8 `[B, S, S, 3]`.
  """
  return np.stack(
    [np.frombuffer(hashlib.blake2b(np.ascontiguousarray(x), digest_size=_HASH).digest(), np.uint8) for x in images]
  )


class Features:
  """The features of one depth, float32 `[N, ...]`, on disk.

  They are written with plain writes, never through memory that is mapped to a
  file: there a full disk would end the process on the spot.
  """

  def __init__(self, folder: str | os.PathLike, key: Mapping[str, str | int], shape: tuple[int, ...]):
    """Opens the files, or makes empty ones.

    Raises:
      InputError: if the folder cannot be written.
    """
    words = json.dumps(dict(key), sort_keys=True)
    self._path = pathlib.Path(folder).expanduser() / hashlib.sha256(words.encode()).hexdigest()
    # bfloat16 as float32
    self._record = np.dtype([('pixels', np.uint8, _HASH), ('crc32', '<u4'), ('features', '<f4', shape[1:])])
    with self._writing():
      self._path.mkdir(parents=True, exist_ok=True)
      (self._path / 'key.json').write_text(words)
      with open(self._path / _FILE, 'ab') as file:
        if file.tell() != shape[0] * self._record.itemsize:  # none, or not whole
          file.truncate(0)
          file.truncate(shape[0] * self._record.itemsize)
    self._records = np.memmap(self._path / _FILE, self._record, mode='r', shape=shape[:1])

  @contextlib.contextmanager
  def filling(self) -> Iterator[None]:
    """Keeps other processes from filling the same files for one block."""
    with self._writing(), files.locked(self._path, wait=True):
      yield

  def has(self, index: np.ndarray, digests: np.ndarray) -> bool:
    """Whether the features of all these images are there, undamaged.

    Args:
      index: int `[B]`, positions in the data set.
    """
    features, crc32 = self._records['features'], self._records['crc32'][index]
    return bool((self._records['pixels'][index] == digests).all()) and all(
      zlib.crc32(features[i]) == crc for i, crc in zip(index, crc32, strict=True)
    )

  def put(self, index: np.ndarray, digests: np.ndarray, features: np.ndarray) -> None:
    """Keeps the features, float `[B, ...]`, of some images; see `has`.

    Raises:
      InputError: if they cannot be written.
    """
    with self._writing(), open(self._path / _FILE, 'r+b') as file:
      for i, pixels, row in zip(index, digests, features, strict=True):
        data = np.ascontiguousarray(row, np.float32)
        file.seek(i * self._record.itemsize)
        file.write(pixels.tobytes() + zlib.crc32(data).to_bytes(4, 'little'))
        file.write(data)  # as it lies: a record would be two copies of it

  def get(self, index: np.ndarray) -> np.ndarray:
    """Returns the features of some images, float32 `[B, ...]`."""
    return np.ascontiguousarray(self._records['features'][index])

  @contextlib.contextmanager
  def _writing(self) -> Iterator[None]:
    """Turns what the system says of the folder into an `InputError`."""
    try:
      yield
    except OSError as error:
      raise InputError(
        f'{self._path}: cannot be written to ({error.strerror}); make room, '
        f'name another --config.data.features_dir, or keep no features with '
        f'--config.data.features_limit=0.'
      ) from error
