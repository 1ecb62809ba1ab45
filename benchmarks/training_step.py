"""A training step as the loop makes it, on a made batch, ready to be timed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
import optax

from benchmarks import kernel
from saliency_jax import runtime
from saliency_jax.networks import vgg
from saliency_jax.training import feed, members, step, tasks

TRUNK_RATE, READOUT_RATE = 1e-4, 3e-3
DEPTHS = tuple(range(7))  # those of the paper but 'all'
SALIENCY = {'name': 'saliency'}


class Setting(NamedTuple):
  """What is trained on what; tests take less."""

  batch: int  # images
  image_size: int = 224
  widths: Mapping[str, int] = vgg.WIDTHS
  dtype: str = 'float32'


def member(depth: int, seed: int = 0) -> members.Member:
  """Returns a member with the default rates."""
  return members.Member(depth, seed, TRUNK_RATE, READOUT_RATE)


class Step:
  """Frozen stages and update of some members: no cache, Adam alone."""

  def __init__(
    self, trained: Sequence[members.Member], setting: Setting, mode: members.Mode = 'shared', task: Mapping = SALIENCY
  ):
    mesh, size = runtime.data_mesh(), setting.image_size
    self.network = kernel.random_network(setting.dtype, size, setting.widths)
    self.task = task = tasks.make(task)
    depths = [one.depth for one in trained]
    self.frozen = feed.freeze(self.network, sorted(set(depths)), mesh)
    together = members.groups(depths, mode)
    packing = members.Packing(together, mesh)
    tx = optax.scale_by_adam()
    self.states = packing.pack(
      runtime.replicate([step.init_member(one, self.network, task, tx) for one in trained], mesh)
    )
    self._update = jax.jit(
      step.make_step(trained, together, self.network, task, tx=tx, schedule=optax.constant_schedule(1.0), mesh=mesh),
      donate_argnums=0,
      out_shardings=(packing.shardings, runtime.everywhere(mesh)),
      compiler_options=runtime.compiler_options(),
    )
    tap = self.network.readout_tap
    self.grid = self.network.grids([tap], size)[tap]
    weights = kernel.weights(self.grid, setting.batch)
    self.images = np.random.default_rng(0).integers(0, 256, (setting.batch, size, size, 3), np.uint8)
    self.weights = weights._replace(sets=weights.sets[:, :1])
    self._batch = runtime.split((self.images, self.weights, np.ones(setting.batch, np.float32)), mesh)

  def __call__(self) -> jax.Array:
    """Makes one step; returns every member's loss."""
    return self.update(self.fed())

  def fed(self) -> feed.DeviceBatch:
    """Returns the batch as it leaves the frozen layers."""
    images, weights, valid = self._batch
    return feed.DeviceBatch(self.frozen.forward(images), weights, valid)

  def update(self, batch: feed.DeviceBatch) -> jax.Array:
    """Makes one step on another batch."""
    self.states, metrics = self._update(self.states, self.frozen.variables, *batch, np.int32(0))
    return metrics.loss / metrics.images

  def planned_bytes(self) -> int:
    """Returns what the update holds at most, as the compiler plans it."""
    plan = self._update.lower(self.states, self.frozen.variables, *self.fed(), np.int32(0)).compile().memory_analysis()
    return plan.argument_size_in_bytes + plan.output_size_in_bytes - plan.alias_size_in_bytes + plan.temp_size_in_bytes

  def own_bytes(self) -> int:
    """Returns the size of the members' parameters, without the optimizer's."""
    return sum(x.nbytes for state in self.states for x in jax.tree.leaves(state.params))
