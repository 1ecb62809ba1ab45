"""The paper's saliency network: VGG-16's trunk and a 1 x 1 readout.

He et al. 2019, Section 4.2: one convolution of one filter without bias over
conv5_3, trained on -NSS together with the top d convolutions of the trunk.
"""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks import registry, vgg

READOUT = 'readout'
SALIENCY = 'saliency'  # the name of the output among the layers
_TOP = vgg.CONVOLUTIONS[-1]


def first_trained(depth: int) -> str | None:
  """Returns the lowest convolution that depth d trains; None for depth 0."""
  return vgg.CONVOLUTIONS[-depth] if depth else None


def output_grid(image_size: int) -> tuple[int, int]:
  """Returns (h, w), the cells of the prediction for images of S pixels.

  Raises:
    InputError: if there is no cell left.
  """
  cells = image_size // 16  # four times halved, rounded down
  if not cells:
    raise InputError(
        f'config.data.image_size is {image_size}; give 32 or more.')
  return cells, cells


def init_readout(key: jax.Array, channels: int) -> dict[str, jax.Array]:
  """Returns the readout's parameters: `kernel` float32 `[1, 1, C, 1]`.

  Drawn, not 0: a constant map has no gradient under NSS.

  Args:
    key: of JAX's random numbers.
    channels: C, the units of conv5_3.
  """
  return {'kernel': jax.random.normal(key, (1, 1, channels, 1)) * (
      channels ** -0.5)}


def make_prefix(
    depths: tuple[int, ...], *, widths: Mapping[str, int] = vgg.WIDTHS,
    dtype: jnp.dtype = jnp.float32
) -> Callable[[dict, jax.Array], dict[int, jax.Array]]:
  """Returns the frozen part, shared by networks of several depths.

  Args:
    depths: the depths, each 0 to 13.
    widths: units of every convolution.
    dtype: the type of the arithmetic.

  Returns:
    `prefix(params, images) -> {depth: features}`: images float
    `[B, H, W, 3]`, RGB in 0-255 minus the mean; features float `[B, h, w, C]`,
    what enters the first trained convolution of each depth, or the readout.
    Every layer is computed once.
  """
  below = {}  # depth -> the layer whose maps are wanted
  for depth in depths:
    index = len(vgg.CONVOLUTIONS) - depth
    if index:
      below[depth] = vgg.CONVOLUTIONS[index - 1]
  trunk = vgg.VGG16(tuple(set(below.values())), widths=widths, dtype=dtype)

  def prefix(params: dict, images: jax.Array) -> dict[int, jax.Array]:
    maps = trunk.apply({'params': params}, images) if below else {}
    features = {
        depth: vgg.enter(first_trained(depth), maps[layer]) if depth
        else maps[layer] for depth, layer in below.items()}
    return features | {depth: images for depth in depths if depth not in below}

  return prefix


def make_suffix(
    depth: int, *, widths: Mapping[str, int] = vgg.WIDTHS,
    dtype: jnp.dtype = jnp.float32
) -> Callable[[dict, jax.Array], jax.Array]:
  """Returns the trained part: the top d convolutions and the readout.

  Args:
    depth: d, 0 to 13.
    widths: units of every convolution.
    dtype: the type of the arithmetic.

  Returns:
    `suffix(params, features) -> saliency`, `[B, h, w, C]` to `[B, h', w', 1]`.
  """
  first = first_trained(depth)

  def suffix(params: dict, features: jax.Array) -> jax.Array:
    if first:
      trunk = vgg.VGG16((_TOP,), first=first, widths=widths, dtype=dtype)
      features = trunk.apply({'params': params}, features)[_TOP]
    return jnp.matmul(
        features, params[READOUT]['kernel'][0, 0][None, None],
        precision=jax.lax.Precision.HIGHEST)

  return suffix


def build(
    name: str, *, layers: Sequence[str], mean: np.ndarray,
    dtype: str = 'float32', widths: Mapping[str, int] = vgg.WIDTHS
) -> registry.Network:
  """Returns a trained network: maps of some layers, then its prediction.

  Args:
    name, layers, mean, dtype, widths: see `registry.build`.

  Returns:
    The network, for parameters with a readout. The last of its layers is
    `SALIENCY`, the prediction as a map of one unit.

  Raises:
    InputError: if a name is unknown.
  """
  trunk = registry.build(
      name, layers=tuple(dict.fromkeys((*layers, _TOP))), mean=mean,
      dtype=dtype, widths=widths)
  readout = make_suffix(0, widths=widths, dtype=registry.arithmetic(dtype))

  def apply(
      params: registry.Params, images: jax.Array) -> dict[str, jax.Array]:
    maps = trunk.apply(params, images)
    prediction = readout(params, maps[_TOP])
    return {layer: maps[layer] for layer in layers} | {SALIENCY: prediction}

  return registry.Network((*layers, SALIENCY), apply)
