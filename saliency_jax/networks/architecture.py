"""An architecture: a network of the zoo without its variables."""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks.network import Frame, Head, Stage
from saliency_jax.networks.staged import Staged
from saliency_jax.networks.taps import Tap, described
from saliency_jax.networks.weights.known_weights import Known
from saliency_jax.networks.weights.variable_files import Ported

_IMAGE = np.zeros((1, 224, 224, 3), np.float32)


class Trunk(NamedTuple):
  """Another network's weights, with which training begins."""

  network: str  # of the zoo
  weights: str
  prefixes: tuple[str, ...] = ('',)  # before the names of its parameters


class Architecture(NamedTuple):
  """A network without its variables."""

  module: Callable[[jnp.dtype], Staged]
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

  @property
  def stages(self) -> tuple[Stage, ...]:
    """Units of freezing, bottom to top."""
    return self.module(jnp.float32).parts()

  @property
  def shapes(self) -> dict:
    """The variables' shapes and types, a tree."""
    return inspected(self.module(jnp.float32))[0]

  @property
  def taps(self) -> tuple[Tap, ...]:
    """Every tap, bottom to top."""
    return inspected(self.module(jnp.float32))[1]


@functools.lru_cache(maxsize=64)
def inspected(module: Staged) -> tuple[dict, tuple[Tap, ...]]:
  """Returns the shapes of a module's variables, and its taps, computing none.

  A tap is what the module records; what it is, its shape for images of 224 x
  224 pixels says.
  """
  found = []

  def follow(key: jax.Array) -> dict:
    x, variables = _IMAGE, {}
    for stage in range(len(module.parts())):
      (x, values), drawn = module.init_with_output(key, x, None, stage, stage + 1)
      found.extend(
        described(Tap(name, stage=stage, aliases=module.aliases(name)), y.shape, _IMAGE.shape[1], module.prefix())
        for name, y in values.items()
      )
      for kind, tree in drawn.items():
        variables.setdefault(kind, {}).update(tree)
    return variables

  return jax.eval_shape(follow, jax.random.key(0)), tuple(found)


def init(module: Staged) -> Callable[[jax.Array], dict]:
  """Returns what draws a zoo module's variables, a function of a key."""
  return lambda key: dict(module.init(key, _IMAGE))


def decoder(found: Architecture) -> Head | None:
  """Returns the last stage of a saliency model as what is trained on top."""
  if not found.decoder:
    return None
  name, draw = found.stages[-1].name, init(found.module(jnp.float32))
  return Head(name, found.taps[-1], lambda key, shape: jax.jit(draw)(key)['params'][name], lambda params, maps: maps)
