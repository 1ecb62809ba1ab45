"""From a data set to the inputs of the trained layers, batch after batch.

The frozen layers are either computed for every batch, or once before the first
step; their features are then read from disk, or from the devices' memory if it
can hold them.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from saliency_jax import progress, runtime
from saliency_jax.data import pipeline
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.networks import cuts
from saliency_jax.networks.network import Network, Variables
from saliency_jax.training import feature_cache, image_batches
from saliency_jax.training.plan import Plan

_GIGABYTE = 1e9
# The share of a device's free memory that features may take, and the most GB,
# since they pass through the host's memory.
_SHARE, _PASSED = 0.25, 8.0


class DeviceBatch(NamedTuple):
  """One batch, split over the devices."""

  features: dict[int, Any]  # depth -> `[B, ...]`, or a tree of such arrays
  targets: Any  # see `tasks.Task.targets`
  valid: jax.Array  # float32 `[B]`


class Frozen(NamedTuple):
  """The stages that no member trains, compiled."""

  network: Network
  variables: Variables  # on the devices
  forward: Callable[[jax.Array], dict[int, Any]]  # of uint8 images
  shapes: dict[int, Any]  # depth -> its features, `jax.ShapeDtypeStruct`s
  mesh: Mesh


def shapes(network: Network, depths: Sequence[int]) -> dict[int, Any]:
  """Returns depth -> the features of one image, `jax.ShapeDtypeStruct`s."""
  side = network.preprocess.image_size
  image = jax.ShapeDtypeStruct((1, side, side, 3), jnp.uint8)
  return jax.eval_shape(cuts.make_prefix(network, depths), network.variables, image)


def gigabytes(features: dict[int, Any], images: int) -> float:
  """Returns the size on disk of the `shapes` of a number of images."""
  return images * sum(4 * math.prod(x.shape) for x in jax.tree.leaves(features)) / _GIGABYTE


def freeze(network: Network, depths: Sequence[int], mesh: Mesh) -> Frozen:
  """Returns the frozen stages of some depths, compiled and on the devices."""
  variables = runtime.replicate(network.variables, mesh)
  compiled = jax.jit(cuts.make_prefix(network, depths), compiler_options=runtime.compiler_options())
  return Frozen(network, variables, lambda images: compiled(variables, images), shapes(network, depths), mesh)


class Computed:
  """Batches whose frozen stages are computed anew every time."""

  def __init__(self, source: Source, examples: image_batches.Examples, frozen: Frozen):
    self._source, self._examples, self._frozen = source, examples, frozen

  def batches(self, rows: np.ndarray) -> Iterator[DeviceBatch]:
    """Yields a batch for every row of indices; -1 is padding."""
    for inputs in image_batches.read(self._source, self._examples, rows):
      images, targets, valid = runtime.split((inputs.images, inputs.targets, inputs.valid), self._frozen.mesh)
      yield DeviceBatch(self._frozen.forward(images), targets, valid)


class Cached:
  """Batches of the frozen stages' features, cached on disk.

  Construction reads every image once and computes missing features. Devices
  that can hold all features receive them once: sending them anew in every epoch
  takes longer than the steps.
  """

  def __init__(
    self, source: Source, examples: image_batches.Examples, frozen: Frozen, *, folder: str, batch_size: int, title: str
  ):
    """Fills the cache.

    Args:
      batch_size: images computed together; a multiple of the devices.

    Raises:
      InputError: if an image cannot be read, the folder cannot be written, or
        there are several processes, which would all need all features.
    """
    if jax.process_count() > 1:
      raise InputError('config.data.features_dir is for a single process; leave it out.')
    self._frozen = frozen
    images = image_batches.identity(source)
    self._caches = {
      depth: feature_cache.Features(folder, feature_cache.key(frozen.network, depth, images), shapes)
      for depth, shapes in frozen.shapes.items()
    }
    targets, valid = [], []
    with contextlib.ExitStack() as stack:
      stack.enter_context(_writing(folder))
      for features in self._caches.values():
        stack.enter_context(features)
      bar = stack.enter_context(progress.bar(total=len(source), unit='image', title=title))
      for inputs in image_batches.read(source, examples, pipeline.in_rows(range(len(source)), batch_size)):
        self._fill(inputs)
        real = inputs.index >= 0
        targets.append(jax.tree.map(lambda x, real=real: x[real], inputs.targets))
        valid.append(inputs.valid[real])
        bar.update(int(real.sum()))
    # One or two kilobytes per image.
    self._all = DeviceBatch({}, jax.tree.map(lambda *x: np.concatenate(x), *targets), np.concatenate(valid))
    room = min(_SHARE * runtime.free_bytes(frozen.mesh) / _GIGABYTE, _PASSED)
    if gigabytes(frozen.shapes, len(source)) <= room:
      # One depth after the other, to save the host's memory.
      whole = np.arange(len(source))
      features = {depth: runtime.replicate(x.get(whole), frozen.mesh) for depth, x in self._caches.items()}
      self._all = runtime.replicate(self._all._replace(features=features), frozen.mesh)

  def batches(self, rows: np.ndarray) -> Iterator[DeviceBatch]:
    """Yields a batch for every row of indices; -1 is padding."""
    if self._all.features:  # on the devices
      take = jax.jit(_rows, out_shardings=runtime.over_devices(self._frozen.mesh))
      yield from (take(self._all, row) for row in rows)
      return
    for row in rows:
      features = {depth: x.get(row.clip(0)) for depth, x in self._caches.items()}
      yield runtime.split(_rows(self._all, row)._replace(features=features), self._frozen.mesh)

  def _fill(self, inputs: image_batches.TargetBatch) -> None:
    real = inputs.index >= 0
    index = inputs.index[real]
    digests = feature_cache.pixels_digest(inputs.images[real])
    missing = [depth for depth, x in self._caches.items() if not x.has(index, digests)]
    if missing:
      features = self._frozen.forward(runtime.split(inputs.images, self._frozen.mesh))
      for depth in missing:
        self._caches[depth].put(index, digests, jax.tree.map(lambda x: np.asarray(x)[real], features[depth]))


def _rows(every: DeviceBatch, row: Any) -> DeviceBatch:
  """Returns the batch of a row of indices."""
  # Padding gets the features of some image; its validity is 0.
  batch = jax.tree.map(lambda x: x[row.clip(0)], every)
  return batch._replace(valid=batch.valid * (row >= 0))


@contextlib.contextmanager
def _writing(folder: str) -> Iterator[None]:
  """Turns the system's errors about the folder into an `InputError`."""
  try:
    yield
  except OSError as error:
    raise InputError(
      f'{folder}: cannot be written to ({error.strerror}); make room, name another --config.data.features_dir, or keep '
      'no features with --config.data.features_limit=0.'
    ) from error


