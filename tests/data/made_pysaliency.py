"""A small data set that pysaliency itself has written.

`pysaliency/*.hdf5` were written by its release 0.2.22 from the values below:
`FileStimuli.to_hdf5`, `FixationTrains.from_fixation_trains(...).to_hdf5`, and
the same fixations, the last one first, by
`Fixations.FixationsWithoutHistory(...).to_hdf5`.
"""

import pathlib
import shutil

from PIL import Image

THEIRS = pathlib.Path(__file__).parent / 'pysaliency'
SIZES = {'a': (5, 7), 'b': (4, 6), 'c': (6, 6)}
# By image and subject: (x, y, t in s, duration in s).
TRAINS = {
    'a': {0: [(1, .5, .1, .2), (6.9, 4.9, .35, .25), (3.2, 2, .8, .3)],
          3: [(0, 4.99, .2, .35), (5.5, 0, .6, .1)]},
    'b': {3: [(2.7, 3.3, .15, .4)]},
    'c': {0: [(4, 3, 0, .22), (1.1, 2.2, .3, .21), (5.9, 5.99, .55, .3),
              (.5, .1, .9, .12)]}}


def copy(folder: pathlib.Path) -> pathlib.Path:
  """Copies the three files beside images of the right sizes."""
  shutil.copytree(THEIRS, folder)
  (folder / 'images').mkdir()
  for name, (height, width) in SIZES.items():
    Image.new('RGB', (width, height)).save(folder / 'images' / f'{name}.png')
  return folder
