"""The loop: images through a network, its units through the kernel."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from saliency_jax import progress, sharding
from saliency_jax.analysis.partial import Block, Partial
from saliency_jax.datasets import pipeline
from saliency_jax.datasets.records import Source
from saliency_jax.datasets.sets import Chooser
from saliency_jax.errors import InputError
from saliency_jax.models import compiling, registry
from saliency_jax.ops import association


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
    if self.on_bad_image not in ('raise', 'skip'):
      raise InputError(
          f'config.data.on_bad_image is {self.on_bad_image!r}; it is raise or '
          f'skip.')


class Measurement(NamedTuple):
  """T sets of pixels, over all images, and every unit's score on each."""
  rows: Block
  problems: dict[str, str]  # image_id -> why it was skipped
  resumed: int  # images that an earlier, interrupted run had measured
  # decode, wait, forward, association and wall, of the images of this run.
  seconds: dict[str, float]


def measure(
    source: Source, choose: Chooser, *, network: registry.Network,
    params: registry.Params, settings: Settings, partial: Partial,
    devices: Sequence[jax.Device] | None = None, title: str = 'Measuring'
) -> Measurement:
  """Scores every unit of a network's layers on sets of pixels of every image.

  An interrupted run goes on where `partial` ends.

  Args:
    source: the images.
    choose: which pixels of a record are scored.
    network: the network and its layers.
    params: its parameters.
    settings: how images are read.
    partial: where finished blocks are kept until the whole is done.
    devices: over which the batch is split; all by default.
    title: what the progress bar says.

  Returns:
    The rows in the order of the data set, and within an image of its sets.

  Raises:
    InputError: if an image cannot be read and `on_bad_image` is 'raise'.
  """
  if jax.process_count() > 1:
    raise InputError(
        'A network is looked into by one process; start this on one host.')
  start = time.perf_counter()
  settings.check()
  mesh = sharding.data_mesh(devices)
  sizes = registry.map_sizes(network, params, settings.image_size)
  for layer, (height, width, _) in sizes.items():
    if min(height, width) < 2:
      raise InputError(
          f'config.data.image_size={settings.image_size} leaves {layer} a map '
          f'of {height} x {width} cells; give a larger size.')
  params = sharding.replicate(params, mesh)
  forward = jax.jit(network.apply, compiler_options=compiling.options())
  # One program per layer: XLA runs independent parts of a single one at the
  # same time, and on a CPU they then take each other's cache (2.5 times as
  # long).
  associate = jax.jit(association.associate)
  done = partial.done
  todo = [i for i in range(len(source)) if i not in done]
  batches = pipeline.batches(
      source, pipeline.Preparation(
          choose, settings.image_size,
          tuple(sorted({size[:2] for size in sizes.values()}))),
      indices=todo, workers=settings.workers,
      batch_size=sharding.whole_batches(settings.batch_size, mesh))
  seconds = dict.fromkeys(('decode', 'wait', 'forward', 'association'), 0.)

  def timed(name, function, *arguments):
    begin = time.perf_counter()
    result = jax.block_until_ready(function(*arguments))
    seconds[name] += time.perf_counter() - begin
    return result

  with partial, progress.bar(
      total=len(source), done=len(done), unit='image', title=title) as bar:
    while (batch := timed('wait', next, batches, None)) is not None:
      _check(batch, settings.on_bad_image)
      seconds['decode'] += float(batch.seconds.sum())
      maps = timed(
          'forward', forward, params, sharding.split(batch.images, mesh))
      weights = sharding.split(batch.weights, mesh)
      scores = timed('association', lambda maps, weights: {
          layer: associate(x, weights[sizes[layer][:2]])
          for layer, x in maps.items()}, maps, weights)
      partial.add(_block(batch, scores, network.layers))
      bar.update(int((batch.index >= 0).sum()))
  rows = partial.merge()
  problems = {
      source.image_ids[i]: str(problem)
      for i, problem in zip(rows.images, rows.problems, strict=True) if problem}
  if len(problems) == len(source):
    raise InputError(
        f'None of the {len(source)} images could be read; the first problem: '
        f'{next(iter(problems.values()))}')
  seconds['wall'] = time.perf_counter() - start
  return Measurement(rows, problems, len(done), seconds)


def _check(batch: pipeline.Batch, on_bad_image: str) -> None:
  if on_bad_image == 'raise':
    for problem in batch.problems:
      if problem:
        raise InputError(str(problem))


def _block(
    batch: pipeline.Batch, scores: dict[str, jax.Array],
    layers: Sequence[str]
) -> Block:
  """Returns the rows of a batch without its padding, layers as asked for."""
  image, number = np.nonzero(batch.labels != '')
  empty = batch.counts[image, number] == 0
  rows = {}
  for layer in layers:  # jit has sorted the names
    rows[layer] = np.asarray(scores[layer])[image, number]
    # The kernel scores an empty set 0; nothing was measured there.
    rows[layer][empty] = np.nan
  real = batch.index >= 0
  return Block(
      images=batch.index[real], problems=batch.problems[real],
      index=batch.index[image], ids=batch.ids[image, number],
      labels=batch.labels[image, number], counts=batch.counts[image, number],
      scores=rows)
