"""The loop in this process: what it starts from, keeps, refuses and writes."""

import json
import shutil
import types

import jax
import numpy as np
import pytest

from saliency_jax.data import pixel_sets
from saliency_jax.data.parts import Data
from saliency_jax.errors import InputError
from saliency_jax.training import feed, journal, loop
from tests import brute_force, tiny
from tests.recorder import keys
from tests.training import made
from tests.training.running import are_equal, load, params, train


def _trained(config):
  """Returns the keys that say what is trained, and how.

  The others say where the images are, or what is done with it afterwards.
  """
  read = ('batch_size', 'workers', 'on_bad_image', 'seed', 'features_dir', 'features_limit')
  return {
    key
    for key in keys(config)
    if key.split('.')[0] in ('network', 'run', 'task', 'train', 'optimizer', 'schedule', 'sweep')
    or key.removeprefix('data.') in read
  } - {
    # of looking into a network, of another task, and read by `cli`
    'network.taps',
    'task.dense',
    'task.dropout',
    'task.pretrained_dense',
    'run.compilation_cache',
  }


def test_training_reads_every_key(whole):
  assert whole[0].read == _trained(made.run())


def test_a_sweep_reads_every_key(swept):
  assert swept[0].read == _trained(made.sweep())


def test_it_learns(whole):
  _, workdir, summary = whole
  lines = journal.read(workdir)
  assert [(line['step'], line['kind']) for line in lines] == [
    (1, 'train'),
    (2, 'train'),
    (3, 'train'),
    (3, 'validate'),
    (4, 'train'),
    (5, 'train'),
    (6, 'train'),
    (6, 'validate'),
    (7, 'train'),
    (8, 'train'),
    (9, 'train'),
    (9, 'validate'),
  ]
  assert [line['images'] for line in lines if line['kind'] == 'train'] == [4, 4, 2] * 3
  first, last = (line['nss']['depth_2'] for line in lines[:1] + lines[-1:])
  assert last > first + 0.2
  assert summary['members']['depth_2']['nss'] == max(
    line['nss']['depth_2'] for line in lines if line['kind'] == 'validate'
  )
  assert json.loads((workdir / 'summary.json').read_text()) == summary


def test_a_finished_run_keeps_its_summary(whole, copy):
  assert train(made.run(), copy) == whole[2]
  assert json.loads((copy / 'summary.json').read_text()) == whole[2]
  assert whole[2]['images_per_second'] > 0


def test_a_finished_run_keeps_its_summary_whatever_is_refused(whole, copy):
  config = made.run()
  config.data.features_dir = str(copy / 'config.json')
  with pytest.raises(InputError, match='features_dir'):
    train(config, copy)
  assert json.loads((copy / 'summary.json').read_text()) == whole[2]


def test_a_run_from_the_start_forgets_the_one_before(whole, copy, monkeypatch, capfd):
  shutil.rmtree(copy / 'checkpoints')
  config = made.run()
  config.train.readout_rate = 0.01

  def stop(*_, **__):
    raise KeyboardInterrupt

  with monkeypatch.context() as context:
    context.setattr(loop, '_facts', stop)
    with pytest.raises(KeyboardInterrupt):
      train(config, copy)
  capfd.readouterr()
  summary = train(config, copy)
  assert '9/9' in capfd.readouterr().err, 'the progress of steps'
  assert summary['members']['depth_2']['readout_rate'] == 0.01
  assert summary['members']['depth_2']['last_nss'] == (journal.read(copy)[-1]['nss']['depth_2'])


