"""The loop in this process: what it starts from, keeps, refuses and writes."""

import json
import shutil

import jax
import ml_collections
import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import pixel_sets
from saliency_jax.data.source import KEYS
from saliency_jax.errors import InputError
from saliency_jax.networks import registry
from saliency_jax.networks.weights import known_weights
from saliency_jax.training import journal, loop, setup, trained_models
from tests import brute_force
from tests.launch.jobs_test import keys
from tests.training import made
from tests.training.running import are_equal, load, train


def test_training_reads_every_key(whole):
  # What says where the images are is read by data/parts.py.
  where = {'analysis.fixations'} | {f'data.{name}' for name in (
      *KEYS, 'val_dir', 'val_fixations', 'val_fraction') if name != 'seed'}
  assert whole[0].read == keys(made.run(whole[1].parent)) - where


def test_a_sweep_reads_every_key(folder, swept):
  where = {'analysis.fixations'} | {f'data.{name}' for name in (
      *KEYS, 'val_dir', 'val_fixations', 'val_fraction') if name != 'seed'}
  # What is done with the members afterwards is read by experiments/depths.py.
  trained = {key for key in keys(made.sweep(folder)) if key.split('.')[0] in (
      'model', 'init', 'data', 'train', 'optimizer', 'schedule', 'sweep')}
  assert swept[0].read == trained - where


def test_it_learns(whole):
  _, workdir, summary = whole
  lines = journal.read(workdir)
  assert [(line['step'], line['kind']) for line in lines] == [
      (1, 'train'), (2, 'train'), (3, 'train'), (3, 'validate'),
      (4, 'train'), (5, 'train'), (6, 'train'), (6, 'validate'),
      (7, 'train'), (8, 'train'), (9, 'train'), (9, 'validate')]
  assert [line['images'] for line in lines if line['kind'] == 'train'] == [
      4, 4, 2] * 3
  first, last = (
      line['nss']['depth_2'] for line in lines[:1] + lines[-1:])
  assert last > first + 0.2
  assert summary['members']['depth_2']['nss'] == max(
      line['nss']['depth_2'] for line in lines if line['kind'] == 'validate')
  assert json.loads((workdir / 'summary.json').read_text()) == summary


def test_a_finished_run_keeps_its_summary(whole, copy):
  assert train(made.run(whole[1].parent), copy) == whole[2]
  assert json.loads((copy / 'summary.json').read_text()) == whole[2]
  assert whole[2]['images_per_second'] > 0


def test_a_finished_run_keeps_its_summary_whatever_is_refused(whole, copy):
  config = made.run(whole[1].parent)
  config.data.features_dir = str(copy / 'config.json')
  with pytest.raises(InputError, match='features_dir'):
    train(config, copy)
  assert json.loads((copy / 'summary.json').read_text()) == whole[2]


def test_a_run_from_the_start_forgets_the_one_before(whole, copy, monkeypatch):
  shutil.rmtree(copy / 'checkpoints')
  config = made.run(whole[1].parent)
  config.train.readout_rate = 0.01

  def stop(*_, **__):
    raise KeyboardInterrupt

  with monkeypatch.context() as context:
    context.setattr(setup, 'finish', stop)
    with pytest.raises(KeyboardInterrupt):
      train(config, copy)
  summary = train(config, copy)
  assert summary['members']['depth_2']['readout_rate'] == 0.01
  assert summary['members']['depth_2']['last_nss'] == (
      journal.read(copy)[-1]['nss']['depth_2'])


def test_a_model_is_found_at_home(copy, monkeypatch):
  monkeypatch.setenv('HOME', str(copy.parent))
  model = {'checkpoint': '~/copy', 'member': '', 'cache_dir': '',
           'weights': '', 'preprocessing': ''}
  found = trained_models.load(
      ml_collections.ConfigDict(model), widths=made.WIDTHS)
  assert found.sha256 == load(copy).sha256
  assert trained_models.trained_image_size('~/copy') == made.IMAGE_SIZE


