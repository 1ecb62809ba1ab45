"""launch/evaluate.py from its command line, on one's own data."""

import csv
import json
import pathlib
import time

import numpy as np
import pytest

from tests.experiments import made_scores
from tests.launch import commands


@pytest.fixture(scope='module')
def data(tmp_path_factory) -> pathlib.Path:
  folder = made_scores.photographs(tmp_path_factory.mktemp('own'))
  made_scores.maps(folder / 'maps')
  return folder


def command(data, workdir, *flags):
  return [
    'evaluate',
    f'--workdir={workdir}',
    '--config.eval.sets=mine',
    f'--config.sets.mine.dir={data / "images"}',
    f'--config.sets.mine.fixations={data / "looks.csv"}',
    '--config.sets.mine.sigma=5',
    '--config.sets.mine.drop_outside',
    '--config.eval.resamples=50',
    *flags,
  ]


@pytest.fixture(scope='module')
def scored(data, tmp_path_factory):
  """The folder of a run of one process, and what it said."""
  workdir = tmp_path_factory.mktemp('scored')
  result = commands.run(
    *command(data, workdir, f'--config.eval.models=centre,mine={data / "maps"}', '--config.eval.save_maps')
  )
  assert result.returncode == 0, result.stderr
  return workdir, result


def test_ones_own_model_is_scored_on_ones_own_images(scored):
  workdir, result = scored
  with (workdir / 'scores.csv').open(newline='') as file:
    rows = list(csv.DictReader(file))
  assert [row['model'] for row in rows[::8]] == ['centre', 'mine', 'observers']
  said = result.stdout.splitlines()
  assert said[0] == 'mine: 4 images'
  nss = next(row for row in rows if row['model'] == 'mine')
  line = next(line for line in said if line.startswith('mine  '))
  assert f'{float(nss["mean"]):.2f}' == line.split()[1]
  assert f'{float(nss["low"]):.2f}..{float(nss["high"]):.2f}' in said[said.index(line) + 1]
  assert 'Note: mine: fixations outside their image, left out: 1.' in said
  assert 'Scoring mine' in result.stderr  # the progress
  assert sorted(path.name for path in (workdir / 'maps').rglob('*.npy')) == (
    sorted(2 * [f'{name}.npy' for name in made_scores.IMAGE_IDS])
  )
  summary = json.loads((workdir / 'summary.json').read_text())
  assert summary['warnings']
  report = (workdir / 'report' / 'index.html').read_text()
  assert 'centre' in report


def test_a_stopped_run_goes_on_with_two_processes(data, scored, tmp_path):
  arguments = command(data, tmp_path, f'--config.eval.models=centre,mine={data / "maps"}', '--config.data.batch_size=1')
  process = commands.start(*arguments)
  while process.poll() is None and not (tmp_path / 'config.json').exists():
    time.sleep(0.01)
  process.terminate()
  said = process.communicate(timeout=120)[1]
  assert process.returncode == 143, said
  assert said.splitlines()[-1].endswith('same command again to go on.')
  assert not (tmp_path / 'summary.json').exists()
  commands.run_by_two(*arguments)
  assert not (tmp_path / 'partial').exists()
  # What two have measured is what one measures.
  for name in ('centre.csv', 'mine.csv'):
    two, one = ((folder / 'per_image' / 'mine' / name).read_text() for folder in (tmp_path, scored[0]))
    assert two == one


def _damage(name: str, value):
  def damage(folder):
    np.save(folder / f'{name}.npy', value)
    (folder / f'{name}.png').unlink()

  return damage


# tests/data/map_folder_test.py has all others.
DAMAGES = {
  'absent maps': (
    lambda folder: [path.unlink() for path in folder.glob('p[12].png')],
    'lacks the maps of 2 of 4 images (p1, p2), and has',
  ),
  'NaN': (_damage('p2', np.array([[1, np.nan]])), 'p2.npy is NaN at 1 of 2 pixels'),
}


@pytest.mark.parametrize('name', DAMAGES)
def test_a_bad_map_ends_in_one_sentence(name, data, tmp_path):
  damage, said = DAMAGES[name]
  folder = made_scores.maps(tmp_path / 'maps')
  damage(folder)
  commands.is_one_sentence(
    commands.run_here(*command(data, tmp_path / 'out', f'--config.eval.models={folder}')), 'evaluate', said
  )


@pytest.mark.parametrize(
  ('flags', 'said'),
  [
    (['--config.eval.models=deepgaze'], "'deepgaze', which is neither a folder"),
    (['--config.sets.mine.sigma=0'], 'config.sets.mine.sigma is 0'),
    (['--config.sets.mine.drop_outside=false'], 'lies outside the 96 x 72'),
    (['--config.sets.yours.dir=x'], 'yours'),
    (['--workdir='], '--workdir is missing'),
  ],
)
def test_a_wrong_flag_ends_in_one_sentence(flags, said, data, tmp_path):
  arguments = command(data, tmp_path / 'out', '--config.eval.models=centre', *flags)
  commands.is_one_sentence(commands.run_here(*arguments), 'evaluate', said)
