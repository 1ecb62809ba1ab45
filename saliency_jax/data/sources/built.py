"""Data sets that were built by `builders`, read again.

As TFDS takes a second to import, this module is imported only where it is used.
"""

import os
import pathlib

import numpy as np
import tensorflow_datasets as tfds

from saliency_jax import outside
from saliency_jax.data import fixations
from saliency_jax.data.images import image_size, read_image, read_square
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.data.types import Record, Regions, Source, unread
from saliency_jax.errors import InputError

# Images resized for networks: uint8 `[N, S, S, 3]`.
READY = 'images_{}_{}.npy'
SIZES = 'image_sizes.npy'  # int32 `[N, 2]`, the original (height, width) in pixels
SPLIT = 'train'  # TFDS's name for the split of a data set that has only one


class BuiltSource(Source):
  """A `Source` of a built data set; its records equal those it was built from."""

  def __init__(self, folder: str | os.PathLike):
    """Opens the folder that `build` returned and reads the images' names.

    Raises:
      InputError: the folder holds no data set that was built here.
    """
    self._folder = pathlib.Path(folder)
    self._maps: dict[str, np.ndarray] = {}
    with self._reading():  # TFDS raises errors of many kinds
      builder = tfds.builder_from_directory(os.fspath(folder))
      undecoded = tfds.decode.SkipDecoding()
      self._examples = builder.as_data_source(SPLIT, decoders={'image': undecoded})
      patterns = [
        _pattern(example)
        for example in builder.as_data_source(SPLIT, decoders={'image': undecoded, 'regions': {'mask': undecoded}})
      ]
      if not patterns:
        raise ValueError('it has no image')
    self.image_ids = tuple(pattern.image_id for pattern in patterns)
    self.patterns = tuple(patterns) if patterns[0].kind else ()
    self.gives = frozenset({'targets'} if self.patterns else {'fixations', 'regions'})

  def __getitem__(self, index: int) -> Record:
    example = self._example(index)
    return self._record(index, example, read_image(example['image'], self._name(index)))

  def squared(self, index: int, side: int, resample: str) -> tuple[Record, np.ndarray]:
    example, ready = self._example(index), self._ready(side, resample)
    if ready is None:
      size, image = read_square(example['image'], side, resample, self._name(index))
    else:
      size = self._mapped(SIZES, np.int32, 2)[index].tolist()
      image = np.array(ready[index])
    return self._record(index, example, unread(*size)), image

  def _ready(self, side: int, resample: str) -> np.ndarray | None:
    name = READY.format(side, resample)
    return self._mapped(name, np.uint8, side, side, 3) if (self._folder / name).is_file() else None

  def _mapped(self, name: str, dtype: type, *shape: int) -> np.ndarray:
    """Returns an array of all images, memory-mapped."""
    if name not in self._maps:
      with self._reading():
        array = np.load(self._folder / name, mmap_mode='r')
        if (array.shape, array.dtype) != ((len(self), *shape), dtype):
          raise ValueError(f'{name} is not of these images')
        self._maps[name] = array
    return self._maps[name]

  def __getstate__(self) -> dict:
    return self.__dict__ | {'_maps': {}}  # these would be pickled in full

  def _record(self, index: int, example: dict, image: np.ndarray) -> Record:
    image_id = self.image_ids[index]
    with self._reading():
      regions = example['regions']
      masks = np.unpackbits(regions['mask'], axis=-1, count=image.shape[1]).view(bool)
      points = example['fixations']['point'] if 'fixations' in example else np.zeros((0, 2), np.int32)
      if masks.shape != (len(regions['id']), *image.shape[:2]) or ((points < 0) | (points >= image.shape[:2])).any():
        raise ValueError(f'masks or points of {image_id} are of another image')
      return Record(
        image_id, image, points, Regions(regions['id'], tuple(x.decode() for x in regions['category']), masks)
      )

  def size(self, index: int) -> tuple[int, int]:
    return image_size(self._example(index)['image'], self._name(index))

  def content(self, index: int, most: int = -1) -> bytes:
    content = self._example(index)['image']
    return content if most < 0 else content[:most]

  def scanpaths(self, index: int) -> fixations.Fixations:
    example = self._example(index)
    if 'fixations' not in example:
      raise InputError(f'{self._folder} has no fixations; give photographs.')
    with self._reading():
      recorded = example['fixations']
      return fixations.make(recorded['point'], recorded['subject'], recorded.get('duration', np.nan))

  def _name(self, index: int) -> str:
    return f'{self._folder}, image {self.image_ids[index]}'

  def _example(self, index: int) -> dict:
    place = range(len(self))[index]
    with self._reading():
      return self._examples[place]

  def _reading(self):
    return outside.reading(self._folder, 'data set that was built here', 'build it again with launch/build_dataset.py')


def _pattern(example: dict) -> Pattern:
  """Returns an example's name and, for a search array, what it shows."""
  name = example['image_id'].decode()
  if 'kind' not in example:
    return Pattern(name)
  return Pattern(name, example['kind'].decode(), example['background'].decode(), int(example['set_size']))
