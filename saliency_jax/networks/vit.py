"""Vision transformers: supervised, DINO, DINOv2 and CLIP's image encoder.

Dosovitskiy et al., "An Image is Worth 16x16 Words" (ICLR 2021), as in
torchvision and timm: the class token comes first, and blocks are pre-norm. The
others are values of `Variant`: Caron et al., "Emerging Properties in
Self-Supervised Vision Transformers" (ICCV 2021); Oquab et al., "DINOv2" (2023)
and Darcet et al., "Vision Transformers Need Registers" (ICLR 2024); Radford et
al., "Learning Transferable Visual Models" (ICML 2021).
"""

import math
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.networks.conv_layers import Convolution
from saliency_jax.networks.network import Stage
from saliency_jax.networks.staged import Recorder, Staged, check_sides
from saliency_jax.networks.weights.port_table import Rule, Table, torch_layer
from saliency_jax.ops import resampling


class Variant(NamedTuple):
  """What distinguishes one transformer from another."""

  width: int  # D, channels of a token
  depth: int  # blocks
  heads: int  # attention heads
  patch: int = 16  # side in pixels
  grid: int = 14  # cells on a side for which position embeddings were trained
  registers: int = 0  # tokens after the class token
  scaled: bool = False  # whether each branch is scaled by channel (LayerScale)
  # Whether it is CLIP's: a norm before the blocks, patches without bias, norms
  # with epsilon 1e-5, and x * sigmoid(1.702 x) instead of the GELU.
  clip: bool = False
  # Whether position embeddings are resized as in DINO: without antialiasing, to
  # a grid larger by 0.1 of a cell. Otherwise as in timm.
  offset: bool = False


