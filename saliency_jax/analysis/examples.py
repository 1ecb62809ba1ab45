"""Maps of a few units on a few images, kept for the page to draw."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from PIL import Image

from saliency_jax import progress
from saliency_jax.analysis.job import Job
from saliency_jax.datasets.records import Source
from saliency_jax.models import compiling


class Answer(NamedTuple):
  """One unit's score on one set of pixels."""
  set_id: int
  label: str
  layer: str
  unit: int  # counted from 0
  score: float


class Example(NamedTuple):
  """An image to show and the units to show on it."""
  index: int  # position in the data set
  answers: list[Answer]


def write(job: Job, source: Source, chosen: Sequence[Example]) -> None:
  """Writes `examples.json` and `examples/<number>.npz`.

  An archive holds `image` uint8 `[H, W, 3]`, `fixations` int32 `[N, 2]` (y, x),
  `sets` int32 `[H, W]` (the sets' ids, 0 elsewhere) and, for the k-th answer of
  the JSON list, `map_<k>` float32 `[h, w]`, the unit's map in cells.

  Args:
    job: the network and the folder.
    source: the images.
    chosen: what to show.
  """
  forward = jax.jit(job.network.apply, compiler_options=compiling.options())
  listed = []
  for number, example in enumerate(progress.track(
      chosen, total=len(chosen), unit='image', title='Keeping examples')):
    record = source[example.index]
    small = Image.fromarray(record.image).resize(
        (job.settings.image_size,) * 2, Image.Resampling.BILINEAR)
    maps = forward(job.params, np.asarray(small)[None])
    sets = np.zeros(record.image.shape[:2], np.int32)
    for set_id, mask in zip(
        record.regions.ids, record.regions.masks, strict=True):
      sets[mask] = set_id
    name = f'examples/{number:03d}.npz'
    job.folder.arrays(name, {
        'image': record.image, 'fixations': record.fixations, 'sets': sets,
        **{f'map_{k}': np.asarray(
            maps[answer.layer][0, :, :, answer.unit], np.float32)
           for k, answer in enumerate(example.answers)}})
    listed.append({
        'image_id': record.image_id, 'file': name,
        'regions': [
            {'id': int(set_id), 'category': category} for set_id, category in
            zip(record.regions.ids, record.regions.categories, strict=True)],
        'answers': [answer._asdict() for answer in example.answers]})
  job.folder.json('examples.json', listed)