def test_the_device_computes_while_metrics_are_fetched(monkeypatch):
  monkeypatch.setattr(loop, '_PENDING', 3)
  dispatched, fetched, everything = [], [], types.SimpleNamespace

  def update(states, variables, step):
    dispatched.append(int(step) + 1)
    return states, step

  def log(pending):
    fetched.append((len(dispatched), [now for now, _ in pending]))
    return 1

  programs = everything(update=update, packing=everything(pack=list, unpack=list), finite=np.isfinite)
  run = everything(members=['m'], length=12, last=11, config=everything(train=everything(checkpoint_every=9)))
  lines = everything(steps=log, check_finite=lambda *_: None)
  bar, checkpoints = everything(update=lambda: None), everything(save=lambda *_: None)
  loop._Loop(run, programs, {}, checkpoints, everything(train=[()] * 11), lines, bar, {}).run({'m': 0.0}, 0)
  assert fetched == [(1, [1]), (5, [2, 3, 4]), (8, [5, 6, 7]), (9, [8, 9])]


def test_what_is_frozen_stays_bitwise_the_same(whole):
  start = tiny.vgg().variables['params']
  trained = params(whole[1])
  assert set(trained) == set(start) | {'readout'}
  for layer, leaves in start.items():
    for name, array in leaves.items():
      same = np.array_equal(array, trained[layer][name])
      assert same == (layer not in ('conv5_2', 'conv5_3')), (layer, name)


def test_the_validation_nss_is_that_of_the_loaded_model(whole):
  """Against the network applied as a whole and maps of full size."""
  network = load(whole[1])
  readout = network.variables['params']['readout']['kernel'][0, 0, :, 0]
  scores = []
  for i in range(len(made.VALIDATION)):
    record = made.VALIDATION[i]
    maps = network.maps(record.image, ['conv5_3', 'saliency'])
    cells = maps['conv5_3'][0] @ readout
    np.testing.assert_allclose(maps['saliency'][0, :, :, 0], cells, atol=1e-5)
    full = brute_force.upsample(cells.astype(np.float64), record.image.shape[:2])
    points = np.unique(record.fixations, axis=0)
    standard = (full - full.mean()) / full.std()
    scores.append(standard[tuple(points.T)].mean())
  np.testing.assert_allclose(np.mean(scores), whole[2]['members']['depth_2']['nss'], atol=1e-4)


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


def test_devices_change_nothing_and_may_change(whole, folder, tmp_path, monkeypatch):
  _interrupt(monkeypatch, made.run(), tmp_path / 'run', 5, devices=8)
  assert len(jax.devices()) == 8
  train(made.run(), tmp_path / 'run', devices=2)
  for eight, one in zip(journal.read(tmp_path / 'run'), journal.read(whole[1]), strict=True):
    np.testing.assert_allclose(eight['nss']['depth_2'], one['nss']['depth_2'], atol=1e-4)
  are_equal(params(tmp_path / 'run'), params(whole[1]), atol=1e-4)


def test_bfloat16_is_the_arithmetic_alone(whole, folder, tmp_path):
  config = made.run()
  config.network.dtype = 'bfloat16'
  train(config, tmp_path / 'run')
  assert {x.dtype.name for x in jax.tree.leaves(params(tmp_path / 'run'))} == {'float32'}
  half, full = ([line['nss']['depth_2'] for line in journal.read(workdir)] for workdir in (tmp_path / 'run', whole[1]))
  assert half != full
  np.testing.assert_allclose(half, full, atol=0.03)


def test_a_member_equals_its_own_run(whole, swept):
  _, workdir, summary = swept
  are_equal(params(workdir, 'depth_2'), params(whole[1]), atol=1e-5)
  assert list(summary['members']) == ['depth_0', 'depth_2']
  for together, one in zip(journal.read(workdir), journal.read(whole[1]), strict=True):
    np.testing.assert_allclose(together['nss']['depth_2'], one['nss']['depth_2'], atol=1e-5)


def test_a_member_has_to_be_named(swept):
  for member in ('', 'depth_3'):
    with pytest.raises(InputError, match='members depth_0, depth_2'):
      load(swept[1], member)


