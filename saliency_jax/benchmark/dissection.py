"""The whole job beside the bare forward: decoding, weights, association."""

import pathlib
import resource
import sys
import tempfile
import time

import jax
import numpy as np

from saliency_jax.analysis import measurement
from saliency_jax.analysis.partial import Partial
from saliency_jax.benchmark import kernel
from saliency_jax.benchmark.timing import Row
from saliency_jax.datasets import sets
from saliency_jax.datasets.records import Source
from saliency_jax.models import compiling


def compare(source: Source, batch: int) -> list[Row]:
  """Returns the speed and the memory of dissecting a data set, once through.

  Half of the bare forward is timed before the job and half after it. Both sides
  include their compilation.

  Args:
    source: photographs with regions.
    batch: images in a batch.
  """
  network, params = kernel.random_network()
  half = -(-len(source) // (2 * batch)) * batch

  def bare() -> float:
    images = np.random.default_rng(0).integers(
        0, 256, (batch, 224, 224, 3), np.uint8)
    start = time.perf_counter()
    forward = jax.jit(network.apply, compiler_options=compiling.options())
    for _ in range(half // batch):
      jax.block_until_ready(forward(params, images))
    return time.perf_counter() - start

  before = bare()
  with tempfile.TemporaryDirectory() as folder:
    measured = measurement.measure(
        source, sets.distinct_fixations_in_regions, network=network,
        params=params, partial=Partial(pathlib.Path(folder) / 'partial', {}),
        settings=measurement.Settings(
            image_size=224, batch_size=batch, workers=0, on_bad_image='raise'))
  forward = 2 * half / (before + bare())
  whole = len(source) / measured.seconds['wall']
  # Linux counts in KiB, macOS in bytes.
  unit = 1 if sys.platform == 'darwin' else 1024
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
  return [
      Row(f'dissecting {len(source)} photographs, decoding included', whole,
          'images/s', forward, 'VGG forward', whole / forward, '>= 0.9'),
      Row(f'peak memory, {len(source)} photographs', peak, 'GB', 3., 'allowed',
          peak / 3, '<= 1')]
