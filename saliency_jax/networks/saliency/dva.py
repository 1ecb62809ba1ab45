"""DVA, deep visual attention: side outputs of three layers, each supervised.

Wang and Shen, "Deep Visual Attention Prediction" (IEEE TIP 2018), as in the
authors' Caffe net (github.com/wenguanwang/deepattention, no licence stated).
conv1_1 pads the image with 35 zeros, so all maps reach beyond it: a map's cell
i lies at pixel `stride i - margin`. Taps are cropped to the image, and so are
the side outputs, by the authors' Crop layer.
"""

import math
from collections.abc import Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.networks.architecture import saliency_model
from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.saliency import framing
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.vgg import CEIL, VGG, Layer, layers
from saliency_jax.networks.weights.port_table import CAFFE, Table, caffe_layer
from saliency_jax.ops import resampling

_MULTIPLE = 4  # pixels
_KEEPS = ('conv3_3', 'conv4_3')
_MARGINS = {1: 34.0, 2: 33.5, 3: 32.5, 4: 30.5, 5: 26.5}  # pixels, by block
# Of each side output: its tap, and the units of its deconvolutions.
_SIDES: Mapping[int, tuple[str, tuple[int, ...]]] = {
  5: ('trunk', (512, 256, 128, 64)),
  4: ('conv4_3', (256, 128, 64)),
  3: ('conv3_3', (128, 64)),
}


def _first(stride: int, margin: float) -> int:
  """Returns a map's first cell on the image, to half a cell."""
  return math.floor((margin + (stride - 1) / 2) / stride)


def _layers() -> tuple[Layer, ...]:
  # Cells outside the image: 68 more pixels, halved and rounded up by the pools.
  outside = {1: 68, 2: 34, 3: 17, 4: 9, 5: 5}
  made = []
  for layer in layers(pools=(CEIL, CEIL, CEIL, CEIL, None)):
    block = int(layer.name[4])
    made.append(
      layer._replace(
        pad=35 if layer.name == 'conv1_1' else None, cut=(_first(layer.stride, _MARGINS[block]), outside[block])
      )
    )
  return tuple(made)


class _Deconvolution(nn.Module):
  """A 4 x 4 transposed convolution of stride 2 with its ReLU."""

  units: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Returns `[B, 2 h + 2, 2 w + 2, K]` for `[B, h, w, C]`."""
    kernel = self.param('kernel', nn.initializers.lecun_normal(), (4, 4, x.shape[-1], self.units))
    bias = self.param('bias', nn.initializers.zeros, (self.units,))
    # Every cell adds its kernel at its position. Output rows of one parity see
    # two cells and every second row of the kernel: four maps in one product.
    batch, height, width, units = x.shape
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    x = jnp.concatenate([x[:, i : i + height + 1, j : j + width + 1] for i in (0, 1) for j in (0, 1)], axis=-1)
    kernel = kernel.reshape(2, 2, 2, 2, units, self.units)[::-1, :, ::-1]
    kernel = jnp.transpose(kernel, (0, 2, 4, 1, 3, 5))
    y = jnp.matmul(x, kernel.reshape(4 * units, -1).astype(self.dtype)[None, None])
    y = y.reshape(batch, height + 1, width + 1, 2, 2, self.units)
    y = jnp.moveaxis(y, 3, 2).reshape(batch, 2 * height + 2, 2 * width + 2, self.units)
    return nn.relu(y + bias.astype(self.dtype)[None, None, None])


class Decoder(nn.Module):
  """A map for each side output, and one for all three."""

  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a map in 0-1, `[B, H, W, 1]`, for images `[B, H, W, 3]`."""
    # See `_layers`; the sides of images are multiples of 4.
    size = tuple(4 * (n - 17) for n in maps['conv3_3'].shape[1:3])

    def on_image(x, stride, margin):
      start = _first(stride, margin)
      height, width = (side // stride for side in size)
      return x[:, start : start + height, start : start + width]

    sides = []
    for number, (side, (tap, widths)) in enumerate(_SIDES.items(), start=1):
      x, stride, margin = maps[tap], 2 ** (side - 1), _MARGINS[side]
      for n, units in enumerate(widths, start=1):
        x = _Deconvolution(units, self.dtype, name=f'deconv{side}_{n}')(x)
        stride //= 2
        margin += 1.5 * stride
        record(f'deconv{side}_{n}', on_image(x, stride, margin))
      x = Convolution(1, self.dtype, pad=0, rectify=False, name=f'attention{number}_pred')(x)
      sides.append(on_image(x, 1, margin - 1))
      record(f'attentionmap{number}', nn.sigmoid(sides[-1]))
    return nn.sigmoid(
      Convolution(1, self.dtype, rectify=False, name='final_attention_pred')(jnp.concatenate(sides, axis=-1))
    )


_TABLE = Table(
  "DVA's Caffe net",
  (
    *caffe_layer(r'(conv\d_\d)'),
    *caffe_layer(r'(deconv\d_\d)', r'decoder/\1', 'iohw'),
    *caffe_layer(r'(\w+_pred)', r'decoder/\1'),
  ),
  ignored='(?!)',
  preprocessing=CAFFE,
)

# MATLAB's imresize, to a square whatever the image's shape.
_FRAME = framing.stretched(
  (224, 224), up=lambda x, size: resampling.resized(x / max(x.max(), 1e-30), size, resampling.matlab_cubic)
)
NETWORK = saliency_model('dva', VGG(_layers(), Decoder, _KEEPS, multiple=_MULTIPLE), _TABLE, frame=_FRAME)
