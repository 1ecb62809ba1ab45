"""Reading beside a network: photographs, and a data set whose images lie ready.

Beside what all cores decode and resize with nothing else to do, and on an
accelerator beside VGG-16's forward in bfloat16.
"""

import functools
import itertools
import multiprocessing
import pathlib
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence

import jax
import numpy as np

from benchmarks import kernel
from benchmarks.timing import Row
from saliency_jax import runtime
from saliency_jax.data import batch_rows, builders, images, pipeline, pixel_sets
from saliency_jax.data.source import open_source
from saliency_jax.data.types import Source

# As a dissection of VGG-16 reads.
_PREPARATION = batch_rows.Preparation(pixel_sets.counted('distinct', in_regions=True), 224, ((28, 28), (14, 14)))


def compare(osie: str, count: int = 10_000, batch: int = 64) -> list[Row]:
  """Returns how fast images are read as a network takes them, 224 x 224.

  Args:
    osie: a folder in OSIE's layout; links to its photographs make `count`
      images, and its built images are read again and again.
  """
  use, forward = lambda x: None, None
  if jax.default_backend() != 'cpu':
    use, forward = _forward(batch)
  with tempfile.TemporaryDirectory() as folder:
    files = images.list_images(pathlib.Path(osie).resolve() / 'stimuli').values()
    (photographs := pathlib.Path(folder, 'photographs')).mkdir()
    for number, path in zip(range(count), itertools.cycle(files), strict=False):
      (photographs / f'{number:06d}{path.suffix}').symlink_to(path)
    raw = open_source('images', photographs)
    decoding = _decoding(sorted(photographs.iterdir()))
    whole, half = _rates(raw, range(count), batch, use)
    built = open_source('built', builders.build(open_source('osie', osie), 'osie', folder, 224))
    ready, _ = _rates(built, np.arange(count) % len(built), batch, use)
  slower = min(decoding, forward or decoding)
  beside = f'{runtime.cores()} processes that decode and resize'
  if forward and forward < decoding:
    beside = 'VGG forward, bfloat16'
  return [
    Row(f'reading {count} photographs', whole, 'images/s', slower, beside, whole / slower, ''),
    Row('the second half of them', half, 'images/s', slower, beside, half / slower, '>= 0.9'),
    Row(
      f'reading {count} images that lie ready',
      ready,
      'images/s',
      forward or whole,
      'VGG forward, bfloat16' if forward else 'photographs',
      ready / (forward or whole),
      '>= 0.8' if forward else '',
    ),
  ]


def _rates(
  source: Source, indices: Sequence[int], batch: int, use: Callable[[np.ndarray], object]
) -> tuple[float, float]:
  """Returns images a second, of all and of the second half.

  Args:
    use: what becomes of a batch; four of its results are not waited for.
  """
  start, ends, results = time.perf_counter(), [], deque()
  rows = pipeline.in_rows(indices, batch)
  for each in pipeline.batches(source, _PREPARATION, rows, threads=runtime.cores()):
    results.append(use(each.images))
    if len(results) > 4:
      jax.block_until_ready(results.popleft())
    ends.append(time.perf_counter())
  jax.block_until_ready(list(results))
  ends[-1] = time.perf_counter()
  middle = len(ends) // 2
  return (len(indices) / (ends[-1] - start), (len(indices) - middle * batch) / (ends[-1] - ends[middle - 1]))


def _forward(batch: int) -> tuple[Callable[[np.ndarray], object], float]:
  """Returns the forward, of images on the host, and its own images a second."""
  network, mesh = kernel.random_network('bfloat16'), runtime.data_mesh()
  compiled = functools.partial(network.compiled(kernel.LAYERS), runtime.replicate(network.variables, mesh))
  there = runtime.split(np.zeros((batch, 224, 224, 3), np.uint8), mesh)
  for calls in (2, 100):  # the first compile
    start = time.perf_counter()
    for _ in range(calls):
      last = compiled(there)
    jax.block_until_ready(last)
  return (lambda x: compiled(runtime.split(x, mesh)), calls * batch / (time.perf_counter() - start))


def _decoding(files: Sequence[pathlib.Path]) -> float:
  """Returns how many images a second all cores decode, and send nowhere."""
  count = runtime.cores()
  files = files[: max(40 * count, len(files) // 5)]
  with multiprocessing.get_context('spawn').Pool(count) as pool:
    pool.map(_decode, files[: 4 * count], 1)  # starts them
    start = time.perf_counter()
    pool.map(_decode, files, 8)
    return len(files) / (time.perf_counter() - start)


def _decode(file: pathlib.Path) -> None:
  images.read_square(file, 224, 'bilinear')
