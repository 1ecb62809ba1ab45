"""Data sets that were built by `builders`, read again.

Importing TFDS takes about a second: nothing else in this package imports this
module before a built data set is asked for.
"""

import os
import pathlib

import numpy as np
import tensorflow_datasets as tfds

from saliency_jax import outside
from saliency_jax.data import fixations
from saliency_jax.data.images import image_size, read_image
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.data.types import Record, Regions
from saliency_jax.errors import InputError

SPLIT = 'train'  # What TFDS calls the split of a data set that has one.


class BuiltSource:
  """A `Source` of a built data set; its records equal those it was built from.

  Attributes:
    image_ids: in the order of the source.
    patterns: one `Pattern` per search array; () for photographs.
    gives: 'targets', or 'fixations' and 'regions'.
  """

  def __init__(self, folder: str | os.PathLike):
    """Opens a built data set and reads the images' names.

    Args:
      folder: the folder that `build` returned.

    Raises:
      InputError: the folder holds no data set that was built here.
    """
    self._folder = pathlib.Path(folder)
    with self._reading():  # TFDS raises what its many parts met
      self._examples = tfds.builder_from_directory(
          os.fspath(folder)).as_data_source(
              SPLIT, decoders={'image': tfds.decode.SkipDecoding()})
      patterns = [_pattern(example) for example in self._examples]
      if not patterns:
        raise ValueError('it has no image')
    self.image_ids = tuple(pattern.image_id for pattern in patterns)
    self.patterns = tuple(patterns) if patterns[0].kind else ()
    self.gives = frozenset(
        {'targets'} if self.patterns else {'fixations', 'regions'})

  def __len__(self) -> int:
    return len(self.image_ids)

  def __getitem__(self, index: int) -> Record:
    """Reads one image with its fixations and regions.

    Raises:
      IndexError: there is no such image.
      InputError: the image cannot be decoded.
    """
    image_id = self.image_ids[index]
    example = self._example(index)
    with self._reading():
      image = read_image(example['image'], f'{self._folder}, image {image_id}')
      regions = example['regions']
      masks = np.unpackbits(
          regions['mask'], axis=-1, count=image.shape[1]).view(bool)
      points = (example['fixations']['point'] if 'fixations' in example
                else np.zeros((0, 2), np.int32))
      if masks.shape != (len(regions['id']), *image.shape[:2]) or (
          (points < 0) | (points >= image.shape[:2])).any():
        raise ValueError(f'masks or points of {image_id} are of another image')
      return Record(image_id, image, points, Regions(
          regions['id'], tuple(x.decode() for x in regions['category']), masks))

  def size(self, index: int) -> tuple[int, int]:
    """Returns (height, width) of `self[index]` in pixels.

    Raises:
      IndexError: there is no such image.
      InputError: the image cannot be opened.
    """
    name = f'{self._folder}, image {self.image_ids[index]}'
    return image_size(self._example(index)['image'], name)

  def content(self, index: int) -> bytes:
    """Returns what was in the file of `self[index]`, or in one made of it."""
    return self._example(index)['image']

  def scanpaths(self, index: int) -> fixations.Fixations:
    """Returns the fixations of `self[index]` with their observers.

    Raises:
      IndexError: there is no such image.
      InputError: nobody looked at these images.
    """
    example = self._example(index)
    if 'fixations' not in example:
      raise InputError(f'{self._folder} has no fixations; give photographs.')
    with self._reading():
      found = example['fixations']
      return fixations.make(
          found['point'], found['subject'], found.get('duration', np.nan))

  def _example(self, index: int) -> dict:
    place = range(len(self))[index]
    with self._reading():
      return self._examples[place]

  def _reading(self):
    return outside.reading(
        self._folder, 'data set that was built here',
        'build it again with launch/build_dataset.py')


def _pattern(example: dict) -> Pattern:
  """Returns an example's name and, of a search array, what it shows."""
  name = example['image_id'].decode()
  if 'kind' not in example:
    return Pattern(name, '', '', '')
  return Pattern(
      name, example['kind'].decode(), example['background'].decode(),
      int(example['set_size']))
