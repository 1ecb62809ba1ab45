"""Loads networks by name: the zoo's, the user's and PyTorch's."""

import functools
from collections.abc import Callable, Mapping

import jax
import numpy as np

from saliency_jax import runtime
from saliency_jax.errors import InputError
from saliency_jax.networks import architecture as architectures
from saliency_jax.networks import conv_layers, torch_bridge, user_networks
from saliency_jax.networks import network as networks
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks.architecture import Architecture
from saliency_jax.networks.network import Network, Provenance
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.staged import Staged
from saliency_jax.networks.weights import known_weights, port_table, weight_files
from saliency_jax.networks.weights.variable_files import Ported, digest, named
from saliency_jax.networks.zoo_networks import NETWORKS

DEFAULT = 'vgg16'  # the paper's
RANDOM = 'random'  # untrained weights, a baseline
IMAGENET = 'imagenet'  # for a saliency model, those of its trunk alone


def load(
  name: str = DEFAULT,
  *,
  weights: str = IMAGENET,
  preprocessing: str = '',
  cache_dir: str = '',
  dtype: str = 'float32',
  readout_tap: str = '',
  image_size: int = 0,
) -> Network:
  """Returns a network with its weights.

  Args:
    name: a key of `NETWORKS`; 'package.module:function', a user's function that
      takes nothing and returns a `Network`; or a PyTorch network, see
      `torch_bridge.load`.
    weights: a name known for this network (the first one if it has no
      'imagenet'), the path of a weight file, or 'random'. A user's network has
      its own variables. 'imagenet' gives a saliency model its pretrained trunk
      and a decoder to be trained.
    preprocessing: the family of preprocessing that a weight file expects; ''
      takes the usual one of the file's layout.
    cache_dir: the folder of fetched weights; '' is the user's cache.
    dtype: 'float32' or 'bfloat16', the type of the arithmetic.
    readout_tap: the tap that a readout takes; '' is the network's own.
    image_size: S, the side in pixels to which images are resized; 0 is the
      network's own.

  Raises:
    InputError: the name, the weights or another value is invalid.
  """
  networks.arithmetic(dtype)
  stated = weights if weights != IMAGENET else ''
  if name.partition(':')[0] in torch_bridge.KINDS:
    found = torch_bridge.load(name, stated, preprocessing, dtype)
  elif ':' not in name:
    found = _of_zoo(name, weights, preprocessing, cache_dir, dtype)
  elif stated or preprocessing:
    raise InputError(
      f'{name} brings its own variables and preprocessing; leave config.network.weights and .preprocessing out.'
    )
  else:
    found = user_networks.load(name, dtype)
  if readout_tap:
    (readout_tap,) = tap_tools.resolve([readout_tap], found.taps, name)
    found = found.replace(readout_tap=readout_tap)
  if image_size:
    if image_size < 1:
      raise InputError(f"config.network.image_size is {image_size}; give 1 or more, or 0 for the network's own.")
    found = found.replace(preprocess=found.preprocess._replace(image_size=image_size), frame=None)
  return found


def architecture(name: str) -> Architecture:
  """Returns a network of the zoo without variables.

  Raises:
    InputError: there is no network of this name.
  """
  if name not in NETWORKS:
    raise InputError(
      f'There is no network {name!r}; config.network.name is one of '
      f"{', '.join(NETWORKS)}, 'timm:NAME' or 'package.module:function'."
    )
  return NETWORKS[name]


def published(name: str) -> str:
  """Returns the name of a saliency model's published weights.

  It is '' for other networks, and for models whose weights nobody has
  published.
  """
  found = NETWORKS.get(name)
  return next(iter(found.known), '') if found and found.decodes else ''


def assemble(name: str, found: Architecture, ported: Ported, provenance: Provenance, dtype: str = 'float32') -> Network:
  """Returns the network of an architecture and its variables."""
  return Network(
    name,
    _run(found.module.clone(dtype=networks.arithmetic(dtype))),
    ported.variables,
    ported.preprocess,
    tap_tools.table(found.taps),
    found.stages,
    cuts=True,
    default_taps=found.default_taps,
    readout_tap=found.readout_tap,
    provenance=provenance,
    dtype=dtype,
    decoder=found.decoder,
  )


def rebuild(name: str, ported: Ported, provenance: Provenance, dtype: str) -> Network:
  """Returns a network, the zoo's or a user's, with other variables.

  Raises:
    InputError: there is no such network, or its variables differ in shape.
  """
  found = outline(name, dtype)
  if shapes(ported.variables) != shapes(found.variables):
    raise InputError(
      f'These variables ({provenance.source}) are not those of {name}: it '
      f'has changed since, or they are of another network.'
    )
  return found.replace(variables=ported.variables, preprocess=ported.preprocess, provenance=provenance)


def shapes(variables: Mapping) -> dict[str, tuple[int, ...]]:
  """Returns the shapes of variables by their names in `variable_files`."""
  return {name: np.shape(x) for name, x in named(variables).items()}


