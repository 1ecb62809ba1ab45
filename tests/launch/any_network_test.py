"""A module of somebody's own, through every job from the command line.

`tests.tiny:nested` has nested names, batch statistics and no stages.
"""

import csv
import json
import pathlib

import numpy as np
import pytest

from tests.data import made
from tests.launch import commands

NETWORK = '--config.network.name=tests.tiny:nested'
TAPS = ('block0.conv', 'block0.norm', 'block0', 'block1.conv', 'block1.norm', 'block1')


@pytest.fixture(scope='module')
def data(tmp_path_factory) -> pathlib.Path:
  return made.osie(tmp_path_factory.mktemp('own') / 'data')


def done(job: str, workdir: pathlib.Path, *flags: str) -> dict:
  """Runs a job to its end; returns its summary."""
  result = commands.run_here(job, f'--workdir={workdir}', *flags)
  assert result.returncode == 0, result.stderr
  summary = json.loads((workdir / 'summary.json').read_text())
  assert summary['job'] == job
  return summary


def labelled(data) -> tuple[str, ...]:
  return (f'--config.data.dir={data}', f'--config.data.regions={data / "labelme"}')


def test_it_is_dissected(data, tmp_path):
  summary = done('dissect', tmp_path, NETWORK, *labelled(data))
  assert summary['network'] == {
    'name': 'tests.tiny:nested',
    'dtype': 'float32',
    'image_size': 32,
    'readout_tap': 'block1',
    'alignment': 'grid',
  }
  assert summary['units'] == dict(zip(TAPS, (4, 4, 4, 5, 5, 5), strict=True))
  assert len(np.load(tmp_path / 'association' / 'block1.conv.npy')[0]) == 5
  page = (tmp_path / 'report' / 'index.html').read_text()
  assert 'block1.conv' in page
  assert 'Table 2' not in page  # the paper has no such network
  again = commands.run_here('report', f'--workdir={tmp_path}', '--single_file')
  assert again.returncode == 0, again.stderr
  assert 'block1.conv' in (tmp_path / 'report.html').read_text()


def test_it_sees_search_arrays(tmp_path):
  summary = done(
    'popout', tmp_path, NETWORK, '--config.network.taps=block1.*', '--config.data.count=3', '--config.data.size=128'
  )
  assert list(summary['units']) == ['block1.conv', 'block1.norm', 'block1']
  with (tmp_path / 'table5.csv').open() as file:
    assert [row['layer'] for row in csv.DictReader(file)] == [*summary['units']]


@pytest.fixture(scope='module')
def swept(data, tmp_path_factory) -> pathlib.Path:
  workdir = tmp_path_factory.mktemp('swept')
  summary = done(
    'sweep',
    workdir,
    NETWORK,
    *labelled(data),
    '--config.data.val_fraction=0.4',
    '--config.data.batch_size=2',
    '--config.train.epochs=1',
    '--config.popout.data.count=3',
    '--config.popout.data.size=128',
  )
  # Without stages a network is trained whole, or not at all.
  assert [x['depth'] for x in summary['members'].values()] == [0, 1]
  assert summary['network']['readout_tap'] == 'block1'
  for name in ('table3.csv', 'table6.csv', 'report/index.html'):
    assert (workdir / name).is_file()
  return workdir


def test_it_is_swept_trained_and_scored(swept, data, tmp_path):
  run = tmp_path / 'run'
  done(
    'train',
    run,
    NETWORK,
    f'--config.data.dir={data}',
    '--config.data.val_fraction=0.4',
    '--config.data.batch_size=2',
    '--config.train.epochs=1',
    '--config.train.depth=all',
    '--config.network.readout_tap=block0',
  )
  maps = tmp_path / 'maps'
  summary = done('predict', maps, f'--config.network.checkpoint={run}', f'--images={data / "stimuli"}')
  assert summary['counts'] == {'images': 5, 'skipped': 0}
  for image_id, size in made.SIZES.items():
    assert np.load(maps / f'{image_id}.npy').shape == size
  summary = done(
    'evaluate',
    tmp_path / 'scores',
    f'--config.eval.models=centre,{swept},run={run},maps={maps}',
    f'--config.sets.osie.dir={data}',
    f'--config.sets.osie.regions={data / "labelme"}',
    '--config.eval.resamples=20',
    '--config.eval.examples=1',
    '--config.eval.ceiling=False',
  )
  assert list(summary['weights']) == [f'{swept.name}_depth_0', f'{swept.name}_depth_all', 'run']
  said = ' '.join(summary['warnings'])
  assert 'run, maps were trained on 2 images of osie (2001, 2002)' in said
  with (tmp_path / 'scores' / 'scores.csv').open() as file:
    nss = {row['model']: float(row['mean']) for row in csv.DictReader(file) if row['metric'] == 'nss'}
  # What predict wrote is the model that wrote it, but for its size in pixels.
  assert nss['run'] == pytest.approx(nss['maps'], abs=1e-3)
  assert (tmp_path / 'scores' / 'report' / 'index.html').is_file()


def test_its_taps_are_listed():
  result = commands.run_here('networks', '--name=tests.tiny:nested')
  assert not result.returncode
  lines = result.stdout.splitlines()
  assert lines[0] == 'tests.tiny:nested, images of 32 x 32 pixels'
  assert 'block1.norm  map     8 x 8 x 5      4' in lines
  assert lines[-1] == 'The readout takes block1.'


def test_networks_are_listed():
  result = commands.run_here('networks')
  assert result.stdout.splitlines()[1].split()[0] == 'vgg16'
  result = commands.run_here('networks', 'vgg16', '--image_size=64')
  line = next(x for x in result.stdout.splitlines() if x.startswith('conv5_3'))
  assert line.split() == ['conv5_3', 'map', '4', 'x', '4', 'x', '512', '16', 'conv5_3', 'features.29']
  assert 'md5 6d6bbae143d832006294945121d1f1fc' in result.stdout
  commands.is_one_sentence(commands.run_here('networks', '--name=vgg61'), 'networks', 'vgg61')
  commands.is_one_sentence(commands.run_here('networks', 'vgg16', '--name=vgg19'), 'networks', "argument 'vgg16'")
