"""Figure 8: a few images with every model's map, for the page."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from saliency_jax import schema
from saliency_jax.data.popout.search_arrays import TARGET
from saliency_jax.experiments import thumbnails
from saliency_jax.experiments.predictors import Predictor
from saliency_jax.experiments.score_lists import Scored
from saliency_jax.ops import association, resize
from saliency_jax.workdir import Folder

_CELLS = 200  # of a saved map's longer side, at most


def choose(scores: np.ndarray, count: int) -> list[int]:
  """Returns images on which the models do well, middling and badly.

  Images are ranked by their mean score over models, and taken at equal steps
  from first to last.

  Args:
    scores: float `[M, N]`, of M models on N images; an image with a NaN is
      never shown.

  Returns:
    Positions, at most `count`, from the highest mean to the lowest.
  """
  means = scores.mean(axis=0)
  ranked = np.argsort(-means, kind='stable')[: np.isfinite(means).sum()]
  return thumbnails.spread(ranked, count).tolist()


def write(folder: Folder, found: Sequence[Scored], count: int, predictors: Sequence[Predictor]) -> None:
  """Writes `examples.csv`, `examples.npz` and `pictures/`.

  The archive has `models` str `[M]` and, for example k, `<k>/scores` float32
  `[M]`, `<k>/map/<m>` float16 `[h, w]` of model m and `<k>/fixations` int32
  `[N, 2]` (y, x); for a photograph also `<k>/human` float16 `[h, w]`, for a
  search array `<k>/target` bool in the picture's size. Maps are standardised as
  in NSS and NMM, over their bilinear upsampling to the image, and then averaged
  down to at most `_CELLS` cells.
  """
  shown = []
  for each in found:
    of_models = each.scores
    scores = np.array([of_models[model][each.scoring.ranked] for model in each.models])
    kinds = [each.scoring.kinds[i] for i in each.images]
    shown += [(each.scoring, each.images[i], kinds[i], scores[:, i]) for i in choose(scores, count)]
  arrays = {'models': np.array([each.name for each in predictors])}
  records = [scoring.dataset.source[index] for scoring, index, *_ in shown]
  # All at once, because a network always computes whole batches.
  maps = [
    predictor.predict([record.image for record in records], [record.image_id for record in records])
    for predictor in predictors
  ]
  listed = []
  for k, (record, (scoring, _, kind, scores)) in enumerate(zip(records, shown, strict=True)):
    human, size = scoring.human(record), record.image.shape[:2]
    width_height = thumbnails.save(folder.path / thumbnails.picture_name(k), record.image)
    arrays[f'{k}/scores'] = np.asarray(scores, np.float32)
    arrays[f'{k}/fixations'] = np.asarray(record.fixations, np.int32)
    for m, of_model in enumerate(maps):
      arrays[f'{k}/map/{m}'] = _kept(of_model[k], size)
    if human is None:
      target = record.regions.masks[record.regions.categories.index(TARGET)]
      arrays[f'{k}/target'] = np.asarray(Image.fromarray(target).resize(width_height))
    else:
      arrays[f'{k}/human'] = _kept(human, size)
    listed.append((k, scoring.dataset.name, record.image_id, kind, scoring.ranked, thumbnails.picture_name(k), *size))
  folder.arrays(schema.EXAMPLE_MAPS.path, arrays)
  folder.table(schema.EXAMPLES, listed)


def _kept(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns a map standardised over an image of `size`, float16 `[h, w]`."""
  rows, columns = (
    resize.axis_moments(pixels, n).astype(np.float32) for pixels, n in zip(size, cells.shape, strict=True)
  )
  deviations = np.asarray(association.standardise(np.asarray(cells, np.float32)[..., None], rows, columns))[..., 0]
  share = _CELLS / max(deviations.shape)
  if share < 1:
    deviations = np.asarray(
      Image.fromarray(deviations).resize(
        [max(1, round(n * share)) for n in deviations.shape[::-1]], Image.Resampling.BOX
      )
    )
  return deviations.astype(np.float16)
