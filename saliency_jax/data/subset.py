"""A selection of a data set's images, as a data set."""

from collections.abc import Callable, Iterable
from typing import Any

from saliency_jax.data.types import Source
from saliency_jax.errors import InputError


def _of_an_image(name: str) -> Callable:
  def method(self: 'Subset', index: int, *more: Any) -> Any:
    return getattr(self._source, name)(self._indices[index], *more)

  return method


class Subset(Source):
  """Some images of another data set; see `subset`."""

  def __init__(self, source: Source, indices: tuple[int, ...]):
    """Takes the indices of the images in `source`."""
    self._source, self._indices = source, indices
    self.image_ids = tuple(source.image_ids[index] for index in indices)
    self.gives, self.items, self.fixations_digest = source.gives, source.items, source.fixations_digest
    self.patterns = tuple(source.patterns[i] for i in indices) if source.patterns else ()

  __getitem__ = _of_an_image('__getitem__')
  size = _of_an_image('size')
  scanpaths = _of_an_image('scanpaths')
  described = _of_an_image('described')
  content = _of_an_image('content')
  file_size = _of_an_image('file_size')
  check_size = _of_an_image('check_size')
  squared = _of_an_image('squared')
  photograph = _of_an_image('photograph')


def subset(source: Source, image_ids: Iterable[str]) -> Subset:
  """Returns a view of the named images of a data set, in the order named.

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
