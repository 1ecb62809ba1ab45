"""All maps of all units in one file that can be read in parts."""

import contextlib
import pathlib
from collections.abc import Iterator, Mapping

import h5py
import numpy as np

from saliency_jax import files

# Chunks of 8 images and 8 units, 98 kB of conv4's maps: one unit, or one image,
# is read with few times its own size.
_CHUNK = 8
_CACHE = 64 * 2 ** 20  # bytes, so that a chunk is compressed once


class Volume:
  """Datasets `[images, units, h, w]` float16, one for each layer."""

  def __init__(self, file: h5py.File, shapes: Mapping[str, tuple[int, ...]]):
    """Makes the datasets.

    Args:
      file: open for writing.
      shapes: (images, units, h, w) of each layer.
    """
    self._layers = {
        layer: file.create_dataset(
            layer, shape, np.float16, shuffle=True, compression='gzip',
            compression_opts=1,
            chunks=(min(shape[0], _CHUNK), min(shape[1], _CHUNK), *shape[2:]))
        for layer, shape in shapes.items()}

  def put(self, layer: str, first: int, maps: np.ndarray) -> None:
    """Writes the maps `[n, units, h, w]` of the images from `first` on."""
    self._layers[layer][first:first + len(maps)] = maps


@contextlib.contextmanager
def writing(
    path: pathlib.Path, shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[Volume]:
  """Yields a `Volume` whose file takes its name when the block ends well."""
  with (files.replacing(path) as temporary,
        h5py.File(temporary, 'w', rdcc_nbytes=_CACHE) as file):
    yield Volume(file, shapes)