_SIZES = {'s': (384, 12, 6), 'b': (768, 12, 12), 'l': (1024, 24, 16)}
VARIANTS: dict[str, Variant] = {
  **{f'vit_{size}16': Variant(*_SIZES[size]) for size in 'sbl'},
  **{
    f'dino_{size}{patch}': Variant(*_SIZES[size], patch=patch, grid=224 // patch, offset=True)
    for size in 'sb'
    for patch in (16, 8)
  },
  **{f'dinov2_{size}14': Variant(*_SIZES[size], patch=14, grid=37, scaled=True, offset=True) for size in 'sbl'},
  **{f'dinov2_{size}14_reg': Variant(*_SIZES[size], patch=14, grid=37, scaled=True, registers=4) for size in 'sbl'},
  **{
    f'clip_{size}{patch}': Variant(*_SIZES[size], patch=patch, grid=224 // patch, clip=True)
    for size, patch in (('b', 32), ('b', 16), ('l', 14))
  },
}


class ViT(Staged):
  """The trunk with its last norm, without a head."""

  variant: Variant
  dtype: jnp.dtype = jnp.float32

  def parts(self) -> tuple[Stage, ...]:
    """Returns the embedding and the blocks; the last one includes the norm."""
    top = self.variant.depth - 1
    return (
      Stage('embed', '(cls|reg)_token|pos_embed|(patch_embed|norm_pre)/.*'),
      *(Stage(f'blocks.{n}', f'blocks_{n}/.*') for n in range(top)),
      Stage(f'blocks.{top}', f'blocks_{top}/.*|norm/.*'),
    )

  def stage(self, number: int, x: jax.Array, record: Recorder) -> jax.Array:
    if not number:
      x = record('embed', self._embed(x))
      if self.variant.clip:
        x = record('norm_pre', _norm(self.variant, self.dtype, 'norm_pre')(x))
      return x
    name = f'blocks.{number - 1}'
    x = record(name, _Block(self.variant, self.dtype, name=name.replace('.', '_'))(x, record.within(f'{name}.')))
    if number == self.variant.depth:
      x = record('norm', _norm(self.variant, self.dtype, 'norm')(x))
    return x

  def aliases(self, tap: str) -> tuple[str, ...]:
    """Returns torchvision's, timm's and CLIP's names.

    `blocks.N` is the residual stream after block N; `.attn` and `.mlp` are its
    two branches before they are scaled and added; `norm` is what a head would
    take.
    """
    _, _, block = tap.partition('blocks.')
    if not block:
      return {
        'embed': ('encoder.dropout', 'pos_drop'),
        'norm_pre': ('visual.ln_pre',),
        'norm': ('encoder.ln', 'encoder', 'visual.ln_post'),
      }[tap]
    other = f'encoder.layers.encoder_layer_{block}'.replace('attn', 'self_attention')
    return other, f'visual.transformer.resblocks.{block}'

  def prefix(self) -> int:
    return 1 + self.variant.registers

  def _embed(self, images: jax.Array) -> jax.Array:
    """Returns class token, registers and patches, `[B, 1 + R + h w, D]`."""
    width, patch = self.variant.width, self.variant.patch
    check_sides(images.shape[1:3], patch)
    bias = not self.variant.clip
    x = Convolution(width, self.dtype, patch, patch, pad=0, rectify=False, bias=bias, name='patch_embed')(images)
    grid = x.shape[1:3]
    position = self.param('pos_embed', nn.initializers.normal(0.02), (1, 1 + self.variant.grid**2, width))
    x = jnp.concatenate([self._tokens('cls_token', 1, x), x.reshape(len(x), -1, width)], axis=1)
    x += resize_positions(position, grid, offset=self.variant.offset).astype(x.dtype)
    if not self.variant.registers:
      return x
    registers = self._tokens('reg_token', self.variant.registers, x)
    return jnp.concatenate([x[:, :1], registers, x[:, 1:]], axis=1)

  def _tokens(self, name: str, count: int, x: jax.Array) -> jax.Array:
    """Returns learned tokens for every image of `x`, `[B, count, D]`."""
    shape = (1, count, self.variant.width)
    token = self.param(name, nn.initializers.zeros, shape)
    return jnp.broadcast_to(token.astype(x.dtype), (len(x), *shape[1:]))


class _Block(nn.Module):
  """Attention and an MLP, each a residual branch that begins with a norm."""

  variant: Variant
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array, record: Recorder) -> jax.Array:
    y = _Attention(self.variant.heads, self.dtype, name='attn')(_norm(self.variant, self.dtype, 'norm1')(x))
    x += self._scaled('ls1', record('attn', y))
    y = _norm(self.variant, self.dtype, 'norm2')(x)
    y = _dense(4 * x.shape[-1], self.dtype, 'fc1')(y)
    y = y * nn.sigmoid(1.702 * y) if self.variant.clip else nn.gelu(y, approximate=False)
    y = _dense(x.shape[-1], self.dtype, 'fc2')(y)
    return x + self._scaled('ls2', record('mlp', y))

  def _scaled(self, name: str, x: jax.Array) -> jax.Array:
    if not self.variant.scaled:
      return x
    scale = self.param(name, nn.initializers.constant(1e-5), x.shape[-1:])
    return x * scale.astype(x.dtype)[None, None]


class _Attention(nn.Module):
  """Multi-head self-attention."""

  heads: int
  dtype: jnp.dtype

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    batch, tokens, width = x.shape
    channels = width // self.heads
    qkv = _dense(3 * width, self.dtype, 'qkv')(x)
    q, k, v = jnp.moveaxis(qkv.reshape(batch, tokens, 3, self.heads, channels), 2, 0)
    x = jax.nn.dot_product_attention(q, k, v)
    return _dense(width, self.dtype, 'proj')(x.reshape(batch, tokens, width))


def _dense(units: int, dtype: jnp.dtype, name: str) -> nn.Dense:
  return nn.Dense(units, dtype=dtype, name=name)


def _norm(variant: Variant, dtype: jnp.dtype, name: str) -> nn.LayerNorm:
  return nn.LayerNorm(epsilon=1e-5 if variant.clip else 1e-6, dtype=dtype, name=name)


def resize_positions(position: jax.Array, grid: tuple[int, int], *, offset: bool) -> jax.Array:
  """Returns position embeddings `[1, 1 + h w, D]` for a grid of h x w cells, bicubically.

  Those given, `[1, 1 + n n, D]`, are the class token's, then those of a grid of
  n x n cells, row by row. `offset`: see `Variant`; timm resamples with
  antialiasing.
  """
  width = position.shape[2]
  side = math.isqrt(position.shape[1] - 1)
  if grid == (side, side):
    return position
  cells = position[:, 1:].reshape(1, side, side, width)
  if offset:
    # PyTorch's resizing by a scale factor of (n + .1) / side.
    rows, columns = (resampling.cubic_at((np.arange(n) + 0.5) * side / (n + 0.1) - 0.5, side) for n in grid)
    cells = resampling.apply(cells, rows, columns, channels=True)
  else:
    cells = jax.image.resize(cells, (1, *grid, width), 'cubic', antialias=True)
  return jnp.concatenate([position[:, :1], cells.reshape(1, -1, width)], axis=1)


def _blocks(block: str, *layers: str) -> tuple[Rule, ...]:
  """Returns the rules of blocks: a pattern with the number as a group, and those of `ours`, in this order."""
  ours = ('norm1', 'norm2', 'attn/qkv', 'attn/proj', 'fc1', 'fc2')
  return tuple(
    rule
    for layer, name in zip(layers, ours, strict=True)
    for rule in torch_layer(rf'{block}\.{layer}', rf'blocks_\1/{name}')
  )


TORCHVISION = Table(
  'torchvision',
  (
    Rule('class_token', 'cls_token'),
    Rule(r'encoder\.pos_embedding', 'pos_embed'),
    *torch_layer('conv_proj', 'patch_embed'),
    # Files from before torchvision 0.14 have linear_1 and linear_2.
    *_blocks(
      r'encoder\.layers\.encoder_layer_(\d+)',
      'ln_1',
      'ln_2',
      r'self_attention\.in_proj',
      r'self_attention\.out_proj',
      r'mlp\.(?:0|linear_1)',
      r'mlp\.(?:3|linear_2)',
    ),
    *torch_layer(r'encoder\.ln', 'norm'),
  ),
  ignored=r'heads\..*',
)

# Also for DINO and DINOv2; for CLIP's image encoder only timm's names are read.
TIMM = Table(
  'timm',
  (
    Rule('(cls_token|pos_embed|reg_token)', r'\1'),
    Rule('register_tokens', 'reg_token'),
    *torch_layer(r'patch_embed\.proj', 'patch_embed'),
    *_blocks(r'blocks\.(\d+)', 'norm1', 'norm2', r'attn\.qkv', r'attn\.proj', r'mlp\.fc1', r'mlp\.fc2'),
    Rule(r'blocks\.(\d+)\.(ls[12])\.gamma', r'blocks_\1/\2'),
    *torch_layer('(norm|norm_pre)'),
  ),
  ignored=r'head\..*|mask_token',
  # augreg's and DINO's files have the same names but expect different images.
  preprocessing='',
)
