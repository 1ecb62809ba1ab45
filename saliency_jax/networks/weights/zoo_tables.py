"""How other programs name the arrays of ResNets and transformers."""

from collections.abc import Mapping

import numpy as np

from saliency_jax.networks.weights.port_table import Rule, Table, check_scale, torch_layer

# timm's names are torchvision's.
RESNET = Table(
  'torchvision', torch_layer(r'((?:layer\d|conv1|bn1)\b.*)'), ignored=r'fc\.(weight|bias)|.*num_batches_tracked'
)


def told_of_resnet(arrays: Mapping[str, np.ndarray], table: Table) -> str:
  """Returns '', the table's family; see `port_table.porter`, `check_scale`."""
  del table
  scale, variance = (np.abs(np.asarray(arrays[f'bn1.{name}'], np.float64)) for name in ('weight', 'running_var'))
  check_scale(arrays['conv1.weight'], scale / np.sqrt(variance + 1e-5))
  return ''


def _blocks(block: str, *layers: str) -> tuple[Rule, ...]:
  """Returns the rules of a transformer's blocks.

  Args:
    block: matches a block, its number in a group.
    layers: what matches each of a block's layers, in the order below.
  """
  ours = ('norm1', 'norm2', 'attn/qkv', 'attn/proj', 'fc1', 'fc2')
  return tuple(
    rule
    for layer, name in zip(layers, ours, strict=True)
    for rule in torch_layer(rf'{block}\.{layer}', rf'blocks_\1/{name}')
  )


VIT_TORCHVISION = Table(
  'torchvision',
  (
    Rule('class_token', 'cls_token'),
    Rule(r'encoder\.pos_embedding', 'pos_embed'),
    *torch_layer('conv_proj', 'patch_embed'),
    # Files of before torchvision 0.14 say linear_1 and linear_2.
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

# And of DINO, DINOv2, and CLIP's image encoder.
VIT_TIMM = Table(
  'timm',
  (
    Rule('(cls_token|pos_embed|reg_token)', r'\1'),
    Rule('register_tokens', 'reg_token'),
    *torch_layer(r'patch_embed\.proj', 'patch_embed'),
    *_blocks(r'blocks\.(\d+)', 'norm1', 'norm2', r'attn\.qkv', r'attn\.proj', r'mlp\.fc1', r'mlp\.fc2'),
    Rule(r'blocks\.(\d+)\.(ls[12])\.gamma', r'blocks_\1/\2'),
    *torch_layer('(norm|norm_pre)'),
  ),
  ignored=r'head\.(weight|bias)|mask_token',
  # augreg's and DINO's files have the same names and see different images.
  preprocessing='',
)
