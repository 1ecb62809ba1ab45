"""PDP: a response map on VGG-16, made a density over pixels by a softmax.

After Jetley, Murray and Vig, "End-to-End Saliency Mapping via Probability
Distribution Prediction" (CVPR 2016): convolutions above VGG-16 reduce it to one
map. The authors have published neither weights nor program; the three
convolutions' units and sizes are our choice.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks.architecture import saliency_model
from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.vgg import VGG
from saliency_jax.ops import resampling, resize

_PLAN = ((7, 128, True), (3, 64, True), (1, 1, False))  # size, units, ReLU


class Decoder(nn.Module):
  """Three convolutions, upsampling, and a softmax over pixels."""

  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a density, `[B, 16 h, 16 w, 1]`, for maps `[B, h, w, C]`."""
    x = maps['trunk']
    for n, (size, units, rectify) in enumerate(_PLAN, start=1):
      x = record(f'conv6_{n}', Convolution(units, self.dtype, size, rectify=rectify, name=f'conv6_{n}')(x))
    x = resampling.upsample(x, 16, resize.bilinear)
    return nn.softmax(x.astype(jnp.float32), axis=(1, 2))


NETWORK = saliency_model('pdp', VGG(decoder=Decoder), image_size=320)
