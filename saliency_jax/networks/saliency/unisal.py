"""UNISAL for images: MobileNet-V2, Gaussian priors and two skips.

Droste, Jiao and Noble, "Unified Image and Video Saliency Modeling" (ECCV 2020),
as in the authors' program (github.com/rdroste/unisal, Apache-2.0), for images:
the recurrent part is bypassed, and norms, priors, adaptation and smoothing are
those for SALICON. A block with stride is computed at full size and subsampled
afterwards, because the skips start from the full maps.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from saliency_jax.networks.architecture import saliency_model
from saliency_jax.networks.conv_layers import Convolution, batch_norm
from saliency_jax.networks.network import Frame, Stage
from saliency_jax.networks.saliency import framing
from saliency_jax.networks.staged import DECODER, SALIENCY, Recorder, Staged, centred, check_sides
from saliency_jax.networks.weights.port_table import Rule, Table, torch_layer
from saliency_jax.ops import resampling, resize

_MULTIPLE = 32  # pixels
# Expansion, units, blocks and stride of the groups of MobileNet-V2.
_GROUPS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_BLOCKS = tuple(
  (expansion, units, 1 if n else stride, n > 0) for expansion, units, count, stride in _GROUPS for n in range(count)
)
_SKIPS = {'skip_4x': 7, 'skip_2x': 14}  # after these blocks
_LAST = len(_BLOCKS) + 1
_PRIORS, _SCALE, _SIDE = 16, 6.0, 41


class _Layer(nn.Module):
  """A convolution without bias, and batch normalisation."""

  units: int
  dtype: jnp.dtype
  size: int = 1
  stride: int = 1
  depthwise: bool = False
  bias: bool = False
  rectify: bool = True

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    x = Convolution(
      self.units,
      self.dtype,
      self.size,
      self.stride,
      rectify=False,
      bias=self.bias,
      depthwise=self.depthwise,
      name='conv',
    )(x)
    x = batch_norm(self.dtype, 'norm')(x)
    return nn.relu6(x) if self.rectify else x


class _Inverted(nn.Module):
  """An inverted residual: expansion, depthwise convolution, projection."""

  expansion: int
  units: int
  dtype: jnp.dtype
  residual: bool = False

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    y, width = x, self.expansion * x.shape[-1]
    if self.expansion > 1:
      y = _Layer(width, self.dtype, name='wide')(y)
    y = _Layer(width, self.dtype, 3, depthwise=True, name='deep')(y)
    y = _Layer(self.units, self.dtype, rectify=False, name='narrow')(y)
    return x + y if self.residual else y


class Unisal(Staged):
  """The trunk in 19 stages, and the decoder."""

  dtype: jnp.dtype = jnp.float32

  def parts(self) -> tuple[Stage, ...]:
    return (*(Stage(f'features.{n}', f'features_{n}/.*') for n in range(_LAST + 1)), Stage(DECODER, f'{DECODER}/.*'))

  def stage(
    self, number: int, x: jax.Array | dict[str, jax.Array], record: Recorder
  ) -> jax.Array | dict[str, jax.Array]:
    if not number:
      check_sides(x.shape[1:3], _MULTIPLE)
      x = {'trunk': x}
    if number > _LAST:
      return record(SALIENCY, _Decoder(self.dtype, name=DECODER)(x, record))
    maps, x, name, stride = dict(x), x['trunk'], f'features_{number}', 1
    if number == 0:
      x = _Layer(32, self.dtype, 3, 2, name=name)(x)
    elif number == _LAST:
      x = _Layer(1280, self.dtype, name=name)(x)
    else:
      expansion, units, stride, residual = _BLOCKS[number - 1]
      x = _Inverted(expansion, units, self.dtype, residual, name=name)(x)
    record(f'features.{number}', x)
    maps |= {skip: x for skip, at in _SKIPS.items() if at == number}
    return maps | {'trunk': x[:, ::stride, ::stride]}

  def offset(self, tap: str, stride: int) -> float:
    # Those above join the trunk with a skip.
    return centred(stride) if tap.startswith(('features.', 'post_cnn', 'skip_')) else 0.0


class _Decoder(nn.Module):
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, maps: dict[str, jax.Array], record: Recorder) -> jax.Array:
    """Returns a density over pixels, `[B, 32 h, 32 w, 1]`."""
    x = maps['trunk']
    parameters = self.param('gaussians', _draw_priors, (_PRIORS, 2, 2))
    prior = priors(parameters, x.shape[1:3]).astype(x.dtype)
    x = jnp.concatenate([x, jnp.broadcast_to(prior, (len(x), *prior.shape[1:]))], axis=-1)
    x = record('post_cnn', _Inverted(1, 256, self.dtype, name='post_cnn')(x))
    for skip, units, name in (('skip_2x', 128, 'upsampling_2'), ('skip_4x', 64, 'post_upsampling_2')):
      y = maps[skip]
      y = _Layer(2 * y.shape[-1], self.dtype, name=f'{skip}_expansion')(y)
      y = record(skip, _Layer(units, self.dtype, bias=True, rectify=False, name=f'{skip}_reduction')(y))
      x = jnp.concatenate([resampling.upsample(x, 2, resize.bilinear), y], axis=-1)
      x = record(name, _Inverted(2, units, self.dtype, name=name)(x))
    x = record('adaptation', Convolution(1, self.dtype, 1, rectify=False, name='adaptation')(x))
    x = jnp.repeat(jnp.repeat(x, 8, axis=1), 8, axis=2)
    around = (_SIDE // 2,) * 2
    x = jnp.pad(x, ((0, 0), around, around, (0, 0)), mode='edge')
    x = Convolution(1, self.dtype, _SIDE, pad=0, rectify=False, bias=False, name='smoothing')(x)
    return nn.softmax(x.astype(jnp.float32), axis=(1, 2))


def priors(parameters: jax.Array, size: tuple[int, int]) -> jax.Array:
  """Returns the Gaussian priors, `[1, h, w, 16]`.

  Args:
    parameters: `[16, 2, 2]`: for y and for x the mean, in heights or widths,
      and the logarithm of the deviation.
    size: (h, w) in cells.
  """
  rows, columns = (
    jnp.exp(-(((jnp.linspace(0, 1, n)[:, None] - of[None, :, 0]) / jnp.exp(of[:, 1])[None]) ** 2) / 2)
    for n, of in zip(size, jnp.moveaxis(parameters, 1, 0), strict=True)
  )
  return (_SCALE * rows[:, None] * columns[None])[None]


def _draw_priors(key: jax.Array, shape: tuple[int, ...], dtype=jnp.float32):
  return jax.random.normal(key, shape, dtype) * 0.2 + jnp.array([0.5, -1.0], dtype)[None, None]


def _layer(source: str, conv: str, norm: str, to: str) -> tuple[Rule, ...]:
  """Returns the rules for a convolution and its norm, by their indices."""
  return (
    *torch_layer(rf'{source}\.{conv}', f'{to}/conv'),
    *torch_layer(rf'{source}\.{norm}(?:\.bn_SALICON)?', f'{to}/norm'),
  )


def _inverted(source: str, to: str, *, expands: bool) -> tuple[Rule, ...]:
  parts = ('wide', 'deep', 'narrow') if expands else ('deep', 'narrow')
  return tuple(
    rule
    for n, part in enumerate(parts)
    for rule in _layer(source, rf'conv\.{3 * n}', rf'conv\.{3 * n + 1}', f'{to}/{part}')
  )


_TABLE = Table(
  "UNISAL's file",
  (
    *_layer(r'cnn\.features\.(0|18)', '0', '1', r'features_\1'),
    *_inverted(r'cnn\.features\.(1)', r'features_\1', expands=False),
    *_inverted(r'cnn\.features\.(\d+)', r'features_\1', expands=True),
    *_inverted(r'post_cnn\.inv_res', 'decoder/post_cnn', expands=False),
    *_inverted(r'((?:post_)?upsampling_2)\.inv_res', r'decoder/\1', expands=True),
    *_layer(r'(skip_\dx)\.expansion', '0', '1', r'decoder/\1_expansion'),
    *_layer(r'(skip_\dx)\.reduction', '0', '1', r'decoder/\1_reduction'),
    Rule('coarse_gaussians_salicon', 'decoder/gaussians'),
    *torch_layer(r'adaptation_salicon\.0', 'decoder/adaptation'),
    *torch_layer('smoothing_salicon', 'decoder/smoothing'),
  ),
  # Parts for videos: the recurrence, and the other data sets' layers.
  ignored=r'(post_)?rnn\..*|.*num_batches_tracked'
  r'|.*\.bn_(DHF1K|Hollywood|UCFSports)\..*'
  r'|(coarse_gaussians|adaptation|smoothing)_(dhf1k|hollywood|ucfsports).*',
)


def _prepared(image: np.ndarray) -> np.ndarray:
  """Returns an image in the authors' size that fits its shape best."""
  ratio = image.shape[0] / image.shape[1]
  sizes = [(rows, columns) for rows in range(7, 14) for columns in range(7, 14) if 100 <= rows * columns <= 120]
  rows, columns = max(sizes, key=lambda size: min(ratio, size[0] / size[1]) / max(ratio, size[0] / size[1]))
  return np.asarray(
    Image.fromarray(image).resize((_MULTIPLE * columns, _MULTIPLE * rows), Image.Resampling.LANCZOS), np.float32
  )


_FRAME = Frame(_prepared, framing.density)
NETWORK = saliency_model(
  'unisal', Unisal(), _TABLE, frame=_FRAME, image_size=320, default_taps=tuple(f'features.{n}' for n in (18, 14, 7, 4))
)
