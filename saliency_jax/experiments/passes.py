"""A pass over images: read ahead, each predicted by every model that lacks it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from typing import NamedTuple

import numpy as np

from saliency_jax import progress
from saliency_jax.data.types import Record, Source
from saliency_jax.experiments.predictors import Predictor
from saliency_jax.experiments.score_ledger import Partial
from saliency_jax.workdir import Folder

# More would take the cores from the models.
_READERS = 2


class Predicted(NamedTuple):
  """One image, and what models make of it."""
  index: int  # its place in the data set
  record: Record
  maps: dict[str, np.ndarray]  # model -> float32 `[h, w]`


# Gives what is measured of one image's maps, by model, as JSON values.
Measure = Callable[[Predicted], dict[str, dict]]


def measured(
    source: Source, predictors: Sequence[Predictor], images: Sequence[int],
    measure: Measure, *, partial: Partial, batch_size: int, title: str,
    keep: Folder | None
) -> None:
  """Measures every model on images that `partial` lacks, and adds them to it.

  Args:
    source: the images.
    predictors: the models.
    images: the places of those to measure.
    measure: what is measured.
    partial: of a job for each model.
    batch_size: images that models are given at once.
    title: what the progress bar says.
    keep: takes what is predicted, `maps/<model>/<image_id>.npy`; None keeps
      nothing.

  Raises:
    InputError: if an image or a map cannot be read.
  """
  todo = {
      each.name: {
          index for index in images
          if source.image_ids[index] not in partial.rows[each.name]}
      for each in predictors}
  total = len(images) * len(predictors)
  left = sum(map(len, todo.values()))
  with progress.bar(
      total=total, done=total - left, unit='map', title=title) as bar:
    for each in predicted(source, predictors, todo, batch_size):
      image_id = each.record.image_id
      for model, values in measure(each).items():
        if keep:
          keep.array(f'maps/{model}/{image_id}.npy', each.maps[model])
        partial.add(model, image_id, values)
        bar.update()


def predicted(
    source: Source, predictors: Sequence[Predictor],
    todo: dict[str, set[int]], batch_size: int
) -> Iterator[Predicted]:
  """Yields images in the order of the data set, those with nothing to do not.

  Args:
    source: the images.
    predictors: the models.
    todo: which images each model, by its name, is to predict.
    batch_size: images that models are given at once.

  Raises:
    InputError: if an image or a map cannot be read.
  """
  wanted = sorted(set().union(*todo.values()))
  batches = [
      wanted[first:first + batch_size]
      for first in range(0, len(wanted), batch_size)]
  with futures.ThreadPoolExecutor(_READERS) as readers:
    ahead = []
    try:
      for number, batch in enumerate(batches):
        pending = ahead or _submit(readers, source, batch)
        ahead = _submit(readers, source, batches[number + 1]) if (
            number + 1 < len(batches)) else []
        records = [each.result() for each in pending]
        yield from _through(predictors, todo, batch, records)
    finally:
      for each in ahead:
        each.cancel()


def _submit(
    readers: futures.Executor, source: Source, batch: Sequence[int]
) -> list[futures.Future]:
  return [readers.submit(source.__getitem__, index) for index in batch]


def _through(
    predictors: Sequence[Predictor], todo: dict[str, set[int]],
    batch: Sequence[int], records: Sequence[Record]
) -> Iterator[Predicted]:
  found = [Predicted(index, record, {})
           for index, record in zip(batch, records, strict=True)]
  for predictor in predictors:
    lacking = [each for each in found if each.index in todo[predictor.name]]
    if lacking:
      maps = predictor.predict(
          [each.record.image for each in lacking],
          [each.record.image_id for each in lacking])
      for each, saliency in zip(lacking, maps, strict=True):
        each.maps[predictor.name] = saliency
  yield from found
