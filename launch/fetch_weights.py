"""Fetches the weights of a network, and prints what and where they are.

python launch/fetch_weights.py --network=vgg16 --weights=imagenet
python launch/fetch_weights.py --weights=vgg16_places365.caffemodel
"""

import entry  # first: it puts the package on the path
import jax
from absl import flags

from saliency_jax.download import cache_folder
from saliency_jax.networks import zoo

_NETWORK = flags.DEFINE_string('network', 'vgg16', f'Name of the network: {", ".join(zoo.NETWORKS)}.')
_WEIGHTS = entry.path(
  'weights',
  None,
  'A known name of weights for the network (launch/networks.py lists them) or the path of a weight file.',
  required=True,
)
_CACHE_DIR = entry.path(
  'cache_dir',
  '',
  'Folder for fetched weights; by default $SALIENCY_JAX_CACHE, or saliency_jax in the cache folder of the user.',
)
_PREPROCESSING = flags.DEFINE_string(
  'preprocessing', '', 'Family of preprocessing, where the layout of the file misleads.'
)


def main() -> None:
  zoo.architecture(_NETWORK.value)
  network = zoo.load(
    _NETWORK.value, weights=_WEIGHTS.value, cache_dir=_CACHE_DIR.value, preprocessing=_PREPROCESSING.value
  )
  tensors = jax.tree.leaves(network.variables)
  mean = ', '.join(f'{value:.6g}' for value in network.preprocess.mean)
  print(f'weights     {network.provenance.name}')
  print(f'source      {network.provenance.source}')
  print(f'cached in   {cache_folder(_CACHE_DIR.value) / _NETWORK.value}')
  print(f'tensors     {len(tensors)}, with {sum(x.size for x in tensors):,} numbers')
  print(f'mean (RGB)  {mean}')
  print(f'sha256      {network.provenance.sha256}')


if __name__ == '__main__':
  entry.run(main)
