"""SALICON: a VGG-16 at each of two scales.

Huang, Shen, Boix and Zhao, "SALICON: Reducing the Semantic Gap in Saliency
Prediction by Adapting Deep Neural Networks" (ICCV 2015), in the version of
OpenSALICON (Thomas, arXiv 1606.00110; github.com/CLT29/OpenSALICON, no licence
stated), because the authors' own weights are not public. OpenSALICON makes the
coarse image from the photograph; here it is the fine one at half its size,
which is nearly the same.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage

from saliency_jax.networks.architecture import Trunk, saliency_model
from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.saliency import framing
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.vgg import CEIL, SECOND, VGG, layers
from saliency_jax.networks.weights.port_table import CAFFE, Table, caffe_layer
from saliency_jax.ops import resampling


def coarse(images: jax.Array) -> jax.Array:
  """Returns images `[B, H, W, 3]` at half their size, with aligned corners."""
  return resampling.resize(images, (images.shape[1] // 2, images.shape[2] // 2), resampling.corners, channels=True)


class Decoder(nn.Module):
  """A weighted sum of both scales' maps."""

  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a map in 0-1, `[B, h, w, 1]`, for fine maps `[B, h, w, C]`."""
    del record
    fine, small = maps['trunk'], maps[f'{SECOND}trunk']
    small = resampling.resize(small, fine.shape[1:3], resampling.corners, channels=True)
    return nn.sigmoid(
      Convolution(1, self.dtype, 1, rectify=False, name='saliency_map')(jnp.concatenate([small, fine], axis=-1))
    )


_TABLE = Table(
  "OpenSALICON's Caffe net",
  (*caffe_layer(r'((?:sec_)?conv\d_\d)'), *caffe_layer('(saliency_map)', r'decoder/\1')),
  ignored='(?!)',
  preprocessing=CAFFE._replace(std=(255.0, 255.0, 255.0)),
)


def spline(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Resizes like SciPy's zoom: cubic splines, aligned corners."""
  zoom = [m / n for m, n in zip(size, x.shape, strict=False)]
  return ndimage.zoom(x.astype(np.float64), zoom + [1] * (x.ndim - 2), mode='nearest')


_FRAME = framing.stretched((1200, 1600), spline, spline)
NETWORK = saliency_model(
  'salicon',
  VGG(layers(pools=(CEIL,) * 5), Decoder, second=coarse),
  _TABLE,
  frame=_FRAME,
  image_size=640,
  trunk=Trunk('vgg16', 'imagenet', ('', SECOND)),
)
