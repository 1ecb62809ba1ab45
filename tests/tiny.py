"""Small networks that tests, and their command lines, look into.

`--config.network.name=tests.tiny:vgg` is a narrow VGG-16 with every stage;
`tests.tiny:nested` is anybody's own module: nested names, batch statistics, no
stages; `tests.tiny:decoding` ends in a saliency map of its own.
"""

import contextlib
from collections.abc import Iterator, Mapping
from unittest import mock

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks import adapters, conv_layers, zoo
from saliency_jax.networks import vgg as vggs
from saliency_jax.networks.architecture import saliency_model
from saliency_jax.networks.network import Network, Provenance
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.weights.variable_files import Ported, digest

WIDTHS = dict.fromkeys(vggs.CONVOLUTIONS, 4) | {'conv5_3': 7}
PREPROCESS = Preprocess(64, (120.0, 115.0, 105.0), (1.0, 1.0, 1.0), 1.0)


@contextlib.contextmanager
def devices(count: int) -> Iterator[None]:
  """Lets jobs in this block see only the first devices."""
  some = jax.devices()[:count]
  with mock.patch.multiple(jax, devices=lambda: some, local_devices=lambda: some):
    yield


def vgg(widths: Mapping[str, int] = WIDTHS, seed: int = 0, preprocess: Preprocess = PREPROCESS) -> Network:
  """Returns a VGG-16 of few units with random parameters."""
  ported = Ported({'params': params(widths, seed)}, preprocess)
  return zoo.assemble('tests.tiny:vgg', architecture(widths), ported, Provenance('tiny', digest(ported), 'NumPy'))


def architecture(widths: Mapping[str, int] = WIDTHS) -> zoo.Architecture:
  """Returns VGG-16 with other numbers of units."""
  return zoo.NETWORKS['vgg16']._replace(module=vggs.VGG(vggs.layers(widths)))


def params(widths: Mapping[str, int] = WIDTHS, seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
  """Returns parameters of a VGG-16 that keep maps at one size (He et al.).

  All units live, so that gradients reach everything.
  """
  rng = np.random.default_rng(seed)
  made, below = {}, 3
  for name, units in widths.items():
    scale = 1 / 60 if name == 'conv1_1' else 1  # of images in 0-255
    made[name] = {
      'kernel': (scale * rng.normal(0, (2 / 9 / below) ** 0.5, (3, 3, below, units))).astype(np.float32),
      'bias': np.full(units, 0.3, np.float32),
    }
    below = units
  return made


class Block(nn.Module):
  """A convolution, its batch normalisation and a ReLU."""

  units: int

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    x = nn.Conv(self.units, (3, 3), strides=2, name='conv')(x)
    return nn.relu(nn.BatchNorm(not train, name='norm')(x))


class Nested(nn.Module):
  """Two blocks and a dense layer: a network of somebody's own."""

  @nn.compact
  def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
    for number in range(2):
      x = Block(4 + number, name=f'block{number}')(x, train)
    return nn.Dense(3, name='head')(x.mean(axis=(1, 2)))


def nested() -> Network:
  """Returns `Nested` with random variables, batch statistics included."""
  module = Nested()
  shapes = jax.eval_shape(lambda: module.init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)), train=False))
  rng = np.random.default_rng(0)
  # Drawn by NumPy, as modules of tests call this when they are imported: nothing is compiled there.
  variables = {
    'params': jax.tree.map(lambda x: (0.2 * rng.normal(size=x.shape)).astype(np.float32), shapes['params']),
    'batch_stats': jax.tree.map(lambda x: rng.uniform(0.05, 0.3, x.shape).astype(np.float32), shapes['batch_stats']),
  }
  return adapters.from_linen(module, variables, preprocess=Preprocess(image_size=32), call={'train': False})


class Decoder(nn.Module):
  """One map of two, the upper one enlarged."""

  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    below = maps['conv2_1']
    above = jnp.repeat(jnp.repeat(maps['trunk'], 2, axis=1), 2, axis=2)
    both = record('both', jnp.concatenate([below, above], axis=-1))
    return conv_layers.Convolution(1, rectify=False, name='map')(both)


def decoding() -> Network:
  """Returns a saliency model: three convolutions and a decoder of two maps."""
  layers = (
    vggs.Layer('conv1_1', 4, 1, pool=vggs.FLOOR),
    vggs.Layer('conv2_1', 4, 2, pool=vggs.FLOOR),
    vggs.Layer('conv3_1', 5, 4),
  )
  found = saliency_model('tiny', vggs.VGG(layers, Decoder, ('conv2_1',)), trunk=None, default_taps=('conv3_1',))
  ported = Ported(zoo.random_variables(found.module), PREPROCESS._replace(std=(60.0, 60.0, 60.0)))
  return zoo.assemble('tests.tiny:decoding', found, ported, Provenance('tiny', digest(ported), 'Flax'))
