"""The members of a run, and which of them are computed together.

A run has one member, a sweep all combinations of its values. Members of one
depth can be stacked, in a state whose leaves have them as the first axis. The
devices can be divided into shares, each of which holds some members of every
stack and computes them on the whole batch, split over its own devices.
"""

import itertools
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
from saliency_jax.networks import cuts, trees
from saliency_jax.networks.network import Network

Mode = Literal['shared', 'vmap']
_LAST_OF_PAPER = 6
_LAST_SEED = 2**32 - 1  # of larger ones JAX takes only 32 bits


class Member(NamedTuple):
  """What distinguishes a member of a sweep."""

  depth: int  # stages trained, from the top
  seed: int  # of the head's initial values, and of dropout
  trunk_rate: float  # the trunk's learning rate, before the schedule
  readout_rate: float  # the head's


Members = dict[str, Member]


class Group(NamedTuple):
  """Members that are computed together."""

  depth: int  # stages trained
  positions: tuple[int, ...]  # indices of its members; several are stacked

  @property
  def stacked(self) -> bool:
    return len(self.positions) > 1


def single(config, network: Network, rate: float) -> Members:
  """Returns the only member of a run, by its name, e.g. 'depth_3'.

  Args:
    config: `config.train`: `depth`, `seed`, `trunk_rate`, `readout_rate`.
    rate: the head's learning rate if `readout_rate` is None, see `Task`.

  Raises:
    InputError: if a value is out of its range.
  """
  if config.readout_rate is not None:
    rate = config.readout_rate
  _check('train', trunk_rate=[config.trunk_rate], readout_rate=[rate], seed=[config.seed])
  depth = cuts.as_number(network, config.depth)
  return {_depth_name(depth, network): Member(depth, config.seed, config.trunk_rate, rate)}


def sweep(config, network: Network, rate: float) -> Members:
  """Returns every combination of a sweep, by the shortest unique names.

  A name is 'depth_3', followed by whatever has several values:
  'depth_3_trunk_0.0001_seed_1'. At depth 0 no stage is trained, so trunk rates
  make no members there.

  Args:
    config: `config.sweep`: `depths` (none: the paper's, 0 to 6, and 'all', as
      far as the network has them), `trunk_rates`, `readout_rates`, `seeds`.
    rate: the head's learning rate where a readout rate is None, see `Task`.

  Raises:
    InputError: if a value is out of its range or given twice.
  """
  most = cuts.stages_below(network)
  axes = {
    'depths': [cuts.as_number(network, depth) for depth in config.depths]
    or sorted({*range(min(_LAST_OF_PAPER, most) + 1), most}),
    'trunk_rates': config.trunk_rates,
    'readout_rates': tuple(rate if x is None else x for x in config.readout_rates),
    'seeds': config.seeds,
  }
  _check('sweep', **axes)
  for name, values in axes.items():
    if not values or len(set(values)) < len(values):
      raise InputError(f'config.sweep.{name} is {values}; name at least one value, each once.')
  members = {}
  for depth, trunk, readout, seed in itertools.product(*axes.values()):
    name = _depth_name(depth, network)
    # Not rounded, so that different rates have different names.
    name += f'_trunk_{trunk}' if depth and len(axes['trunk_rates']) > 1 else ''
    name += f'_readout_{readout}' if len(axes['readout_rates']) > 1 else ''
    name += f'_seed_{seed}' if len(axes['seeds']) > 1 else ''
    members[name] = Member(depth, seed, trunk if depth else axes['trunk_rates'][0], readout)
  return members


def division(config, depths: Sequence[int], devices: int) -> tuple[list[Group], int]:
  """Returns the groups of a sweep's step, and the number of shares.

  Raises:
    InputError: if there is no such mode, or it cannot split members.
  """
  # Stacking gains nothing, not on a GPU either (docs/speed.md), but only
  # stacked members can be split over devices.
  mode = config.mode or ('vmap' if config.shard_members else 'shared')
  if mode not in ('shared', 'vmap'):
    raise InputError(f'config.sweep.mode is {mode!r}; it is shared, vmap, or empty.')
  if config.shard_members and mode != 'vmap':
    raise InputError(
      'config.sweep.shard_members splits stacked members; set config.sweep.mode to vmap or leave it empty.'
    )
  made = groups(depths, mode)
  if not config.shard_members:
    return made, 1
  shares = math.gcd(devices, *(len(x.positions) for x in made if x.stacked)) if any(x.stacked for x in made) else 1
  if shares == 1 and devices > 1:
    logging.warning(
      'The members of each depth cannot be split evenly over the %d devices, '
      'so config.sweep.shard_members has no effect.',
      devices,
    )
  return made, shares


def groups(depths: Sequence[int], mode: Mode) -> list[Group]:
  """Returns the groups of a step, with every member in one of them.

  `mode`: 'shared' keeps the members apart, 'vmap' stacks those of one depth.
  """
  by_depth = defaultdict(list)
  for i, depth in enumerate(depths):
    by_depth[depth if mode == 'vmap' else i].append(i)
  return [Group(depths[positions[0]], tuple(positions)) for positions in by_depth.values()]


class Packing:
  """Converts the states of members to those of groups and back."""

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
    """Returns the members' states, in order, replicated on every device."""
    states = {}
    for group, state in zip(self._groups, packed, strict=True):
      parts = self._part(state) if group.stacked else [state]
      states |= dict(zip(group.positions, parts, strict=True))
    return [states[i] for i in sorted(states)]


def _part(stack: trees.Tree) -> list[trees.Tree]:
  count = len(jax.tree.leaves(stack)[0])
  return [jax.tree.map(lambda x, k=k: x[k], stack) for k in range(count)]


def _depth_name(depth: int, network: Network) -> str:
  return 'depth_all' if depth == cuts.stages_below(network) else f'depth_{depth}'


def _check(where: str, **axes) -> None:
  for name, values in axes.items():
    for value in values:
      if name == 'depths':
        continue  # `cuts.as_number` has checked it
      if name.startswith('seed'):
        right = type(value) is int and 0 <= value <= _LAST_SEED  # True is no int here
        wanted = f'whole number from 0 to {_LAST_SEED}'
      else:
        right = isinstance(value, (int, float)) and 0 <= value < math.inf
        wanted = 'finite number of 0 or more'
      if not right:
        raise InputError(f'config.{where}.{name} takes a {wanted}, not {value!r}.')
