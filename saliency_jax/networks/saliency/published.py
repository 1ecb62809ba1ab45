"""The published saliency models by name: what each is, and its files."""

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
from saliency_jax.networks.weights import (
  fetching,
  port_table,
  weight_files,
)
from saliency_jax.networks.weights.known_weights import Known, Source

_VGG = Trunk('vgg16', 'imagenet')


def _by_hand(address: str, file: str, licence: str) -> Known:
  """Returns weights of a file that a user brings into the cache's folder."""
  return Known('', '', (Source(
      address, 'sha256', '', None, weight_files.read_arrays, kept=file,
      licence=licence),))


def model(
    name: str, module: Staged, known: Mapping[str, Known], *,
    table: port_table.Table = port_table.OWN,
    renamed: Callable[[Mapping], Mapping] = dict, **options: Any
) -> Architecture:
  """Returns the architecture of a module whose last stage is its decoder.

  Args:
    name: of the model.
    module: in float32; training of a `trunk.Model` begins with VGG-16.
    known: weights that have a name.
    table: how the authors name their arrays.
    renamed: what the arrays of a file are called where their own names say too
      little.
    **options: more of `Architecture`.
  """
  if isinstance(module, trunk.Model):
    options = {'trunk': _VGG, 'default_taps': tuple(
        layer.name for layer in module.layers[:-7:-1])} | options
  port = port_table.porter(name, table)
  return Architecture(
      lambda dtype: module.clone(dtype=dtype), readout_tap=trunk.SALIENCY,
      port=lambda arrays, *rest: port(renamed(arrays), *rest), known=known,
      decoder=True, **options)


def _drive(number: str) -> str:
  return f'https://drive.google.com/uc?id={number}'


def _sam(file: str) -> Known:
  # HDF5 within, whatever its name says.
  return _by_hand(
      'https://github.com/marcellacornia/sam/releases/download/1.0/'
      f'{file}.pkl', f'{file}.pkl', 'MIT')


def _of_git(file: str, blob: str) -> Known:
  """Returns weights that lie in UNISAL's repository."""
  url = ('https://raw.githubusercontent.com/rdroste/unisal/'
         f'0440df7/training_runs/pretrained_unisal/{file}')
  return Known('', '', (Source(
      url, 'git', blob, functools.partial(fetching.address, url),
      weight_files.read_arrays, kept=file, licence='Apache-2.0'),))


NETWORKS: dict[str, Architecture] = {
    'msi_net': model(
        'msi_net', trunk.Model(
            msi_net.LAYERS, msi_net.Decoder, msi_net.KEEPS), {
            'salicon': _by_hand(
                _drive('1Xy9C72pcA8DO4CY0rc6B7wsuE9L9DDZY'),
                'model_salicon_cpu.pb', 'MIT'),
            'osie': _by_hand(
                _drive('1JD1tvAqZGxj_gEGmIfoxb9dTe5HOaHj1'),
                'model_osie_cpu.pb', 'MIT')},
        table=msi_net.TABLE, frame=msi_net.FRAME,
        image_size=320),
    'dva': model(
        'dva', trunk.Model(
            dva.LAYERS, dva.Decoder, dva.KEEPS, multiple=dva.MULTIPLE), {
            'salicon': _by_hand(
                _drive('1cl3k3POMqS5obv0ffz84qOgGfAbEmtB3'),
                'attention_final.caffemodel', 'none stated')},
        table=dva.TABLE, frame=dva.FRAME),
    'sam_vgg': model(
        'sam_vgg', trunk.Model(sam.LAYERS, sam.Decoder), {
            'salicon': _sam('sam-vgg_salicon_weights')},
        table=sam.TABLE, frame=sam.FRAME, image_size=320, renamed=sam.named),
    'sam_resnet': model(
        'sam_resnet', dilated_resnet.DilatedResNet(functools.partial(
            sam.Decoder, reduces=True)), {
            'salicon': _sam('sam-resnet_salicon_weights'),
            'salicon2017': _sam('sam-resnet_salicon2017_weights')},
        table=sam.TABLE, frame=sam.FRAME, image_size=320, renamed=sam.named,
        default_taps=('res5c', 'res4f', 'res3d', 'res2c')),
    'salicon': model(
        'salicon', trunk.Model(
            open_salicon.LAYERS, open_salicon.Decoder,
            second=open_salicon.coarse), {
            'osie': _by_hand(
                'http://www.cs.pitt.edu/~chris/files/2016/model_files.tgz '
                '(md5 c150041a975e52cf2ff234975a699fd6)',
                'salicon_osie.caffemodel', 'none stated')},
        table=open_salicon.TABLE, frame=open_salicon.FRAME, image_size=640,
        trunk=_VGG._replace(prefixes=('', trunk.SECOND))),
    'unisal': model(
        'unisal', unisal.Unisal(), {
            'pretrained': _of_git(
                'weights_best.pth', 'f06b52c56405bbf11b40cf1b4307573aa4035bea'),
            'mit1003': _of_git(
                'weights_ft_mit1003.pth',
                '2a14bf648bf090a771152bb0f9da2da311c1cbef')},
        table=unisal.TABLE, frame=unisal.FRAME, image_size=320,
        default_taps=tuple(f'features.{n}' for n in (18, 14, 7, 4))),
    'deepgaze2': model(
        'deepgaze2', trunk.Model(
            deepgaze.LAYERS, deepgaze.Decoder, deepgaze.KEEPS,
            multiple=deepgaze.MULTIPLE), {
            'authors': _by_hand(
                'https://drive.google.com/drive/folders/'
                '1kYUwoatqQUS5EabeeSDc6gRmCysnVZ6N',
                'DeepGazeII.ckpt.index', 'none stated')},
        table=deepgaze.TABLE, frame=deepgaze.FRAME,
        trunk=Trunk('vgg19', 'imagenet'), renamed=deepgaze.joined),
    # Of these nobody has published weights.
    'deepfix': model(
        'deepfix', trunk.Model(deepfix.LAYERS, deepfix.Decoder), {},
        image_size=320),
    'pdp': model('pdp', trunk.Model(pdp.LAYERS, pdp.Decoder), {},
                 image_size=320),
}
