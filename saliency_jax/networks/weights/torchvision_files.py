"""torchvision's weights for ImageNet by name, each with its hash."""

import functools
from collections.abc import Mapping

from saliency_jax.networks.weights import fetching, weight_files
from saliency_jax.networks.weights.known_weights import Known, Source

_FOLDER = 'https://download.pytorch.org/models'


def _known(file: str, sha256: str = '') -> Known:
  """Returns the weights of a file.

  Args:
    file: its name, which ends with the first 8 digits of its hash.
    sha256: all digits, where they are known.
  """
  url = f'{_FOLDER}/{file}'
  return Known(
      preprocessing='torchvision', sha256='', sources=(Source(
          title=url, algorithm='sha256',
          digest=sha256 or file.removesuffix('.pth').rpartition('-')[2],
          fetch=functools.partial(fetching.address, url),
          read=weight_files.read_arrays,
          kept=f'~/.cache/torch/hub/checkpoints/{file}'),))


# 'imagenet' is torchvision's first version (IMAGENET1K_V1), 'imagenet_v2' that
# of its newer training recipe.
FILES: Mapping[str, Mapping[str, Known]] = {
    'resnet18': {'imagenet': _known(
        'resnet18-f37072fd.pth',
        'f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec')},
    'resnet34': {'imagenet': _known(
        'resnet34-b627a593.pth',
        'b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f')},
    'resnet50': {
        'imagenet': _known(
            'resnet50-0676ba61.pth', '0676ba61b6795bbe1773cffd859882e5'
            'e297624d384b6993f7c9e683e722fb8a'),
        'imagenet_v2': _known('resnet50-11ad3fa6.pth')},
    'resnet101': {
        'imagenet': _known(
            'resnet101-63fe2227.pth', '63fe2227b86e8f1f2063f43a75c84d19'
            '5911b6a0eace650907dd3dc62dd49a0a'),
        'imagenet_v2': _known('resnet101-cd907fc2.pth')},
    'vit_b16': {'imagenet': _known('vit_b_16-c867db91.pth')},
    'vit_l16': {'imagenet': _known('vit_l_16-852ce7e3.pth')},
}
