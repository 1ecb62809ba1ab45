"""The published saliency models by name."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from saliency_jax.networks.architecture import Architecture, Trunk
from saliency_jax.networks.saliency import (
  deepfix,
  deepgaze,
  dilated_resnet,
  dva,
  msi_net,
  open_salicon,
  pdp,
  sam,
  trunk,
  unisal,
)
from saliency_jax.networks.staged import Staged
from saliency_jax.networks.weights import named_weights, port_table

_VGG = Trunk('vgg16', 'imagenet')
_SAM = {'table': sam.TABLE, 'frame': sam.FRAME, 'image_size': 320, 'renamed': sam.named}


def model(
  name: str,
  module: Staged,
  *,
  table: port_table.Table = port_table.OWN,
  renamed: Callable[[Mapping], Mapping] = dict,
  **options: Any,
) -> Architecture:
  """Returns the architecture of a module whose last stage is its decoder.

  Args:
    name: of the model.
    module: in float32; training of a `trunk.Model` begins with VGG-16.
    table: how the authors name their arrays.
    renamed: what the arrays of a file are called where their own names say too
      little.
    **options: more of `Architecture`.
  """
  if isinstance(module, trunk.Model):
    options = {'trunk': _VGG, 'default_taps': tuple(layer.name for layer in module.layers[:-7:-1])} | options
  port = port_table.porter(name, table)
  return Architecture(
    lambda dtype: module.clone(dtype=dtype),
    readout_tap=trunk.SALIENCY,
    port=lambda arrays, *rest: port(renamed(arrays), *rest),
    known=named_weights.FILES.get(name, {}),
    decoder=True,
    **options,
  )


NETWORKS: dict[str, Architecture] = {
  name: model(name, module, **options)
  for name, module, options in (
    (
      'msi_net',
      trunk.Model(msi_net.LAYERS, msi_net.Decoder, msi_net.KEEPS),
      {'table': msi_net.TABLE, 'frame': msi_net.FRAME, 'image_size': 320},
    ),
    (
      'dva',
      trunk.Model(dva.LAYERS, dva.Decoder, dva.KEEPS, multiple=dva.MULTIPLE),
      {'table': dva.TABLE, 'frame': dva.FRAME},
    ),
    ('sam_vgg', trunk.Model(sam.LAYERS, sam.Decoder), _SAM),
    (
      'sam_resnet',
      dilated_resnet.DilatedResNet(functools.partial(sam.Decoder, reduces=True)),
      _SAM | {'default_taps': ('res5c', 'res4f', 'res3d', 'res2c')},
    ),
    (
      'salicon',
      trunk.Model(open_salicon.LAYERS, open_salicon.Decoder, second=open_salicon.coarse),
      {
        'table': open_salicon.TABLE,
        'frame': open_salicon.FRAME,
        'image_size': 640,
        'trunk': _VGG._replace(prefixes=('', trunk.SECOND)),
      },
    ),
    (
      'unisal',
      unisal.Unisal(),
      {
        'table': unisal.TABLE,
        'frame': unisal.FRAME,
        'image_size': 320,
        'default_taps': tuple(f'features.{n}' for n in (18, 14, 7, 4)),
      },
    ),
    (
      'deepgaze2',
      trunk.Model(deepgaze.LAYERS, deepgaze.Decoder, deepgaze.KEEPS, multiple=deepgaze.MULTIPLE),
      {
        'table': deepgaze.TABLE,
        'frame': deepgaze.FRAME,
        'trunk': Trunk('vgg19', 'imagenet'),
        'renamed': deepgaze.joined,
      },
    ),
    # Of these nobody has published weights.
    ('deepfix', trunk.Model(deepfix.LAYERS, deepfix.Decoder), {'image_size': 320}),
    ('pdp', trunk.Model(pdp.LAYERS, pdp.Decoder), {'image_size': 320}),
  )
}
