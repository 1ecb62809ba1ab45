"""An architecture: a network of the zoo without its variables."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from saliency_jax.networks.network import Frame, Head, Stage
from saliency_jax.networks.staged import SALIENCY, Staged
from saliency_jax.networks.taps import Tap, described
from saliency_jax.networks.vgg import VGG
from saliency_jax.networks.weights import known_weights, port_table
from saliency_jax.networks.weights.variable_files import Ported

_IMAGE = np.zeros((1, 224, 224, 3), np.float32)


class Trunk(NamedTuple):
  """The pretrained network from which a saliency model's training starts."""

  network: str  # of the zoo
  weights: str
  prefixes: tuple[str, ...] = ('',)  # prepended to its parameters' names, once for each copy


class Architecture(NamedTuple):
  """A network without its variables."""

  name: str
  module: Staged  # in float32
  default_taps: tuple[str, ...]
  readout_tap: str
  # (arrays, shapes of the variables, preprocessing) -> Ported
  port: Callable[..., Ported]
  frame: Frame | None = None
  trunk: Trunk | None = None
  image_size: int = 224
  # Shapes of the first layers of `heads.dense`, which its weight files may
  # have; the first one is stored as a convolution over all cells of pooled
  # maps.
  dense: Mapping[str, tuple[int, ...]] = {}

  @property
  def known(self) -> Mapping[str, Sequence[known_weights.Source]]:
    """Where its named weights can be obtained."""
    return known_weights.FILES.get(self.name, {})

  @property
  def decodes(self) -> bool:
    """Whether its last stage makes a saliency map."""
    return self.readout_tap == SALIENCY

  @property
  def stages(self) -> tuple[Stage, ...]:
    """Units of freezing, bottom to top."""
    return self.module.parts()

  @property
  def shapes(self) -> dict:
    """The variables' shapes and types, a tree."""
    return inspected(self.module)[0]

  @property
  def taps(self) -> tuple[Tap, ...]:
    """Every tap, bottom to top."""
    return inspected(self.module)[1]

  @property
  def decoder(self) -> Head | None:
    """A saliency model's last stage as a `Head`; None for a trunk."""
    if not self.decodes:
      return None
    name, draw = self.stages[-1].name, init(self.module)
    return Head(name, self.taps[-1], lambda key, shape: jax.jit(draw)(key)['params'][name], lambda params, maps: maps)


def saliency_model(
  name: str,
  module: Staged,
  table: port_table.Table = port_table.OWN,
  *,
  renamed: Callable[[Mapping], Mapping] = dict,
  **options: Any,
) -> Architecture:
  """Returns the architecture of a module whose last stage is its decoder.

  `table` and `renamed` say how the authors name their arrays, see
  `port_table.porter`; the options are other fields. A `VGG` starts from VGG-16's
  ImageNet weights, if none says otherwise.
  """
  if isinstance(module, VGG):
    top = tuple(layer.name for layer in module.layers[:-7:-1])
    options = {'trunk': Trunk('vgg16', 'imagenet'), 'default_taps': top} | options
  return Architecture(
    name, module, readout_tap=SALIENCY, port=port_table.porter(name, table, renamed=renamed), **options
  )


@functools.lru_cache(maxsize=64)
def inspected(module: Staged) -> tuple[dict, tuple[Tap, ...]]:
  """Returns a module's variable shapes and its taps, without computing them.

  The taps are what the module records; their kinds and strides follow from the
  shapes for images of 224 x 224 pixels.
  """
  found: list[Tap] = []

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

  shapes = jax.eval_shape(follow, jax.eval_shape(jax.random.key, 0))
  return shapes, tuple(tap._replace(offset=module.offset(tap.name, tap.stride) if tap.stride else 0.0) for tap in found)


def init(module: Staged) -> Callable[[jax.Array], dict]:
  """Returns a function of a key that draws a zoo module's variables."""
  return lambda key: dict(module.init(key, _IMAGE))
