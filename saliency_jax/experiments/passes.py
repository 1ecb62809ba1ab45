"""The prediction loop: images read ahead, each predicted by several models."""

import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax import progress, runtime
from saliency_jax.data import pipeline
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.experiments.predictors import Predictor
from saliency_jax.ledger import Entry, Ledger


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


def measured(
  source: Source,
  predictors: Sequence[Predictor],
  images: Sequence[int],
  measure: Callable[[Predicted], dict[str, dict]],
  *,
  ledger: Ledger,
  reading: Reading,
  title: str,
  poll: Callable[[], None] = lambda: None,
  keep: Callable[[str, str, np.ndarray], None] | None = None,
) -> None:
  """Measures every model on the images that a ledger lacks; adds them to it.

  Args:
    measure: returns the measures of one image's maps, by model, as JSON values.
    poll: called after every image; an exception ends the pass.
    keep: `keep(model, image_id, map)` is given every map.

  Raises:
    InputError: as `predicted`.
  """
  todo = {
    each.name: {index for index in images if source.image_ids[index] not in ledger.entries[each.name]}
    for each in predictors
  }
  total = len(images) * len(predictors)
  left = sum(map(len, todo.values()))
  with progress.bar(total=total, done=total - left, unit='map', title=title) as bar:
    for each in predicted(source, predictors, todo, reading):
      image_id = each.record.image_id
      for model, values in measure(each).items():
        if keep:
          keep(model, image_id, each.maps[model])
        ledger.add(model, image_id, Entry(values | _about(each.maps[model], each.record.image.shape)))
        bar.update()
      poll()


def _about(saliency: np.ndarray, size: Sequence[int]) -> dict:
  """Returns signs that a map does not fit its image, as JSON values.

  They are whether it is 'constant', or 'framed', i.e. highest all along its
  edge; a 'digest' to find equal maps; and the factor by which its aspect ratio
  is 'stretched', 1 for square maps, which networks give.
  """
  edge = np.concatenate([*saliency[[0, -1]], *saliency[:, [0, -1]].T])
  one, other = saliency.shape[0] / saliency.shape[1], size[0] / size[1]
  return {
    'constant': bool(saliency.min() == saliency.max()),
    'framed': bool(edge.min() == saliency.max() > saliency.min()),
    'digest': zlib.crc32(np.ascontiguousarray(saliency)),
    'stretched': 1.0 if one == 1 else max(one / other, other / one),
  }
