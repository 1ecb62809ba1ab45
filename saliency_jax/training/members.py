"""Who is trained: one member for a run, all combinations for a sweep."""

import itertools
import math
from collections.abc import Sequence

from saliency_jax.errors import InputError
from saliency_jax.networks import cuts
from saliency_jax.networks.network import Network
from saliency_jax.training.step import Member

Members = dict[str, Member]
_LAST_OF_PAPER = 6
_LAST_SEED = 2**32 - 1  # of a larger one JAX takes 32 bits alone


def single(config, network: Network, rate: float) -> Members:
  """Returns the one member of a run, by its name, e.g. 'depth_3'.

  Args:
    config: `config.train`: `depth`, `seed`, `trunk_rate`, `readout_rate`.
    rate: the head's where `readout_rate` is None, see `Task`.

  Raises:
    InputError: if a value is out of its range.
  """
  if config.readout_rate is not None:
    rate = config.readout_rate
  _check('train', trunk_rate=[config.trunk_rate], readout_rate=[rate], seed=[config.seed])
  depth = cuts.as_number(network, config.depth)
  return {_depth_name(depth, network): Member(depth, config.seed, config.trunk_rate, rate)}


def sweep(config, network: Network, rate: float) -> Members:
  """Returns every combination of a sweep, by names as short as they can be.

  A name is 'depth_3' and, of what has several values, each with its own:
  'depth_3_trunk_0.0001_seed_1'. At depth 0 no stage is trained, so the
  trunk's rates make no members of their own there.

  Args:
    config: `config.sweep`: `depths`, `trunk_rates`, `readout_rates`, `seeds`;
      no depths are those of the paper, 0 to 6 and 'all', as far as the network
      has them.
    rate: the head's where one of `readout_rates` is None, see `Task`.

  Raises:
    InputError: if a value is out of its range or there twice.
  """
  axes = {
    'depths': _depths(config.depths, network),
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
    parts = [_depth_name(depth, network)]
    for title, name, value in (
      ('trunk', 'trunk_rates', trunk),
      ('readout', 'readout_rates', readout),
      ('seed', 'seeds', seed),
    ):
      if len(axes[name]) > 1 and (depth or title != 'trunk'):
        # In full: of rounded ones two may be the same.
        parts.append(f'{title}_{value}')
    if not depth:
      trunk = axes['trunk_rates'][0]
    members['_'.join(parts)] = Member(depth, seed, trunk, readout)
  return members


def _depths(depths: Sequence[cuts.Depth], network: Network) -> list[int]:
  most = cuts.stages_below(network)
  if not depths:
    return sorted({*range(min(_LAST_OF_PAPER, most) + 1), most})
  return [cuts.as_number(network, depth) for depth in depths]


def _depth_name(depth: int, network: Network) -> str:
  return 'depth_all' if depth == cuts.stages_below(network) else f'depth_{depth}'


def _check(where: str, **axes) -> None:
  for name, values in axes.items():
    for value in values:
      if name.startswith('depth'):
        continue  # `cuts.as_number` has checked it
      if name.startswith('seed'):
        right = type(value) is int and 0 <= value <= _LAST_SEED  # True is none
        wanted = f'whole number from 0 to {_LAST_SEED}'
      else:
        right = isinstance(value, (int, float)) and 0 <= value < math.inf
        wanted = 'finite number of 0 or more'
      if not right:
        raise InputError(f'config.{where}.{name} takes a {wanted}, not {value!r}.')
