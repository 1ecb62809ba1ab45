"""A pass over images: read ahead, split over the devices, through a network."""

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax

from saliency_jax import runtime
from saliency_jax.data import batch_rows, pipeline
from saliency_jax.data.batch_rows import Cells
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks.network import Network
from saliency_jax.ops.pixel_weights import CellWeights
from saliency_jax.ops.resize import TILING


class Probe(NamedTuple):
  """A network, the taps to read, and how its images are read."""

  network: Network
  taps: tuple[str, ...]  # names, see `Network.resolve`; also vectors
  reading: Reading
  alignment: str = 'grid'  # or 'receptive_field'; see `configs/base.py`

  def cells(self) -> dict[str, Cells]:
    """Returns how the cells of every tap, vectors aside, lie on an image.

    Raises:
      InputError: a map has fewer than two rows or columns.
    """
    taps, side = self.network.taps, self.network.preprocess.image_size
    found = self.network.grids([name for name in self.taps if taps[name].kind != 'vector'], side)
    if self.alignment == 'grid':
      return found
    placed = {name: tap_tools.placement(taps[name], grid, side) for name, grid in found.items()}
    return {name: grid if placed[name] == TILING else (*grid, placed[name]) for name, grid in found.items()}


def alignment(config) -> str:
  """Returns a job's `analysis.alignment`.

  Raises:
    InputError: there is no such alignment.
  """
  if config.analysis.alignment not in ('grid', 'receptive_field'):
    raise InputError(f"config.analysis.alignment is {config.analysis.alignment!r}; it is 'grid' or 'receptive_field'.")
  return config.analysis.alignment


class Inputs(NamedTuple):
  """One batch, and its arrays on the devices."""

  batch: batch_rows.Batch
  images: jax.Array  # uint8 [B, S, S, 3]
  weights: dict[str, CellWeights]  # tap -> of its cells


class Forward:
  """Passes images through a network; its variables are on the devices.

  Attributes:
    cells: how those of every tap lie on an image, see `Probe.cells`.
    batch_size: B of this process, a multiple of its devices.
    maps: returns tap -> maps `[B, h, w, C]`, a vector's `[B, C]`, for
      `Inputs.images`; they may not be computed yet.
    at_once: how many batches to compute at once, each in its own thread. On a
      CPU parts of a network use one core, or wait for the slower one; another
      batch uses the idle core.
    seconds: spent so far: `decode` in the background and `wait` for it.
  """

  def __init__(self, probe: Probe):
    """Puts the variables on the devices.

    Raises:
      InputError: a map has fewer than two rows or columns.
    """
    network, self._reading = probe.network, probe.reading
    self._preprocess = network.preprocess
    self.cells = probe.cells()
    runtime.all_devices()
    self._mesh = runtime.data_mesh(jax.local_devices())
    share = -(-self._reading.batch_size // jax.process_count())
    self.batch_size = runtime.whole_batches(share, self._mesh)
    # uint8 [B, S, S, 3] on the devices -> {tap: maps}
    self.maps = functools.partial(network.compiled(probe.taps), runtime.replicate(network.variables, self._mesh))
    self.at_once = 2 if jax.default_backend() == 'cpu' and self._mesh.size == 1 else 1
    self.seconds = {'decode': 0.0, 'wait': 0.0}

  def inputs(
    self, source: Source, indices: Sequence[int], *, choose: Chooser, keep: Callable[[Record, int], Any] | None = None
  ) -> Iterator[Inputs]:
    """Yields images in batches, read ahead; the last is padded.

    Args:
      keep: returns what to keep of an image, see `batch_rows.Preparation`.

    Raises:
      InputError: an image cannot be read and is not to be skipped.
    """
    batches = pipeline.batches(
      source,
      batch_rows.Preparation(
        choose, self._preprocess.image_size, tuple(sorted(set(self.cells.values()))), keep, self._preprocess.resize
      ),
      pipeline.in_rows(indices, self.batch_size),
      workers=self._reading.workers,
      threads=runtime.reading_threads(),
    )
    while True:
      begin = time.perf_counter()
      batch = next(batches, None)
      self.seconds['wait'] += time.perf_counter() - begin
      if batch is None:
        return
      self._reading.skip_problems(source, batch)
      self.seconds['decode'] += float(batch.seconds.sum())
      images, weights = runtime.split((batch.images, batch.weights), self._mesh)
      yield Inputs(batch, images, {tap: weights[cells] for tap, cells in self.cells.items()})
