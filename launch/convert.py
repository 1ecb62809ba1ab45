"""Converts the images and fixations of a data set to pysaliency's files.

    python launch/convert.py --kind=osie --images=OSIE_DIR --output=FOLDER

FOLDER/stimuli.hdf5 refers to the images by their paths relative to FOLDER, so
they must stay where they are. FOLDER/fixations.hdf5 holds one train for each
image and subject. Read both with `pysaliency.datasets.read_hdf5`.
"""

import pathlib

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.data import pysaliency_export
from saliency_jax.data.source import check_sizes, open_source

_KIND = flags.DEFINE_enum(
  'kind',
  None,
  ['osie', 'salicon', 'table', 'maps', 'mit1003', 'pysaliency'],
  'The layout of the data set.',
  required=True,
)
_IMAGES = entry.path('images', '', 'Folder of the images; for pysaliency, the file of stimuli.')
_FIXATIONS = entry.path('fixations', '', 'File or folder of the fixations; not for OSIE.')
# As the keys of a data set in configs/base.py.
_RECORDED = {
  name: flags.DEFINE_string(name, '', about)
  for name, about in (
    ('columns', "The names of a table's columns: 'image=stimulus,x=FPOGX'."),
    ('scale', "Pixels per unit of the coordinates: 'S', 'X,Y' or 'size'."),
    ('offset', "Pixels to add to the coordinates: 'X,Y' or 'centre'."),
    ('missing', "Coordinates that mark lost gaze: 'X,Y', or 'none'."),
  )
} | {
  'origin': flags.DEFINE_integer('origin', 0, "The coordinate of the centre of a table's top left pixel, 0 or 1."),
  'drop_outside': flags.DEFINE_bool('drop_outside', False, 'Leave out fixations outside their image.'),
  'accept_outside': flags.DEFINE_float('accept_outside', 0.1, 'The largest fraction that may be left out.'),
}
_OUTPUT = entry.path('output', None, 'Folder to write to.', required=True)


def main() -> None:
  source = open_source(
    _KIND.value, _IMAGES.value, fixations=_FIXATIONS.value, **{name: flag.value for name, flag in _RECORDED.items()}
  )
  check_sizes(source)
  folder = pathlib.Path(_OUTPUT.value)
  pysaliency_export.write_stimuli(source, folder / 'stimuli.hdf5')
  pysaliency_export.write_trains(source, folder / 'fixations.hdf5')
  print(f'images      {len(source)}')
  print(f'written to  {folder}')


if __name__ == '__main__':
  entry.run(main)
