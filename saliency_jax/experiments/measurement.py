"""The loop: images through a network, its units through the kernel."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from saliency_jax import progress
from saliency_jax.data import pipeline
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.experiments import forward
from saliency_jax.experiments.forward import Settings
from saliency_jax.experiments.partial import Block, Partial
from saliency_jax.networks import registry
from saliency_jax.ops import association


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
    InputError: as `forward.Forward` and its `steps`, or if there is not one
      image that can be read.
  """
  start = time.perf_counter()
  run = forward.Forward(network, params, settings, devices)
  # One program per layer: XLA runs independent parts of a single one at the
  # same time, and on a CPU they then take each other's cache (2.5 times as
  # long).
  associate = jax.jit(association.associate)
  done = partial.done
  todo = [i for i in range(len(source)) if i not in done]
  with partial, progress.bar(
      total=len(source), done=len(done), unit='image', title=title) as bar:
    for step in run.steps(source, todo, choose=choose):
      scores = run.timed('association', lambda maps, weights: {
          layer: associate(x, weights[run.grids[layer]])
          for layer, x in maps.items()}, step.maps, step.weights)
      partial.add(_block(step.batch, scores, network.layers))
      bar.update(int((step.batch.index >= 0).sum()))
  rows = partial.merge()
  problems = {
      source.image_ids[i]: str(problem)
      for i, problem in zip(rows.images, rows.problems, strict=True) if problem}
  if len(problems) == len(source):
    raise InputError(
        f'None of the {len(source)} images could be read; the first problem: '
        f'{next(iter(problems.values()))}')
  return Measurement(rows, problems, len(done), {
      'association': 0., **run.seconds, 'wall': time.perf_counter() - start})


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
