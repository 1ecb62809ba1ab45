"""The networks on which others stand: VGG, ResNets, vision transformers."""

from collections.abc import Mapping

import numpy as np

from saliency_jax.networks import resnet, vgg, vit
from saliency_jax.networks.architecture import Architecture
from saliency_jax.networks.weights import named_weights, port_table, vgg_tables, zoo_tables


def _vgg(name: str, widths: Mapping[str, int]) -> Architecture:
  # The layers of the paper's Table 2, in its order.
  top = tuple(layer for layer in [*widths][::-1] if layer >= 'conv4')
  return Architecture(
    lambda dtype: vgg.VGG(widths, dtype),
    top,
    top[0],
    vgg_tables.porter(f'VGG-{name[3:]}', tuple(widths)),
    named_weights.FILES[name],
    dense=vgg_tables.dense_layers,
  )


def _resnet(name: str, blocks: tuple[int, ...], bottleneck: bool) -> Architecture:
  return Architecture(
    lambda dtype: resnet.ResNet(blocks, bottleneck, dtype),
    ('layer4', 'layer3', 'layer2', 'layer1'),
    'layer4',
    zoo_tables.resnet_porter(name),
    named_weights.FILES[name],
  )


def transformer(name: str, variant: vit.Variant) -> Architecture:
  """Returns a vision transformer; see `vit.VARIANTS`."""
  usual = port_table.porter(
    name,
    zoo_tables.VIT_TORCHVISION,
    zoo_tables.VIT_TIMM,
    zoo_tables.VIT_CLIP,
    preprocessing='clip' if variant.clip else 'timm' if name.startswith('dino') else '',
  )

  def port(arrays, expected, preprocessing=None):
    position = arrays.get('pos_embed')
    # timm may have added the class token's position to the token.
    if np.shape(position)[1:2] == (variant.grid**2,):
      arrays = {**arrays, 'pos_embed': np.pad(position, ((0, 0), (1, 0), (0, 0)))}
    return usual(arrays, expected, preprocessing)

  quarters = tuple(f'blocks.{variant.depth * n // 4 - 1}' for n in (4, 3, 2, 1))
  return Architecture(lambda dtype: vit.ViT(variant, dtype), quarters, 'norm', port, named_weights.FILES.get(name, {}))


NETWORKS: dict[str, Architecture] = {
  'vgg16': _vgg('vgg16', vgg.WIDTHS),
  'vgg19': _vgg('vgg19', vgg.WIDTHS_19),
  'resnet18': _resnet('resnet18', (2, 2, 2, 2), bottleneck=False),
  'resnet34': _resnet('resnet34', (3, 4, 6, 3), bottleneck=False),
  'resnet50': _resnet('resnet50', (3, 4, 6, 3), bottleneck=True),
  'resnet101': _resnet('resnet101', (3, 4, 23, 3), bottleneck=True),
  **{name: transformer(name, variant) for name, variant in vit.VARIANTS.items()},
}
