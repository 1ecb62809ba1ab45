"""A pass over images: read ahead, split over the devices, through a network."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import compiling, runtime
from saliency_jax.data import pipeline
from saliency_jax.data.images import check_on_bad_image
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.networks import registry
from saliency_jax.ops import association
from saliency_jax.ops.pixel_weights import CellWeights

Grid = tuple[int, int]  # (h, w) in cells


class Settings(NamedTuple):
  """How images are read; see `configs/base.py` for the units."""
  image_size: int
  batch_size: int
  workers: int
  on_bad_image: str

  def check(self) -> None:
    """Raises an `InputError` if a value makes no sense."""
    for name, least in (('image_size', 1), ('batch_size', 1), ('workers', 0)):
      if getattr(self, name) < least:
        raise InputError(
            f'config.data.{name} is {getattr(self, name)}; give {least} or '
            f'more.')
    check_on_bad_image(self.on_bad_image)


class Step(NamedTuple):
  """One batch, and what is on the devices for it."""
  batch: pipeline.Batch
  maps: dict[str, jax.Array]  # layer -> float `[B, h, w, C]`
  weights: dict[Grid, CellWeights]

  def standardised(
      self, layer: str, images: Sequence[int], units: Sequence[int]
  ) -> np.ndarray:
    """Copies some standardised maps out of the batch.

    Args:
      layer: whose maps.
      images: int `[M]`, rows of the batch.
      units: int `[M]`, a unit of the layer for each of them.

    Returns:
      float16 `[M, h, w]`, see `association.standardise`.
    """
    maps = self.maps[layer]
    weights = self.weights[maps.shape[1:3]]
    return np.asarray(_gather(
        maps, weights.rows, weights.columns, np.asarray(images),
        np.asarray(units)))


class Forward:
  """A network, compiled, with its parameters on the devices.

  Attributes:
    grids: the (h, w) of every layer.
    batch_size: B, a multiple of the devices.
    seconds: spent so far, over all images: `decode` in the background, `wait`
      for it, and `forward`; users add their own.
  """

  def __init__(
      self, network: registry.Network, params: registry.Params,
      settings: Settings, devices: Sequence[jax.Device] | None = None):
    """Puts the parameters on the devices.

    Args:
      network: the network and its layers.
      params: its parameters.
      settings: how images are read.
      devices: over which the batch is split; all by default.

    Raises:
      InputError: if a setting makes no sense, a layer's maps have less than two
        rows or columns, or there are several processes.
    """
    if jax.process_count() > 1:
      raise InputError(
          'A network is looked into by one process; start this on one host.')
    settings.check()
    self._settings = settings
    self.grids: dict[str, Grid] = {}
    for layer, (height, width, _) in registry.map_sizes(
        network, params, settings.image_size).items():
      registry.check_grid(layer, height, width, settings.image_size)
      self.grids[layer] = (height, width)
    self._mesh = runtime.data_mesh(devices)
    self.batch_size = runtime.whole_batches(settings.batch_size, self._mesh)
    self._params = runtime.replicate(params, self._mesh)
    self._apply = jax.jit(
        network.apply, compiler_options=compiling.options())
    self.seconds = dict.fromkeys(('decode', 'wait', 'forward'), 0.)

  def timed(self, name: str, function: Callable, *arguments):
    """Calls a function, waits for its arrays and adds to `seconds[name]`."""
    begin = time.perf_counter()
    result = jax.block_until_ready(function(*arguments))
    self.seconds[name] = (
        self.seconds.get(name, 0) + time.perf_counter() - begin)
    return result

  def steps(
      self, source: Source, indices: Sequence[int], *, choose: Chooser,
      keep: Callable[[Record, int], Any] | None = None,
      on_bad_image: str | None = None
  ) -> Iterator[Step]:
    """Yields images in batches with the network's maps; the last is padded.

    Args:
      source: the images.
      indices: which images, in which order.
      choose: which pixels of a record are weighed.
      keep: see `pipeline.Preparation`.
      on_bad_image: in place of the settings'.

    Raises:
      InputError: if an image cannot be read and is not to be skipped.
    """
    batches = pipeline.batches(
        source, pipeline.Preparation(
            choose, self._settings.image_size,
            tuple(sorted(set(self.grids.values()))), keep),
        indices=indices, workers=self._settings.workers,
        batch_size=self.batch_size)
    while (batch := self.timed('wait', next, batches, None)) is not None:
      if (on_bad_image or self._settings.on_bad_image) == 'raise':
        for problem in batch.problems:
          if problem:
            raise InputError(str(problem))
      self.seconds['decode'] += float(batch.seconds.sum())
      maps = self.timed(
          'forward', self._apply, self._params,
          runtime.split(batch.images, self._mesh))
      yield Step(batch, maps, runtime.split(batch.weights, self._mesh))


# Compiled as a whole: operations one by one on arrays that are split over the
# devices are many small collectives, which can starve one another on a CPU.
@jax.jit
def _gather(
    maps: jax.Array, rows: jax.Array, columns: jax.Array, images: jax.Array,
    units: jax.Array
) -> jax.Array:
  """Returns standardised maps float16 `[M, h, w]` out of `[B, h, w, C]`."""
  cells = maps[images, :, :, units][..., None]
  return association.standardise(
      cells, rows[images], columns[images])[..., 0].astype(jnp.float16)
