"""Some of a data set's images, as a data set."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError

_OF_AN_IMAGE = frozenset(('scanpaths', 'size', 'regions', 'check_size', 'photograph', 'content', 'plan', 'squared'))


class Subset:
  """A `Source` that shows some images of another one; `subset` makes it.

  Attributes:
    image_ids: those that were chosen, in the order in which they were named.
    gives, patterns: those of the other source, if it has them; so are the
      methods that take an image's index.
  """

  def __init__(self, source: Source, indices: tuple[int, ...]):
    """Takes the positions of the images in `source`."""
    self._source, self._indices = source, indices
    self.image_ids = tuple(source.image_ids[index] for index in indices)

  def __len__(self) -> int:
    return len(self._indices)

  def __getitem__(self, index: int) -> Record:
    """Reads an image from the other source, which says what it raises."""
    return self._source[self._indices[index]]

  def __getattr__(self, name: str) -> Any:
    """Has what the other source has, of its own images."""
    if name in _OF_AN_IMAGE:
      method = getattr(self._source, name)
      return lambda index, *more: method(self._indices[index], *more)
    if name == 'squares':
      method = self._source.squares
      return lambda rows, *more: method(np.take(self._indices, rows), *more)
    if name in ('gives', 'fixations_digest'):
      return getattr(self._source, name)
    if name == 'patterns':
      patterns = self._source.patterns
      return tuple(patterns[i] for i in self._indices) if patterns else ()
    raise AttributeError(name)


def subset(source: Source, image_ids: Iterable[str]) -> Subset:
  """Returns a view of some images of a data set.

  Args:
    source: the data set.
    image_ids: which images, in which order; each once.

  Raises:
    InputError: an image is not in the data set, or is named twice.
  """
  image_ids = tuple(image_ids)
  places = {image_id: i for i, image_id in enumerate(source.image_ids)}
  absent = [image_id for image_id in image_ids if image_id not in places]
  if absent:
    raise InputError(
      f'{len(absent)} of {len(image_ids)} images are not in the data set, '
      f'the first is {absent[0]}; give the data set that has them.'
    )
  if len(set(image_ids)) < len(image_ids):
    raise InputError('An image is chosen twice; name each once.')
  return Subset(source, tuple(places[image_id] for image_id in image_ids))
