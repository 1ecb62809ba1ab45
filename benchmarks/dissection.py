"""The whole job beside the bare forward: decoding, weights, association."""

import pathlib
import resource
import sys
import tempfile
import time

import jax
import numpy as np

from benchmarks import kernel
from benchmarks.timing import Row
from saliency_jax import runtime
from saliency_jax.data import pixel_sets, subset
from saliency_jax.data.types import Source
from saliency_jax.experiments import measurement
from saliency_jax.experiments.partial import Partial


def compare(source: Source, batch: int, legs: int = 5) -> list[Row]:
  """Returns the speed and the memory of dissecting a data set, once through.

  The job runs in legs over parts of the data set, and the bare forward of half
  as many images comes before each: in turn, so that whatever else the machine
  does falls on both. Both sides include their compilation.

  Args:
    source: photographs with regions.
    batch: images in a batch.
    legs: parts of the data set.
  """
  network, params = kernel.random_network()
  images = np.random.default_rng(0).integers(
      0, 256, (batch, 224, 224, 3), np.uint8)

  def bare(batches: int) -> float:
    start = time.perf_counter()
    forward = jax.jit(
        network.apply, compiler_options=runtime.compiler_options())
    for _ in range(batches):
      jax.block_until_ready(forward(params, images))
    return time.perf_counter() - start

  def job(part: Source) -> float:
    with tempfile.TemporaryDirectory() as folder:
      return measurement.measure(
          part, pixel_sets.distinct_fixations_in_regions, network=network,
          params=params, partial=Partial(pathlib.Path(folder) / 'partial', {}),
          settings=measurement.Settings(
              image_size=224, batch_size=batch, workers=0,
              on_bad_image='raise')).seconds['wall']

  batches = -(-len(source) // (2 * legs * batch))
  alone = whole = 0.
  for leg in range(legs):
    alone += bare(batches)
    whole += job(subset.subset(source, source.image_ids[leg::legs]))
  forward, dissecting = legs * batches * batch / alone, len(source) / whole
  # Linux counts in KiB, macOS in bytes.
  unit = 1 if sys.platform == 'darwin' else 1024
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
  return [
      Row(f'dissecting {len(source)} photographs, decoding included',
          dissecting, 'images/s', forward, 'VGG forward',
          dissecting / forward, '>= 0.9'),
      Row(f'peak memory, {len(source)} photographs', peak, 'GB', 3., 'allowed',
          peak / 3, '<= 1')]