def outline(name: str, dtype: str = 'float32') -> Network:
  """Returns any network without fetching weights.

  A network of the zoo gets shapes instead of variables.
  """
  if name.partition(':')[0] in torch_bridge.KINDS:
    return torch_bridge.load(name, RANDOM, dtype=dtype)
  if ':' in name:
    return user_networks.load(name, dtype)
  found = architecture(name)
  return assemble(
    name, found, Ported(found.shapes, Preprocess(image_size=found.image_size)), Provenance('', '', ''), dtype
  )


def dense_layers(network: Network, cache_dir: str = '') -> dict:
  """Returns the dense layers in the file of a network's own weights: VGG's.

  They are the first layers of `heads.dense`.

  Raises:
    InputError: the network or the file has none, or the head takes other maps.
  """
  found, where = NETWORKS.get(network.name), network.provenance
  if not found or not found.dense or not where.file_sha256:
    raise InputError(
      f'{network.name} ({where.name}) has no dense layers to start from, as '
      f'VGG has in the file of its weights; leave '
      f'config.task.pretrained_dense out.'
    )
  if network.readout_tap != found.readout_tap:
    raise InputError(
      f"{network.name}'s dense layers take {found.readout_tap}, not {network.readout_tap}; "
      f'leave config.network.readout_tap or .task.pretrained_dense out.'
    )

  path = known_weights.file(where, network.name, cache_dir)
  arrays = weight_files.read_arrays(path)
  # Any family will do, since preprocessing does not matter here.
  family = None if arrays.preprocess else next(iter(port_table.FAMILIES))
  try:
    ported = found.port(arrays, shapes(found.shapes) | found.dense, family)
  except InputError as error:
    raise InputError(
      f'{path}: {error} config.task.pretrained_dense takes weights with dense '
      f'layers, such as torchvision and places365.'
    ) from error
  layers = {name: dict(ported.variables['params'][name]) for name in ('dense_0', 'dense_1')}
  for layer in layers.values():
    layer['kernel'] = layer['kernel'].reshape(-1, layer['bias'].size)
  return layers


def random_variables(module: Staged, seed: int = 0) -> dict:
  """Returns a zoo module's variables as Flax draws them, NumPy arrays."""
  draw = jax.jit(architectures.init(module), compiler_options=runtime.quick_options())
  return jax.tree.map(np.asarray, draw(jax.random.key(seed)))


def _of_zoo(name: str, weights: str, preprocessing: str, cache_dir: str, dtype: str) -> Network:
  found = architecture(name)
  if found.trunk and weights == IMAGENET:
    return _on_trunk(name, found, cache_dir, dtype)
  if weights == IMAGENET and not found.decodes and weights not in found.known:
    weights = next(iter(found.known), weights)
  if weights == RANDOM:
    ported = Ported(random_variables(found.module), Preprocess())
    return assemble(name, found, ported, Provenance(RANDOM, digest(ported), 'drawn with seed 0'), dtype)

  def port(arrays, family):
    return found.port(arrays, shapes(found.shapes), family)

  ported, provenance = known_weights.load(weights, port, name, cache_dir=cache_dir, preprocessing=preprocessing)
  loaded = assemble(name, found, ported, provenance, dtype)
  if not found.decodes:
    return loaded
  head = ported.variables['params'][loaded.decoder.name]
  return loaded.replace(
    preprocess=loaded.preprocess._replace(image_size=found.image_size),
    frame=found.frame,
    # The authors' decoder is the start of any training.
    decoder=loaded.decoder._replace(init=lambda key, shape: head),
  )


def _on_trunk(name: str, found: Architecture, cache_dir: str, dtype: str) -> Network:
  """Returns a saliency model with a trained trunk and a random decoder."""
  trunk = load(found.trunk.network, weights=found.trunk.weights, cache_dir=cache_dir)
  drawn = random_variables(found.module)
  variables = {
    kind: tree
    | {
      f'{prefix}{part}': trunk.variables[kind][part]
      for prefix in found.trunk.prefixes
      for part in trunk.variables.get(kind, ())
    }
    for kind, tree in drawn.items()
  }
  ported = Ported(variables, trunk.preprocess._replace(image_size=found.image_size))
  return assemble(
    name, found, ported, Provenance(IMAGENET, digest(ported), f'{trunk.provenance.source}; the decoder is drawn'), dtype
  )


@functools.lru_cache(maxsize=32)
def _run(module: Staged) -> Callable:
  """Returns `Network.run`, one function for equal modules.

  On a CPU, images pass through the stages with large maps one after another,
  one on each device, so that the maps fit the cache.
  """

  @runtime.full_precision
  def run(variables, x, taps, first, last):
    compute = functools.partial(module.apply, variables)
    cut = min(module.large_stages(), last)
    count, left = divmod(len(jax.tree.leaves(x)[0]), jax.device_count())
    if first >= cut or count < 2 or left or not conv_layers.on_cpu():
      return compute(x, taps, first, last)
    # With devices as the outer axis, a sharded batch stays where it is.
    turns = jax.tree.map(lambda x: x.reshape(jax.device_count(), count, *x.shape[1:]).swapaxes(0, 1), x)
    x, below = jax.tree.map(
      lambda x: x.swapaxes(0, 1).reshape(-1, *x.shape[2:]), jax.lax.map(lambda x: compute(x, taps, first, cut), turns)
    )
    x, above = compute(x, taps, cut, last)
    return x, below | above

  return run
