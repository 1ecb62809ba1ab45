"""How other programs name the arrays of ResNets and transformers."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights.port_table import Rule, Table, porter, scaled_otherwise
from saliency_jax.networks.weights.variable_files import Ported

_CONV = r'((?:layer\d\.\d+\.)?(?:conv\d|downsample\.0))'
_NORM = r'((?:layer\d\.\d+\.)?(?:bn\d|downsample\.1))'

# timm's names are torchvision's.
RESNET = Table(
  'torchvision',
  (
    Rule(rf'{_CONV}\.weight', r'\1/kernel', 'oihw'),
    Rule(rf'{_NORM}\.weight', r'\1/scale'),
    Rule(rf'{_NORM}\.bias', r'\1/bias'),
    Rule(rf'{_NORM}\.running_mean', r'batch_stats:\1/mean'),
    Rule(rf'{_NORM}\.running_var', r'batch_stats:\1/var'),
  ),
  ignored=r'fc\.(weight|bias)|.*num_batches_tracked',
)
# The first layer and its norm turn noise of unit variance, as torchvision's
# images have, into noise with a deviation of about .3 where the units live.
_FIRST = ('conv1.weight', 'bn1.weight', 'bn1.running_var')
_SCALED, _EPSILON = 0.04, 1e-5


def resnet_porter(network: str) -> Callable[..., Ported]:
  """Returns `port_table.porter` of a ResNet, which tells Caffe's values.

  It raises an `InputError` where the scale of the first layer is that of
  images in 0-255, if no preprocessing is given.
  """
  port = porter(network, RESNET)

  def checked(
    arrays: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[int, ...]],
    preprocessing: str | Preprocess | None = None,
  ) -> Ported:
    ported = port(arrays, expected, preprocessing)
    kernel, scale, variance = (np.asarray(arrays[name], np.float64) for name in _FIRST)
    gain = np.median(
      np.linalg.norm(kernel.reshape(len(kernel), -1), axis=1) * np.abs(scale) / np.sqrt(np.abs(variance) + _EPSILON)
    )
    if preprocessing is None and 0 < gain < _SCALED:
      raise scaled_otherwise(
        f'The first layer of these weights of {network} has a gain of '
        f"{gain:.2g}, where torchvision's have about 0.3: it is scaled"
      )
    return ported

  return checked


def _blocks(block: str, norm: str, *dense: str) -> Iterator[Rule]:
  """Yields the rules of a transformer's blocks.

  Args:
    block: matches a block, its number in a group.
    norm: what stands in front of the number of one of its norms.
    dense: match its dense layers qkv, proj, fc1 and fc2.
  """
  for theirs, ours in (('weight', 'scale'), ('bias', 'bias')):
    yield Rule(rf'{block}\.{norm}([12])\.{theirs}', rf'blocks_\1/norm\2/{ours}')
  for theirs, ours in zip(dense, ('attn/qkv', 'attn/proj', 'fc1', 'fc2'), strict=True):
    yield Rule(rf'{block}\.{theirs}[._]weight', rf'blocks_\1/{ours}/kernel', 'oi')
    yield Rule(rf'{block}\.{theirs}[._]bias', rf'blocks_\1/{ours}/bias')


def _norm(theirs: str, ours: str) -> Iterator[Rule]:
  yield Rule(rf'{theirs}\.weight', f'{ours}/scale')
  yield Rule(rf'{theirs}\.bias', f'{ours}/bias')


VIT_TORCHVISION = Table(
  'torchvision',
  (
    Rule('class_token', 'cls_token'),
    Rule(r'encoder\.pos_embedding', 'pos_embed'),
    Rule(r'conv_proj\.weight', 'patch_embed/kernel', 'oihw'),
    Rule(r'conv_proj\.bias', 'patch_embed/bias'),
    # Files of before torchvision 0.14 say linear_1 and linear_2.
    *_blocks(
      r'encoder\.layers\.encoder_layer_(\d+)',
      'ln_',
      r'self_attention\.in_proj',
      r'self_attention\.out_proj',
      r'mlp\.(?:0|linear_1)',
      r'mlp\.(?:3|linear_2)',
    ),
    *_norm(r'encoder\.ln', 'norm'),
  ),
  ignored=r'heads\..*',
)

# And of DINO and DINOv2.
VIT_TIMM = Table(
  'timm',
  (
    Rule('(cls_token|pos_embed|reg_token)', r'\1'),
    Rule('register_tokens', 'reg_token'),
    Rule(r'patch_embed\.proj\.weight', 'patch_embed/kernel', 'oihw'),
    Rule(r'patch_embed\.proj\.bias', 'patch_embed/bias'),
    *_blocks(r'blocks\.(\d+)', 'norm', r'attn\.qkv', r'attn\.proj', r'mlp\.fc1', r'mlp\.fc2'),
    Rule(r'blocks\.(\d+)\.(ls[12])\.gamma', r'blocks_\1/\2'),
    *_norm('norm', 'norm'),
    *_norm('norm_pre', 'norm_pre'),
  ),
  ignored=r'head\.(weight|bias)|mask_token',
  # augreg's and DINO's files have the same names and see different images.
  preprocessing='',
)

# OpenAI's names, and open_clip's; what has no 'visual.' is of the texts.
VIT_CLIP = Table(
  'CLIP',
  (
    Rule(r'visual\.class_embedding', 'cls_token', 'vector'),
    Rule(r'visual\.positional_embedding', 'pos_embed', 'vector'),
    Rule(r'visual\.conv1\.weight', 'patch_embed/kernel', 'oihw'),
    *_blocks(
      r'visual\.transformer\.resblocks\.(\d+)', 'ln_', r'attn\.in_proj', r'attn\.out_proj', r'mlp\.c_fc', r'mlp\.c_proj'
    ),
    *_norm(r'visual\.ln_pre', 'norm_pre'),
    *_norm(r'visual\.ln_post', 'norm'),
  ),
  ignored=r'(transformer|token_embedding|ln_final)\..*|visual\.proj'
  r'|positional_embedding|text_projection|logit_scale|input_resolution'
  r'|context_length|vocab_size',
  preprocessing='clip',
)
