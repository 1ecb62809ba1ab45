"""launch/convert.py from its command line."""

from saliency_jax.data.sources.osie import Osie, fingerprint
from saliency_jax.data.sources.pysaliency_file import Pysaliency
from tests.launch import commands


def test_osie_is_written_for_pysaliency(tiny_osie, tmp_path):
  run = commands.run(
      'convert', '--kind=osie', f'--images={tiny_osie}', f'--output={tmp_path}')
  assert run.returncode == 0, run.stderr
  assert run.stdout == f'images      5\nwritten to  {tmp_path}\n'
  written = Pysaliency(tmp_path / 'stimuli.hdf5', tmp_path / 'fixations.hdf5')
  assert fingerprint(written) == fingerprint(Osie(tiny_osie))


def test_what_is_wrong_is_one_sentence(tiny_osie, tmp_path):
  run = commands.run_here(
      'convert', '--kind=table', f'--images={tiny_osie}/stimuli',
      f'--output={tmp_path}')
  assert run.returncode == 2
  assert run.stderr == (
      "\nconvert.py: A data set of the kind 'table' needs fixations; give "
      'fixations.\n')
