"""The dense layers of a network's own weights, to begin a head with."""

import pathlib

from saliency_jax.errors import InputError
from saliency_jax.networks import zoo
from saliency_jax.networks.network import Network
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights import known_weights
from saliency_jax.networks.weights.variable_files import Ported


def layers(network: Network, cache_dir: str = '') -> dict:
  """Returns the dense layers that a network's weights come with: VGG's.

  They are the first layers of `heads.dense`, from the file that the network's
  own variables were read from.

  Args:
    network: as `zoo.load` returned it.
    cache_dir: see `zoo.load`.

  Raises:
    InputError: the network or the file has none, or the head takes other maps.
  """
  found, where = zoo.NETWORKS.get(network.name), network.provenance
  known = found.known if found else {}
  weights = where.name if where.name in known else where.source
  if (
    not found or not found.dense or where.depth is not None or not (weights in known or pathlib.Path(weights).is_file())
  ):
    raise InputError(
      f'{network.name} ({where.name}) has no dense layers to begin with, as '
      f'VGG has in the file of its weights; leave '
      f'config.task.pretrained_dense out.'
    )
  if weights in known and not known[weights].dense:
    others = [name for name, x in known.items() if x.dense]
    raise InputError(
      f'The weights {weights!r} of {network.name} are without dense layers; '
      f'give a file that has them with config.network.weights, or '
      f'{" or ".join(others)}, or leave config.task.pretrained_dense out.'
    )
  tap = network.readout_tap
  if tap != found.readout_tap:
    raise InputError(
      f"{network.name}'s dense layers take {found.readout_tap}, not {tap}; "
      f'leave config.network.readout_tap or .task.pretrained_dense out.'
    )
  channels = network.shapes([tap])[tap][-1]
  saved, _ = known_weights.load(
    weights,
    lambda arrays, _: Ported({'params': found.dense(arrays, channels)}, Preprocess()),
    {name: x._replace(sha256='') for name, x in known.items()},
    network=f'{network.name}_dense',
    cache_dir=cache_dir,
  )
  return saved.ported.variables['params']
