"""Draws pop-out search arrays into a folder, to inspect and edit.

  python launch/draw_arrays.py --output=DIR --count=80 --seed=0

`launch/popout.py --config.data.dir=DIR` reads this folder.
"""

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.data.popout import masked_folder
from saliency_jax.data.popout.search_arrays import SearchArrays

_OUTPUT = entry.path('output', None, 'Folder to write to.', required=True)
_COUNT = flags.DEFINE_integer('count', 80, 'Number of search arrays.')
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the drawing, 0 or more.')
_SIZE = flags.DEFINE_integer('size', 512, 'Height and width in pixels.')


def main() -> None:
  masked_folder.save(SearchArrays(count=_COUNT.value, seed=_SEED.value, size=_SIZE.value), _OUTPUT.value)
  print(f'{_COUNT.value} search arrays in {_OUTPUT.value}')


if __name__ == '__main__':
  entry.run(main)
