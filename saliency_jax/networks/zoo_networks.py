"""The networks that come by name: trunks, and saliency models on top of them."""

from collections.abc import Mapping

import numpy as np

from saliency_jax.networks import resnet, vgg, vit
from saliency_jax.networks.architecture import Architecture
from saliency_jax.networks.saliency import deepfix, deepgaze, dva, msi_net, open_salicon, pdp, sam, unisal
from saliency_jax.networks.weights import port_table

_DENSE = {
  'dense_0/kernel': (7, 7, 512, 4096),
  'dense_0/bias': (4096,),
  'dense_1/kernel': (4096, 4096),
  'dense_1/bias': (4096,),
}


def _vgg(name: str, widths: Mapping[str, int]) -> Architecture:
  # The layers of the paper's Table 2, in its order.
  top = tuple(layer for layer in [*widths][::-1] if layer >= 'conv4')
  port = port_table.porter(f'VGG-{name[3:]}', *vgg.tables(widths), detect_family=vgg.detect_family)
  return Architecture(name, vgg.VGG(vgg.layers(widths)), top, top[0], port, dense=_DENSE)


def _resnet(name: str, blocks: tuple[int, ...], bottleneck: bool) -> Architecture:
  port = port_table.porter(name, resnet.TABLE, detect_family=resnet.detect_family)
  top = ('layer4', 'layer3', 'layer2', 'layer1')
  return Architecture(name, resnet.ResNet(blocks, bottleneck), top, top[0], port)


def transformer(name: str, variant: vit.Variant) -> Architecture:
  """Returns a vision transformer; see `vit.VARIANTS`."""

  def renamed(arrays):
    position = arrays.get('pos_embed')
    # timm may have added the class token's position to the token.
    if np.shape(position)[1:2] == (variant.grid**2,):
      arrays = {**arrays, 'pos_embed': np.pad(position, ((0, 0), (1, 0), (0, 0)))}
    return arrays

  port = port_table.porter(
    name,
    vit.TORCHVISION,
    vit.TIMM,
    preprocessing='clip' if variant.clip else 'timm' if name.startswith('dino') else '',
    renamed=renamed,
  )
  quarters = tuple(f'blocks.{variant.depth * n // 4 - 1}' for n in (4, 3, 2, 1))
  return Architecture(name, vit.ViT(variant), quarters, 'norm', port)


NETWORKS: dict[str, Architecture] = {
  network.name: network
  for network in (
    _vgg('vgg16', vgg.WIDTHS),
    _vgg('vgg19', vgg.WIDTHS_19),
    _resnet('resnet18', (2, 2, 2, 2), bottleneck=False),
    _resnet('resnet34', (3, 4, 6, 3), bottleneck=False),
    _resnet('resnet50', (3, 4, 6, 3), bottleneck=True),
    _resnet('resnet101', (3, 4, 23, 3), bottleneck=True),
    *(transformer(name, variant) for name, variant in vit.VARIANTS.items()),
    msi_net.NETWORK,
    dva.NETWORK,
    sam.NETWORK,
    sam.ON_RESNET,
    open_salicon.NETWORK,
    unisal.NETWORK,
    deepgaze.NETWORK,
    # Nobody has published weights of these.
    deepfix.NETWORK,
    pdp.NETWORK,
  )
}
