"""Maps that frozen layers give, kept on disk so that they are computed once.

One array for each fine-tuning depth, a row for each image of a data set. The
folder's name is a hash of all that the maps follow from but the images; a row
counts only where the hash of the very pixels that entered the network stands
beside it. So neither other weights, nor another preprocessing, nor an image
that was replaced, nor a run that was killed while it wrote, leads to old maps.
"""

import contextlib
import errno
import hashlib
import json
import os
import pathlib
from collections.abc import Iterator, Mapping

import jax
import numpy as np

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.networks import cuts, trees
from saliency_jax.networks.network import Network
from saliency_jax.networks.weights.variable_files import Ported, digest

_LAYOUT = 2  # raised when the files change their meaning
_HASH = 16  # bytes
# What a file system says that cannot set room aside.
_UNABLE = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def key(network: Network, depth: int, images: str) -> dict[str, str | int]:
  """Returns what the features of a depth follow from, as JSON values.

  Args:
    network: the pretrained network.
    depth: how many of its stages are trained; those below are frozen.
    images: tells one data set from another, see `image_batches.identity`.
  """
  _, frozen = trees.split(
      network.variables['params'], cuts.trained(network, depth))
  part = Ported({**network.variables, 'params': frozen}, network.preprocess)
  return {
      'layout': _LAYOUT, 'network': network.name, 'weights': digest(part),
      'depth': depth, 'readout_tap': network.readout_tap,
      'preprocess': list(network.preprocess), 'dtype': network.dtype,
      'images': images,
      # Devices of one kind round alike.
      'backend': jax.default_backend()}


def pixels_digest(images: np.ndarray) -> np.ndarray:
  """Returns a hash of each image, uint8 `[B, 16]`.

  Args:
    images: uint8 `[B, S, S, 3]`.
  """
  return np.stack([
      np.frombuffer(
          hashlib.blake2b(np.ascontiguousarray(x), digest_size=_HASH).digest(),
          np.uint8) for x in images])


class Features:
  """The features of one depth, float32 `[N, ...]`, on disk."""

  def __init__(
      self, folder: str | os.PathLike, key: Mapping[str, str | int],
      shape: tuple[int, ...]):
    """Opens the array, or makes an empty one.

    Args:
      folder: holds a folder for every key.
      key: see `key`.
      shape: (N, h, w, C).

    Raises:
      InputError: if the folder cannot be written, or the disk is full.
    """
    words = json.dumps(dict(key), sort_keys=True)
    path = pathlib.Path(folder).expanduser() / hashlib.sha256(
        words.encode()).hexdigest()
    self._path = path
    with _writing(path):
      path.mkdir(parents=True, exist_ok=True)
      # Another process that makes the same arrays now would replace these.
      with files.locked(path, wait=True):
        self._maps, self._pixels = _opened(path, shape)
        with files.replacing(path / 'key.json') as temporary:
          temporary.write_text(words)

  def has(self, index: np.ndarray, digests: np.ndarray) -> bool:
    """Whether the maps of all these images are there.

    Args:
      index: int `[B]`, positions in the data set.
      digests: their `pixels_digest`.
    """
    return bool((self._pixels[index] == digests).all())

  def put(
      self, index: np.ndarray, digests: np.ndarray, maps: np.ndarray) -> None:
    """Keeps the maps, float `[B, h, w, C]`, of some images; see `has`.

    Raises:
      InputError: if they cannot be written.
    """
    # Two processes may have other photographs of the same names: the marks of
    # one must not vouch for the maps of the other.
    with _writing(self._path), files.locked(self._path, wait=True):
      self._pixels[index] = 0
      self._pixels.flush()
      self._maps[index] = maps
      # On disk before the mark that vouches for it.
      self._maps.flush()
      self._pixels[index] = digests
      self._pixels.flush()

  def get(self, index: np.ndarray) -> np.ndarray:
    """Returns the maps of some images, float32 `[B, h, w, C]`."""
    return np.asarray(self._maps[index])


@contextlib.contextmanager
def _writing(path: pathlib.Path) -> Iterator[None]:
  """Turns what the system says of a folder of maps into an `InputError`."""
  try:
    yield
  except OSError as error:
    raise InputError(
        f'{path}: cannot be written to ({error.strerror}); make room or name '
        f'another --config.data.features_dir.') from error


def _opened(
    path: pathlib.Path, shape: tuple[int, ...]
) -> tuple[np.memmap, np.memmap]:
  """Opens the maps and the hashes of their pixels, or makes them empty."""
  pixels = path / 'pixels.npy'
  # Bfloat16 is kept as the float32 that equals it.
  maps = _open(path / 'maps.npy', shape, np.float32)
  if maps is None:
    # First, so that nothing vouches for maps that are not there.
    pixels.unlink(missing_ok=True)
    maps = _made(path / 'maps.npy', shape, np.float32)
  marks = _open(pixels, (shape[0], _HASH), np.uint8)
  if marks is None:
    marks = _made(pixels, (shape[0], _HASH), np.uint8)
  return maps, marks


def _open(
    path: pathlib.Path, shape: tuple[int, ...], dtype: type
) -> np.memmap | None:
  """Opens an array for reading and writing; None if it is not there whole."""
  try:
    # What a shortened file lacks would be filled up with zeros.
    whole = np.load(path, mmap_mode='r', allow_pickle=False)
    if (whole.shape, whole.dtype) == (shape, dtype) and (
        path.stat().st_size == whole.offset + whole.nbytes):
      _take_room(path)
      return np.load(path, mmap_mode='r+', allow_pickle=False)
  # Whatever stands in a damaged header, also what Python cannot parse.
  except (FileNotFoundError, ValueError, EOFError, SyntaxError, TypeError):
    pass
  return None


def _made(
    path: pathlib.Path, shape: tuple[int, ...], dtype: type) -> np.memmap:
  """Makes an array of zeros and opens it."""
  with files.replacing(path) as temporary:
    np.lib.format.open_memmap(
        temporary, mode='w+', dtype=dtype, shape=shape).flush()
    _take_room(temporary)
  return np.load(path, mmap_mode='r+', allow_pickle=False)


def _take_room(path: pathlib.Path) -> None:
  """Takes the disk space of a file that has holes, where that can be done.

  To find none while writing into a file that is mapped to memory ends the
  process on the spot (SIGBUS).

  Raises:
    OSError: there is not as much.
  """
  if not hasattr(os, 'posix_fallocate'):
    return
  with open(path, 'r+b') as file:
    try:
      os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
      if error.errno not in _UNABLE:
        raise
