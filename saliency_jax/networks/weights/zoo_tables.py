"""How torchvision and timm name the arrays of ResNets and transformers."""

from saliency_jax.networks.weights.port_table import Rule, Table

_CONV = r'((?:layer\d\.\d+\.)?(?:conv\d|downsample\.0))'
_NORM = r'((?:layer\d\.\d+\.)?(?:bn\d|downsample\.1))'

# timm's names are torchvision's.
RESNET = Table(
    'torchvision',
    (Rule(rf'{_CONV}\.weight', r'\1/kernel', 'oihw'),
     Rule(rf'{_NORM}\.weight', r'\1/scale'),
     Rule(rf'{_NORM}\.bias', r'\1/bias'),
     Rule(rf'{_NORM}\.running_mean', r'batch_stats:\1/mean'),
     Rule(rf'{_NORM}\.running_var', r'batch_stats:\1/var')),
    ignored=r'fc\.(weight|bias)|.*num_batches_tracked')

_LAYER = r'encoder\.layers\.encoder_layer_(\d+)'
VIT_TORCHVISION = Table(
    'torchvision',
    (Rule('class_token', 'cls_token'),
     Rule(r'encoder\.pos_embedding', 'pos_embed'),
     Rule(r'conv_proj\.weight', 'patch_embed/kernel', 'oihw'),
     Rule(r'conv_proj\.bias', 'patch_embed/bias'),
     Rule(rf'{_LAYER}\.ln_([12])\.weight', r'blocks_\1/norm\2/scale'),
     Rule(rf'{_LAYER}\.ln_([12])\.bias', r'blocks_\1/norm\2/bias'),
     Rule(rf'{_LAYER}\.self_attention\.in_proj_weight',
          r'blocks_\1/attn/qkv/kernel', 'oi'),
     Rule(rf'{_LAYER}\.self_attention\.in_proj_bias',
          r'blocks_\1/attn/qkv/bias'),
     Rule(rf'{_LAYER}\.self_attention\.out_proj\.weight',
          r'blocks_\1/attn/proj/kernel', 'oi'),
     Rule(rf'{_LAYER}\.self_attention\.out_proj\.bias',
          r'blocks_\1/attn/proj/bias'),
     # Files of before torchvision 0.14 say linear_1 and linear_2.
     Rule(rf'{_LAYER}\.mlp\.(?:0|linear_1)\.weight',
          r'blocks_\1/fc1/kernel', 'oi'),
     Rule(rf'{_LAYER}\.mlp\.(?:0|linear_1)\.bias', r'blocks_\1/fc1/bias'),
     Rule(rf'{_LAYER}\.mlp\.(?:3|linear_2)\.weight',
          r'blocks_\1/fc2/kernel', 'oi'),
     Rule(rf'{_LAYER}\.mlp\.(?:3|linear_2)\.bias', r'blocks_\1/fc2/bias'),
     Rule(r'encoder\.ln\.weight', 'norm/scale'),
     Rule(r'encoder\.ln\.bias', 'norm/bias')),
    ignored=r'heads\..*')

_BLOCK = r'blocks\.(\d+)'
VIT_TIMM = Table(
    'timm',
    (Rule('(cls_token|pos_embed)', r'\1'),
     Rule(r'patch_embed\.proj\.weight', 'patch_embed/kernel', 'oihw'),
     Rule(r'patch_embed\.proj\.bias', 'patch_embed/bias'),
     Rule(rf'{_BLOCK}\.norm([12])\.weight', r'blocks_\1/norm\2/scale'),
     Rule(rf'{_BLOCK}\.norm([12])\.bias', r'blocks_\1/norm\2/bias'),
     Rule(rf'{_BLOCK}\.attn\.(qkv|proj)\.weight',
          r'blocks_\1/attn/\2/kernel', 'oi'),
     Rule(rf'{_BLOCK}\.attn\.(qkv|proj)\.bias', r'blocks_\1/attn/\2/bias'),
     Rule(rf'{_BLOCK}\.mlp\.(fc[12])\.weight', r'blocks_\1/\2/kernel', 'oi'),
     Rule(rf'{_BLOCK}\.mlp\.(fc[12])\.bias', r'blocks_\1/\2/bias'),
     Rule(r'norm\.weight', 'norm/scale'), Rule(r'norm\.bias', 'norm/bias')),
    ignored=r'head\.(weight|bias)',
    # augreg's and DINO's files have the same names and see different images.
    preprocessing='')
