"""train, sweep and predict as commands, on made data and a narrow network."""

import json
import pathlib
import signal
import time

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import parts
from saliency_jax.data.source import KEYS
from saliency_jax.training import journal
from tests.data import made as made_data
from tests.launch import commands
from tests.recorder import Recorder
from tests.training import made


@pytest.fixture(scope='module')
def data(tmp_path_factory) -> pathlib.Path:
  """Two made data sets in OSIE's layout, with photographs of other names."""
  folder = tmp_path_factory.mktemp('data')
  made_data.osie(folder / 'train')
  other = made_data.osie(folder / 'validation')
  looked = {}
  rng = np.random.default_rng(3)
  for path in sorted((other / 'stimuli').iterdir()):
    renamed = path.with_name(path.name.replace('20', '30', 1))
    path.rename(renamed)
    height, width = made_data.SIZES[path.stem]
    looked[renamed.name] = made_data.scanpaths(height, width, rng)
  made_data.fixations_mat(other / 'eye' / 'fixations.mat', looked)
  return folder


def command(job, data, workdir, *flags):
  return [
    job,
    f'--workdir={workdir}',
    f'--config.data.dir={data / "train"}',
    f'--config.data.val_dir={data / "validation"}',
    '--config.network.name=tests.tiny:vgg',
    '--config.network.image_size=32',
    '--config.data.batch_size=2',
    *flags,
  ]


def test_training_is_stopped_and_goes_on(data, tmp_path):
  workdir = tmp_path / 'run'
  arguments = command('train', data, workdir, '--config.train.depth=1', '--config.train.epochs=2000')
  process = commands.start(*arguments)
  lines = workdir / journal.NAME
  while process.poll() is None and not (lines.exists() and lines.stat().st_size):
    time.sleep(0.05)
  process.send_signal(signal.SIGTERM)
  said = process.communicate(timeout=60)[1]
  assert process.returncode == 143, said
  assert 'saved; start the same command again' in said.splitlines()[-1]
  assert not (workdir / 'summary.json').exists()
  # Another config is refused in one sentence.
  result = commands.run_here(*arguments[:-1], '--config.train.epochs=1')
  assert result.returncode == 2
  assert 'epochs is 2000 there and 1 here' in result.stderr.splitlines()[-1]


def sweep_command(data, workdir, *flags):
  return command(
    'sweep',
    data,
    workdir,
    '--config.sweep.depths=0,all',
    '--config.train.epochs=1',
    '--config.popout.data.count=4',
    '--config.popout.data.size=160',
    *(
      f'--config.{kind}.{flag}'
      for kind in ('regions', 'popout')
      for flag in ('network.taps=conv5_3', 'data.batch_size=2')
    ),
    # The photographs are those of the training, unless others are named.
    f'--config.regions.data.regions={data / "train" / "labelme"}',
    *flags,
  )


@pytest.fixture(scope='module')
def swept(data, tmp_path_factory):
  """A sweep that was killed when it had measured a member, and went on.

  Two processes went on: what they measured is what one would have.
  """
  workdir = tmp_path_factory.mktemp('swept')
  arguments = sweep_command(data, workdir)
  process = commands.start(*arguments)
  while process.poll() is None and not (workdir / 'regions/depth_0/summary.json').exists():
    time.sleep(0.02)
  process.send_signal(signal.SIGKILL)
  said = process.communicate(timeout=60)[1]
  assert process.returncode == -signal.SIGKILL, said
  assert not (workdir / 'summary.json').exists()
  kept = {
    name: (workdir / name).read_bytes() for name in ('metrics.jsonl', 'training.json', 'regions/depth_0/summary.json')
  }
  result = commands.run_by_two(*arguments)
  return workdir, result.stdout, kept


def test_a_sweep_says_what_came_out(swept):
  workdir, said, _ = swept
  members = json.loads((workdir / 'summary.json').read_text())['members']
  assert list(members) == ['depth_0', 'depth_all']
  for name, member in members.items():
    assert f'{name}: NSS {member["nss"]:.3f} after step 3' in said
  for table in ('Table 3: mean NSS', 'Table 3: number of units', 'Table 6'):
    assert table in said
  assert (workdir / 'report' / 'index.html').is_file()


def test_a_killed_sweep_repeats_nothing_that_was_whole(swept):
  workdir, _, kept = swept
  for name, content in kept.items():
    assert (workdir / name).read_bytes() == content
  summary = json.loads((workdir / 'summary.json').read_text())
  trained = json.loads(kept['training.json'])
  assert summary['members'] == trained['members']
  assert summary['seconds']['training'] == trained['seconds']['training'] > 0


