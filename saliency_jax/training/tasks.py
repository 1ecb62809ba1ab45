"""Tasks: what a network is trained for.

Training, checkpoints, journal and pages know a task only by the fields of
`Task`, so another one is a file like `saliency_task` and a line here.
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

  name: str  # the value of `config.task.name`
  head: Head  # what is trained on top of the network
  # `output(params, maps, keys)`: the head's output for maps `[B, h, w, C]`;
  # `keys` `[B]` are for dropout, None without dropout.
  output: Callable[..., jax.Array]
  # `targets(batch, grid, image_ids)`: for a `batch_rows.Batch` of these images,
  # what the output is compared with, arrays with a leading axis B, and float32
  # `[B]`, 0 for images without a target.
  targets: Callable[..., tuple[Any, np.ndarray]]
  loss: Callable[..., jax.Array]  # `loss(output, targets)`: float32 `[B]`
  # `sums(output, targets, valid)`: sums over the images of a batch, from which
  # the metrics follow; those of several batches can be added.
  sums: Callable[..., Sums]
  # `metrics(sums)`: the metrics by name, from added sums in NumPy float64.
  metrics: Callable[[Mapping[str, np.ndarray]], dict[str, float]]
  watched: str  # the metric that selects the best checkpoint; higher is better
  titles: Mapping[str, str]  # display names of the metrics
  rate: float  # the head's default learning rate
  described: Mapping[str, Any]  # the JSON values from which `make` makes this task
  outputs: tuple[str, ...] = ()  # names of the head's outputs


def describe(config, scenes: Mapping[str, str], trained_on: Sequence[str]) -> dict[str, Any]:
  """Returns all that a task depends on, as JSON values for `make`.

  Raises:
    InputError: there is no such task, or a value or the labels do not fit it.
  """
  return _module(config.name).describe(config, scenes, trained_on)


def make(described: Mapping[str, Any]) -> Task:
  """Returns the task that `describe` described.

  Raises:
    InputError: if there is no such task.
  """
  return _module(described['name']).make(described)


def for_network(task: Task, network: Network) -> tuple[Task, Network]:
  """Returns the task adapted to a network, and that network.

  If the network's own decoder makes the map that the head would make, it
  replaces the head; otherwise the network loses its decoder.
  """
  decoder = network.decoder
  if not decoder or task.head.output.name != decoder.output.name:
    return task, network.without_decoder()
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
