"""Reading photographs beside a network: all threads against one, by cores."""

import itertools
import pathlib
import tempfile
import time
from collections.abc import Iterator

from benchmarks.timing import Row
from saliency_jax.data import batch_rows, pipeline, pixel_sets
from saliency_jax.data.images import list_images
from saliency_jax.data.source import open_source
from saliency_jax.data.types import Source
from saliency_jax.runtime import cores


def compare(osie: str, images: int = 10_000, batch: int = 64) -> list[Row]:
  """Returns how fast many photographs are decoded and resized to 224 x 224.

  Args:
    osie: a folder in OSIE's layout; links to its photographs make the images.
  """
  with tempfile.TemporaryDirectory() as folder:
    paths = itertools.cycle(list_images(
        pathlib.Path(osie).resolve() / 'stimuli').values())
    for number, path in zip(range(images), paths, strict=False):
      pathlib.Path(folder, f'{number:06d}{path.suffix}').symlink_to(path)
    source = open_source('images', folder)
    one = _rate(source, 1, images // 20, batch)
    every = _rate(source, cores(), images, batch)
  return [Row(
      f'reading {images} photographs in {cores()} threads', every, 'images/s',
      cores() * one, f'{cores()} times one thread', every / (cores() * one),
      '>= 0.9')]


def _rate(source: Source, threads: int, images: int, batch: int) -> float:
  start = time.perf_counter()
  found: Iterator[batch_rows.Batch] = pipeline.batches(
      source, batch_rows.Preparation(pixel_sets.nothing, 224, ((14, 14),)),
      indices=range(images), batch_size=batch, threads=threads)
  read = sum(int((each.index >= 0).sum()) for each in found)
  return read / (time.perf_counter() - start)