def test_maps_have_the_images_sizes(swept, data, tmp_path):
  out = tmp_path / 'maps'
  result = commands.run(
    'predict',
    f'--config.network.checkpoint={swept[0]}',
    '--config.network.member=depth_all',
    f'--images={data / "train" / "stimuli"}',
    f'--workdir={out}',
  )
  assert result.returncode == 0, result.stderr
  for image_id, size in made_data.SIZES.items():
    saliency_map = np.load(out / f'{image_id}.npy')
    assert saliency_map.dtype == np.float32
    assert saliency_map.shape == size
    assert (saliency_map.min(), saliency_map.max()) == (0, 1)
    with Image.open(out / f'{image_id}.png') as image:
      np.testing.assert_allclose(np.asarray(image), saliency_map * 255, atol=0.51)
    with Image.open(out / f'{image_id}_overlay.png') as image:
      # A scale lies below the photograph.
      assert np.asarray(image).shape == (size[0] + 34, size[1], 3)
  assert 'Saliency map over' in (out / 'report' / 'index.html').read_text()


def test_a_trained_model_is_dissected(swept, data, tmp_path):
  result = commands.run_here(
    'dissect',
    f'--config.network.checkpoint={swept[0]}',
    '--config.network.member=depth_all',
    f'--config.data.dir={data / "train"}',
    f'--config.data.regions={data / "train" / "labelme"}',
    '--config.network.taps=conv5_3,saliency',
    f'--workdir={tmp_path}',
  )
  assert result.returncode == 0, result.stderr
  summary = json.loads((tmp_path / 'summary.json').read_text())
  assert summary['weights']['name'].endswith(':depth_all')
  assert summary['weights']['depth'] == 13
  assert summary['network']['image_size'] == 32  # as it was trained
  assert summary['units'] == {'conv5_3': 7, 'saliency': 1}


@pytest.mark.parametrize(
  ('job', 'flags', 'said'),
  [
    ('train', ['--config.data.kind=osies'], 'osies'),
    ('train', ['--config.data.val_dir='], 'val_dir'),
    ('train', ['--config.train.depth=14'], '14'),
    ('train', ['--config.train.epochs=0'], 'epochs'),
    ('train', ['--config.network.image_size=-8'], 'config.network.image_size is -8'),
    ('train', ['--config.network.image_size=15'], 'image_size'),
    ('train', ['--config.train.depth=most'], "'most'"),
    ('train', ['--config.task.name=depth'], "'depth'"),
    ('train', ['--config.data.workers=-1'], 'config.data.workers is -1'),
    ('train', ['--config.train.seed=99999999999999999999'], 'config.train.seed'),
    ('train', ['--config.network.dtype=float8'], 'dtype'),
    ('train', ['--config.network.checkpoint=nowhere'], 'nowhere'),
    ('train', ['--workdir='], '--workdir'),
    ('sweep', ['--config.sweep.mode=fast', '--config.measured=()'], 'fast'),
    ('sweep', ["--config.measured=('region',)"], "'region'"),
    (
      'sweep',
      ["--config.sweep.seeds=('a',)", '--config.measured=()'],
      "config.sweep.seeds takes a whole number from 0 to 4294967295, not 'a'",
    ),
    ('sweep', ['--config.regions.data.regions=nowhere'], 'nowhere'),
    ('predict', ['--images=nowhere'], 'nowhere'),
  ],
)
def test_a_wrong_flag_ends_in_one_sentence(job, flags, said, data, tmp_path):
  arguments = command(job, data, tmp_path / 'out')
  if job == 'predict':
    arguments = arguments[:1]
  commands.is_one_sentence(commands.run_here(*arguments, *flags), job, said)


@pytest.mark.parametrize('of_validation', ['', '3001,hall\n3002,hall\n'])
def test_validation_images_need_scenes_that_are_trained(of_validation, data, tmp_path):
  """Without a label, and with one that no image to train on has."""
  scenes = tmp_path / 'scenes.csv'
  scenes.write_text(
    'image_id,scene\n'
    + ''.join(f'{name},{("sea", "wood")[i % 2]}\n' for i, name in enumerate(made_data.SIZES))
    + of_validation
  )
  commands.is_one_sentence(
    commands.run_here(
      *command(
        'train',
        data,
        tmp_path / 'out',
        '--config.task.name=scene',
        f'--config.data.scenes={scenes}',
        '--config.data.min_images=1',
      )
    ),
    'train',
    'has no scene for any image to validate with',
  )
  assert not (tmp_path / 'out').exists()


def test_every_key_about_the_data_is_read(data):
  config = made.train_config.get_config()
  config.data.dir = str(data / 'train')
  config.data.val_dir = str(data / 'validation')
  config = Recorder(config)
  opened = parts.open_parts(config)
  assert (len(opened.train), len(opened.validation)) == (5, 5)
  # tests/training/loop_test.py holds that the loop reads all others.
  assert config.read >= {'run.cache_dir', 'analysis.fixations'} | {
    f'data.{name}' for name in (*KEYS, 'val_dir', 'val_fixations', 'val_fraction')
  }
