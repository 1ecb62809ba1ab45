"""The dense layers of a network's own weights, to begin a head with."""

from saliency_jax.errors import InputError
from saliency_jax.networks import zoo
from saliency_jax.networks.network import Network
from saliency_jax.networks.weights import known_weights


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
  if not found or not found.dense or not where.file_sha256:
    raise InputError(
      f'{network.name} ({where.name}) has no dense layers to begin with, as '
      f'VGG has in the file of its weights; leave '
      f'config.task.pretrained_dense out.'
    )
  tap = network.readout_tap
  if tap != found.readout_tap:
    raise InputError(
      f"{network.name}'s dense layers take {found.readout_tap}, not {tap}; "
      f'leave config.network.readout_tap or .task.pretrained_dense out.'
    )
  expected = zoo.shapes(found.shapes) | found.dense
  weights = where.name if where.name in found.known else where.source
  try:
    ported, _ = known_weights.load(
      weights, lambda arrays, family: found.port(arrays, expected, family), network.name, cache_dir=cache_dir
    )
  except InputError as error:
    raise InputError(
      f'{error} config.task.pretrained_dense takes weights with dense layers, such as torchvision and places365.'
    ) from error
  layers = {name: dict(ported.variables['params'][name]) for name in ('dense_0', 'dense_1')}
  for layer in layers.values():
    layer['kernel'] = layer['kernel'].reshape(-1, layer['bias'].size)
  return layers
