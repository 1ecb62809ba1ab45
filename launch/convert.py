"""Writes a data set's images and fixations for pysaliency.

    python launch/convert.py --kind=osie --images=OSIE_DIR --output=FOLDER

FOLDER/stimuli.hdf5 names the images as seen from FOLDER, where they must stay;
FOLDER/fixations.hdf5 holds one train for each image and subject. In pysaliency:
`read_hdf5` of `pysaliency.datasets`.
"""

import pathlib

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.data import pysaliency_export
from saliency_jax.data.source import check_sizes, open_source

_KIND = flags.DEFINE_enum(
  'kind', None, ['osie', 'salicon', 'table', 'maps', 'mit1003', 'pysaliency'], 'What the data set is.', required=True
)
_IMAGES = entry.path('images', '', 'Folder of the images; of pysaliency, the file of stimuli.')
_FIXATIONS = entry.path('fixations', '', 'The fixations, for all but OSIE: file or folder.')
# As the keys of a data set in configs/base.py.
_RECORDED = {
  name: flags.DEFINE_string(name, '', about)
  for name, about in (
    ('columns', "A table's names of columns: 'image=stimulus,x=FPOGX'."),
    ('scale', "Pixels for one unit: 'S', 'X,Y' or 'size'."),
    ('offset', "Pixels to add: 'X,Y' or 'centre'."),
    ('missing', "Coordinates of lost gaze: 'X,Y', or 'none'."),
  )
} | {
  'origin': flags.DEFINE_integer('origin', 0, "The coordinate of a table's top left pixel, 0 or 1."),
  'drop_outside': flags.DEFINE_bool('drop_outside', False, 'Leave out fixations outside their image.'),
  'accept_outside': flags.DEFINE_float('accept_outside', 0.1, 'The largest share that may be left out.'),
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
