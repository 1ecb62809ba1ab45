"""DeepGaze II: five maps of VGG-19, and four 1 x 1 convolutions.

Kummerer, Wallis, Gatys and Bethge, "Understanding Low- and High-Level
Contributions to Fixation Prediction" (ICCV 2017). The authors published a
TensorFlow 1 checkpoint with its graph, but no program. As in one from their
laboratory, every map is repeated to cells of 2 pixels, mixed, blurred and made
a density. Here cells are repeated after the 1 x 1 convolutions, which gives the
same. It is assumed that VGG-19 takes images as in Caffe. The density is the
authors' version without a centre bias, which is not in their checkpoint.
"""

from collections.abc import Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks.architecture import Trunk, saliency_model
from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.network import Frame
from saliency_jax.networks.saliency import framing
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.vgg import VGG, WIDTHS_19, layers
from saliency_jax.networks.weights.port_table import CAFFE, Rule, Table

_MULTIPLE = 16  # pixels
_KEEPS = ('conv5_1.linear', 'conv5_1', 'conv5_2', 'conv5_3.linear')
_LAYERS = tuple(layer._replace(linear=f'{layer.name}.linear' in _KEEPS) for layer in layers(WIDTHS_19))
_FACTOR, _RADIUS = 8, 20  # repetitions of a cell; cells of 2 pixels


class Decoder(nn.Module):
  """The mix of the five maps, a blur, and a softmax over cells."""

  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a density, `[B, 8 h, 8 w, 1]`, for maps `[B, h, w, C]`."""
    x = jnp.concatenate([maps[name] for name in (*_KEEPS, 'trunk')], axis=-1)
    for n, units in enumerate((16, 32, 2), start=1):
      x = record(f'readout.{n}', Convolution(units, self.dtype, 1, name=f'conv{n}')(x))
    x = record('readout.4', Convolution(1, self.dtype, 1, rectify=False, bias=False, name='conv4')(x))
    x = jnp.repeat(jnp.repeat(x, _FACTOR, axis=1), _FACTOR, axis=2)
    sigma = self.param('sigma', nn.initializers.constant(5.0), ())
    return nn.softmax(blurred(x.astype(jnp.float32), sigma), axis=(1, 2))


def blurred(x: jax.Array, sigma: jax.Array) -> jax.Array:
  """Returns maps `[B, h, w, 1]` after a Gaussian blur, with edges repeated."""
  taps = jnp.exp(-(jnp.arange(-_RADIUS, _RADIUS + 1) ** 2) / (2 * sigma**2))
  taps = (taps / taps.sum()).astype(x.dtype)
  for axis in (1, 2):
    around = [(_RADIUS,) * 2 if at == axis else (0, 0) for at in range(4)]
    shape = [-1 if at == axis - 1 else 1 for at in range(4)]
    x = jax.lax.conv_general_dilated(
      jnp.pad(x, around, mode='edge'), taps.reshape(shape), (1, 1), 'VALID', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
    )
  return x


def joined(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Returns a file's arrays, with the first convolution's five parts joined."""
  parts = {name: x for name, x in arrays.items() if x.ndim == 4 and 'conv1_part' in name and name.endswith('/weights')}
  if len(parts) != len(_KEEPS) + 1 or len({x.shape for x in parts.values()}) > 1:
    return dict(arrays)  # their names are refused later
  first = min(parts)
  return {name: x for name, x in arrays.items() if name not in parts} | {
    first.replace('conv1_part0', 'conv1'): np.concatenate([parts[name] for name in sorted(parts)], axis=-2)
  }


_KINDS = (('weights', 'kernel'), ('biases', 'bias'))
_TABLE = Table(
  "DeepGaze II's checkpoint",
  (
    *(Rule(rf'(?:.*/)?conv\d/(conv\d_\d)/{theirs}', rf'\1/{ours}') for theirs, ours in _KINDS),
    *(Rule(rf'(?:.*/)?readout_network/(conv\d)/{theirs}', rf'decoder/\1/{ours}') for theirs, ours in _KINDS),
    Rule(r'(?:.*/)?saliency_map/sigma', 'decoder/sigma'),
  ),
  # The centre bias's weight, and an optimizer's state.
  ignored=r'(.*/)?(alpha|global_step|beta\d_power|.*/(Adam(_1)?|Momentum))',
  preprocessing=CAFFE,
)


def _prepared(image: np.ndarray) -> np.ndarray:
  """Returns an image resized to the nearest size that the network takes."""
  return framing.bilinear(image, tuple(max(round(side / _MULTIPLE), 1) * _MULTIPLE for side in image.shape[:2])).astype(
    np.float32
  )


_FRAME = Frame(_prepared, framing.density)
NETWORK = saliency_model(
  'deepgaze2',
  VGG(_LAYERS, Decoder, _KEEPS, multiple=_MULTIPLE),
  _TABLE,
  renamed=joined,
  frame=_FRAME,
  trunk=Trunk('vgg19', 'imagenet'),
)
