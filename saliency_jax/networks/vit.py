"""Vision transformers with patches of 16 pixels: ViT-S/16, -B/16 and -L/16.

Dosovitskiy et al., "An Image is Worth 16x16 Words" (ICLR 2021), as in
torchvision and timm: a class token first, layer norms (epsilon 1e-6) before the
two branches of a block, and the exact GELU.
"""

import math
from collections.abc import Collection

import flax.linen as nn
import jax
import jax.numpy as jnp

from saliency_jax.errors import InputError
from saliency_jax.networks.network import Stage
from saliency_jax.networks.recorder import Recorder
from saliency_jax.networks.taps import Tap

PATCH = 16
_GRID = 14  # cells on a side for which position embeddings are trained
_HIGHEST = jax.lax.Precision.HIGHEST


class ViT(nn.Module):
  """The trunk with its last norm, without a head.

  Attributes:
    width: D, channels of a token.
    depth: blocks.
    heads: heads of attention.
    dtype: type of the arithmetic; parameters keep their own.
  """
  width: int
  depth: int
  heads: int
  dtype: jnp.dtype = jnp.float32

  @nn.compact
  def __call__(
      self, x: jax.Array, taps: Collection[str] = (), first: int = 0,
      last: int | None = None
  ) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Returns the tokens that leave the last stage, and the taps on the way.

    Args:
      x: `[B, H, W, 3]`, prepared images, or `[B, N, D]`, the tokens that enter
        stage `first`.
      taps: names of `taps(depth)`.
      first: index of the first stage that is computed; 0 embeds the patches,
        n is block n - 1, and the last one ends with the norm.
      last: index of the first stage that is not; None computes all.

    Raises:
      InputError: if a side of the images is no multiple of 16 pixels.
    """
    record = Recorder(taps)
    last = self.depth + 1 if last is None else last
    x = x.astype(self.dtype)
    for stage in range(first, last):
      if stage == 0:
        x = record('embed', self._embed(x))
        continue
      name = f'blocks.{stage - 1}'
      x = record(name, _Block(
          self.heads, self.dtype, name=name.replace('.', '_')
      )(x, record.within(f'{name}.')))
      if stage == self.depth:
        x = record('norm', _norm(self.dtype, 'norm')(x))
    return x, record.values

  def _embed(self, images: jax.Array) -> jax.Array:
    """Returns the class token and the patches, `[B, 1 + h w, D]`."""
    batch, height, width, _ = images.shape
    if height % PATCH or width % PATCH:
      raise InputError(
          f'A vision transformer takes images whose sides are multiples of '
          f'{PATCH} pixels, and these have {height} x {width}; set '
          'config.network.image_size.')
    x = nn.Conv(
        self.width, (PATCH, PATCH), (PATCH, PATCH), padding='VALID',
        dtype=self.dtype, precision=_HIGHEST, name='patch_embed')(images)
    grid = x.shape[1:3]
    token = self.param(
        'cls_token', nn.initializers.zeros, (1, 1, self.width))
    position = self.param(
        'pos_embed', nn.initializers.normal(.02),
        (1, 1 + _GRID ** 2, self.width))
    x = x.reshape(batch, -1, self.width)
    token = jnp.broadcast_to(token.astype(x.dtype), (batch, 1, self.width))
    x = jnp.concatenate([token, x], axis=1)
    return x + resize_positions(position, grid).astype(x.dtype)


class _Block(nn.Module):
  """Attention and a perceptron, each after a norm and around a shortcut."""
  heads: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array, record: Recorder) -> jax.Array:
    y = _Attention(self.heads, self.dtype, name='attn')(
        _norm(self.dtype, 'norm1')(x))
    x += record('attn', y)
    y = _norm(self.dtype, 'norm2')(x)
    y = _dense(4 * x.shape[-1], self.dtype, 'fc1')(y)
    y = _dense(x.shape[-1], self.dtype, 'fc2')(nn.gelu(y, approximate=False))
    return x + record('mlp', y)


class _Attention(nn.Module):
  """Every token attends to all tokens of its image."""
  heads: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    batch, tokens, width = x.shape
    channels = width // self.heads
    qkv = _dense(3 * width, self.dtype, 'qkv')(x)
    q, k, v = jnp.moveaxis(
        qkv.reshape(batch, tokens, 3, self.heads, channels), 2, 0)
    scores = jnp.einsum(
        'bqhc,bkhc->bhqk', q / math.sqrt(channels), k, precision=_HIGHEST,
        preferred_element_type=jnp.float32)
    shares = nn.softmax(scores).astype(self.dtype)
    x = jnp.einsum('bhqk,bkhc->bqhc', shares, v, precision=_HIGHEST)
    return _dense(width, self.dtype, 'proj')(
        x.reshape(batch, tokens, width))


def _dense(units: int, dtype: jnp.dtype, name: str) -> nn.Dense:
  return nn.Dense(units, dtype=dtype, precision=_HIGHEST, name=name)


def _norm(dtype: jnp.dtype, name: str) -> nn.LayerNorm:
  return nn.LayerNorm(epsilon=1e-6, dtype=dtype, name=name)


def resize_positions(
    position: jax.Array, grid: tuple[int, int]) -> jax.Array:
  """Returns position embeddings for another grid, as timm resamples them.

  Args:
    position: `[1, 1 + n n, D]`, the class token's first, those of the n x n
      grid row by row.
    grid: (h, w), the cells that are wanted.

  Returns:
    `[1, 1 + h w, D]`: cubic interpolation, averaging where it shrinks.
  """
  _, tokens, width = position.shape
  side = math.isqrt(tokens - 1)
  if grid == (side, side):
    return position
  cells = jax.image.resize(
      position[:, 1:].reshape(1, side, side, width), (1, *grid, width),
      'cubic', antialias=True)
  return jnp.concatenate(
      [position[:, :1], cells.reshape(1, -1, width)], axis=1)


def taps(depth: int) -> tuple[Tap, ...]:
  """Returns every tap, bottom to top.

  `blocks.N` is the residual stream behind block N, `.attn` and `.mlp` what its
  two branches add, and `norm` what a head would see.
  """
  def tap(name: str, stage: int, *aliases: str) -> Tap:
    return Tap(name, 'tokens', stage, aliases, stride=PATCH, prefix=1)

  table = [tap('embed', 0, 'encoder.dropout', 'pos_drop')]
  for n in range(depth):
    name, other = f'blocks.{n}', f'encoder.layers.encoder_layer_{n}'
    table += [
        tap(f'{name}.attn', n + 1, f'{other}.self_attention'),
        tap(f'{name}.mlp', n + 1, f'{other}.mlp'),
        tap(name, n + 1, other)]
  return (*table, tap('norm', depth, 'encoder.ln', 'encoder'))


def stages(depth: int) -> tuple[Stage, ...]:
  """Returns the embedding and every block; the last one has the norm."""
  return (
      Stage('embed', 'cls_token|pos_embed|patch_embed/.*'),
      *(Stage(f'blocks.{n}', f'blocks_{n}/.*') for n in range(depth - 1)),
      Stage(f'blocks.{depth - 1}', f'blocks_{depth - 1}/.*|norm/.*'))
