"""The whole job beside the bare forward: decoding, weights, association."""

import pathlib
import resource
import sys
import tempfile
import time
from collections.abc import Sequence

import jax
import numpy as np

from benchmarks.timing import Row
from saliency_jax import runtime
from saliency_jax.data import pixel_sets, subset
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Source
from saliency_jax.experiments import measurement
from saliency_jax.experiments.forward import Probe
from saliency_jax.ledger import Ledger
from saliency_jax.networks.network import Network


def compare(
  source: Source, network: Network, taps: Sequence[str], batch: int, *, target: str, legs: int = 5
) -> list[Row]:
  """Returns the speed and the memory of dissecting a data set, once through.

  The job runs in legs over parts of the data set, whole batches as in one run,
  and the bare forward of half as many images comes before each: in turn, so
  that whatever else the machine does falls on both. Both are compiled before.

  Args:
    source: photographs with regions.
    legs: parts of the data set.
  """
  side = network.preprocess.image_size
  images = np.random.default_rng(0).integers(0, 256, (batch, side, side, 3), np.uint8)
  variables = runtime.replicate(network.variables, runtime.data_mesh())
  compiled = network.compiled(taps)

  def bare(batches: int) -> float:
    start = time.perf_counter()
    for _ in range(batches):
      jax.block_until_ready(compiled(variables, images))
    return time.perf_counter() - start

  def job(part: Source) -> float:
    with tempfile.TemporaryDirectory() as folder:
      return measurement.measure(
        Probe(network, tuple(taps), Reading(batch)),
        part,
        pixel_sets.distinct_fixations_in_regions,
        ledger=Ledger(pathlib.Path(folder), {measurement.SERIES: {}}),
      ).seconds['wall']

  batches = -(-len(source) // (2 * legs * batch))
  bare(1), job(subset.subset(source, source.image_ids[:batch]))
  alone = whole = 0.0
  ids = source.image_ids
  for leg in range(legs):
    alone += bare(batches)
    part = [name for start in range(leg * batch, len(ids), legs * batch) for name in ids[start : start + batch]]
    whole += job(subset.subset(source, part))
  forward, dissecting = legs * batches * batch / alone, len(source) / whole
  # Linux counts in KiB, macOS in bytes.
  unit = 1 if sys.platform == 'darwin' else 1024
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
  return [
    Row(
      f'dissecting {network.name}, {len(source)} photographs, decoding included',
      dissecting,
      'images/s',
      forward,
      'its bare forward',
      dissecting / forward,
      target,
    ),
    Row(f'peak memory, {len(source)} photographs', peak, 'GB', 3.0, 'allowed', peak / 3, '<= 1'),
  ]
