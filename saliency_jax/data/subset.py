"""Some of a data set's images, as a data set."""

from collections.abc import Callable, Iterable

from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError


class Subset:
  """A `Source` that shows some images of another one; `subset` makes it.

  What else the other source has, it has too: `scanpaths`, `size`, `photograph`,
  `content` and `plan` for one of its own indices, `patterns` of its own images.

  Attributes:
    image_ids: those that were chosen, in the order in which they were named.
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

  @property
  def gives(self) -> frozenset[str]:
    """What is known of the images of the other source."""
    return self._source.gives

  @property
  def patterns(self) -> tuple:
    """The images' patterns; () where those of the other source are."""
    patterns = self._source.patterns
    return tuple(patterns[i] for i in self._indices) if patterns else ()

  # Properties, so that a subset lacks what the source lacks.
  @property
  def scanpaths(self) -> Callable:
    return self._by_index(self._source.scanpaths)

  @property
  def size(self) -> Callable:
    return self._by_index(self._source.size)

  @property
  def photograph(self) -> Callable:
    return self._by_index(self._source.photograph)

  @property
  def content(self) -> Callable:
    return self._by_index(self._source.content)

  @property
  def plan(self) -> Callable:
    return self._by_index(self._source.plan)

  @property
  def fixations_digest(self) -> Callable:
    return self._source.fixations_digest

  def _by_index(self, method: Callable) -> Callable:
    return lambda index: method(self._indices[index])


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
        f'the first is {absent[0]}; give the data set that has them.')
  if len(set(image_ids)) < len(image_ids):
    raise InputError('An image is chosen twice; name each once.')
  return Subset(source, tuple(places[image_id] for image_id in image_ids))
