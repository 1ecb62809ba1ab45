"""MSI-Net: a dilated VGG-16 and context at several scales.

Kroner, Senden, Driessens and Goebel, "Contextual encoder-decoder network for
visual saliency prediction" (Neural Networks 2020), as in its authors' program
for TensorFlow 1 (github.com/alexanderkroner/saliency, MIT): the pools of blocks
4 and 5 have stride 1, block 5 is dilated, and bilinear upsampling takes output
i from i / 2.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks.architecture import saliency_model
from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.saliency import framing
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.vgg import FLOOR, SAME_1, VGG, layers
from saliency_jax.networks.weights.port_table import CAFFE, Rule, Table
from saliency_jax.ops import resampling

_LAYERS = layers(pools=(FLOOR, FLOOR, FLOOR, SAME_1, SAME_1), dilations={5: 2})
_KEEPS = ('pool3', 'pool4')
_BRANCHES = ((1, 1), (3, 4), (3, 8), (3, 12))  # side and dilation of a kernel
_EPSILON = 1e-7


class Decoder(nn.Module):
  """Parallel dilated convolutions, then three steps of upsampling."""

  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a map in 0-1, `[B, 8 h, 8 w, 1]`, for maps `[B, h, w, C]`."""

    def conv(name, x, units, size=3, dilation=1, rectify=True):
      y = Convolution(units, self.dtype, size, dilation=dilation, rectify=rectify, name=name.replace('.', '_'))(x)
      record(name, y[:, 0, 0] if name == 'aspp.conv1_5' else y)
      return y

    x = jnp.concatenate([maps[name] for name in (*_KEEPS, 'trunk')], axis=-1)
    branches = [
      conv(f'aspp.conv1_{n}', x, 256, size, dilation) for n, (size, dilation) in enumerate(_BRANCHES, start=1)
    ]
    scene = conv('aspp.conv1_5', x.mean(axis=(1, 2), keepdims=True), 256, 1)
    branches.append(jnp.broadcast_to(scene, branches[0].shape))
    x = conv('aspp.conv2', jnp.concatenate(branches, axis=-1), 256, 1)
    for n, units in enumerate((128, 64, 32), start=1):
      x = resampling.upsample(x, 2, resampling.tensorflow)
      x = conv(f'decoder.conv{n}', x, units)
    x = conv('decoder.conv4', x, 1, rectify=False)
    x = x - x.min(axis=(1, 2, 3), keepdims=True)
    return x / (x.max(axis=(1, 2, 3), keepdims=True) + _EPSILON)


# A frozen graph also has constants that are not weights.
_TABLE = Table(
  "MSI-Net's TensorFlow graph",
  (
    Rule(r'conv\d/(conv\d_\d)/(kernel|bias)', r'\1/\2'),
    Rule(r'(aspp|decoder)/(conv\w+)/(kernel|bias)', r'decoder/\1_\2/\3'),
  ),
  ignored=r'(?!.*(kernel|bias)$).*',
  # As the authors do, the BGR means are subtracted from RGB.
  preprocessing=CAFFE._replace(mean=CAFFE.mean[::-1], bgr=False),
)


def _resized(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  shorter = size[0] < x.shape[0] or size[1] < x.shape[1]
  return np.clip(resampling.resized(x, size, resampling.corners_area if shorter else resampling.corners_cubic), 0, 255)


# For the models trained on SALICON and on OSIE. The authors round maps to
# bytes; here they are not rounded.
_FRAME = framing.letterbox(
  (240, 320), _resized, lambda x, size: _resized(255 * x, size), colour=126, fit=framing.rounded
)
NETWORK = saliency_model('msi_net', VGG(_LAYERS, Decoder, _KEEPS), _TABLE, frame=_FRAME, image_size=320)
