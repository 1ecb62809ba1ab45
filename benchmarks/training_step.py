"""A training step as the loop makes it, on a made batch, ready to be timed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
import optax

from benchmarks import kernel
from saliency_jax import runtime
from saliency_jax.networks import registry, saliency, vgg
from saliency_jax.networks.weights.conversion import Trunk
from saliency_jax.training import feed, groups, step

TRUNK_RATE, READOUT_RATE = 1e-4, 3e-3
DEPTHS = tuple(range(7))  # those of the paper but 'all'


class Setting(NamedTuple):
  """What is trained on what; tests take less."""
  batch: int  # images
  image_size: int = 224
  widths: Mapping[str, int] = vgg.WIDTHS
  dtype: str = 'float32'


def member(depth: int, seed: int = 0) -> step.Member:
  """Returns a member with the default rates."""
  return step.Member(depth, seed, TRUNK_RATE, READOUT_RATE)


def random_trunk(setting: Setting) -> Trunk:
  """Returns random layers: speed does not depend on them."""
  rng, params, below = np.random.default_rng(0), {}, 3
  for layer, units in setting.widths.items():
    # He's scaling keeps the maps of all layers at one size.
    kernel = rng.standard_normal((3, 3, below, units), np.float32)
    params[layer] = {
        'kernel': kernel * np.float32((2 / 9 / below) ** 0.5),
        'bias': np.zeros(units, np.float32)}
    below = units
  return Trunk(params, np.array([124, 117, 104]))


class Step:
  """Frozen layers and update of some members: no cache, Adam alone."""

  def __init__(
      self, members: Sequence[step.Member], setting: Setting,
      mode: groups.Mode = 'shared'):
    mesh = runtime.data_mesh()
    self.trunk = random_trunk(setting)
    depths = [one.depth for one in members]
    self.frozen = feed.freeze(
        self.trunk, tuple(sorted(set(depths))), image_size=setting.image_size,
        dtype=setting.dtype, mesh=mesh, widths=setting.widths)
    together = groups.make(depths, mode)
    packing = groups.Packing(together, mesh)
    tx = optax.scale_by_adam()
    self.states = packing.pack(runtime.replicate([
        step.init_member(one, self.trunk.params, tx) for one in members], mesh))
    self._update = jax.jit(
        step.make_step(
            members, together, tx=tx, schedule=optax.constant_schedule(1.),
            mesh=mesh, widths=setting.widths,
            dtype=registry.arithmetic(setting.dtype)),
        donate_argnums=0,
        out_shardings=(packing.shardings, runtime.everywhere(mesh)),
        compiler_options=runtime.compiler_options())
    weights = kernel.weights(
        saliency.output_grid(setting.image_size), setting.batch)
    self.images = np.random.default_rng(0).integers(
        0, 256, (setting.batch, setting.image_size, setting.image_size, 3),
        np.uint8)
    self.weights = weights._replace(sets=weights.sets[:, :1])
    self._batch = runtime.split(
        (self.images, self.weights, np.ones(setting.batch, np.float32)), mesh)

  def __call__(self) -> jax.Array:
    """Makes one step; returns every member's loss."""
    return self.update(self.fed())

  def fed(self) -> feed.Fed:
    """Returns the batch as it leaves the frozen layers."""
    images, weights, valid = self._batch
    return feed.Fed(self.frozen.forward(images), weights, valid)

  def update(self, batch: feed.Fed) -> jax.Array:
    """Makes one step on another batch."""
    self.states, metrics = self._update(self.states, *batch, np.int32(0))
    return -metrics.nss / metrics.images

  def planned_bytes(self) -> int:
    """Returns what the update holds at most, as the compiler plans it."""
    plan = self._update.lower(
        self.states, *self.fed(), np.int32(0)).compile().memory_analysis()
    return (plan.argument_size_in_bytes + plan.output_size_in_bytes
            - plan.alias_size_in_bytes + plan.temp_size_in_bytes)

  def own_bytes(self) -> int:
    """Returns the size of the members' parameters, without the optimizer's.
    """
    return sum(
        x.nbytes for state in self.states
        for x in jax.tree.leaves(state.params))
