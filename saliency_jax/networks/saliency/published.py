"""The published saliency models by name: what each is, and its files."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp

from saliency_jax.networks.architecture import Architecture, Trunk
from saliency_jax.networks.network import Stage
from saliency_jax.networks.saliency import (
  deepfix,
  dilated_resnet,
  dva,
  msi_net,
  open_salicon,
  pdp,
  sam,
  trunk,
  unisal,
)
from saliency_jax.networks.taps import Tap
from saliency_jax.networks.weights import (
  fetching,
  port_table,
  weight_files,
)
from saliency_jax.networks.weights.known_weights import Known, Source

_VGG = Trunk('vgg16', 'imagenet')


def _by_hand(
    address: str, file: str, licence: str, *, algorithm: str = 'sha256',
    digest: str = '', read: Callable = weight_files.read_arrays
) -> Known:
  """Returns weights of a file that a user brings.

  Args:
    address: where the authors keep it.
    file: its name in the network's folder of the cache.
    licence: under which.
    algorithm, digest: of its hash, where one is published.
    read: of the file.
  """
  return Known('', '', (Source(
      address, algorithm, digest, None, read, kept=file, licence=licence),))


def _model(
    name: str, layers: tuple[trunk.Layer, ...], decoder: Callable,
    taps: tuple[Tap, ...], known: Mapping[str, Known], *,
    keeps: tuple[str, ...] = (), second: Callable | None = None,
    multiple: int = 1, start: Trunk | None = _VGG, **options: Any
) -> Architecture:
  """Returns the architecture of a model on VGG's convolutions.

  Args:
    name: of the model.
    layers, decoder, keeps, second, multiple: see `trunk.Model`.
    taps: see `trunk.taps`.
    known: weights that have a name.
    start: with which weights training begins.
    **options: see `of_module`.
  """
  prefixes = ('', trunk.SECOND) if second else ('',)
  return of_module(
      name, lambda dtype: trunk.Model(
          layers, decoder, keeps, dtype, second, multiple), taps,
      trunk.stages([layer.name for layer in layers], prefixes), known,
      trunk=start, default_taps=tuple(
          layer.name for layer in layers[:-7:-1]), **options)


def of_module(
    name: str, module: Callable[[jnp.dtype], Any], taps: tuple[Tap, ...],
    stages: tuple[Stage, ...], known: Mapping[str, Known], *,
    table: port_table.Table = port_table.OWN,
    renamed: Callable[[Mapping], Mapping] = dict, **options: Any
) -> Architecture:
  """Returns the architecture of a module whose last stage is its decoder.

  Args:
    name: of the model.
    module, taps, stages, known: see `Architecture`.
    table: how the authors name their arrays.
    renamed: what the arrays of a file are called where their own names say too
      little.
    **options: more of `Architecture`.
  """
  port = port_table.porter(name, table)
  return Architecture(
      module, taps, stages, readout_tap=trunk.SALIENCY,
      port=lambda arrays, *rest: port(renamed(arrays), *rest), known=known,
      decoder=True, **options)


# One value, so that equal modules share their programs.
_REDUCING = functools.partial(sam.Decoder, reduces=True)


def _sam_resnet(dtype: jnp.dtype) -> dilated_resnet.DilatedResNet:
  return dilated_resnet.DilatedResNet(_REDUCING, dtype)


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
    'msi_net': _model(
        'msi_net', msi_net.LAYERS, msi_net.Decoder, msi_net.TAPS, {
            'salicon': _by_hand(
                _drive('1Xy9C72pcA8DO4CY0rc6B7wsuE9L9DDZY'),
                'model_salicon_cpu.pb', 'MIT'),
            'osie': _by_hand(
                _drive('1JD1tvAqZGxj_gEGmIfoxb9dTe5HOaHj1'),
                'model_osie_cpu.pb', 'MIT')},
        keeps=msi_net.KEEPS, table=msi_net.TABLE, frame=msi_net.FRAME,
        image_size=320),
    'dva': _model(
        'dva', dva.LAYERS, dva.Decoder, dva.TAPS, {
            'salicon': _by_hand(
                _drive('1cl3k3POMqS5obv0ffz84qOgGfAbEmtB3'),
                'attention_final.caffemodel', 'none stated')},
        keeps=dva.KEEPS, table=dva.TABLE, frame=dva.FRAME,
        multiple=dva.MULTIPLE),
    'sam_vgg': _model(
        'sam_vgg', sam.LAYERS, sam.Decoder, sam.TAPS, {
            'salicon': _sam('sam-vgg_salicon_weights')},
        table=sam.TABLE, frame=sam.FRAME, image_size=320, renamed=sam.named),
    'sam_resnet': of_module(
        'sam_resnet', _sam_resnet,
        dilated_resnet.taps('features', *sam.DECODER_TAPS),
        dilated_resnet.STAGES, {
            'salicon': _sam('sam-resnet_salicon_weights'),
            'salicon2017': _sam('sam-resnet_salicon2017_weights')},
        table=sam.TABLE, frame=sam.FRAME, image_size=320, renamed=sam.named,
        default_taps=('res5c', 'res4f', 'res3d', 'res2c')),
    'salicon': _model(
        'salicon', open_salicon.LAYERS, open_salicon.Decoder,
        open_salicon.TAPS, {
            'osie': _by_hand(
                'http://www.cs.pitt.edu/~chris/files/2016/model_files.tgz '
                '(md5 c150041a975e52cf2ff234975a699fd6)',
                'salicon_osie.caffemodel', 'none stated')},
        table=open_salicon.TABLE, frame=open_salicon.FRAME, image_size=640,
        start=_VGG._replace(prefixes=open_salicon.PREFIXES),
        second=open_salicon.coarse),
    'unisal': of_module(
        'unisal', unisal.Unisal, unisal.TAPS, unisal.STAGES, {
            'pretrained': _of_git(
                'weights_best.pth', 'f06b52c56405bbf11b40cf1b4307573aa4035bea'),
            'mit1003': _of_git(
                'weights_ft_mit1003.pth',
                '2a14bf648bf090a771152bb0f9da2da311c1cbef')},
        table=unisal.TABLE, frame=unisal.FRAME, image_size=320,
        default_taps=tuple(f'features.{n}' for n in (18, 14, 7, 4))),
    # Of these nobody has published weights.
    'deepfix': _model('deepfix', deepfix.LAYERS, deepfix.Decoder,
                      deepfix.TAPS, {}, image_size=320),
    'pdp': _model('pdp', pdp.LAYERS, pdp.Decoder, pdp.TAPS, {},
                  image_size=320),
}
