"""SAM: attention refined step by step, and learned centre priors.

Cornia, Baraldi, Serra and Cucchiara, "Predicting Human Eye Fixations via an
LSTM-based Saliency Attentive Model" (IEEE TIP 2018), as in the authors' program
for Keras 1.1 on Theano (github.com/marcellacornia/sam, MIT), on a dilated
VGG-16 or ResNet-50. Theano convolves with flipped kernels, pads pools above and
on the left, and has its own bilinear upsampling.
"""

import functools
import re
from collections.abc import Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage

from saliency_jax.networks.architecture import saliency_model
from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.saliency import framing
from saliency_jax.networks.saliency.dilated_resnet import DilatedResNet
from saliency_jax.networks.staged import Recorder
from saliency_jax.networks.vgg import FLOOR, THEANO_SAME, THEANO_SAME_1, VGG, layers
from saliency_jax.networks.weights.port_table import CAFFE, Rule, Table
from saliency_jax.ops import resampling

_LAYERS = layers(pools=(FLOOR, FLOOR, THEANO_SAME, THEANO_SAME_1, None), dilations={5: 2})
_STEPS, _PRIORS, _UNITS, _FACTOR = 4, 16, 512, 16
_EPSILON = 1e-7
# Convolutions of the same input are joined into one.
_JOINED = {'lstm_state': ('W_a', 'U_i', 'U_f', 'U_c', 'U_o'), 'lstm_input': ('W_i', 'W_f', 'W_c', 'W_o')}
# Of the means and the deviations, x before y.
_BOUNDS = ((0.25, 0.75), (0.35, 0.65), (0.1, 0.9), (0.2, 0.8))


class Decoder(nn.Module):
  """The attentive LSTM, two sets of priors, and the map."""

  reduces: bool = False  # whether a convolution brings the trunk's units to 512
  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a map >= 0, `[B, 16 h, 16 w, 1]`, for maps `[B, h, w, C]`."""
    x = maps['trunk']
    if self.reduces:
      x = record('features', Convolution(_UNITS, self.dtype, name='features')(x))
    x = self._attend(x, record)
    for n in (1, 2):
      parameters = self.param(f'prior_{n}', _draw_priors, (4 * _PRIORS,))
      prior = priors(parameters, x.shape[1:3]).astype(self.dtype)
      x = jnp.concatenate([x, jnp.broadcast_to(prior, (len(x), *prior.shape[1:]))], axis=-1)
      x = record(f'priors.{n}', Convolution(_UNITS, self.dtype, 5, dilation=4, name=f'prior_conv_{n}')(x))
    # The bias starts at 1: a ReLU that is 0 everywhere would have no gradient.
    x = Convolution(1, self.dtype, 1, start=1.0, name='output')(x)
    return resampling.upsample(x, _FACTOR, resampling.theano)

  def _attend(self, x: jax.Array, record: Recorder) -> jax.Array:
    """Returns the LSTM's state after the last step."""

    def conv(name, units):
      return Convolution(units, self.dtype, rectify=False, name=name)

    score = Convolution(1, self.dtype, rectify=False, bias=False, name='lstm_V_a')
    of_features = conv('lstm_U_a', _UNITS)(x)
    of_state, of_input = (conv(name, len(gates) * _UNITS) for name, gates in _JOINED.items())
    hidden = cell = jnp.zeros_like(x)
    for step in range(1, _STEPS + 1):
      wanted, *state = jnp.split(of_state(hidden), 5, axis=-1)
      shares = nn.softmax(score(jnp.tanh(wanted + of_features)), axis=(1, 2))
      record(f'attention.{step}', shares)
      enter, forget, new, leave = (
        a + b for a, b in zip(jnp.split(of_input(shares * x), 4, axis=-1), state, strict=True)
      )
      cell = nn.sigmoid(forget) * cell + nn.sigmoid(enter) * jnp.tanh(new)
      hidden = record(f'lstm.{step}', nn.sigmoid(leave) * jnp.tanh(cell))
    return hidden


def priors(parameters: jax.Array, size: tuple[int, int]) -> jax.Array:
  """Returns the learned priors, `[1, h, w, 16]`, each with a maximum of 1.

  Args:
    parameters: `[64]`: the priors' means in x and y, then their deviations in x
      and y, in widths of the map.
    size: (h, w) in cells.
  """
  means_x, means_y, sigmas_x, sigmas_y = (
    jnp.clip(values, *bounds) for values, bounds in zip(parameters.reshape(4, _PRIORS), _BOUNDS, strict=True)
  )

  def axis(at, means, sigmas):
    at = jnp.asarray(at, parameters.dtype)[:, None]
    return (at - means[None]) ** 2 / (2 * sigmas**2 + _EPSILON)[None]

  ratio = size[0] / size[1]
  rows = axis(np.linspace((1 - ratio) / 2, (1 + ratio) / 2, size[0]), means_y, sigmas_y)
  columns = axis(np.linspace(0, 1, size[1]), means_x, sigmas_x)
  maps = jnp.exp(-(rows[:, None] + columns[None]))
  return (maps / maps.max(axis=(0, 1), keepdims=True))[None]


