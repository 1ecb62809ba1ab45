"""The folder of results is for one job at a time; see also files_test."""

import json
import os
import signal

import pytest

from configs import evaluate as evaluate_config
from configs import osie as osie_config
from configs import popout as popout_config
from saliency_jax import files, schema, workdir
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.errors import InputError, Stopped
from saliency_jax.experiments import depth, units
from saliency_jax.training import loop
from tests.experiments import made_scores as looked_at
from tests.experiments.made import Photographs
from tests.files_test import is_free
from tests.training import made


def test_another_job_is_refused_until_the_first_is_over(tmp_path):
  folder = tmp_path / 'new'
  with workdir.alone(str(folder), 'sweep') as path:
    assert path == folder
    workdir.Folder(str(folder), {'run': {}})
    with pytest.raises(InputError, match='^Another job is at work in .*new; wait for it or name another --workdir.$'):
      workdir.alone(str(folder), 'sweep').__enter__()
    # A sweep has its members measured in folders of its own.
    with workdir.alone(str(folder / 'regions' / 'depth_0'), 'dissect'):
      pass
  with workdir.alone(str(folder), 'sweep'):
    pass


@pytest.mark.parametrize(
  ('left', 'job', 'says'),
  [
    ('popout', 'train', 'popout'),
    ('train', 'sweep', 'train'),
    ('train', 'predict', 'train'),
    ('popout', 'dissect', 'popout'),
    ('checkpoints', 'dissect', 'train'),
    ('checkpoints', 'sweep', ''),
    ('association', 'train', 'dissect'),
    ('table3.csv', 'train', 'sweep'),
    ('scores.csv', 'popout', 'evaluate'),
    ('notes.txt', 'train', ''),
    ('', 'predict', ''),
  ],
)
def test_what_another_kind_of_job_wrote_is_kept(left, job, says, tmp_path):
  if left in schema.JOBS:
    (tmp_path / 'summary.json').write_text(json.dumps({'job': left}))
  elif left:  # a run that has not ended
    (tmp_path / left).mkdir()
  if says:
    with pytest.raises(InputError, match=(f'holds what launch/{says}.py wrote; name another --workdir.$')):
      workdir.alone(str(tmp_path), job).__enter__()
  else:
    with workdir.alone(str(tmp_path), job):
      pass
  assert is_free(tmp_path)


@pytest.mark.parametrize('config', ['', '{"train": 1}', '{"run": {}}', '{"init": {}}'])
@pytest.mark.parametrize(
  ('name', 'job'), [('pictures', 'dissect'), ('regions', 'sweep'), ('report', 'train'), ('features', 'train')]
)
def test_what_no_job_wrote_is_kept(name, job, config, tmp_path):
  (tmp_path / name).mkdir()
  (tmp_path / 'config.json').write_text(config)
  if '{}' in config:
    with workdir.alone(str(tmp_path), job):
      return
  with pytest.raises(InputError, match=f'holds {name}, which no job wrote and this would replace; name another'):
    workdir.alone(str(tmp_path), job).__enter__()
  assert is_free(tmp_path)


def test_only_what_comes_before_the_job_is_about_the_folder(tmp_path):
  (tmp_path / 'file').touch()
  for name, said in (('', '--workdir is missing'), (str(tmp_path / 'file'), 'cannot be written to')):
    with pytest.raises(InputError, match=said):
      workdir.alone(name, 'train').__enter__()
  # A full disk in the middle of a job is somebody else's to explain.
  with pytest.raises(OSError, match='full'), workdir.alone(str(tmp_path), 'train'):
    raise OSError('full')
  assert is_free(tmp_path)


def test_that_a_finished_run_of_another_config_is_replaced_is_said(tmp_path, caplog):
  config = {'network': {'name': 'vgg16'}, 'size': (8, 8)}
  workdir.Folder(str(tmp_path), config)
  other = {**config, 'network': {'name': 'resnet18'}}
  workdir.Folder(str(tmp_path), other).finish('dissect')  # none was finished
  summary = workdir.Folder(str(tmp_path), other).finish('dissect')  # the same
  versions = {'saliency_jax', 'python', 'jax', 'jaxlib', 'flax', 'numpy', 'pillow'}
  assert summary['versions'].keys() == versions
  assert 'replaced' not in caplog.text
  workdir.Folder(str(tmp_path), config)
  assert 'had other values of network.name; its results are' in caplog.text


def small(get_config):
  config = get_config()
  config.network.name, config.network.taps = made.NETWORK, ('conv5_3',)
  config.network.image_size, config.data.batch_size = 32, 8
  config.report.images = 0
  return config


def train(folder, workdir):
  loop.train(made.run(), made.DATA, workdir)


def sweep(folder, workdir):
  loop.sweep(made.sweep(), made.DATA, workdir)


def dissect(folder, workdir):
  units.dissect(small(osie_config.get_config), Photographs(2), workdir)


def pop(folder, workdir):
  units.popout(small(popout_config.get_config), SearchArrays(count=2, size=128), workdir)


def evaluate(folder, workdir):
  from saliency_jax.experiments import evaluation

  looked_at.photographs(folder)
  config = evaluate_config.get_config()
  config.eval.models, config.eval.sets = 'centre', 'mine'
  config.eval.resamples, config.eval.examples = 50, 0
  config.sets.mine.update(
    {'dir': str(folder / 'images'), 'sigma': 5.0, 'drop_outside': True, 'fixations': str(folder / 'looks.csv')}
  )
  evaluation.evaluate(config, workdir)


def measure(folder, workdir):
  depth.measure(made.sweep(), {'members': {}, 'seconds': {}}, {}, workdir, learnt=made.DATA)


# tests/training/lock_test.py has predict, which needs a trained model.
@pytest.mark.parametrize('job', [train, sweep, dissect, pop, evaluate, measure])
def test_every_job_leaves_the_folder_of_another_alone(job, tmp_path):
  workdir = tmp_path / 'out'
  (workdir / 'checkpoints').mkdir(parents=True)
  (workdir / 'summary.json').write_text('whole')
  (workdir / 'checkpoints' / '3.orbax-checkpoint-tmp').mkdir()
  with files.locked(workdir, wait=False):
    before = sorted(workdir.rglob('*'))
    with pytest.raises(InputError, match='Another job is at work'):
      job(tmp_path, str(workdir))
    assert sorted(workdir.rglob('*')) == before
  assert (workdir / 'summary.json').read_text() == 'whole'


@pytest.mark.parametrize('job', [dissect, measure])
def test_a_job_keeps_its_folder_to_the_end(job, tmp_path, monkeypatch):
  seen = []

  def finish(self, *_, **facts):
    seen.append(is_free(self.path))
    raise KeyboardInterrupt

  monkeypatch.setattr(workdir.Folder, 'finish', finish)
  with pytest.raises(KeyboardInterrupt):
    job(tmp_path, str(tmp_path / 'out'))
  assert seen == [False]
  assert is_free(tmp_path / 'out')


def test_sigterm_ends_a_job_as_an_interrupt_does(tmp_path):
  left = []

  def job():
    with workdir.alone(str(tmp_path), 'evaluate'):
      try:
        os.kill(os.getpid(), signal.SIGTERM)
        left.append('went on')
      finally:
        os.kill(os.getpid(), signal.SIGTERM)  # it may clean up
        left.append('cleaned up')

  with pytest.raises(Stopped, match='what was measured is saved; start the'):
    job()
  assert left == ['cleaned up']
  assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
  assert is_free(tmp_path)
