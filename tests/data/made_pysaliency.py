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
  'a': {
    0: [(1, 0.5, 0.1, 0.2), (6.9, 4.9, 0.35, 0.25), (3.2, 2, 0.8, 0.3)],
    3: [(0, 4.99, 0.2, 0.35), (5.5, 0, 0.6, 0.1)],
  },
  'b': {3: [(2.7, 3.3, 0.15, 0.4)]},
  'c': {0: [(4, 3, 0, 0.22), (1.1, 2.2, 0.3, 0.21), (5.9, 5.99, 0.55, 0.3), (0.5, 0.1, 0.9, 0.12)]},
}


def copy(folder: pathlib.Path) -> pathlib.Path:
  """Copies the three files beside images of the right sizes."""
  shutil.copytree(THEIRS, folder)
  (folder / 'images').mkdir()
  for name, (height, width) in SIZES.items():
    Image.new('RGB', (width, height)).save(folder / 'images' / f'{name}.png')
  return folder
