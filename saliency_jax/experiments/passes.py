"""The prediction loop: images read ahead, each predicted by several models."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from typing import NamedTuple

import numpy as np
from absl import logging

from saliency_jax import progress, runtime
from saliency_jax.data.images import check_reading
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.experiments.predictors import Predictor
from saliency_jax.ledger import Entry, Ledger


class Reading(NamedTuple):
  """How images are read."""
  batch_size: int  # images that models are given at once
  skipped: dict[str, str]  # image_id -> why; filled while images are read
  on_bad_image: str = 'raise'  # or 'skip'

  @classmethod
  def of(cls, data) -> 'Reading':
    """Reads `config.data`; raises an `InputError` as `check_reading`."""
    check_reading(data.batch_size, data.on_bad_image)
    return cls(data.batch_size, {}, data.on_bad_image)

  def skip(self, image_id: str, error: InputError) -> None:
    """Passes over an image; raises `error` if that is not to be."""
    if self.on_bad_image == 'raise':
      raise error
    logging.warning('%s It is left out.', error)
    self.skipped[image_id] = str(error)


class Predicted(NamedTuple):
  """One image, and what models make of it."""
  index: int  # its position in the data set
  record: Record
  maps: dict[str, np.ndarray]  # model -> float32 `[h, w]`


def predicted(
    source: Source, predictors: Sequence[Predictor],
    todo: Mapping[str, set[int]], reading: Reading
) -> Iterator[Predicted]:
  """Yields images in the order of the data set, those with nothing to do not.

  Raises:
    InputError: if an image or a map cannot be read.
  """
  wanted = sorted(set().union(*todo.values()))
  batches = [
      wanted[first:first + reading.batch_size]
      for first in range(0, len(wanted), reading.batch_size)]
  with futures.ThreadPoolExecutor(runtime.reading_threads()) as readers:
    ahead = []
    try:
      for number, batch in enumerate(batches):
        pending = ahead or _submit(readers, source, batch)
        ahead = _submit(readers, source, batches[number + 1]) if (
            number + 1 < len(batches)) else []
        yield from _through(
            predictors, todo, _records(source, batch, pending, reading))
    finally:
      for each in ahead:
        each.cancel()


def measured(
    source: Source, predictors: Sequence[Predictor], images: Sequence[int],
    measure: Callable[[Predicted], dict[str, dict]], *, ledger: Ledger,
    reading: Reading, title: str, look: Callable[[], None] = lambda: None,
    keep: Callable[[str, str, np.ndarray], None] | None = None
) -> None:
  """Measures every model on the images that a ledger lacks; adds them to it.

  Args:
    predictors: the models, each a series of the ledger.
    measure: gives what is measured of one image's maps, by model, as JSON
      values.
    ledger: takes it, and what `_about` says of the map.
    look: called after every image; what it raises ends the pass.
    keep: `keep(model, image_id, map)` is given every map.

  Raises:
    InputError: if an image or a map cannot be read.
  """
  todo = {
      each.name: {
          index for index in images
          if source.image_ids[index] not in ledger.entries[each.name]}
      for each in predictors}
  total = len(images) * len(predictors)
  left = sum(map(len, todo.values()))
  with progress.bar(
      total=total, done=total - left, unit='map', title=title) as bar:
    for each in predicted(source, predictors, todo, reading):
      image_id = each.record.image_id
      for model, values in measure(each).items():
        if keep:
          keep(model, image_id, each.maps[model])
        ledger.add(model, image_id, Entry(values | _about(
            each.maps[model], each.record.image.shape)))
        bar.update()
      look()


def _about(saliency: np.ndarray, size: Sequence[int]) -> dict:
  """Returns what tells that a map is none of its image, as JSON values.

  Whether it is 'constant', a 'digest' of it, and by how much it is 'stretched'
  beside the image; of square maps, as of networks, by nothing.
  """
  one, other = saliency.shape[0] / saliency.shape[1], size[0] / size[1]
  return {
      'constant': bool(saliency.min() == saliency.max()),
      'digest': zlib.crc32(np.ascontiguousarray(saliency)),
      'stretched': 1. if one == 1 else max(one / other, other / one)}


def _submit(
    readers: futures.Executor, source: Source, batch: Sequence[int]
) -> list[futures.Future]:
  return [readers.submit(source.__getitem__, index) for index in batch]


def _records(
    source: Source, batch: Sequence[int], pending: Sequence[futures.Future],
    reading: Reading
) -> Iterator[tuple[int, Record]]:
  """Yields the images of a batch up to one that ends the pass."""
  for index, each in zip(batch, pending, strict=True):
    try:
      yield index, each.result()
    except InputError as error:
      reading.skip(source.image_ids[index], error)


def _through(
    predictors: Sequence[Predictor], todo: Mapping[str, set[int]],
    records: Iterator[tuple[int, Record]]
) -> Iterator[Predicted]:
  found, problem = [], None
  try:
    found.extend(Predicted(index, record, {}) for index, record in records)
  except InputError as error:
    problem = error  # once what was read before is predicted
  for predictor in predictors:
    lacking = [each for each in found if each.index in todo[predictor.name]]
    if lacking:
      maps = predictor.predict(
          [each.record.image for each in lacking],
          [each.record.image_id for each in lacking])
      for each, saliency in zip(lacking, maps, strict=True):
        each.maps[predictor.name] = saliency
  yield from found
  if problem:
    raise problem