class RunBatches(NamedTuple):
  """The batches of a run."""

  train: Iterator[DeviceBatch]
  validation: Iterator[DeviceBatch]  # of all remaining epochs
  validation_length: int  # of one epoch


def open_inputs(run: Plan, frozen: Frozen, folder: str, done: int, skipped: dict[str, str]) -> RunBatches:
  """Returns the batches, which do not depend on the devices but for padding.

  In `folder`, features are cached during the run if the config names no folder
  and they are small enough.

  Raises:
    InputError: see `Cached`.
  """
  data, keys = run.data, run.config.data
  padded = runtime.whole_batches(keys.batch_size, frozen.mesh)
  reading = Reading(keys.batch_size, keys.on_bad_image, keys.workers, skipped)
  examples = image_batches.Examples(run.network, run.task, data.choose, reading)
  size = gigabytes(frozen.shapes, len(data.train) + len(data.validation))
  fits = done < run.last and jax.process_count() == 1 and size <= keys.features_limit
  folder = keys.features_dir or (folder if fits else '')
  frozen_any = min(run.depths()) < cuts.stages_below(run.network)
  what = 'Frozen stages' if frozen_any else 'Prepared images'
  training, validation = (
    Cached(source, examples, frozen, folder=folder, batch_size=padded, title=f'{what}, {title}')
    if folder
    else Computed(source, examples, frozen)
    for source, title in ((data.train, 'training'), (data.validation, 'validation'))
  )
  order = image_batches.training_order(
    keys.seed, len(data.train), batch_size=keys.batch_size, padded=padded, first=done, last=run.last
  )
  rows = pipeline.in_rows(range(len(data.validation)), keys.batch_size, padded)
  # A single iterator for all evaluations starts the workers only once.
  every = np.tile(rows, ((run.last - done) // run.length + 1, 1))
  return RunBatches(training.batches(order), validation.batches(every), len(rows))