def _draw_priors(key: jax.Array, shape: tuple[int], dtype=jnp.float32):
  half = shape[0] // 2
  one, other = jax.random.split(key)
  return jnp.concatenate(
    [jax.random.uniform(one, (half,), dtype, 0.3, 0.7), jax.random.uniform(other, (half,), dtype, 0.05, 0.3)]
  )


# Keras's names for kinds of layers above the trunk, and ours for these layers,
# in the order in which they are created: Keras numbers those of a kind.
_LAYERS_ABOVE = {
  'attentiveconvlstm': ('lstm_W_a', 'lstm_U_a', 'lstm_V_a', *(f'lstm_{x}_{gate}' for gate in 'ifco' for x in 'WU')),
  'atrousconvolution2d': ('prior_conv_1', 'prior_conv_2'),
  'convolution2d': ('features', 'output'),
  'learningprior': ('prior_1', 'prior_2'),
}
_NUMBERED = re.compile(rf'(?P<kind>{"|".join(_LAYERS_ABOVE)})_(?P<layer>\d+)/\w+?_(?P<part>\d+)_(?P<array>[Wb])')


def named(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Returns a file's arrays by our names.

  Keras's first number of a kind depends on what else had been created before.
  """

  def number(match: re.Match) -> int:
    return int(match['part' if match['kind'] == 'attentiveconvlstm' else 'layer'])

  found = [match for name in arrays if (match := _NUMBERED.fullmatch(name))]
  made = dict(arrays)
  for kind, titles in _LAYERS_ABOVE.items():
    of = [match for match in found if match['kind'] == kind]
    order = sorted({number(match) for match in of})
    if len(order) <= len(titles):  # otherwise their names are refused as they are
      for match in of:
        title = titles[order.index(number(match)) - len(order)]
        made[f'decoder/{title}/{match["array"]}'] = made.pop(match[0])
  for name, gates in _JOINED.items():
    for kind in 'Wb':
      parts = [f'decoder/lstm_{gate}/{kind}' for gate in gates]
      shapes = {np.shape(made.get(part)) for part in parts}
      if len(shapes) == 1 and shapes != {()}:
        made[f'decoder/{name}/{kind}'] = np.concatenate([made.pop(part) for part in parts])
  return made


def _layer(theirs: str, ours: str = r'\1') -> tuple[Rule, ...]:
  """Returns the rules for a convolution of Keras 1 on Theano."""
  return Rule(f'{theirs}W', f'{ours}/kernel', 'oihw reversed'), Rule(f'{theirs}b', f'{ours}/bias')


_TABLE = Table(
  "SAM's Keras file",
  (
    *_layer(r'block(\d)_conv(\d)/\w+_', r'conv\1_\2'),
    *_layer(r'((?:res\w+_branch|conv)\w+)/\w+_'),
    Rule(r'(bn\w+)/\w+_gamma', r'\1/scale'),
    Rule(r'(bn\w+)/\w+_beta', r'\1/bias'),
    # Keras 1 stores the variance under the name of a deviation.
    Rule(r'(bn\w+)/\w+_running_(mean)', r'batch_stats:\1/\2'),
    Rule(r'(bn\w+)/\w+_running_std', r'batch_stats:\1/var'),
    Rule(r'(decoder/prior_\d)/W', r'\1'),
    *_layer(r'(decoder/\w+)/'),
  ),
  ignored='(?!)',
  preprocessing=CAFFE,
)

_BLUR = 7  # standard deviation in pixels


def _restored(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  return framing.bilinear(x / max(x.max(), 1e-30) * 255, size)


_BOX = framing.letterbox(
  (240, 320), lambda x, size: np.round(framing.bilinear(x, size)), _restored, colour=0, fit=framing.floored
)
_FRAME = _BOX._replace(restore=lambda saliency, size: ndimage.gaussian_filter(_BOX.restore(saliency, size), _BLUR))

NETWORK, ON_RESNET = (
  saliency_model(name, module, _TABLE, frame=_FRAME, image_size=320, renamed=named, **options)
  for name, module, options in (
    ('sam_vgg', VGG(_LAYERS, Decoder, centred=True), {}),
    (
      'sam_resnet',
      DilatedResNet(functools.partial(Decoder, reduces=True)),
      {'default_taps': ('res5c', 'res4f', 'res3d', 'res2c')},
    ),
  )
)
