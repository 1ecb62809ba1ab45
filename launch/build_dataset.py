"""Builds array_record files of a data set, which are read faster and by TFDS.

    python launch/build_dataset.py --dataset=osie --output=built
    python launch/build_dataset.py --dataset=popout --count=80 --output=built
    python launch/build_dataset.py --dataset=salicon --source=images/train \\
      --fixations=fixations/train --output=built --image_size=224
"""

import entry
from absl import flags

from saliency_jax.data import builders
from saliency_jax.data.osie_download import fetch_osie
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.sources.salicon import Salicon
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.networks.preprocess import RESIZE

_DATASET = flags.DEFINE_enum('dataset', None, ['osie', 'popout', 'salicon'], 'What to build.', required=True)
_OUTPUT = entry.path('output', None, 'Folder in which the folder of the data set is created.', required=True)
_SOURCE = entry.path(
  'source', None, "osie: a folder in OSIE's layout; by default OSIE is fetched. salicon: the folder of photographs."
)
_FIXATIONS = entry.path('fixations', None, 'salicon: the folder of .mat files or of fixation PNGs, or the JSON file.')
_REGIONS = entry.path(
  'regions',
  None,
  'osie, salicon: a folder of labelme files or label '
  'images. By default, the annotation of OSIE in the package (osie) or no regions.',
)
_CACHE_DIR = entry.path(
  'cache_dir',
  None,
  'osie: folder for fetched files; by default $SALIENCY_JAX_CACHE, or saliency_jax in the cache folder of the user.',
)
_COUNT = flags.DEFINE_integer('count', 80, 'popout: number of search arrays.')
_SEED = flags.DEFINE_integer('seed', 0, 'popout: seed of the drawing, 0 or more.')
_IMAGE_SIZE = flags.DEFINE_integer(
  'image_size',
  0,
  'Side in pixels of the images that networks take, e.g. 224. '
  'They are stored resized beside the data set, to keep a GPU busy.',
  lower_bound=0,
)
_RESIZE = flags.DEFINE_enum('resize', 'bilinear', RESIZE, "The filter with which the networks' images are resized.")
_SIZE = flags.DEFINE_integer('size', 512, 'popout: height and width in pixels.')


def main() -> None:
  name, source = {'osie': _osie, 'popout': _popout, 'salicon': _salicon}[_DATASET.value]()
  print(f'images      {len(source)}')
  if 'fixations' in source.gives:
    print(f'fixations   {sum(len(source.scanpaths(index).points) for index in range(len(source))):,}')
  print(f'built in    {builders.build(source, name, _OUTPUT.value, _IMAGE_SIZE.value, _RESIZE.value)}')


def _osie() -> tuple[str, Source]:
  return 'osie', Osie(_SOURCE.value or fetch_osie(_CACHE_DIR.value), _REGIONS.value)


def _salicon() -> tuple[str, Source]:
  if not (_SOURCE.value and _FIXATIONS.value):
    raise InputError('SALICON is not fetched: say where it is with --source and --fixations.')
  return 'salicon', Salicon(_SOURCE.value, _FIXATIONS.value, _REGIONS.value)


def _popout() -> tuple[str, Source]:
  return 'search_arrays', SearchArrays(count=_COUNT.value, seed=_SEED.value, size=_SIZE.value)


if __name__ == '__main__':
  entry.run(main)
