"""Members that are computed together: those of one depth, stacked.

A stack is a state whose leaves have the members as their first axis. The
devices can be divided into shares, each of which holds some members of every
stack and computes them on the whole batch, split over its own devices.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from absl import logging
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from saliency_jax import runtime
from saliency_jax.errors import InputError
from saliency_jax.networks import trees

Mode = Literal['shared', 'vmap']


class Group(NamedTuple):
  """One part of a step."""

  depth: int  # stages trained
  positions: tuple[int, ...]  # of its members among all; several are stacked

  @property
  def stacked(self) -> bool:
    return len(self.positions) > 1


class Division(NamedTuple):
  """How a step is divided."""

  groups: list[Group]
  shares: int = 1  # of the devices, over which the members of a stack are split


def of_run(depth: int) -> Division:
  """Returns that of a single member."""
  return Division(make([depth], 'shared'))


def of_sweep(config, depths: Sequence[int], devices: int) -> Division:
  """Returns that of a sweep.

  Args:
    config: `config.sweep`: `mode`, `shard_members`.

  Raises:
    InputError: if there is no such mode, or none that splits members.
  """
  # Stacking gains nothing, not on a GPU either (docs/speed.md); members can
  # only be spread over devices in stacks.
  mode = config.mode or ('vmap' if config.shard_members else 'shared')
  if mode not in ('shared', 'vmap'):
    raise InputError(f'config.sweep.mode is {mode!r}; it is shared, vmap, or empty.')
  if config.shard_members and mode != 'vmap':
    raise InputError(
      'config.sweep.shard_members splits stacked members; set config.sweep.mode to vmap or leave it empty.'
    )
  groups = make(depths, mode)
  if not config.shard_members:
    return Division(groups)
  found = shares(groups, devices)
  if found == 1 and devices > 1:
    logging.warning(
      'No number of shares divides the %d devices and the members of every '
      'depth: config.sweep.shard_members has no effect.',
      devices,
    )
  return Division(groups, found)


def make(depths: Sequence[int], mode: Mode) -> list[Group]:
  """Returns the parts of a step: every member in one of them.

  Args:
    mode: 'shared' keeps the members apart, 'vmap' stacks those of one depth.
  """
  if mode == 'shared':
    return [Group(depth, (i,)) for i, depth in enumerate(depths)]
  by_depth = defaultdict(list)
  for i, depth in enumerate(depths):
    by_depth[depth].append(i)
  return [Group(depth, tuple(found)) for depth, found in by_depth.items()]


def shares(groups: Sequence[Group], devices: int) -> int:
  """Returns into how many shares devices and every stack can be divided."""
  sizes = [len(group.positions) for group in groups if group.stacked]
  return math.gcd(devices, *sizes) if sizes else 1


class Packing:
  """Turns the states of members into those of groups, and back."""

  def __init__(self, groups: Sequence[Group], mesh: Mesh):
    split = NamedSharding(mesh, PartitionSpec(runtime.MEMBERS))
    whole = runtime.everywhere(mesh)
    self._groups = groups
    self.shardings = [split if group.stacked else whole for group in groups]
    self._stack = jax.jit(lambda states: jax.tree.map(lambda *x: jnp.stack(x), *states), out_shardings=split)
    self._part = jax.jit(_part, out_shardings=whole)

  def pack(self, states: Sequence[trees.Tree]) -> list[trees.Tree]:
    """Returns the groups' states from those of all members, in order."""
    return [
      self._stack([states[i] for i in group.positions]) if group.stacked else states[group.positions[0]]
      for group in self._groups
    ]

  def unpack(self, packed: Sequence[trees.Tree]) -> list[trees.Tree]:
    """Returns the members' states, in order, each whole on every device."""
    found = {}
    for group, state in zip(self._groups, packed, strict=True):
      parts = self._part(state) if group.stacked else [state]
      found |= dict(zip(group.positions, parts, strict=True))
    return [found[i] for i in sorted(found)]


def _part(stack: trees.Tree) -> list[trees.Tree]:
  count = len(jax.tree.leaves(stack)[0])
  return [jax.tree.map(lambda x, k=k: x[k], stack) for k in range(count)]
