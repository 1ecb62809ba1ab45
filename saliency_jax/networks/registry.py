"""The networks that can be looked into, by name.

Everybody outside this folder sees a network as one pure function,
`apply(params, images) -> {layer: maps}`, and a list of layer names.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks import vgg

Params = dict[str, dict[str, jax.Array]]
ApplyFn = Callable[[Params, jax.Array], dict[str, jax.Array]]

# Every layer of every network, bottom to top.
LAYERS: dict[str, tuple[str, ...]] = {'vgg16': vgg.CONVOLUTIONS}
_DTYPES = {'float32': jnp.float32, 'bfloat16': jnp.bfloat16}


class Network(NamedTuple):
  """A network, ready to be applied."""
  layers: tuple[str, ...]  # the layers that `apply` returns, as asked for
  apply: ApplyFn  # images: uint8 or float `[B, H, W, 3]`, RGB in 0-255


def build(
    name: str, *, layers: Sequence[str], mean: np.ndarray,
    dtype: str = 'float32', widths: vgg.Mapping[str, int] = vgg.WIDTHS
) -> Network:
  """Returns a network that gives the maps of some of its layers.

  Args:
    name: a key of `LAYERS`.
    layers: names out of `LAYERS[name]`, in any order, at least one.
    mean: float32 `[3]`, RGB in 0-255, taken from every image.
    dtype: 'float32' or 'bfloat16', the type of the arithmetic.
    widths: units of every layer; other than the network's own in tests only.

  Raises:
    InputError: if a name is unknown; the message lists the valid ones.
  """
  check_layers(name, layers)
  module = vgg.VGG16(tuple(layers), widths=widths, dtype=arithmetic(dtype))
  mean = np.asarray(mean, np.float32)

  def apply(params: Params, images: jax.Array) -> dict[str, jax.Array]:
    return module.apply(
        {'params': params}, images.astype(jnp.float32) - mean[None, None, None])

  return Network(tuple(layers), apply)


def check_name(name: str) -> None:
  """Raises an `InputError` if there is no network of this name."""
  if name not in LAYERS:
    raise InputError(
        f"There is no model {name!r}; config.model.name is one of "
        f"{', '.join(LAYERS)}.")


def check_layers(name: str, layers: Sequence[str]) -> None:
  """Raises an `InputError` for a network or layers that there are not."""
  check_name(name)
  if not layers:
    raise InputError('config.model.layers is empty; name at least one layer.')
  for layer in layers:
    if layer not in LAYERS[name]:
      raise InputError(
          f"{name} has no layer {layer!r}; config.model.layers takes "
          f"{', '.join(LAYERS[name])}.")
  if len(set(layers)) < len(layers):
    raise InputError('config.model.layers names a layer twice.')


def check_grid(layer: str, height: int, width: int, image_size: int) -> None:
  """Raises an `InputError` for a map of one row or column of cells."""
  if min(height, width) < 2:  # one cell alone is a constant map
    raise InputError(
        f'config.data.image_size={image_size} leaves {layer} a map of '
        f'{height} x {width} cells; give a larger size.')


def arithmetic(dtype: str) -> jnp.dtype:
  """Returns the type of the arithmetic, 'float32' or 'bfloat16', by its name.

  Raises:
    InputError: if there is no such type.
  """
  if dtype not in _DTYPES:
    raise InputError(
        f"config.model.dtype is {dtype!r}; it is one of {', '.join(_DTYPES)}.")
  return _DTYPES[dtype]


def map_sizes(
    network: Network, params: Params, image_size: int
) -> dict[str, tuple[int, int, int]]:
  """Returns the (h, w, C) of every layer for square images, computing none."""
  image = jax.ShapeDtypeStruct((1, image_size, image_size, 3), jnp.uint8)
  maps = jax.eval_shape(network.apply, params, image)
  return {layer: maps[layer].shape[1:] for layer in network.layers}