def test_what_is_frozen_stays_bitwise_the_same(whole):
  start = known_weights.load(
      str(whole[1].parent / 'tiny.npz'), cache_dir=str(whole[1].parent),
      widths=made.WIDTHS).params
  trained = load(whole[1]).params
  assert set(trained) == set(start) | {'readout'}
  for layer, leaves in start.items():
    for name, array in leaves.items():
      same = np.array_equal(array, trained[layer][name])
      assert same == (layer not in ('conv5_2', 'conv5_3')), (layer, name)


def test_the_validation_nss_is_that_of_the_loaded_model(whole):
  """Against the network applied as a whole and maps of full size."""
  weights = load(whole[1])
  network = registry.build(
      'vgg16', layers=('conv5_3',), mean=weights.mean, widths=made.WIDTHS)
  scores = []
  for i in range(len(made.VALIDATION)):
    record = made.VALIDATION[i]
    small = np.asarray(Image.fromarray(record.image).resize(
        (made.IMAGE_SIZE,) * 2, Image.Resampling.BILINEAR))
    maps = network.apply(weights.params, small[None])['conv5_3'][0]
    cells = np.asarray(maps) @ weights.params['readout']['kernel'][0, 0, :, 0]
    full = brute_force.upsample(
        cells.astype(np.float64), record.image.shape[:2])
    points = np.unique(record.fixations, axis=0)
    standard = (full - full.mean()) / full.std()
    scores.append(standard[tuple(points.T)].mean())
  np.testing.assert_allclose(
      np.mean(scores), whole[2]['members']['depth_2']['nss'], atol=1e-4)


def _interrupt(monkeypatch, config, workdir, step, **options):
  write = journal.Journal.write

  def stop(self, at, kind, **values):
    if at == step:
      raise KeyboardInterrupt
    write(self, at, kind, **values)

  with monkeypatch.context() as context:
    context.setattr(journal.Journal, 'write', stop)
    with pytest.raises(KeyboardInterrupt):
      train(config, workdir, **options)


def test_devices_change_nothing_and_may_change(
    whole, folder, tmp_path, monkeypatch):
  _interrupt(monkeypatch, made.run(folder), tmp_path / 'run', 5,
             devices=jax.devices())
  assert len(jax.devices()) == 8
  train(made.run(folder), tmp_path / 'run', devices=jax.devices()[:2])
  for eight, one in zip(
      journal.read(tmp_path / 'run'), journal.read(whole[1]), strict=True):
    np.testing.assert_allclose(
        eight['nss']['depth_2'], one['nss']['depth_2'], atol=1e-4)
  are_equal(load(tmp_path / 'run').params, load(whole[1]).params, atol=1e-4)


def _wild(config):
  config.train.readout_rate = 1e38
  config.optimizer.clip_norm = 0.
  config.optimizer.weight_decay = 10.


def _not_checked_before(config):
  _wild(config)
  config.train.checkpoint_every = 1


def _finite_but_too_large(config):
  config.data.batch_size = 10  # one step an epoch
  config.train.depth = 13
  config.train.trunk_rate = 100.
  config.schedule.warmup = 0


@pytest.mark.parametrize(('change', 'says'), [
    (_wild, 'At step 2 the gradient norm of depth_2 is nan'),
    (_not_checked_before, 'After step 1 a parameter of depth_2 is not finite'),
    (_finite_but_too_large,
     'After step 1 the validation NSS of depth_all is not finite')])
def test_a_number_that_is_not_finite_ends_the_run(
    folder, tmp_path, change, says):
  config = made.run(folder)
  change(config)
  with pytest.raises(InputError, match=says):
    train(config, tmp_path / 'run')
  assert not (tmp_path / 'run' / 'summary.json').exists()
  for line in journal.read(tmp_path / 'run'):
    assert np.isfinite([*line['nss'].values()]).all()


