"""Heads: what is trained on top of a network's maps."""

import functools
from collections.abc import Callable, Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax import runtime
from saliency_jax.errors import InputError
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks.network import Head, Network
from saliency_jax.networks.taps import Tap

# He et al. 2019, Section 4.2: one 1 x 1 convolution of one filter, no bias.
READOUT = Head(
  'readout',
  Tap('saliency', stride=None),
  # Random, since a constant map has no gradient under NSS.
  lambda key, shape: {'kernel': jax.random.normal(key, (1, 1, shape[-1], 1)) * shape[-1] ** -0.5},
  # The kernel stays float32: full precision costs little in one product.
  runtime.full_precision(lambda params, maps: jnp.matmul(maps, params['kernel'][0, 0][None, None])),
)


@functools.lru_cache(maxsize=16)
def dense(units: tuple[int, ...], classes: int, normalized: bool = True) -> Head:
  """Returns dense layers over pooled maps, like those on VGG-16's trunk.

  The maps are max-pooled over 2 x 2 cells; an odd last row or column is pooled
  too. Then come layers of `units` with ReLUs, and one of the classes without
  (He et al. 2019, Section 8: three in all).

  Args:
    units: of the layers below the last one, e.g. (4096, 4096).
    classes: K.
    normalized: whether each image's features are divided by their root mean
      square. Trunks differ in scale (VGG-16's conv5_3 has about 6), and the
      loss and Adam's steps would grow with it.
  """
  widths = (*units, classes)

  def init(key: jax.Array, shape: tuple[int, int, int]) -> dict:
    height, width, channels = shape
    inputs, params = -(-height // 2) * -(-width // 2) * channels, {}
    for number, width in enumerate(widths):
      # The last layer starts small: all classes are equally likely, the loss is
      # ln K.
      params[f'dense_{number}'] = {
        'kernel': jax.random.normal(jax.random.fold_in(key, number), (inputs, width))
        * ((2 / inputs) ** 0.5)
        * (1 if number < len(units) else 0.01),
        'bias': jnp.zeros(width),
      }
      inputs = width
    return params

  return Head('dense', Tap('logits', 'vector'), init, functools.partial(apply_dense, normalized=normalized))


@runtime.full_precision
def apply_dense(
  params: Mapping, features: jax.Array, keys: jax.Array | None = None, dropout: float = 0.0, *, normalized: bool = False
) -> jax.Array:
  """Returns the logits `[B, K]` of a dense head, in float32.

  Args:
    features: maps `[B, h, w, C]`.
    keys: `[B]`, each image's key for dropout; None drops nothing.
    dropout: the share of units below the last layer that is dropped.
  """
  if normalized:
    x = features.astype(jnp.float32)
    scale = jax.lax.rsqrt(jnp.mean(x * x, axis=(1, 2, 3), keepdims=True) + 1e-12)
    features = (x * scale).astype(features.dtype)
  x = nn.max_pool(features, (2, 2), strides=(2, 2), padding='SAME')
  x = x.reshape(len(x), -1)
  for number in range(len(params)):
    layer = params[f'dense_{number}']
    x = jnp.matmul(x, layer['kernel'].astype(x.dtype)) + layer['bias'].astype(x.dtype)[None]
    if number + 1 < len(params):
      x = nn.relu(x)
      if keys is not None and dropout:
        x = jax.vmap(functools.partial(_drop, dropout, number))(keys, x)
  return x.astype(jnp.float32)


def _drop(share: float, number: int, key: jax.Array, x: jax.Array) -> jax.Array:
  left = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - share, x.shape)
  return jnp.where(left, x / (1 - share), 0)


def attach(network: Network, head: Head, params: Mapping, labels: tuple[str, ...] = ()) -> Network:
  """Returns a network with a trained head on its readout tap, whose output is one more tap.

  `labels` say what each output stands for, e.g. a scene.

  Raises:
    InputError: the network already has parameters or a tap of that name.
  """
  check_name(network, head)
  params = {**network.variables['params'], head.name: params}
  output = head.output._replace(stage=network.taps[network.readout_tap].stage, labels=labels)
  return network.replace(
    run=_with_head(network.run, network.taps[network.readout_tap], head),
    variables={**network.variables, 'params': params},
    taps={**network.taps, output.name: output},
  )


def check_name(network: Network, head: Head) -> None:
  """Raises an `InputError` if the network uses one of the head's names."""
  if head.name in network.variables['params'] or head.output.name in network.taps:
    raise InputError(
      f'{network.name} has a part called {head.name} or {head.output.name}, like the head of this task; rename it.'
    )


@functools.lru_cache(maxsize=64)
def _with_head(run: Callable, readout_tap: Tap, head: Head) -> Callable:
  def with_head(variables, x, taps, first, last):
    """`Network.run`; for the head's tap, x must be images."""
    size = x.shape[1:3]
    params = dict(variables['params'])
    head_params = params.pop(head.name)
    inner = frozenset(taps) - {head.output.name}
    if head.output.name in taps:
      inner |= {readout_tap.name}
    y, found = run({**variables, 'params': params}, x, inner, first, last)
    if head.output.name in taps:
      found = found | {
        head.output.name: head.apply(head_params, tap_tools.as_maps(found[readout_tap.name], readout_tap, size))
      }
    return y, found

  return with_head
