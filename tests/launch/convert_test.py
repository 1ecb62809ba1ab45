"""launch/convert.py from its command line."""

import numpy as np

from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.sources.pysaliency_file import Pysaliency
from tests.data import made
from tests.data.made_turned import SIZE, photographs
from tests.launch import commands


def test_osie_is_written_for_pysaliency(tiny_osie, tmp_path):
  run = commands.run('convert', '--kind=osie', f'--images={tiny_osie}', f'--output={tmp_path}')
  assert run.returncode == 0, run.stderr
  assert run.stdout == f'images      5\nwritten to  {tmp_path}\n'
  written = Pysaliency(tmp_path / 'stimuli.hdf5', tmp_path / 'fixations.hdf5')
  assert made.fingerprint(written) == made.fingerprint(Osie(tiny_osie))


def test_what_is_wrong_is_one_sentence(tiny_osie, tmp_path):
  run = commands.run_here('convert', '--kind=table', f'--images={tiny_osie}/stimuli', f'--output={tmp_path}')
  assert run.returncode == 2
  assert run.stderr == ("\nconvert.py: A data set of the kind 'table' needs fixations; give fixations.\n")


def test_sizes_are_compared_before_a_file_is_written(tmp_path):
  photographs(tmp_path / 'images')
  (tmp_path / 'maps').mkdir()
  for name, shape in (('a', SIZE), ('b', (4, 5))):
    np.save(tmp_path / 'maps' / f'{name}.npy', np.eye(*shape, dtype=np.uint8))
  run = commands.run_here(
    'convert', '--kind=maps', f'--images={tmp_path}/images', f'--fixations={tmp_path}/maps', f'--output={tmp_path}/out'
  )
  assert run.returncode == 2
  assert 'b.npy is 5 x 4' in run.stderr
  assert not (tmp_path / 'out').exists()


def test_what_lies_outside_can_be_left_out_and_moved(tiny_osie, tmp_path, caplog):
  table = tmp_path / 'looks.csv'
  table.write_text('Image;X;Y\n' + ''.join(f'{image_id};22;11\n' for image_id in made.SIZES) + '2001;999;3\n')
  given = (
    'convert',
    '--kind=table',
    f'--images={tiny_osie}/stimuli',
    f'--fixations={table}',
    f'--output={tmp_path}',
    '--offset=-20,-10',
  )
  run = commands.run_here(*given)
  assert run.returncode == 2
  assert '1 of 6 fixations lie outside their images; drop_outside' in run.stderr
  run = commands.run_here(*given, '--drop_outside')
  assert not run.returncode, run.stderr
  assert '1 of 6 fixations (16.7%) lie outside their images and are left out' in caplog.text
  written = Pysaliency(tmp_path / 'stimuli.hdf5', tmp_path / 'fixations.hdf5')
  assert written[0].fixations.tolist() == [[1, 2]]
