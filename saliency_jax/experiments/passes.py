"""The prediction loop: images read ahead, each predicted by several models."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax import runtime
from saliency_jax.data import pipeline
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.experiments.predictors import Predictor


class Predicted(NamedTuple):
  """One image, and the models' maps of it."""

  index: int  # its position in the data set
  record: Record
  maps: dict[str, np.ndarray]  # model -> float32 `[h, w]`


def predicted(
  source: Source, predictors: Sequence[Predictor], todo: Mapping[str, set[int]], reading: Reading
) -> Iterator[Predicted]:
  """Yields images in the order of the data set, without those that are done.

  Raises:
    InputError: an image or a map cannot be read and is not to be skipped.
  """
  wanted = sorted(set().union(*todo.values()))
  records = iter(pipeline.in_threads(_read, source, wanted, runtime.reading_threads(), 2 * reading.batch_size))
  problem = None
  while batch := list(itertools.islice(records, reading.batch_size)):
    found = []
    for index, record in batch:
      if not isinstance(record, InputError):
        found.append(Predicted(index, record, {}))
        continue
      try:
        reading.skip(source.image_ids[index], record)
      except InputError as error:
        problem = error  # raised once earlier images are predicted
        break
    for predictor in predictors:
      lacking = [each for each in found if each.index in todo[predictor.name]]
      if lacking:
        _predict(predictor, lacking, reading)
    yield from (each for each in found if each.record.image_id not in reading.skipped)
    if problem:
      raise problem


def _predict(predictor: Predictor, images: Sequence[Predicted], reading: Reading) -> None:
  """Adds the maps of some images; skips an image whose map is at fault."""
  try:
    maps = predictor.predict([each.record.image for each in images], [each.record.image_id for each in images])
  except InputError as error:
    if len(images) == 1 or reading.on_bad_image == 'raise':
      reading.skip(images[0].record.image_id, error)
      return
    for each in images:
      _predict(predictor, [each], reading)
    return
  for each, saliency in zip(images, maps, strict=True):
    each.maps[predictor.name] = saliency


def _read(source: Source, index: int) -> tuple[int, Record | InputError]:
  try:
    return index, source[index]
  except InputError as error:
    return index, error
