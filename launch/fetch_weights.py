"""Gets the weights of a VGG-16, ports them and says where they lie.

    python launch/fetch_weights.py --weights=imagenet
    python launch/fetch_weights.py --weights=vgg16_places365.caffemodel
"""

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.networks.weights import conversion, known_weights

_WEIGHTS = entry.path(
    'weights', None, 'Known weights ('
    f'{", ".join(known_weights.KNOWN)}) or the path of a weight file.',
    required=True)
_CACHE_DIR = entry.path(
    'cache_dir', None, 'Folder of ported weights; by default '
    '$SALIENCY_JAX_CACHE, or saliency_jax in the cache folder of the user.')
_PREPROCESSING = flags.DEFINE_enum(
    'preprocessing', None, sorted(conversion.FAMILIES),
    'Family of preprocessing, where the layout of the file misleads.')


def main() -> None:
  weights = known_weights.load(
      _WEIGHTS.value, cache_dir=_CACHE_DIR.value,
      preprocessing=_PREPROCESSING.value)
  tensors = [tensor for layer in weights.params.values()
             for tensor in layer.values()]
  print(f'weights     {weights.name}')
  print(f'source      {weights.source}')
  print(f'cached as   {weights.path}')
  print(f'tensors     {len(tensors)}, with '
        f'{sum(tensor.size for tensor in tensors):,} parameters')
  print(f'mean (RGB)  {", ".join(f"{value:.6g}" for value in weights.mean)}')
  print(f'sha256      {weights.sha256}')


if __name__ == '__main__':
  entry.run(main)
