"""The folder of results is for one job at a time; see also files_test."""

import json
import pathlib

import pytest

from configs import evaluate as evaluate_config
from configs import osie as osie_config
from configs import popout as popout_config
from saliency_jax import files, workdir
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.errors import InputError
from saliency_jax.experiments import depths, dissection, popout
from saliency_jax.experiments import evaluation as evaluation
from saliency_jax.training import loop
from tests.experiments import made_scores as looked_at
from tests.experiments.made import Photographs
from tests.files_test import is_free
from tests.training import made


def test_another_job_is_refused_until_the_first_is_over(tmp_path):
  folder = tmp_path / 'new'
  with workdir.alone(str(folder), ('train',)) as path:
    assert path == folder
    with pytest.raises(InputError, match='^Another job is at work in .*new; '
                       'wait for it or name another --workdir.$'):
      workdir.alone(str(folder), ('train',)).__enter__()
    # A sweep has its members measured in folders of its own.
    with workdir.alone(str(folder / 'regions' / 'depth_0'), ('dissect',)):
      pass
  with workdir.alone(str(folder), ('train',)):
    pass


@pytest.mark.parametrize(('left', 'jobs', 'says'), [
    ('popout', ('train',), 'launch/popout.py'),
    ('train', ('sweep',), 'launch/train.py'),
    ('train', ('predict',), 'launch/train.py'),
    ('popout', ('dissect', 'popout'), ''),
    ('checkpoints', ('dissect', 'popout'), 'launch/train.py'),
    ('checkpoints', ('sweep',), ''),
    ('', ('predict',), '')])
def test_what_another_kind_of_job_wrote_is_kept(left, jobs, says, tmp_path):
  if left == 'checkpoints':  # a run that has not ended
    (tmp_path / left).mkdir()
  elif left:
    (tmp_path / 'summary.json').write_text(json.dumps({'job': left}))
  if says:
    with pytest.raises(InputError, match=f'holds what {says} wrote; name'):
      workdir.alone(str(tmp_path), jobs).__enter__()
  else:
    with workdir.alone(str(tmp_path), jobs):
      pass
  assert is_free(tmp_path)


def test_only_what_comes_before_the_job_is_about_the_folder(tmp_path):
  (tmp_path / 'file').touch()
  for name, said in (('', '--workdir is missing'), (
      str(tmp_path / 'file'), 'cannot be written to')):
    with pytest.raises(InputError, match=said):
      workdir.alone(name, ('train',)).__enter__()
  # A full disk in the middle of a job is somebody else's to explain.
  with pytest.raises(OSError, match='full'), workdir.alone(
      str(tmp_path), ('train',)):
    raise OSError('full')
  assert is_free(tmp_path)


def small(get_config, folder: pathlib.Path):
  config = get_config()
  made.weights(folder / 'tiny.npz')
  config.init.weights = str(folder / 'tiny.npz')
  config.init.cache_dir = str(folder / 'cache')
  config.model.layers = ('conv5_3',)
  config.data.image_size, config.data.batch_size = 32, 8
  config.report.images = 0
  return config


def train(folder, workdir):
  loop.train(made.run(folder), made.TRAIN, made.VALIDATION, workdir,
             widths=made.WIDTHS)


def sweep(folder, workdir):
  loop.sweep(made.sweep(folder), made.TRAIN, made.VALIDATION, workdir,
             widths=made.WIDTHS)


def dissect(folder, workdir):
  config = small(osie_config.get_config, folder)
  config.data.dir = config.data.regions = config.init.weights
  dissection.dissect(config, Photographs(2), workdir, widths=made.WIDTHS)


def pop(folder, workdir):
  popout.popout(
      small(popout_config.get_config, folder), SearchArrays(count=2, size=128),
      workdir, widths=made.WIDTHS)


def evaluate(folder, workdir):
  looked_at.photographs(folder)
  config = evaluate_config.get_config()
  config.eval.models, config.eval.sets = 'centre', 'mine'
  config.eval.resamples, config.eval.examples = 50, 0
  config.sets.mine.update({
      'dir': str(folder / 'images'), 'sigma': 5., 'drop_outside': True,
      'fixations': str(folder / 'looks.csv')})
  evaluation.evaluate(config, workdir)


def measure(folder, workdir):
  depths.measure(
      made.sweep(folder), {'members': {}, 'seconds': {}}, {}, workdir, seen=(),
      published=None)


# tests/training/lock_test.py has predict, which needs a trained model.
@pytest.mark.parametrize(
    'job', [train, sweep, dissect, pop, evaluate, measure])
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
