"""Tasks: what a network is trained for.

A task is a value. Training, checkpoints, journal and page know a task by its
fields alone, so a second one is a file like `saliency_task` and a line here.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks.network import Head, Network

Sums = dict[str, jax.Array]


@dataclasses.dataclass(frozen=True)
class Task:
  """A head, a loss and metrics."""

  name: str  # as `config.task.name` has it
  head: Head  # what is trained on top of the network
  # `output(params, maps, keys)`: the head's output for maps `[B, h, w, C]`;
  # keys `[B]` are for dropout, None where nothing is dropped.
  output: Callable[..., jax.Array]
  # `targets(batch, grid, image_ids)`: of a `batch_rows.Batch` of these images
  # what the output is compared with, arrays with a leading axis B, and float32
  # `[B]`, 0 where an image has nothing to compare with.
  targets: Callable[..., tuple[Any, np.ndarray]]
  loss: Callable[..., jax.Array]  # `loss(output, targets)`: float32 `[B]`
  # `sums(output, targets, valid)`: what metrics are made of, each a sum over
  # the images of a batch, so that batches can be added.
  sums: Callable[..., Sums]
  # Of the added sums, NumPy float64, each metric by its name.
  metrics: Callable[[Mapping[str, np.ndarray]], dict[str, float]]
  watched: str  # the metric that chooses the best checkpoint; more is better
  titles: Mapping[str, str]  # how people call the metrics, and the unit
  rate: float  # a learning rate of the head, where none is given
  described: Mapping[str, Any]  # what `make` makes the task of again, as JSON
  outputs: tuple[str, ...] = ()  # what each of the head's outputs stands for


def describe(config, scenes: Mapping[str, str], trained_on: Sequence[str]) -> dict[str, Any]:
  """Returns all that a task depends on, as JSON values for `make`.

  Raises:
    InputError: there is no such task, or a value or the labels do not fit it.
  """
  return _module(config.name).describe(config, scenes, trained_on)


def make(described: Mapping[str, Any]) -> Task:
  """Returns the task that `describe` has described.

  Raises:
    InputError: if there is no such task.
  """
  return _module(described['name']).make(described)


def on(task: Task, network: Network) -> tuple[Task, Network]:
  """Returns the task as a network is trained for it, and that network.

  A network that ends in the map that the task's head would make is trained
  with its own decoder in the place of the head; for any other task it is a
  network without one.
  """
  decoder = network.decoder
  if not decoder or task.head.output.name != decoder.output.name:
    return task, network.replace(decoder=None)
  if network.readout_tap != decoder.output.name:
    raise InputError(
      f'{network.name} makes a map of its own, {decoder.output.name}, from '
      f'{network.readout_tap} and others; leave config.network.readout_tap '
      f'out.'
    )
  return dataclasses.replace(task, head=decoder, output=lambda params, maps, keys: maps), network


def _module(name: str):
  from saliency_jax.training import saliency_task, scene_task  # they need `Task`

  known = {'saliency': saliency_task, 'scene': scene_task}
  if name not in known:
    raise InputError(f'config.task.name is {name!r}; it is one of {", ".join(known)}.')
  return known[name]
