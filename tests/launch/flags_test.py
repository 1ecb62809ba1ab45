"""Flags that are wrong whatever the data: keys, hosts, devices."""

import re
import socket
import sys

import jax
import pytest
from absl import flags
from ml_collections import config_flags

from saliency_jax import cli, config_help
from tests.launch import commands


@pytest.mark.parametrize(
  ('job', 'flags', 'said'),
  [
    ('sweep', ['--config.train.depth=3'], ['no --config.train.depth;', 'config.train has checkpoint_every, epochs']),
    ('train', ['--config.dta.kind=osie'], ['no --config.dta.kind;', 'data']),
    # Another key of the same name, which is there, is not blamed.
    (
      'sweep',
      ['--config.data.dir=there', '--config.regions.dir=there'],
      ['no --config.regions.dir;', 'config.regions has analysis, data'],
    ),
    (
      'train',
      [f'--config={commands.ROOT}/configs/train_authors.py', '--config.schedule.final=0.'],
      ['no --config.schedule.final;', 'config.schedule has '],
    ),
    (
      'train',
      ['--config', f'{commands.ROOT}/configs/osie.py', '--config.train.depth=3'],
      ['no --config.train.depth;', 'config has analysis, data'],
    ),
    ('train', ['--config.data.kind.x=1'], ['config.data.kind has no keys']),
    ('train', ['--config.train.epochs=abc'], ['--config.train.epochs=abc']),
    (
      'sweep',
      ['--config.popout.model.layers=x'],
      ['--config.popout.model.layers is called --config.popout.network.taps'],
    ),
    ('train', ['--config.init.cache_dir=x'], ['called --config.run.cache_dir']),
    ('dissect', ['--config.network.taps[9]=conv5_3'], ['taps[9]']),
  ],
)
def test_a_key_that_is_not_there_is_named_in_full(job, flags, said):
  commands.is_one_sentence(commands.run_here(job, *flags), job, *said)


@pytest.mark.parametrize(
  ('text', 'said'),
  [
    ('def get_config(:', '(config.py, line 1)'),
    ('import absent_module', "'absent_module'"),
    (None, 'No such file or directory'),
  ],
)
def test_a_config_of_one_s_own_that_is_no_program_is_named(text, said, tmp_path):
  if text is not None:
    (tmp_path / 'config.py').write_text(text)
  commands.is_one_sentence(commands.run_here('train', f'--config={tmp_path}/config.py'), 'train', said)


@pytest.mark.parametrize(
  ('flags', 'said'),
  [
    (['--coordinator=abc'], "'abc'"),
    (['--coordinator=localhost:'], "'localhost:'"),
    (['--coordinator=:1234'], "':1234'"),
    (['--coordinator=localhost:0'], "'localhost:0'"),
    (['--coordinator=localhost:65536'], "'localhost:65536'"),
    (['--coordinator=localhost:1', '--process_id=1'], '--process_id is 1 of 1'),
    (['--coordinator=auto', '--processes=2'], '--coordinator=address:port'),
    (['--processes=2', '--process_id=1'], '--coordinator=address:port'),
    (['--process_id=5'], '--coordinator=address:port'),
  ],
)
def test_hosts_that_cannot_meet_are_refused(flags, said):
  commands.is_one_sentence(commands.run_here('train', *flags), 'train', said)


def test_jobs_of_one_host_say_so():
  commands.is_one_sentence(
    commands.run_here('predict', '--coordinator=localhost:1', '--processes=2'), 'predict', 'runs on a single host'
  )


def test_a_path_may_begin_at_home(monkeypatch, tmp_path):
  monkeypatch.setenv('HOME', str(tmp_path))
  done = commands.run_here('draw_arrays', '--output=~/arrays', '--count=1', '--size=160')
  assert not done.returncode, done.stderr
  assert len(list((tmp_path / 'arrays' / 'images').iterdir())) == 1


def test_help_lists_what_every_job_takes():
  done = commands.run('train', '--help')
  assert done.returncode == 0
  for name in ('--workdir', '--config', '--coordinator', '--process_id'):
    assert f'{name}:' in done.stdout
  said = ' '.join(done.stdout.split())
  assert "config.network.name='vgg16': A name that launch/networks.py" in said