def test_training_starts_from_a_trained_model(whole, folder, tmp_path):
  config = made.run()
  config.network.checkpoint = str(whole[1])
  config.train.trunk_rate = config.train.readout_rate = 0.0
  summary = train(config, tmp_path / 'run')
  are_equal(params(tmp_path / 'run'), params(whole[1]))
  scores = [line['nss']['depth_2'] for line in journal.read(tmp_path / 'run') if line['kind'] == 'validate']
  np.testing.assert_allclose(scores, whole[2]['members']['depth_2']['nss'], atol=1e-6)
  assert summary['weights']['name'] == 'whole:trained'
  assert summary['weights']['depth'] == 2


def test_an_image_without_fixations_counts_nothing(folder, tmp_path):
  config = made.run()
  config.train.trunk_rate = config.train.readout_rate = 0.0
  config.train.epochs = 1

  def score(validation):
    workdir = tmp_path / f'{len(validation)}'
    train(config, workdir, Data(made.TRAIN, validation))
    return journal.read(workdir)[-1]['nss']['depth_2']

  np.testing.assert_allclose(
    score(made.Photographs(5, first=50, broken=4)), score(made.Photographs(4, first=50)), atol=1e-6
  )


def test_another_set_of_pixels_can_be_the_goal(folder, tmp_path):
  config = made.run()
  config.train.epochs = 1
  one = train(config, tmp_path / 'one')
  other = train(
    config,
    tmp_path / 'other',
    Data(
      made.TRAIN,
      made.VALIDATION,
      lambda record: pixel_sets.all_fixations(record._replace(fixations=record.fixations[:1])),
    ),
  )
  assert one['members'] != other['members']


class Damaged(made.Photographs):
  """Photographs of which the third cannot be read."""

  def __getitem__(self, index: int):
    if index == 2:
      raise InputError('002.jpg is truncated; fetch it again.')
    return super().__getitem__(index)


def test_an_image_that_cannot_be_read_ends_the_run_or_is_listed(folder, tmp_path):
  config = made.run()
  config.train.epochs = 1
  arguments = Data(Damaged(10), made.VALIDATION), str(tmp_path / 'run')
  with pytest.raises(InputError, match='002.jpg is truncated'):
    loop.train(config, *arguments)
  config.data.on_bad_image = 'skip'
  summary = loop.train(config, *arguments)
  assert list(summary['skipped']) == ['002']
  lines = [line for line in journal.read(tmp_path / 'run') if line['kind'] == 'train']
  assert sum(line['images'] for line in lines) == 9


def test_images_are_not_learnt_from_and_validated_with(tmp_path):
  with pytest.raises(InputError, match='split the data set'):
    train(made.run(), tmp_path / 'run', Data(made.TRAIN, made.TRAIN))


def test_a_module_without_stages_is_trained_under_a_mask(tmp_path):
  config = made.sweep((0, 'all'))
  config.network.name = 'tests.tiny:nested'
  config.network.readout_tap = 'block1'
  config.optimizer.weight_decay = 0.0  # it would reach what has no part too
  summary = loop.sweep(config, made.DATA, str(tmp_path))
  assert list(summary['members']) == ['depth_0', 'depth_all']
  start = tiny.nested().variables
  frozen = load(tmp_path, 'depth_0').variables
  trained = load(tmp_path, 'depth_all').variables
  for name in start['params']:
    for one, other in zip(
      jax.tree.leaves(start['params'][name]),
      zip(jax.tree.leaves(frozen['params'][name]), jax.tree.leaves(trained['params'][name]), strict=True),
      strict=True,
    ):
      np.testing.assert_array_equal(one, other[0])
      # What lies above the readout has no part in it.
      assert np.array_equal(one, other[1]) == (name == 'head'), name
  jax.tree.map(np.testing.assert_array_equal, start['batch_stats'], trained['batch_stats'])


def test_frozen_features_are_kept_for_the_run_where_they_fit(whole, tmp_path, monkeypatch):
  config = made.run()
  config.data.features_limit = 1.0
  monkeypatch.setattr(feed.Computed, 'batches', None)
  train(config, tmp_path / 'run')
  are_equal(params(tmp_path / 'run'), params(whole[1]), atol=1e-6)
  assert not (tmp_path / 'run' / 'features').exists()
