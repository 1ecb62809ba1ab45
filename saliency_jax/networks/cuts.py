"""A network cut in two for fine-tuning: a frozen prefix, a trained suffix.

Depth d trains the top d stages below the readout; 'all' trains every one. A
network that cannot be cut runs whole, and a mask says which parameters are
trained; without stages its depths are 0 and 'all'.
"""

from collections.abc import Callable, Sequence

import jax

from saliency_jax.errors import InputError
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks import trees
from saliency_jax.networks.network import Network, Variables

ALL = 'all'
Depth = int | str


def stages_below(network: Network) -> int:
  """Returns the number of stages below the readout: the greatest depth."""
  stage = network.taps[network.readout_tap].stage
  if not network.stages:
    return 1
  if stage is None:
    return len(network.stages)
  return stage if network.decodes else stage + 1


def as_number(network: Network, depth: Depth) -> int:
  """Returns the number of stages that a depth trains.

  Raises:
    InputError: the network has no such depth.
  """
  most = stages_below(network)
  if depth == ALL:
    return most
  if type(depth) is not int or not 0 <= depth <= most:
    why = (
      f'it has {most} stage{"s" * (most != 1)} below {network.readout_tap}; '
      f'give a config.train.depth of 0 to {most}, or all'
      if network.stages
      else 'it has no `stages`; give config.train.depth=all to train it whole, or 0 to train the head alone'
    )
    raise InputError(f'{network.name} has no fine-tuning depth {depth!r}: {why}.')
  return depth


def stage_numbers(network: Network) -> trees.Tree:
  """Returns the index of each parameter's stage; 0 in a network without stages.

  Raises:
    InputError: a parameter belongs to no stage, or a stage has none.
  """
  params = network.variables['params']
  if not network.stages:
    return jax.tree.map(lambda _: 0, params)
  try:
    return trees.match(params, [(stage.parameters, index) for index, stage in enumerate(network.stages)])
  except ValueError as error:
    raise InputError(f'The stages of {network.name} do not fit its parameters: {error}') from error


def trained(network: Network, depth: int) -> trees.Tree:
  """Returns a mask over the parameters, True for every trained leaf; see `stage_numbers`."""
  most = stages_below(network)
  return jax.tree.map(lambda index: most - depth <= index < most, stage_numbers(network))


def make_prefix(network: Network, depths: Sequence[int]) -> Callable[[Variables, jax.Array], dict[int, jax.Array]]:
  """Returns the frozen part, which members of several depths share.

  Returns:
    `prefix(variables, images) -> {depth: features}`: images are uint8 or float
    `[B, H, W, 3]`, RGB in 0-255; features are the input of each depth's first
    trained stage, at depth 0 the maps that the readout takes. Every stage is
    computed once. A decoder's input may be a tree of maps.
  """
  most = stages_below(network)
  cuts = {depth: most - depth if network.cuts else 0 for depth in depths}
  readout = network.taps[network.readout_tap]

  def prefix(variables: Variables, images: jax.Array) -> dict[int, jax.Array]:
    x, at, found = network.preprocess(images), 0, {}
    for depth in sorted(cuts, reverse=True):
      if depth == 0 and not network.decodes:
        _, maps = network.run(variables, x, frozenset([readout.name]), at, network.last_stage([readout.name]))
        found[0] = tap_tools.as_maps(maps[readout.name], readout, images.shape[1:3])
      else:
        if cuts[depth] > at:
          x, _ = network.run(variables, x, frozenset(), at, cuts[depth])
          at = cuts[depth]
        found[depth] = x
    return found

  return prefix


def make_suffix(
  network: Network, depth: int, size: tuple[int, int]
) -> Callable[[trees.Tree, Variables, jax.Array], jax.Array]:
  """Returns the trained part, up to the readout's maps of images (H, W).

  Returns:
    `suffix(params, variables, features) -> maps [B, h, w, C]`: params are the
    trained parameters, which replace those in the network's variables. Batch
    normalisation uses the statistics in `variables`.
  """
  first = stages_below(network) - depth if network.cuts else 0
  readout = network.taps[network.readout_tap]

  def suffix(params: trees.Tree, variables: Variables, features: jax.Array) -> jax.Array:
    if not depth and not network.decodes:
      return features
    merged = {**variables, 'params': trees.override(variables['params'], params)}
    _, maps = network.run(merged, features, frozenset([readout.name]), first, network.last_stage([readout.name]))
    return tap_tools.as_maps(maps[readout.name], readout, size)

  return suffix