@pytest.fixture
def without_gpu(monkeypatch):
  """Commands look for a GPU, and find none even where there is one."""
  monkeypatch.setitem(commands.ENVIRONMENT, 'JAX_PLATFORMS', 'cuda')
  monkeypatch.setitem(commands.ENVIRONMENT, 'CUDA_VISIBLE_DEVICES', '-1')


def test_a_device_that_is_not_there_ends_a_job_at_once(without_gpu):
  commands.is_one_sentence(commands.run('dissect'), 'dissect', 'No device of the kind cuda', 'JAX_PLATFORMS=cpu')


def test_one_of_several_processes_looks_for_devices_too(without_gpu):
  with socket.socket() as taken:
    taken.bind(('localhost', 0))
    port = taken.getsockname()[1]
  commands.is_one_sentence(
    commands.run('train', f'--coordinator=localhost:{port}'), 'train', 'No device of the kind cuda', 'JAX_PLATFORMS=cpu'
  )


@pytest.mark.parametrize(('job', 'flag'), [('fetch_weights', '--weights'), ('report', '--workdir')])
def test_jobs_that_need_no_device_look_for_none(job, flag, without_gpu):
  commands.is_one_sentence(commands.run(job, f'{flag}=nowhere'), job, 'nowhere')


def test_what_jax_says_of_devices_becomes_one_sentence(monkeypatch):
  def devices():
    raise RuntimeError(
      "Unable to initialize backend 'cuda': out of\nluck. (you may need to uninstall the failing plugin package.)"
    )

  monkeypatch.setattr(jax, 'devices', devices)
  commands.is_one_sentence(
    commands.run_here('train'), 'train', "was found (Unable to initialize backend 'cuda': out of luck); install"
  )


CONFIGS = commands.ROOT / 'configs'


@pytest.mark.filterwarnings('ignore:the load_module')
@pytest.mark.parametrize(
  ('name', 'flag', 'value'),
  [
    ('train', 'train.depth=all', 'all'),
    ('train', 'train.depth=3', 3),
    ('sweep_depth', "sweep.depths=(0,1,'all')", (0, 1, 'all')),
    ('sweep_depth', 'sweep.depths=0,all', (0, 'all')),
    ('sweep_depth', 'sweep.trunk_rates=1e-3', (1e-3,)),
    ('sweep_depth', 'measured=()', ()),
    ('osie', "network.taps=('layer[34].*',)", ('layer[34].*',)),
    ('osie', 'network.taps=layer[34].*', ('layer[34].*',)),
    ('osie', 'network.taps=layer3,layer4.0', ('layer3', 'layer4.0')),
  ],
)
def test_a_value_may_be_of_several_types(name, flag, value, monkeypatch):
  monkeypatch.setattr(sys, 'argv', ['job', f'--config.{flag}'])
  values = flags.FlagValues()
  holder = config_flags.DEFINE_config_file('config', str(CONFIGS / f'{name}.py'), flag_values=values)
  values(sys.argv)
  found = holder.value
  for part in flag.partition('=')[0].split('.'):
    found = found[part]
  assert found == value


@pytest.mark.parametrize('name', sorted(path.stem for path in CONFIGS.glob('*.py') if path.stem != 'base'))
def test_help_explains_the_keys_of_a_config(name):
  file = CONFIGS / f'{name}.py'
  config = cli.load(file)
  lines = config_help.text(file, config).splitlines()
  assert len(lines) == len(config_help.flattened(config))
  assert [line for line in lines if ': ' not in line] == []


def test_help_takes_no_meaning_from_another_group():
  """Each of these keys is one of more than one group or config."""
  for name, key, words in [
    ('train', 'task.name', 'What is trained'),
    ('evaluate', 'sets.mine.regions', 'A folder of labelled regions'),
    ('osie', 'network.dtype', "Type of the network's arithmetic"),  # base.py's, not evaluate.py's
  ]:
    file = CONFIGS / f'{name}.py'
    text = config_help.text(file, cli.load(file))
    assert re.search(rf"config\.{key}='\w*': {words}", text), key
