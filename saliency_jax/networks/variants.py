"""Several fine-tuned versions of one network, run as one network.

The stages below the trained ones are shared and computed once.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from saliency_jax.networks import cuts, trees
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks.network import Network
from saliency_jax.networks.taps import Tap

# The tap of every version's map averaged over units, in the versions' order.
MEANS = 'means'


class Variant(NamedTuple):
  """One version: its trained parameters, and a head on top."""

  params: trees.Tree = {}  # empty: the network as it is
  # `head(params, maps)` gives vectors `[B, K]`.
  head: Callable[[Mapping, jax.Array], jax.Array] | None = None
  head_params: Mapping = {}


def outputs_of(name: str) -> str:
  """Returns the name of the tap of a version's head."""
  return f'{name} outputs'


def together(network: Network, variants: Mapping[str, Variant], depth: int) -> Network:
  """Returns versions of a network, of which `depth` stages at most were trained, as one network.

  Its taps are the readout tap's maps of each version, under the version's name;
  `outputs_of(version)` where it has a head; and `MEANS`.

  Raises:
    ValueError: a version has a parameter that the network lacks.
  """
  readout = network.taps[network.readout_tap]
  first = cuts.stages_below(network) - depth if network.cuts else 0

  def run(variables, x, taps, *_):
    suffix = cuts.make_suffix(network, depth, x.shape[1:3])
    own = {k: x for k, x in variables.items() if k != 'variants'}
    if first:
      x, _ = network.run(own, x, frozenset(), 0, first)
    wanted = [name for name in variants if MEANS in taps or name in taps or outputs_of(name) in taps]
    maps, found = {}, {}
    for name in wanted:
      its = variables['variants'][name]
      maps[name] = suffix(its['params'], own, x)
      if outputs_of(name) in taps:
        found[outputs_of(name)] = variants[name].head(its['head'], maps[name])
    if MEANS in taps:
      found[MEANS] = jnp.stack([x.mean(axis=-1, dtype=jnp.float32) for x in maps.values()], axis=-1)
    return x, found | {name: maps[name] for name in taps if name in maps}

  for one in variants.values():
    trees.override(network.variables['params'], one.params)
  cells = {'stride': readout.stride, 'offset': readout.offset}
  return network.replace(
    run=run,
    variables={
      **network.variables,
      'variants': {name: {'params': one.params, 'head': one.head_params} for name, one in variants.items()},
    },
    taps=tap_tools.table(
      [
        *(Tap(name, **cells) for name in variants),
        *(Tap(outputs_of(name), 'vector') for name, one in variants.items() if one.head),
        Tap(MEANS, **cells),
      ]
    ),
    stages=(),
    cuts=False,
    default_taps=tuple(variants),
    readout_tap=next(iter(variants)),
  )