def test_bfloat16_is_the_arithmetic_alone(whole, folder, tmp_path):
  config = made.run(folder)
  config.model.dtype = 'bfloat16'
  train(config, tmp_path / 'run')
  assert {x.dtype.name for x in jax.tree.leaves(
      load(tmp_path / 'run').params)} == {'float32'}
  half, full = (
      [line['nss']['depth_2'] for line in journal.read(workdir)]
      for workdir in (tmp_path / 'run', whole[1]))
  assert half != full
  np.testing.assert_allclose(half, full, atol=0.03)


def test_a_member_equals_its_own_run(whole, swept):
  _, workdir, summary = swept
  are_equal(load(workdir, 'depth_2').params, load(whole[1]).params, atol=1e-5)
  assert list(summary['members']) == ['depth_0', 'depth_2']
  for together, one in zip(
      journal.read(workdir), journal.read(whole[1]), strict=True):
    np.testing.assert_allclose(
        together['nss']['depth_2'], one['nss']['depth_2'], atol=1e-5)


def test_a_member_has_to_be_named(swept):
  for member in ('', 'depth_3'):
    with pytest.raises(InputError, match='members depth_0, depth_2'):
      load(swept[1], member)


def test_training_starts_from_a_trained_model(whole, folder, tmp_path):
  config = made.run(folder)
  config.init.checkpoint = str(whole[1])
  config.train.trunk_rate = config.train.readout_rate = 0.
  summary = train(config, tmp_path / 'run')
  are_equal(load(tmp_path / 'run').params, load(whole[1]).params)
  scores = [line['nss']['depth_2'] for line in journal.read(tmp_path / 'run')
            if line['kind'] == 'validate']
  np.testing.assert_allclose(
      scores, whole[2]['members']['depth_2']['nss'], atol=1e-6)
  assert summary['weights']['name'] == 'whole:trained'


def test_an_image_without_fixations_counts_nothing(folder, tmp_path):
  config = made.run(folder)
  config.train.trunk_rate = config.train.readout_rate = 0.
  config.train.epochs = 1

  def score(validation):
    workdir = tmp_path / f'{len(validation)}'
    loop.train(config, made.TRAIN, validation, str(workdir),
               widths=made.WIDTHS, devices=jax.devices()[:1])
    return journal.read(workdir)[-1]['nss']['depth_2']

  np.testing.assert_allclose(
      score(made.Photographs(5, first=50, broken=4)),
      score(made.Photographs(4, first=50)), atol=1e-6)


def test_another_set_of_pixels_can_be_the_goal(folder, tmp_path):
  config = made.run(folder)
  config.train.epochs = 1
  one = train(config, tmp_path / 'one')
  other = train(
      config, tmp_path / 'other',
      choose=lambda record: pixel_sets.all_fixations(
          record._replace(fixations=record.fixations[:1])))
  assert one['members'] != other['members']


class Damaged(made.Photographs):
  """Photographs of which the third cannot be read."""

  def __getitem__(self, index: int):
    if index == 2:
      raise InputError('002.jpg is truncated; fetch it again.')
    return super().__getitem__(index)


def test_an_image_that_cannot_be_read_ends_the_run_or_is_listed(
    folder, tmp_path):
  config = made.run(folder)
  config.train.epochs = 1
  arguments = Damaged(10), made.VALIDATION, str(tmp_path / 'run')
  with pytest.raises(InputError, match='002.jpg is truncated'):
    loop.train(config, *arguments, widths=made.WIDTHS)
  config.data.on_bad_image = 'skip'
  summary = loop.train(config, *arguments, widths=made.WIDTHS)
  assert list(summary['skipped']) == ['002']
  lines = [line for line in journal.read(tmp_path / 'run')
           if line['kind'] == 'train']
  assert sum(line['images'] for line in lines) == 9


def test_images_are_not_learnt_from_and_validated_with(folder, tmp_path):
  with pytest.raises(InputError, match='split the data set'):
    loop.train(made.run(folder), made.TRAIN, made.TRAIN, str(tmp_path / 'run'),
               widths=made.WIDTHS)
