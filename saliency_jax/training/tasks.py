"""Tasks: what a network is trained for.

A task is a value. Training, checkpoints, journal and page know a task by its
fields alone, so a second one is a file like `saliency_task` and a line here.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks.heads import Head

Sums = dict[str, jax.Array]


@dataclasses.dataclass(frozen=True)
class Task:
  """A head, a loss and metrics.

  Attributes:
    name: as `config.task.name` has it.
    head: what is trained on top of the network.
    output: `output(params, maps, key)`: the head's output for maps `[B, h, w,
      C]`; key is for dropout, None where nothing is dropped.
    targets: `targets(batch, grid)`: of a `pipeline.Batch` what the output is
      compared with, arrays with a leading axis B, and float32 `[B]`, 0 where an
      image has nothing to compare with.
    loss: `loss(output, targets)`: float32 `[B]`.
    sums: `sums(output, targets, valid)`: what metrics are made of, each a sum
      over the images of a batch, so that batches can be added.
    metrics: of the added sums, NumPy float64, each metric by its name.
    watched: the metric by which the best checkpoint is chosen; more is better.
    titles: how people call the metrics, and the unit.
  """
  name: str
  head: Head
  output: Callable[..., jax.Array]
  targets: Callable[..., tuple[Any, np.ndarray]]
  loss: Callable[..., jax.Array]
  sums: Callable[..., Sums]
  metrics: Callable[[Mapping[str, np.ndarray]], dict[str, float]]
  watched: str
  titles: Mapping[str, str]


def make(config) -> Task:
  """Returns the task of a config.

  Args:
    config: `config.task`; `name` is read here, the rest by the task.

  Raises:
    InputError: if there is no such task.
  """
  from saliency_jax.training import saliency_task  # it needs `Task`
  known = {'saliency': saliency_task.make}
  if config.name not in known:
    raise InputError(
        f"config.task.name is {config.name!r}; it is one of "
        f"{', '.join(known)}.")
  return known[config.name](config)
