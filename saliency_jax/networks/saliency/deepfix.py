"""DeepFix: inception modules and location-biased convolutions.

After Kruthiventi, Ayush and Babu, "DeepFix: A Fully Convolutional Neural
Network for Predicting Human Eye Fixations" (IEEE TIP 2017): VGG-16 with a
dilated block 5, two inception modules, two 5 x 5 convolutions with dilation 6
that also see 16 fixed Gaussian maps, and a 1 x 1 convolution. The authors have
published neither weights nor program; the units of the modules' branches and
the Gaussians' deviations are our choice.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks.architecture import saliency_model
from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.vgg import FLOOR, SAME_1, VGG, layers
from saliency_jax.ops import resampling, resize

_LAYERS = layers(pools=(FLOOR, FLOOR, FLOOR, SAME_1, SAME_1), dilations={5: 2})
_UNITS = 512
# Of a module's branches: units of the reduction, units, dilation.
_BRANCHES = ((0, 128, 1), (128, 256, 1), (32, 64, 2), (32, 64, 4))
# The Gaussians' deviations in heights and in widths of the map, in all pairs.
_DEVIATIONS = (1 / 8, 1 / 4, 1 / 2, 1)


class Decoder(nn.Module):
  """The layers of DeepFix above VGG-16."""

  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a map `[B, 8 h, 8 w, 1]` for maps `[B, h, w, C]`."""

    def conv(name, x, units, size=1, dilation=1, rectify=True):
      return Convolution(units, self.dtype, size, dilation=dilation, rectify=rectify, name=name)(x)

    x = maps['trunk']
    for n in (1, 2):
      branches = []
      for k, (reduced, units, dilation) in enumerate(_BRANCHES, start=1):
        name, y = f'inception_{n}_{k}', x
        if reduced:
          y = conv(f'{name}_reduce', y, reduced)
        branches.append(conv(name, y, units, 3 if reduced else 1, dilation))
      x = record(f'inception.{n}', jnp.concatenate(branches, axis=-1))
    for n in (1, 2):
      prior = jnp.asarray(gaussians(x.shape[1:3]), x.dtype)[None]
      x = jnp.concatenate([x, jnp.broadcast_to(prior, (len(x), *prior.shape[1:]))], axis=-1)
      x = record(f'biased.{n}', conv(f'biased_{n}', x, _UNITS, 5, dilation=6))
    x = record('output', conv('output', x, 1, rectify=False))
    return resampling.upsample(x, 8, resize.bilinear)


def gaussians(size: tuple[int, int]) -> np.ndarray:
  """Returns fixed Gaussians around the centre, `[h, w, 16]`, at most 1."""
  rows, columns = (
    np.exp(-((((np.arange(n) + 0.5) / n - 0.5)[:, None] / np.array(_DEVIATIONS)[None]) ** 2) / 2) for n in size
  )
  return (rows[:, None, :, None] * columns[None, :, None]).reshape(*size, -1)


NETWORK = saliency_model('deepfix', VGG(_LAYERS, Decoder, centred=True), image_size=320)
