"""An architecture: a network of the zoo without its variables."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks.network import Frame, Head, Stage
from saliency_jax.networks.taps import Tap
from saliency_jax.networks.weights.known_weights import Known
from saliency_jax.networks.weights.variable_files import Ported


class Trunk(NamedTuple):
  """Another network's weights, with which training begins."""
  network: str  # of the zoo
  weights: str
  prefixes: tuple[str, ...] = ('',)  # before the names of its parameters


class Architecture(NamedTuple):
  """A network without its variables."""
  module: Callable[[jnp.dtype], nn.Module]  # see `vgg.VGG` for its signature
  taps: tuple[Tap, ...]
  stages: tuple[Stage, ...]
  default_taps: tuple[str, ...]
  readout_tap: str
  # (arrays, shapes of the variables, preprocessing) -> Ported
  port: Callable[..., Ported]
  known: Mapping[str, Known]
  # Of a saliency model: its last stage makes the map.
  decoder: bool = False
  frame: Frame | None = None
  trunk: Trunk | None = None
  image_size: int = 224
  # (arrays, C of the readout's tap) -> the first layers of `heads.dense`.
  dense: Callable[[Mapping, int], dict] | None = None


def init(module: nn.Module, stages: int) -> Callable[[jax.Array], dict]:
  """Returns what draws a zoo module's variables, a function of a key."""
  image = jnp.zeros((1, 224, 224, 3), jnp.float32)
  return lambda key: dict(module.init(key, image, frozenset(), 0, stages))


def decoder(found: Architecture) -> Head | None:
  """Returns the last stage of a saliency model as what is trained on top."""
  if not found.decoder:
    return None
  name = found.stages[-1].name
  draw = init(found.module(jnp.float32), len(found.stages))
  return Head(
      name, found.taps[-1], lambda key, _: jax.jit(draw)(key)['params'][name],
      lambda params, maps: maps)
